"""Tells which letters the parts of a day have, for `told`: once, by whoever keeps the log in order, never as rows come
in. Called by one thread of one server of a log at a time.

- Days that are over, the latest first.
- The day that goes on, slice by slice, as each is over; so a text is looked for in what came since, and in no more.
  When it is over it is told already.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime

from apitrail.store.derived import DAY
from apitrail.store.engine import Engine, Query
from apitrail.store.letters import NUMBERS, TOKENS
from apitrail.store.partitions import drop_day
from apitrail.store.slices import DAY_S, PIECE, place_of, runs, slices_for, start
from apitrail.store.times import micros
from apitrail.store.today import Today
from apitrail.store.told import PART, ROWS, SLICES, TABLE, Content, held_days, known_days

REST = 3
"""How many times as long as it takes to tell a piece nothing is told after it."""
SPILL_BYTES = 128 << 20
"""Of memory that telling a piece may take; what is more goes to the disk."""
LAG_S = 60
"""How long after its end a slice is told: what comes later costs it to be told again."""
HOUR = 3_600_000_000
"""Microseconds. From less of a day nothing is foretold."""
COARSE = 4
"""Times as many entries a slice as it should have: then the day is begun anew."""

Rest = Callable[[float], bool]
"""Waits so many seconds, and says whether to end."""


def tell(
    engine: Engine,
    now: datetime,
    today: Today,
    rest: Rest = lambda _: False,
    most_s: float = float("inf"),
) -> int:
    """Tell the days that are over and not told, the latest first, and forget those that are gone; how many it told.
    The one that `today` is about is left to `go_on`.

    So nothing but a share of a processor is taken. No day is begun after `most_s` seconds. Raises StoreError.
    """
    begun = time.monotonic()
    held, known = held_days(engine), known_days(engine)
    for day in sorted({*known} - {*held}):
        drop_day(engine, "letters", day)
    over = micros(now) // DAY
    left = {day for day in held if day < over and known.get(day) != held[day]}
    told = 0
    for day in sorted(left - {today.begun.day}, reverse=True):
        if time.monotonic() - begun > most_s or not _day(engine, day, rest):
            break
        told += 1
    return told


def go_on(engine: Engine, now: datetime, today: Today, rest: Rest = lambda _: False) -> int:
    """Tell the slices of the day that goes on which are over, and what came to those that were told; how many it told.
    Raises StoreError.
    """
    at = micros(now) - LAG_S * 1_000_000
    day = at // DAY
    told = 0
    if 0 <= today.begun.day < day:
        told += _slices(engine, today, today.begun.slices, rest)
        _finish(engine, today)
    held = held_days(engine)
    slices = _expected(held, day, at)
    if today.begun.day != day or slices > COARSE * today.begun.slices:
        today.begin(day, slices)
        drop_day(engine, "letters", day)
    return told + _slices(engine, today, place_of(at, today.begun.slices), rest)


def _expected(held: Mapping[int, Content], day: int, at: int) -> int:
    """Into how many slices a day is cut that is not over, by what it has and by the day before."""
    so_far, before = held.get(day), held.get(day - 1)
    hours = max((at - day * DAY) / HOUR, 1)
    return slices_for(max(int(so_far.rows / hours * 24) if so_far else 0, before.rows if before else 0))


def _slices(engine: Engine, today: Today, end: int, rest: Rest) -> int:
    """Tell those before `end` that are not told; how many."""
    begun = today.begun
    told = 0
    for first, last in list(runs(begun.whole & ~begun.told, end)):
        since = time.monotonic()
        with today.telling(first, last):
            _insert(engine, begun.day, begun.slices, first, last)
        told += last - first
        if rest(REST * (time.monotonic() - since)):
            break
    return told


def _finish(engine: Engine, today: Today) -> None:
    """Write what is known of a day that is over, if it has what was told of it, and no more."""
    before = today.complete()
    held = held_days(engine).get(today.begun.day)
    if held is not None and before is not None and before == today.complete():
        _end(engine, today.begun.day, today.begun.slices, held)


def _day(engine: Engine, day: int, rest: Rest) -> bool:
    """Tell a day that is over; whether it is told."""
    drop_day(engine, "letters", day)
    held = held_days(engine).get(day)
    if held is None:
        return True
    slices = slices_for(held.rows)
    for first in range(0, slices, PIECE):
        begun = time.monotonic()
        _insert(engine, day, slices, first, min(first + PIECE, slices))
        if rest(REST * (time.monotonic() - begun)):
            return False
    _end(engine, day, slices, held)
    return True


def _insert(engine: Engine, day: int, slices: int, first: int, end: int) -> None:
    """Tell the slices from `first` up to `end`, all of one piece."""
    engine.run(
        Query(
            "INSERT INTO letters SELECT toDate({day:UInt16}), number, {piece:UInt16},"  # noqa: S608, constants only
            " groupBitOr(bitShiftLeft(toUInt64(1), slice)) FROM ("
            f"SELECT slice, arrayJoin({NUMBERS}) AS number FROM ("
            "SELECT toUInt8(intDiv((toUnixTimestamp(created_at) - {midnight:UInt32}) * toUInt64({slices:UInt16}),"
            f" {DAY_S}) - {{piece:UInt16}} * {PIECE}) AS slice, {TOKENS} FROM entries"
            " WHERE created_at >= fromUnixTimestamp64Micro({first:Int64}, 'UTC')"
            " AND created_at < fromUnixTimestamp64Micro({end:Int64}, 'UTC')"
            ") GROUP BY slice, token) GROUP BY number SETTINGS max_threads = 1, max_insert_threads = 1,"
            " max_block_size = 8192, max_execution_time = 0,"
            f" max_bytes_before_external_group_by = {SPILL_BYTES}",
            {
                "day": day,
                "piece": first // PIECE,
                "midnight": day * DAY_S,
                "slices": slices,
                "first": day * DAY + start(first, slices) * 1_000_000,
                "end": day * DAY + start(end, slices) * 1_000_000,
            },
        )
    )


def _end(engine: Engine, day: int, slices: int, held: Content) -> None:
    """Write what a day had when it was told."""
    known = {SLICES: slices, ROWS: held.rows, PART: held.part, TABLE: held.table}
    engine.run(
        Query(
            "INSERT INTO letters SELECT toDate({day:UInt16}), one.1, 0, one.2 FROM"
            " (SELECT arrayJoin(arrayZip({numbers:Array(UInt32)}, {values:Array(UInt32)})) AS one)",
            {"day": day, "numbers": list(known), "values": list(known.values())},
        )
    )
