"""Which entries a filter lets through, the newest first: looked up where its references and words can be, else read
back from the end of its range.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import structs

from apitrail.store import mentioned, told
from apitrail.store.block import LATEST
from apitrail.store.days import Days
from apitrail.store.depth import Depth
from apitrail.store.engine import Engine
from apitrail.store.model import Cursor, Filter
from apitrail.store.once import Rows, once
from apitrail.store.queries import page, words
from apitrail.store.queries.where import ANYTIME, Times
from apitrail.store.recent import Recent
from apitrail.store.slices import Span
from apitrail.store.times import DAY, instant, micros
from apitrail.store.today import Today
from apitrail.store.told import Told

AT_ONCE = DAY
"""Where so much is to be read of a range, in microseconds, it is read in one question."""


class Finding:
    """Of one log. Safe to call from many threads."""

    def __init__(self, engine: Engine, days: Days, today: Today, recent: Recent) -> None:
        self._engine = engine
        self._days = days
        self._today = today
        self._recent = recent
        self._depth = Depth()

    def newest(self, which: Filter, limit: int, cursor: Cursor | None, latest: datetime) -> Rows:
        """At most `limit` rows of what a list shows, after `cursor`. Few entries are later than `latest`, if any.
        Raises QueryTooLarge, StoreError.
        """
        wanted = words.mentions(which)
        if wanted:
            return self._looked_up(which, wanted, limit, cursor)
        known = self._recent.newest(which, limit, cursor, latest)
        return known if known is not None else self._read(which, limit, cursor, latest)

    def times(self, which: Filter) -> Times:
        """Where in its range all is that the filter asks for, as far as that can be looked up."""
        wanted = words.mentions(which)
        if wanted:
            found = mentioned.latest(self._engine, wanted, which.since, which.until, words.MOST_SECONDS)
            return Times(seconds=found) if len(found) < words.MOST_SECONDS else ANYTIME
        where = self._told(which)
        return _within(where, which) if where else ANYTIME

    def _read(self, which: Filter, limit: int, cursor: Cursor | None, latest: datetime) -> Rows:
        """By reading back from the end of the range, a text only where it may be: in one question where that is little,
        or not much and the end of the range has few.
        """
        rows: Rows = []
        where = self._told(which)
        scanned = min(page.SCANNED, 1 / self._today.begun.slices)  # of a busy log, an hour is many entries
        first = 0.0 if which.text else self._depth.days(which, limit)
        for number, window in enumerate(page.windows(which, cursor, latest, scanned, first)):
            few = bool(which.text) and number > 0 and page.LONGER * len(rows) < limit
            if where is not None and number < 2:
                rest = structs.replace(which, until=window.until)
                times = _within(where, rest)
                if times.little or (number and _length(times.spans or ()) <= AT_ONCE):
                    return rows + self._of_range(rest, limit - len(rows), cursor, few or number == 0, times)
            times = _within(where, window) if where is not None else ANYTIME
            rows += self._of_range(window, limit - len(rows), cursor, few, times)
            if len(rows) >= limit:
                break
        if not which.text:
            upper = page.ends(which, cursor)
            self._depth.learn(which, latest if upper is None else min(upper, latest), limit, rows)
        return rows

    def _told(self, which: Filter) -> Told | None:
        """Where the filter's text may be, if it has one and that is known."""
        return told.told(self._engine, which, self._days, self._today) if which.text else None

    def _of_range(self, which: Filter, limit: int, cursor: Cursor | None, few: bool, times: Times) -> Rows:
        if times.nowhere:
            return []
        return once(self._engine, lambda many: page.page(which, many, cursor, times, few=few), limit)

    def _looked_up(self, which: Filter, wanted: words.Mentions, limit: int, cursor: Cursor | None) -> Rows:
        """By the seconds in which the filter's references and words are, some at a time, newest first."""
        rows: Rows = []
        until = which.until
        if cursor is not None and (until is None or cursor.created_at < until):
            until = cursor.created_at
        many = limit + words.MORE_SECONDS
        while True:
            found = mentioned.latest(self._engine, wanted, which.since, until, many)
            if found:
                rows += self._of_seconds(which, found, limit - len(rows), cursor, cut=len(found) == many)
            if len(rows) >= limit or len(found) < many:
                return rows
            until = instant(found[-1] * 1_000_000 - 1)
            many = min(8 * many, words.MOST_SECONDS)

    def _of_seconds(self, which: Filter, found: list[int], limit: int, cursor: Cursor | None, *, cut: bool) -> Rows:
        """The newest of these seconds, of which the last may not be told in full where they are `cut`. What refers to
        the word is read first: mostly that is all there is, and the bodies, half of the work, need not be read.
        """
        rows: Rows = []
        left = found
        if words.one_word(which):
            rows = self._at(which, found, limit, cursor, bodies=False)
            at = [_when(row) for row in rows]
            settled = words.settled(found, at)
            if cut:
                settled.discard(found[-1])
            rows = [row for row, second in zip(rows, at, strict=True) if second in settled]
            # A full page needs none that is older than its last.
            until = _when(rows[-1]) if len(rows) >= limit else found[-1]
            left = [second for second in found if second not in settled and second >= until]
        if left:
            rows = sorted([*rows, *self._at(which, left, limit, cursor)], key=page.in_order, reverse=True)
        return rows[:limit]

    def _at(self, which: Filter, seconds: list[int], limit: int, cursor: Cursor | None, *, bodies: bool = True) -> Rows:
        """The newest of these seconds. They mostly have as many entries as they were mentioned, so that all are less
        than a page, which the engine need not sort: that costs it a tenth of the statement.
        """

        def read(ordered: bool) -> Rows:
            times = Times(seconds=seconds)
            return once(
                self._engine,
                lambda many: page.page(which, many, cursor, times, bodies=bodies, ordered=ordered),
                limit,
            )

        if len(seconds) < limit:
            rows = read(ordered=False)
            if len(rows) < limit:
                return sorted(rows, key=page.in_order, reverse=True)
        return read(ordered=True)


def _within(where: Told, which: Filter) -> Times:
    """Where in its range the filter's text may be."""
    spans = where.spans(*_edges(which))
    return Times(spans=spans, little=_length(spans) <= where.slice)


def _length(spans: Sequence[Span]) -> int:
    return sum(last - first for first, last in spans)


def _edges(which: Filter) -> Span:
    """The first and the last time of a range."""
    return (
        0 if which.since is None else micros(which.since),
        micros(LATEST if which.until is None else which.until),
    )


def _when(row: Sequence[Any]) -> int:
    """The first of the seconds that a row is found by."""
    return words.spanned(row[1] // 1_000_000)
