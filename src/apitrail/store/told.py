"""Which parts of a range can have a text, without reading them: from the table `letters`, which tells which letters the
parts of days have.

A day is cut into equal slices of time (see `slices`), and each number (see `letters`) is kept with the slices that have
it: four bytes or so an entry. It is told by whoever keeps the log in order (see `telling`).

What holds: nothing is left out that a search of every entry finds, but for what the bytes of a picture happen to spell.

- Of a day that is over and told it is noted (see `days`) how many entries it had, and the last of its parts. Where the
  day now has other ones (entries that came late, some that were removed), it is not told, until it is told anew.
- That is written last, so a day that is half told is not told. What is told of a day only ever grows, as long as it is
  cut into as many slices; rows of another cut are not looked at.
- Of the day that goes on, `today` says which slices are told.
- A body that is removed stays told, which costs a search that finds nothing.
- On a cluster a slice is that of all shards, and what a day was made of is their numbers added up, which only grow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from apitrail.store.days import Days
from apitrail.store.engine import Engine, Param, Query
from apitrail.store.letters import sought
from apitrail.store.model import Filter
from apitrail.store.needles import needles
from apitrail.store.slices import PIECE, Span, fewer, times
from apitrail.store.times import DAY, micros
from apitrail.store.today import Today


class Told(Struct, frozen=True):
    """Where a filter's text may be."""

    parts: Mapping[int, Sequence[Span]]
    """Of each day that is told."""
    held: frozenset[int]
    """Days that may have entries."""
    slice: int
    """How long one is where a day is cut finest, in microseconds."""

    def spans(self, first: int, last: int) -> list[Span]:
        """Within these times: what must be read, in order."""
        found: list[Span] = []
        for day in sorted(self.held):
            for begin, end in self.parts.get(day, [(day * DAY, (day + 1) * DAY - 1)]):
                if end < first or begin > last:
                    continue
                if found and begin <= found[-1][1] + 1:
                    found[-1] = found[-1][0], min(end, last)
                else:
                    found.append((max(begin, first), min(end, last)))
        return fewer(found)


def told(engine: Engine, which: Filter, days: Days, today: Today) -> Told | None:
    """Where the filter's text may be; None where that is not known of any day. Raises StoreError."""
    texts = [ways for term in which.text if not (term.whole or term.excluded) if (ways := sought(needles(term.value)))]
    if not texts:
        return None
    begun, known = today.begun, days.now()  # before the numbers: what is told by then is there
    cuts = dict(known.told)
    if begun.told:
        cuts.setdefault(begun.day, begun.slices)
    if not cuts:
        return None
    rows = _read(engine, sorted({number for ways in texts for way in ways for number in way}), cuts, which)
    parts = {}
    for day, cut in cuts.items():
        having = _may_have(rows.get(day, {}), texts, cut)
        if day not in known.told:
            having |= ~begun.told
        parts[day] = list(times(day, cut, having))
    return Told(parts, known.held, DAY // max(cuts.values()))


def _may_have(told_of: Mapping[int, int], texts: Sequence[Sequence[set[int]]], slices: int) -> int:
    """The slices, a bit each, that have for each text all numbers of one of its ways."""
    found = (1 << slices) - 1
    for ways in texts:
        of_text = 0
        for way in ways:
            of_way = found
            for number in way:
                of_way &= told_of.get(number, 0)
                if not of_way:
                    break
            of_text |= of_way
        found &= of_text
    return found


def _read(engine: Engine, wanted: list[int], cuts: Mapping[int, int], which: Filter) -> dict[int, dict[int, int]]:
    """Of each day within the filter's range, the slices that have these numbers, where it is cut so."""
    params: dict[str, Param] = {"numbers": wanted}
    conditions = ["number IN {numbers:Array(UInt32)}"]
    if which.since is not None:
        params["first"] = max(0, micros(which.since) // DAY)
        conditions.append("day >= toDate({first:Int64})")
    if which.until is not None:
        params["last"] = max(0, micros(which.until) // DAY)
        conditions.append("day <= toDate({last:Int64})")
    query = Query(
        f"SELECT toUInt16(day), number, cut, piece, slices FROM letters PREWHERE {' AND '.join(conditions)}",  # noqa: S608
        params,
    )
    found: dict[int, dict[int, int]] = {}
    for day, number, cut, piece, slices in engine.select(query).rows:
        if cuts.get(day) == cut:
            of_day = found.setdefault(day, {})
            of_day[number] = of_day.get(number, 0) | slices << piece * PIECE
    return found
