"""How each account's fetches of orders went: worked, failing, or stopped. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from apitrail.entry import EntryRow
from apitrail.server.guided.finding import BAD
from apitrail.store.model import Moment

LEAST = 5
"""From so many on, fetches have a rhythm that can be broken."""
BURST = timedelta(seconds=30)
"""Calls so soon after each other are pages of one fetch, or attempts of one."""
GAP_TIMES = 3
GAP_LEAST = timedelta(minutes=15)

Fared = Literal["well", "failing", "stopped"]
"""The latest fetch worked and there was no gap; it failed; or there was a gap, or no fetch at all."""
TROUBLES: tuple[Fared, ...] = ("failing", "stopped")
SHOWN = 3
"""Accounts in each kind of trouble that are told of one by one."""
_NEVER = datetime.min.replace(tzinfo=UTC)


class Account(Struct, frozen=True, kw_only=True):
    """The fetches of one account within the time that is asked about."""

    id: str = ""
    """Empty where they were made for none."""
    name: str = ""
    fetches: Sequence[Moment] = ()
    """Oldest first."""
    last_success: EntryRow | None = None
    first_failure: EntryRow | None = None
    last_failure: EntryRow | None = None
    earlier_success: EntryRow | None = None
    """The last successful fetch before the time, where there was none in it."""

    @property
    def good(self) -> int:
        """How many worked."""
        return sum(one.outcome not in BAD for one in self.fetches)


def unmended(fetches: Sequence[Moment]) -> int:
    """How many failed and were not followed at once by one that worked, as an attempt that is made again is."""
    pairs = zip(fetches, [*fetches[1:], None], strict=False)
    return sum(
        one.outcome in BAD and (after is None or after.outcome in BAD or after.at - one.at > BURST)
        for one, after in pairs
    )


def fared(one: Account, until: datetime) -> Fared:
    """How it stood with the account at the end of the time."""
    if one.fetches and one.fetches[-1].outcome in BAD:
        return "failing"
    return "stopped" if not one.fetches or gaps(one.fetches, until) else "well"


def troubled(accounts: Iterable[Account], until: datetime) -> dict[Fared, list[Account]]:
    """Those whose fetches fail or stopped, each kind with those first that have had none that worked for longest."""
    found: dict[Fared, list[Account]] = {kind: [] for kind in TROUBLES}
    for one in accounts:
        if (kind := fared(one, until)) in found:
            found[kind].append(one)
    return {kind: sorted(some, key=_last_good) for kind, some in found.items()}


def _last_good(one: Account) -> tuple[datetime, str]:
    return next((each.at for each in reversed(one.fetches) if each.outcome not in BAD), _NEVER), one.name


def gaps(fetches: Sequence[Moment], until: datetime) -> list[tuple[datetime, datetime, timedelta]]:
    """Silences that the rhythm of the calls does not explain, longest first: from, to, and what was usual."""
    times = [one.at for one in fetches]
    usual = _usual(times)
    if usual is None:
        return []
    longest = max(usual * GAP_TIMES, GAP_LEAST)
    pairs = zip(times, [*times[1:], until], strict=True)
    found = [(before, after, usual) for before, after in pairs if after - before > longest]
    return sorted(found, key=lambda one: one[0] - one[1])


def _usual(times: Sequence[datetime]) -> timedelta | None:
    """How often fetches are made, their pages not counted apart; None where they have no rhythm yet.

    Calls that never rest are a rhythm too, where they went on for as long as a gap must be.
    """
    between = sorted(after - before for before, after in pairwise(times))
    rounds = [one for one in between if one > BURST]
    if len(rounds) < LEAST - 1:
        rounds = between if sum(between, timedelta()) - sum(rounds, timedelta()) >= GAP_LEAST else []
    return rounds[len(rounds) // 2] if rounds else None
