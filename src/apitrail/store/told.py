"""Which parts of a range can have a text, without reading them: from the table `letters`, which tells which letters the
parts of days have.

A day is cut into equal slices of time (see `slices`), and each number (see `letters`) is kept with the slices that have
it: four bytes or so an entry. It is told by whoever keeps the log in order (see `telling`).

What holds: nothing is left out that a search of every entry finds, but for what the bytes of a picture happen to spell.

- A day that is over and told ends with what is known of it: how many entries it had, and the last of its parts. Where
  the day now has other ones (entries that came late, some that were removed), it is not told, until it is told anew.
- What is known is written last and goes first, so a day that is half told is not told.
- Of the day that goes on, `today` says which slices are told.
- A body that is removed stays told, which costs a search that finds nothing.
- On a cluster a slice is that of all shards, and what a day was made of is their numbers added up, which only grow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from apitrail.store.derived import DAY
from apitrail.store.engine import Engine, Param, Query
from apitrail.store.letters import BESIDE, sought
from apitrail.store.model import Filter
from apitrail.store.needles import needles
from apitrail.store.slices import PIECE, Span, fewer, times
from apitrail.store.times import micros
from apitrail.store.today import Today

SLICES, ROWS, PART, TABLE = range(BESIDE, BESIDE + 4)
"""The numbers under which it is written what is known of a day."""


class Content(Struct, frozen=True):
    """What a day of entries consists of: as long as this is the same, no entry was added."""

    rows: int
    part: int
    """The last block of rows that was inserted, within 32 bits; of several shards, the sum of these."""
    table: int
    """Which table that was, as a number of 32 bits: a log that is restored counts its blocks anew. 0 on a cluster."""


class Told(Struct, frozen=True):
    """Where a filter's text may be."""

    parts: Mapping[int, Sequence[Span]]
    """Of each day that is told."""
    held: frozenset[int]
    """Days that have entries."""

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


def told(engine: Engine, which: Filter, today: Today) -> Told | None:
    """Where the filter's text may be; None where that is not known of any day. Raises StoreError."""
    texts = [ways for term in which.text if not (term.whole or term.excluded) if (ways := sought(needles(term.value)))]
    if not texts:
        return None
    wanted = sorted({number for ways in texts for way in ways for number in way})
    begun = today.begun
    rows = _read(engine, wanted, which)
    held = held_days(engine)
    parts = {}
    for day, told_of in rows.items():
        if day in held and _of(told_of) == held[day]:
            slices = told_of[SLICES]
            parts[day] = list(times(day, slices, _may_have(told_of, texts, slices)))
    # What was told of a day before it was begun anew may have been dropped before it was read.
    if begun.told and begun.turn == today.begun.turn:
        having = _may_have(rows.get(begun.day, {}), texts, begun.slices) | ~begun.told
        parts.setdefault(begun.day, list(times(begun.day, begun.slices, having)))
    return Told(parts, frozenset(held)) if parts else None


def _may_have(told_of: Mapping[int, int], texts: Sequence[Sequence[set[int]]], slices: int) -> int:
    """The slices, a bit each, that have for each text all numbers of one of its ways."""
    found = (1 << slices) - 1
    for ways in texts:
        of_text = 0
        for way in ways:
            of_way = found
            for number in way:
                of_way &= told_of.get(number, 0)
            of_text |= of_way
        found &= of_text
    return found


def held_days(engine: Engine) -> dict[int, Content]:
    """The days that have entries, by the parts' own records. A shard's replicas number their parts alike."""
    home, parts = engine.topology.home, engine.topology.system("parts")
    # On a cluster the table is another one on each host that was added later.
    table = f"(SELECT any(uuid) FROM system.tables WHERE database = {home} AND name = 'entries')"  # noqa: S608
    query = Query(
        "SELECT toUInt16(toDate(partition)) AS day, sum(shard_rows), bitAnd(sum(last), 4294967295),"  # noqa: S608
        f" {0 if engine.topology.cluster else f'xxHash32(toString({table}))'}"
        " FROM (SELECT partition, sum(rows) AS shard_rows, max(max_block_number) AS last"
        f" FROM {parts} WHERE active AND database = {home} AND table = 'entries'"
        " GROUP BY hostName(), tcpPort(), partition) GROUP BY day"
    )
    return {day: Content(rows, part, table) for day, rows, part, table in engine.select(query).rows if rows}


def known_days(engine: Engine) -> dict[int, Content | None]:
    """What each day held when it was told; None of one that is not told to its end."""
    days = Query(
        f"SELECT DISTINCT toUInt16(toDate(partition)) FROM {engine.topology.system('parts')}"  # noqa: S608
        f" WHERE active AND database = {engine.topology.home} AND table = 'letters'"
    )
    told_of = _read(engine, [], None)
    return {day: _of(told_of.get(day, {})) for (day,) in engine.select(days).rows}


def _of(told_of: Mapping[int, int]) -> Content | None:
    if not all(number in told_of for number in (SLICES, ROWS, PART, TABLE)):
        return None
    return Content(told_of[ROWS], told_of[PART], told_of[TABLE])


def _read(engine: Engine, wanted: list[int], which: Filter | None) -> dict[int, dict[int, int]]:
    """Of each day within the filter's range, the slices that have these numbers, and what is known of the day."""
    params: dict[str, Param] = {"numbers": [*wanted, SLICES, ROWS, PART, TABLE]}
    conditions = ["number IN {numbers:Array(UInt32)}"]
    if which is not None and which.since is not None:
        params["first"] = max(0, micros(which.since) // DAY)
        conditions.append("day >= toDate({first:Int64})")
    if which is not None and which.until is not None:
        params["last"] = max(0, micros(which.until) // DAY)
        conditions.append("day <= toDate({last:Int64})")
    query = Query(
        f"SELECT toUInt16(day), number, piece, slices FROM letters PREWHERE {' AND '.join(conditions)}",  # noqa: S608
        params,
    )
    found: dict[int, dict[int, int]] = {}
    for day, number, piece, slices in engine.select(query).rows:
        of_day = found.setdefault(day, {})
        of_day[number] = of_day.get(number, 0) | slices << piece * PIECE
    return found
