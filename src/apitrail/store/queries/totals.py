"""How many entries each quarter of an hour has, by outcome: of all, or of each account of a side."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

from apitrail.store.engine import Param, Query
from apitrail.store.model import Filter
from apitrail.store.queries.counting import SIDES, totals_of
from apitrail.store.queries.narrowed import OUTCOME, Narrowed
from apitrail.store.queries.where import told_by_entries
from apitrail.store.times import QUARTER

Key = tuple[str, str]
"""An account (empty for all entries) and an outcome."""
Row = tuple[Key, int, int]
"""A quarter of an hour, by its number since 1970, and how many entries of the key it has."""


class Series:
    """How many entries of one key each quarter has, of those that have any."""

    def __init__(self) -> None:
        self._quarters = array("q")
        """In order."""
        self._counts = array("q")

    def __len__(self) -> int:
        return len(self._quarters)

    def add(self, quarter: int, count: int) -> None:
        """Entries of a quarter, most often of the last."""
        place = bisect_left(self._quarters, quarter)
        if place < len(self._quarters) and self._quarters[place] == quarter:
            self._counts[place] += count
        else:
            self._quarters.insert(place, quarter)
            self._counts.insert(place, count)

    def within(self, begin: int, end: int) -> int:
        """How many there are from the quarter `begin` on, before `end`."""
        first = bisect_left(self._quarters, begin)
        return sum(self._counts[first : bisect_left(self._quarters, end, first)])


def told(which: Filter) -> tuple[str, Sequence[str]] | None:
    """Of which side's accounts the totals are needed (empty for those of all entries), and which of them; None where
    they do not tell what the filter asks for.
    """
    if told_by_entries(which):
        return None
    table, side = totals_of(which)
    if not table:
        return None
    return (SIDES[side], tuple(dict.fromkeys(getattr(which, side)))) if side else ("", ("",))


def totals(side: str, since: int, limit: int) -> Query:
    """At most `limit` rows of the quarters from the number `since` on, of each account of the side, or of all entries
    where it is empty.

    Rows: account, outcome, the numbers of quarters, and their counts; one quarter may be there more than once, with a
    part of its entries each time, for the engine sums them when it comes to it.
    """
    table, account, condition = "totals", "''", "at >= toDateTime({since:Int64}, 'UTC')"
    params: dict[str, Param] = {"since": since * QUARTER // 1_000_000, "limit": limit}
    if side:
        table, account, condition = "account_totals", "account", f"side = {{side:String}} AND {condition}"
        params["side"] = side
    return Query(
        "SELECT account, outcome, groupArray(number), groupArray(entries) FROM ("  # noqa: S608, constants only
        f"SELECT {account} AS account, outcome, intDiv(toUnixTimestamp(at), {QUARTER // 1_000_000}) AS number, entries"
        f" FROM {table} PREWHERE {condition} LIMIT {{limit:UInt32}}) GROUP BY account, outcome",
        params,
    )


def read(rows: Sequence[Sequence[Any]]) -> dict[Key, Series]:
    """The answer."""
    found: dict[Key, Series] = {}
    for account, outcome, quarters, counts in rows:
        series = found[account, outcome] = Series()
        for quarter, count in sorted(zip(quarters, counts, strict=True)):
            series.add(quarter, count)
    return found


def let_through(which: Filter, outcomes: Iterable[str]) -> list[str]:
    """Those of the outcomes that the filter lets through."""
    narrowed = [one for one in Narrowed.of(which) if one.place == OUTCOME]
    return [outcome for outcome in outcomes if all(one.allows(outcome) for one in narrowed)]
