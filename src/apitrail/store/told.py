"""Which parts of a range can have a text, without reading them: from the table `letters`, which tells of days that are
over which letters their parts have.

A day is cut into as many equal slices of time as it has five thousands of entries, and each number (see `letters`) is
kept with the slices that have it: four bytes or so an entry. It is told by whoever keeps the log in order, once, when
it is over, and never while entries come in.

What holds: nothing is left out that a search of every entry finds, but for what the bytes of a picture happen to spell.

- A day that is told ends with what is known of it: how many entries it had, and the last of its parts. Where the day
  now has other ones (entries that came late, some that were removed), it is not told, until it is told anew.
- What is known is written last and goes first, so a day that is half told is not told.
- A body that is removed stays told, which costs a search that finds nothing.

Not on a cluster, where each shard has parts of its own: there every search reads the whole range.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct

from apitrail.store.derived import DAY
from apitrail.store.engine import Engine, Param, Query
from apitrail.store.letters import BESIDE, NUMBERS, TOKENS, sought
from apitrail.store.model import EPOCH, Filter
from apitrail.store.needles import needles
from apitrail.store.partitions import drop_day
from apitrail.store.times import micros

PIECE = 64
"""Slices of one row, and what is told at a time."""
ENTRIES = 5_000
"""Of one slice."""
MOST_SLICES = 1440
REST = 3
"""How many times as long as it takes to tell a piece nothing is told after it."""
SPILL_BYTES = 128 << 20
"""Of memory that telling a piece may take; what is more goes to the disk."""
MOST_SPANS = 64
"""Of one question: what lies closest is read as one."""

_SLICES, _ROWS, _PART, _TABLE = range(BESIDE, BESIDE + 4)
_DAY_S = 86_400

Span = tuple[int, int]
"""First and last time, in microseconds, both included."""


class Content(Struct, frozen=True):
    """What a day of entries consists of: as long as this is the same, no entry was added."""

    rows: int
    part: int
    """The last block of rows that was inserted, within 32 bits."""
    table: int
    """Which table that was, as a number of 32 bits: a log that is restored counts its blocks anew."""


def tell(
    engine: Engine, today: date, rest: Callable[[float], bool] = lambda _: False, most_s: float = float("inf")
) -> int:
    """Tell the days before today that are not told, the latest first, and forget those that are gone; how many it told.

    `rest(seconds)` is to wait so long, and says whether to end; so nothing but a share of a processor is taken. No day
    is begun after `most_s` seconds. Raises StoreError. Called by one thread of the one server of a log, not
    on a cluster.
    """
    begun = time.monotonic()
    held = _held(engine)
    known = _known(engine)
    for day in sorted({*known} - {*held}):
        drop_day(engine, "letters", day)
    told = 0
    over = (today - EPOCH.date()).days
    for day in sorted((day for day in held if day < over and known.get(day) != held[day]), reverse=True):
        if time.monotonic() - begun > most_s or not _tell(engine, day, rest):
            break
        told += 1
    return told


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
        return _fewer(found)


def told(engine: Engine, which: Filter) -> Told | None:
    """Where the filter's text may be; None where that is not known of any day. Raises StoreError."""
    if engine.topology.cluster:
        return None
    texts = [ways for term in which.text if not (term.whole or term.excluded) if (ways := sought(needles(term.value)))]
    if not texts:
        return None
    wanted = sorted({number for ways in texts for way in ways for number in way})
    rows = _read(engine, wanted, which)
    held = _held(engine)
    parts = {}
    for day, told_of in rows.items():
        if day in held and _of(told_of) == held[day]:
            slices = told_of[_SLICES]
            parts[day] = list(_times(day, slices, _may_have(told_of, texts, slices)))
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


def _times(day: int, slices: int, having: int) -> Iterator[Span]:
    for place in range(slices):
        if having >> place & 1:
            yield day * DAY + _start(place, slices) * 1_000_000, day * DAY + _start(place + 1, slices) * 1_000_000 - 1


def _start(place: int, slices: int) -> int:
    """The second of a day that a slice begins with: the first one whose `second * slices / 86400` is its place."""
    return -(-place * _DAY_S // slices)


def _fewer(spans: list[Span]) -> list[Span]:
    """At most MOST_SPANS that have all of these."""
    if len(spans) <= MOST_SPANS:
        return spans
    gaps = sorted(range(1, len(spans)), key=lambda place: spans[place][0] - spans[place - 1][1], reverse=True)
    cuts = sorted(gaps[: MOST_SPANS - 1])
    return [(spans[begin][0], spans[end - 1][1]) for begin, end in zip((0, *cuts), (*cuts, len(spans)), strict=True)]


def _held(engine: Engine) -> dict[int, Content]:
    """The days that have entries, by the parts' own records."""
    query = Query(
        "SELECT toUInt16(toDate(partition)), sum(rows), bitAnd(max(max_block_number), 4294967295), xxHash32(toString("
        "(SELECT any(uuid) FROM system.tables WHERE database = currentDatabase() AND name = 'entries')))"
        " FROM system.parts WHERE active AND database = currentDatabase() AND table = 'entries' GROUP BY partition"
    )
    return {day: Content(rows, part, table) for day, rows, part, table in engine.select(query).rows if rows}


def _known(engine: Engine) -> dict[int, Content | None]:
    """What each day held when it was told; None of one that is not told to its end."""
    days = Query(
        "SELECT DISTINCT toUInt16(toDate(partition)) FROM system.parts"
        " WHERE active AND database = currentDatabase() AND table = 'letters'"
    )
    told_of = _read(engine, [], None)
    return {day: _of(told_of.get(day, {})) for (day,) in engine.select(days).rows}


def _of(told_of: Mapping[int, int]) -> Content | None:
    if not all(number in told_of for number in (_SLICES, _ROWS, _PART, _TABLE)):
        return None
    return Content(told_of[_ROWS], told_of[_PART], told_of[_TABLE])


def _read(engine: Engine, wanted: list[int], which: Filter | None) -> dict[int, dict[int, int]]:
    """Of each day within the filter's range, the slices that have these numbers, and what is known of the day."""
    params: dict[str, Param] = {"numbers": [*wanted, _SLICES, _ROWS, _PART, _TABLE]}
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


def _tell(engine: Engine, day: int, rest: Callable[[float], bool]) -> bool:
    """Tell a day; whether it is told."""
    drop_day(engine, "letters", day)
    held = _held(engine).get(day)
    if held is None:
        return True
    slices = min(max(held.rows // ENTRIES, 1), MOST_SLICES)
    for piece in range(-(-slices // PIECE)):
        first, end = (_start(min(place * PIECE, slices), slices) for place in (piece, piece + 1))
        begun = time.monotonic()
        engine.run(
            Query(
                "INSERT INTO letters SELECT toDate({day:UInt16}), number, {piece:UInt16},"  # noqa: S608, constants only
                " groupBitOr(bitShiftLeft(toUInt64(1), slice)) FROM ("
                f"SELECT slice, arrayJoin({NUMBERS}) AS number FROM ("
                "SELECT toUInt8(intDiv((toUnixTimestamp(created_at) - {midnight:UInt32}) * toUInt64({slices:UInt16}),"
                f" {_DAY_S}) - {{piece:UInt16}} * {PIECE}) AS slice, {TOKENS} FROM entries"
                " WHERE created_at >= fromUnixTimestamp64Micro({first:Int64}, 'UTC')"
                " AND created_at < fromUnixTimestamp64Micro({end:Int64}, 'UTC')"
                ") GROUP BY slice, token) GROUP BY number SETTINGS max_threads = 1, max_insert_threads = 1,"
                " max_block_size = 8192, max_execution_time = 0,"
                f" max_bytes_before_external_group_by = {SPILL_BYTES}",
                {
                    "day": day,
                    "piece": piece,
                    "midnight": day * _DAY_S,
                    "slices": slices,
                    "first": day * DAY + first * 1_000_000,
                    "end": day * DAY + end * 1_000_000,
                },
            )
        )
        if rest(REST * (time.monotonic() - begun)):
            return False
    known = {_SLICES: slices, _ROWS: held.rows, _PART: held.part, _TABLE: held.table}
    engine.run(
        Query(
            "INSERT INTO letters SELECT toDate({day:UInt16}), one.1, 0, one.2 FROM"
            " (SELECT arrayJoin(arrayZip({numbers:Array(UInt32)}, {values:Array(UInt32)})) AS one)",
            {"day": day, "numbers": list(known), "values": list(known.values())},
        )
    )
    return True
