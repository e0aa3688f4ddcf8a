"""Entries by time and outcome."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from apitrail.entry import EntryRow
from apitrail.store.engine import Param, Query
from apitrail.store.model import Bar, Filter, Histogram
from apitrail.store.queries.counting import counted
from apitrail.store.queries.ends import Known
from apitrail.store.queries.narrowed import OUTCOME, Narrowed
from apitrail.store.queries.pieces import whole_quarters
from apitrail.store.queries.where import ANYTIME, Times, told_by_entries
from apitrail.store.times import DAY, QUARTER, instant, micros

STEPS = {
    name: timedelta(seconds=seconds)
    for name, seconds in {
        "1s": 1,
        "5s": 5,
        "15s": 15,
        "1m": 60,
        "5m": 300,
        "15m": 900,
        "1h": 3600,
        "3h": 10_800,
        "6h": 21_600,
        "1d": 86_400,
        "7d": 7 * 86_400,
        "30d": 30 * 86_400,
        "365d": 365 * 86_400,
    }.items()
}
"""How long a bar may be. Those of a day and more begin at midnight of the reader's zone."""
BARS = 120
"""At most so many bars, where one does not say how long they are."""
MOST_BARS = 2000


def step_for(since: datetime, until: datetime, most: int = BARS) -> str:
    """The shortest step that makes at most `most` bars."""
    return next((name for name, step in STEPS.items() if (until - since) / step <= most - 1), "365d")


def edges(since: datetime, until: datetime, step: str, zone: ZoneInfo) -> list[int]:
    """Where bars begin, and where the last ends: microseconds. Never more than one over MOST_BARS bars."""
    length = STEPS[step]
    if length >= timedelta(days=1):
        day = since.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        found: list[int] = []
        while len(found) <= MOST_BARS + 1:
            found.append(micros(day.replace(tzinfo=zone).astimezone(UTC)))
            if found[-1] > micros(until):
                break
            day += length
        return found
    size = length // timedelta(microseconds=1)
    offset = (since.astimezone(zone).utcoffset() or timedelta()) // timedelta(microseconds=1)
    first = (micros(since) + offset) // size * size - offset
    last = first + ((micros(until) - first) // size + 1) * size
    return list(range(first, min(last, first + (MOST_BARS + 1) * size) + 1, size))


def histogram(which: Filter, cuts: Sequence[int], times: Times = ANYTIME, *, ends: bool = True) -> Query:
    """Rows for `answered`, in any order. No entry of the filter lies without the cuts. See `counted` for `times` and
    `ends`.
    """
    quarters = of_quarters(cuts)
    days = all(cut % DAY == 0 for cut in cuts)
    bars: dict[str, Param]
    length, since = _numbering(cuts)
    if length:
        # As few functions as will do, for each takes as long as some hundred rows.
        bar = f"intDiv(toUnixTimestamp(TIME){' - {since:Int64}' if since else ''}, {{length:Int64}})"
        bars = {"length": length, "since": since} if since else {"length": length}
    else:
        bar = "roundDown(toUnixTimestamp(TIME), {cuts:Array(UInt32)})"
        bars = {"cuts": [cut // 1_000_000 for cut in cuts[:-1]]}
    columns = {"bar": bar, "outcome": "outcome"}
    source, params = counted(which, columns, times, days=days, quarters=quarters, ends=ends)
    return Query(source, {**params, **bars}, wide=times.seconds is None and told_by_entries(which))


def of_quarters(cuts: Sequence[int]) -> bool:
    """Whether each bar is of whole quarters of an hour, which are counted beforehand."""
    return all(cut % QUARTER == 0 for cut in cuts)


def counted_here(known: Iterable[Known], which: Filter, cuts: Sequence[int]) -> list[tuple[int, str | None, int]]:
    """Rows for `answered` of entries at the ends of the range, where bars are of whole quarters."""
    narrowed = Narrowed.of(which)
    bars = _bars(cuts)
    return [
        (bars[bisect_right(cuts, one.quarter) - 1], one.values[OUTCOME], one.count)
        for one in known
        if all(field.passes(one.values) for field in narrowed)
    ]


def quarters(which: Filter, cuts: Sequence[int]) -> list[tuple[int, int]]:
    """The whole quarters of the filter's range within each bar: the number of the first since 1970, and of the first
    behind them, which is not larger where there are none. Bars are of whole quarters.
    """
    whole = whole_quarters(which)
    if whole is None:
        return []
    first, end = (cut if at is None else at for at, cut in zip(whole, (cuts[0], cuts[-1]), strict=True))
    return [(max(start, first) // QUARTER, min(stop, end) // QUARTER) for start, stop in pairwise(cuts)]


def counted_so(counts: Mapping[str, Sequence[int]], cuts: Sequence[int]) -> list[tuple[int, str | None, int]]:
    """Rows for `answered`, from how many entries of each outcome each bar has."""
    bars = _bars(cuts)
    return [
        (bar, outcome, count) for outcome, of in counts.items() for bar, count in zip(bars, of, strict=True) if count
    ]


def _bars(cuts: Sequence[int]) -> list[int]:
    """What the answer to `histogram` calls each bar: its number since 1970, or its start."""
    length, since = _numbering(cuts)
    starts = [cut // 1_000_000 for cut in cuts[:-1]]
    return [(start - since) // length for start in starts] if length else starts


def _numbering(cuts: Sequence[int]) -> tuple[int, int]:
    """How long each bar is, and when since 1970 the bar of number 0 began, in seconds; (0, 0) where they are not all as
    long, as a clock was changed.
    """
    lengths = {end - start for start, end in pairwise(cuts)}
    length = lengths.pop() // 1_000_000 if len(lengths) == 1 else 0
    return (length, cuts[0] // 1_000_000 % length) if length else (0, 0)


def answered(rows: Sequence[Sequence[Any]], cuts: Sequence[int], step: str) -> Histogram:
    """What the answer to `histogram` says: rows of a bar (its number since 1970, or its start), outcome, count."""
    length, since = _numbering(cuts)
    if length:
        rows = [(number * length + since, outcome, count) for number, outcome, count in rows]
    return read(rows, cuts, step)


def histogram_of(entries: Sequence[EntryRow], which: Filter, zone: ZoneInfo) -> Histogram:
    """The histogram of these entries, which are all that the filter lets through: from the first of them to the last,
    where its range is open.
    """
    times = [entry.created_at for entry in entries]
    if not times:
        return Histogram("1h", None, [])
    since, until = which.since or min(times), which.until or max(times)
    step = step_for(since, until)
    cuts = edges(since, until, step, zone)
    found: dict[tuple[int, str], int] = {}
    for entry in entries:
        bar = (cuts[bisect_right(cuts, micros(entry.created_at)) - 1] // 1_000_000, entry.outcome)
        found[bar] = found.get(bar, 0) + 1
    return read([(start, outcome, count) for (start, outcome), count in found.items()], cuts, step)


def counted_anew(found: Histogram, entries: Sequence[EntryRow]) -> Histogram:
    """The same bars, with the counts of these entries; of those that lie within."""
    cuts = [micros(bar.start) for bar in found.bars] + ([micros(found.end)] if found.end else [])
    counts: list[dict[str, int]] = [{} for _ in found.bars]
    for entry in entries:
        bar = bisect_right(cuts, micros(entry.created_at)) - 1
        if 0 <= bar < len(counts):
            counts[bar][entry.outcome] = counts[bar].get(entry.outcome, 0) + 1
    return Histogram(found.step, found.end, [Bar(bar.start, one) for bar, one in zip(found.bars, counts, strict=True)])


def read(rows: Sequence[Sequence[Any]], cuts: Sequence[int], step: str) -> Histogram:
    """The rows (a bar's start in seconds, outcome, count), added up, with the bars that have nothing."""
    counts: dict[tuple[int, str], int] = {}
    for start, outcome, count in rows:
        counts[start, outcome] = counts.get((start, outcome), 0) + count
    found: dict[int, dict[str, int]] = {}
    for (start, outcome), count in sorted(counts.items()):
        if count:
            found.setdefault(start * 1_000_000, {})[outcome] = count
    bars = [Bar(instant(start), found.get(start, {})) for start, _ in pairwise(cuts)]
    return Histogram(step, instant(cuts[-1]), bars)
