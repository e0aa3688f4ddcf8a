"""Whom failures still hold up: orders, parcels and products for which the same action has not worked since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime

from msgspec import Struct

from apitrail.exchange import Integration
from apitrail.server.repeated import REPEATED
from apitrail.store import Store
from apitrail.store.failures import Affected, Worked
from apitrail.store.model import Filter

MOST_REPEATED, MENTIONS = 200, 2000
"""Orders and parcels that are looked for in all of the log, and the latest calls about them that are looked at."""

Key = tuple[str, str]
"""A cause and a direction."""
Done = Mapping[tuple[str, str], Set[str]]
"""By action and id: the shop accounts of calls that worked; one of them is empty where a call names none."""


class Held(Struct, frozen=True):
    """An order, parcel or product for which the same action has not worked since it failed."""

    kind: str
    """`order`, `parcel` or `product`."""
    id: str
    ec_integration: Integration | None
    """Whose it is; null where no call says."""
    shared: bool
    """True if another account has one of this number, too."""
    action: str
    platform: str
    last_failure: datetime


def held(
    store: Store, hit: Sequence[Affected], which: Filter, names: Mapping[tuple[str, str], str]
) -> dict[Key, list[Held]]:
    """What is, of those that were hit. `which`: the range to look for calls that worked. `names`: of accounts.

    Raises QueryTooLarge, StoreError.
    """
    return judged(hit, store.worked(hit, which), _done(store, hit), names)


def judged(
    hit: Sequence[Affected], worked: Worked, done: Done, names: Mapping[tuple[str, str], str]
) -> dict[Key, list[Held]]:
    """By the cause of the latest failure of each action for each of them; the latest first.

    One number at two accounts is two orders. A call without an account may be about any of them: it failed for the one
    where there is but one, and where it worked it is each one's.
    """
    accounts: dict[tuple[str, str], set[str]] = {}
    for one in hit:
        accounts.setdefault((one.kind, one.id), set()).update(
            {one.ec_integration, *worked.get((one.action, one.id), ())} - {""}
        )
    found: dict[Key, list[Held]] = {}
    seen: set[tuple[str, str, str, str]] = set()
    for one in hit:
        known = accounts[one.kind, one.id]
        ec = one.ec_integration or (next(iter(known)) if len(known) == 1 and one.kind != "product" else "")
        if (one.action, one.kind, one.id, ec) in seen:
            continue
        seen.add((one.action, one.kind, one.id, ec))
        about, of_call = (one.action, one.id), worked.get((one.action, one.id), {})
        if one.cause == REPEATED and _of(one.kind, ec, done.get(about, ())):
            continue
        at = max((of_call[each] for each in _of(one.kind, ec, of_call)), default=None)
        if at is None or at < one.last:
            account = Integration(ec, names.get(("ec", ec), "")) if ec else None
            stuck = Held(one.kind, one.id, account, bool(known - {ec}), one.action, one.platform, one.last)
            found.setdefault((one.cause, one.direction), []).append(stuck)
    return found


def _of(kind: str, ec: str, accounts: Iterable[str]) -> list[str]:
    """Those of the accounts whose calls may be about one of this account's; a product's stock is each shop's own."""
    return [each for each in accounts if not ec or each == ec or (not each and kind != "product")]


def _done(store: Store, hit: Sequence[Affected]) -> Done:
    """What a call was refused for as done already, and a call of the log did; of the latest of them, since all of the
    log is looked through.
    """
    refused = [one for one in hit if one.cause == REPEATED][:MOST_REPEATED]
    told = store.mentioned([one.id for one in refused], MENTIONS, sorted({one.action for one in refused}))
    done: dict[tuple[str, str], set[str]] = {}
    for call in told.mentions:
        named = {call.source_id, *(identity for _, identity in call.references)} if not call.failed else set[str]()
        for one in named.difference(call.refused):
            done.setdefault((call.action, one), set()).add(call.ec_integration)
    return done
