"""Tells which letters the parts of a day have, for `told`: once, by whoever keeps the log in order, never as rows come
in. Called by one thread of one server of a log at a time.

- Days that are over, the latest first.
- The day that goes on, slice by slice, as each is over; so a text is looked for in what came since, and in no more.
  When it is over it is told already.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from apitrail.store import days
from apitrail.store.days import Content, Day, Days
from apitrail.store.engine import Engine, Query
from apitrail.store.letters import NUMBERS, TOKENS
from apitrail.store.model import EPOCH
from apitrail.store.partitions import drop, parts
from apitrail.store.slices import DAY_S, PIECE, place_of, runs, slices_for, start
from apitrail.store.times import DAY, micros
from apitrail.store.today import Today

REST = 3
"""How many times as long as it takes to tell a piece nothing is told after it."""
SPILL_BYTES = 128 << 20
"""Of memory that telling a piece may take; what is more goes to the disk."""
LAG_S = 60
"""How long after its end a slice is told: what comes later costs it to be told again."""
HOUR = 3_600_000_000
"""Microseconds. From less of a day nothing is foretold."""
COARSE = 4
"""Times as many entries a slice as it should have: then the day is cut anew, and what was told of it is of no use."""
BEGUN = Content(0, 0, 0)
"""Noted of a day that is not told to its end: no day that is held has no entries."""

Rest = Callable[[float], bool]
"""Waits so many seconds, and says whether to end."""


def tell(
    engine: Engine,
    now: datetime,
    known: Days,
    today: Today,
    rest: Rest = lambda _: False,
    most_s: float = float("inf"),
) -> int:
    """Tell the days that are over and not told, the latest first, and forget months that are gone; how many it told.
    The one that `today` is about is left to `go_on`.

    So nothing but a share of a processor is taken. No day is begun after `most_s` seconds. Raises StoreError.
    """
    begun = time.monotonic()
    held = days.read(engine)
    over = micros(now) // DAY
    _forget(engine, {*held, over, today.begun.day})
    left = {day for day, one in held.items() if day < over and not one.told}
    told = 0
    for day in sorted(left - {today.begun.day}, reverse=True):
        if time.monotonic() - begun > most_s or not _day(engine, day, known, rest):
            break
        told += 1
    return told


def go_on(engine: Engine, now: datetime, known: Days, today: Today, rest: Rest = lambda _: False) -> int:
    """Tell the slices of the day that goes on which are over, and what came to those that were told; how many it told.
    Raises StoreError.
    """
    at = micros(now) - LAG_S * 1_000_000
    day = at // DAY
    told = 0
    if 0 <= today.begun.day < day:
        told += _slices(engine, today, today.begun.slices, rest)
        _finish(engine, known, today)
    held = days.read(engine)
    slices = _expected(held, day, at)
    if today.begun.day != day or slices > COARSE * today.begun.slices:
        cut = _cut(held.get(day), slices)
        days.note(engine, day, cut, BEGUN)
        today.begin(day, cut)
    return told + _slices(engine, today, place_of(at, today.begun.slices), rest)


def _forget(engine: Engine, kept: set[int]) -> None:
    """Months of which no day is left."""
    months = {f"{EPOCH.date() + timedelta(days=day):%Y%m}" for day in kept}
    query = Query(f"SELECT DISTINCT partition FROM {parts(engine)} AND table = 'letters'")  # noqa: S608
    for (month,) in engine.select(query).rows:
        if month not in months:
            drop(engine, "told_days", month)
            drop(engine, "letters", month)


def _expected(held: Mapping[int, Day], day: int, at: int) -> int:
    """Into how many slices a day is cut that is not over, by what it has and by the day before."""
    so_far, before = held.get(day), held.get(day - 1)
    hours = max((at - day * DAY) / HOUR, 1)
    return slices_for(max(int(so_far.content.rows / hours * 24) if so_far else 0, before.content.rows if before else 0))


def _cut(before: Day | None, slices: int) -> int:
    """Into how many slices a day is cut that should have so many: as many as before, if these are not far too few."""
    return before.cut if before is not None and slices <= COARSE * before.cut else slices


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


def _finish(engine: Engine, known: Days, today: Today) -> None:
    """Note what is known of a day that is over, if it has what was told of it, and no more."""
    before = today.complete()
    held = days.read(engine).get(today.begun.day)
    if held is not None and before is not None and before == today.complete():
        with known.changing():
            days.note(engine, today.begun.day, today.begun.slices, held.content)


def _day(engine: Engine, day: int, known: Days, rest: Rest) -> bool:
    """Tell a day that is over; whether it is told."""
    held = days.read(engine).get(day)
    if held is None:
        return True
    cut = _cut(held, slices_for(held.content.rows))
    for first in range(0, cut, PIECE):
        begun = time.monotonic()
        _insert(engine, day, cut, first, min(first + PIECE, cut))
        if rest(REST * (time.monotonic() - begun)):
            return False
    with known.changing():
        days.note(engine, day, cut, held.content)
    return True


def _insert(engine: Engine, day: int, slices: int, first: int, end: int) -> None:
    """Tell the slices from `first` up to `end`, all of one piece."""
    engine.run(
        Query(
            "INSERT INTO letters (number, day, cut, piece, slices)"  # noqa: S608, constants only
            " SELECT number, toDate({day:UInt16}), {slices:UInt16}, {piece:UInt16},"
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
