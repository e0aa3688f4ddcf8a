"""Whether what failed has worked since: what one asks of an old failure before anything else.

Of a call that was refused because the platform had it already, also whether it had worked before; of one that got no
clear answer, whether the platform said later that it has it; of one that failed in part, for how many of those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from apitrail.entry import Entry, EntryRow
from apitrail.server.guided.finding import GOOD, fate
from apitrail.server.pages import names, party
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.repeated import IN_DOUBT, REPEATED
from apitrail.store import Store
from apitrail.store.model import Filter, QueryTooLarge

FAILED = ("request_error", "platform_error")
WORKED = ("success", "warning")
SUBJECTS = (("order",), ("tracking", "shipment"))
"""Types of references that say what a call was about; the first of which it has any."""
LOOKED = 100
"""Calls about one order or parcel that are looked at for one that worked: the latest."""
FEW = 2
"""A platform may have two numbers for one order. What names more is about no single one."""
PARTS = 20
"""Of a call that failed for more, nothing is said."""
LATER = 20
"""Calls after one that failed in part that are looked at for all of its parts, and then for each that is left."""
TICK = timedelta(microseconds=1)
ELSEWHERE = "elsewhere"
"""What an account does not know may be another's of the same platform: said, and no proof that it is the same order."""


class SinceView(Struct, frozen=True):
    """A sentence, and the call that shows it."""

    text: Markup
    at: Markup
    """When that call was made; empty where the log shows none, which the text says."""
    url: str
    sure: bool
    """It worked; else that only follows from what the platform said."""


class _About(Struct, frozen=True):
    """What a call was about."""

    which: Filter
    """Entries about the same."""
    name: str
    ids: tuple[str, ...] = ()
    """Of one order or parcel; none of a whole account."""

    @property
    def single(self) -> bool:
        """Whether it is one order or parcel."""
        return bool(self.ids)


def asked(entry: Entry) -> bool:
    """Whether there is anything to look for: what did not fail, or is about nobody, has no such sentence."""
    return bool(_parts(entry)) or (entry.outcome in FAILED and _about(entry) is not None)


def since(store: Store, entry: Entry, query: PageQuery, reader: Reader) -> SinceView | None:
    """The latest entry after this failure of the same action that worked: for the same order or parcel (of its shop
    account, where both calls name one, and be it that it failed for others) or, of a call that names none or many, for
    the same account; else what the entries around it say of one that was done already, or at another account.
    Of a call that failed in part the same, for all that it failed for. None of what did not fail or has neither, and
    where the log is too large to tell: the entry itself must open all the same. Raises StoreError.
    """
    try:
        if parts := _parts(entry):
            return _of_parts(store, entry, parts, query, reader)
        about = _about(entry) if entry.outcome in FAILED else None
        if about is None:
            return None
        key, found = _shown(store, entry, about)
    except QueryTooLarge:
        return None
    sure = found is not None and found.outcome in GOOD
    return _view(f"since.{key}", entry, found, query, reader, sure=sure, name=visible(_name(about, found)))


def _name(about: _About, found: EntryRow | None) -> str:
    """What it is called: of two numbers, the one that the call names that shows what is said."""
    named = {one.id for one in found.references} if found is not None else set[str]()
    return next((one for one in about.ids if one in named), about.name)


def _view(
    key: str,
    entry: Entry,
    found: EntryRow | None,
    query: PageQuery,
    reader: Reader,
    *,
    sure: bool,
    **named: str | Markup,
) -> SinceView:
    action = names.action(entry.action, reader.words)
    text = reader.words.about(party.of_entry(entry, reader), key, action=action, **named)
    if found is None:
        return SinceView(text, Markup(""), "", sure=False)
    url = PageQuery(tz=query.tz, lang=query.lang).url(f"/entries/{found.id}")
    return SinceView(text, reader.clock.tag(found.created_at), url, sure=sure)


def _parts(entry: Entry) -> list[str]:
    """What a call that worked for others failed for, once each; empty where it is too much to look at."""
    if entry.outcome != "partial":
        return []
    failed = list(dict.fromkeys(one.id for one in entry.items if one.id and one.outcome in FAILED))
    return failed if len(failed) <= PARTS else []


def _of_parts(store: Store, entry: Entry, parts: list[str], query: PageQuery, reader: Reader) -> SinceView:
    later = _later(store, entry, parts)
    worked = _worked(later, parts)
    for part in parts if len(later) == LATER else ():
        if part not in worked:
            worked |= _worked(_later(store, entry, [part]), [part])
    latest = max(worked.values(), key=lambda one: one.created_at, default=None)
    left = [visible(part) for part in parts if part not in worked]
    if len(parts) == 1:
        key = "not_shown" if left else "worked"
    else:
        key = "not_parts" if not worked else "some_parts" if left else "all_parts"
    return _view(
        f"since.{key}",
        entry,
        latest,
        query,
        reader,
        sure=not left,
        name=visible(parts[0]),
        worked=f"{len(worked):,}",
        every=f"{len(parts):,}",
        left=Markup(", ").join(left),
    )


def _later(store: Store, entry: Entry, parts: Sequence[str]) -> Sequence[EntryRow]:
    """Calls of its kind after it that did not fail as a whole and name one of these, newest first."""
    ec, shipping = entry.ec_integration, entry.shipping_integration
    which = Filter(
        reference=tuple(parts),
        action=(entry.action,),
        direction=(entry.direction,),
        ec_integration=(ec.id,) if ec else (),
        shipping_integration=(shipping.id,) if shipping else (),
        outcome=GOOD,
        since=entry.created_at + TICK,
    )
    return store.page(which, limit=LATER).entries


def _worked(later: Sequence[EntryRow], parts: Sequence[str]) -> dict[str, EntryRow]:
    """Which of them it worked for, and in which call last."""
    found: dict[str, EntryRow] = {}
    for one in later:
        named = {reference.id for reference in one.references}
        for part in parts:
            if part in named and fate(one, (part,)) == "worked":
                found.setdefault(part, one)
    return found


def _shown(store: Store, entry: Entry, about: _About) -> tuple[str, EntryRow | None]:
    """What is said of it, and the entry that shows it."""
    for key, which in _shown_by(entry, about):
        entries = store.page(which, limit=LOOKED if about.single else 1).entries
        fits = _elsewhere if key == ELSEWHERE else _of
        if found := next((one for one in entries if fits(entry, one, about)), None):
            return key, found
    return "never_shown" if about.single and entry.cause == REPEATED else "not_shown", None


def _of(entry: Entry, one: EntryRow, about: _About) -> bool:
    """Whether a call is about the same: one number at two shop accounts is two orders."""
    if not about.single:
        return True
    ec, other = entry.ec_integration, one.ec_integration
    if ec and other and ec.id != other.id:
        return False
    return one.outcome in FAILED or fate(one, about.ids) == "worked"


def _elsewhere(entry: Entry, one: EntryRow, about: _About) -> bool:
    """Whether a call worked for that number at another account."""
    ec, other = entry.ec_integration, one.ec_integration
    return ec is not None and other is not None and ec.id != other.id and fate(one, about.ids) == "worked"


def _shown_by(entry: Entry, about: _About) -> Iterator[tuple[str, Filter]]:
    """What may be said of a failure, the most welcome first, and the entries of which any one shows it."""
    same = replace(about.which, action=(entry.action,), direction=(entry.direction,))
    before, after = replace(same, until=entry.created_at - TICK), replace(same, since=entry.created_at + TICK)
    if not about.single:
        yield "worked", replace(after, outcome=WORKED)
        return
    yield "worked", replace(after, outcome=GOOD)
    outbound = entry.direction == "outbound"
    if entry.cause == REPEATED:
        yield "worked_before", replace(before, outcome=GOOD)
        if outbound:
            yield "in_doubt_before", replace(before, outcome=FAILED, cause=IN_DOUBT)
    elif outbound and entry.cause in IN_DOUBT:
        yield "has_it", replace(after, outcome=FAILED, cause=(REPEATED,))
    elif outbound and entry.cause == "not_found" and entry.platform:
        yield ELSEWHERE, replace(same, outcome=GOOD, platform=(entry.platform,))


def _about(entry: Entry) -> _About | None:
    for types in SUBJECTS:
        held = [one for one in entry.references if one.type in types]
        if 0 < len(held) <= FEW:
            references = tuple(f"{one.type}:{one.id}" for one in held)
            return _About(Filter(reference=references), held[0].id, tuple(one.id for one in held))
        if held:
            break
    if account := entry.ec_integration:
        return _About(Filter(ec_integration=(account.id,)), account.name or account.id)
    if account := entry.shipping_integration:
        return _About(Filter(shipping_integration=(account.id,)), account.name or account.id)
    return None
