"""A range of time as whole days, whole quarters of an hour, and what is left at its ends.

Days and quarters are counted in tables of their own (`counts_by_day`, `counts`); only the ends are counted in the
entries, of which they are at most half an hour.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from apitrail.store.engine import Param
from apitrail.store.model import Filter
from apitrail.store.times import DAY, QUARTER, micros


class Piece(Struct, frozen=True):
    """Where to count one part of the range."""

    table: str
    first: int | None
    end: int | None
    """Microseconds; not included. None: open."""

    @property
    def count(self) -> str:
        """How many entries a row of the table stands for, as SQL."""
        return "toInt64(1)" if self.table == "entries" else "entries"

    @property
    def time(self) -> str:
        """The row's time, as SQL."""
        return "created_at" if self.table == "entries" else "at"

    def condition(self, name: str) -> tuple[str, dict[str, Param]]:
        """After WHERE. `name` begins the names of the parameters."""
        conditions, params = [], dict[str, Param]()
        for sign, value, key in ((">=", self.first, f"{name}_first"), ("<", self.end, f"{name}_end")):
            if value is not None:
                if self.table == "entries":
                    moment, params[key] = f"fromUnixTimestamp64Micro({{{key}:Int64}}, 'UTC')", value
                else:
                    moment, params[key] = f"toDateTime({{{key}:Int64}}, 'UTC')", value // 1_000_000
                conditions.append(f"{self.time} {sign} {moment}")
        return " AND ".join(conditions) or "1", params


def pieces(which: Filter, *, days: bool = True) -> Iterator[Piece]:
    """The range in parts that adjoin, oldest first. Without `days` the largest part is a quarter of an hour."""
    first = None if which.since is None else max(micros(which.since), 0)
    end = None if which.until is None else micros(which.until) + 1
    yield from _split(first, end, [("counts_by_day", DAY), ("counts", QUARTER)][0 if days else 1 :])


def whole_quarters(which: Filter) -> tuple[int | None, int | None] | None:
    """From when to when (not included) the range is of whole quarters, in microseconds, None for open; None where it
    has no whole quarter.
    """
    return next(((one.first, one.end) for one in pieces(which, days=False) if one.table == "counts"), None)


def _split(first: int | None, end: int | None, levels: list[tuple[str, int]]) -> Iterator[Piece]:
    """The range by the coarsest level, and its ends by the finer ones."""
    if first is not None and end is not None and first >= end:
        return
    if not levels:
        yield Piece("entries", first, end)
        return
    (table, step), finer = levels[0], levels[1:]
    whole_first = None if first is None else -(-first // step) * step
    whole_end = None if end is None else end // step * step
    if whole_first is not None and whole_end is not None and whole_first >= whole_end:
        yield from _split(first, end, finer)
        return
    if first is not None and whole_first is not None and first < whole_first:
        yield from _split(first, whole_first, finer)
    yield Piece(table, whole_first, whole_end)
    if end is not None and whole_end is not None and whole_end < end:
        yield from _split(whole_end, end, finer)
