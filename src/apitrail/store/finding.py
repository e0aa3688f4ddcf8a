"""Which entries a filter lets through, the newest first: looked up where its references and words can be, else read
back from the end of its range.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import structs

from apitrail.store import told
from apitrail.store.block import LATEST
from apitrail.store.derived import DAY
from apitrail.store.engine import Engine
from apitrail.store.model import Cursor, Filter
from apitrail.store.once import Rows, once
from apitrail.store.queries import page, words
from apitrail.store.times import instant, micros
from apitrail.store.told import Span, Told

AT_ONCE = DAY
"""Where so much is to be read of a range, in microseconds, it is read in one question."""


def newest(engine: Engine, which: Filter, limit: int, cursor: Cursor | None, latest: datetime) -> Rows:
    """At most `limit` rows of what a list shows, after `cursor`. Few entries are later than `latest`, if any. Raises
    QueryTooLarge, StoreError.
    """
    wanted = words.mentions(which)
    if wanted:
        return _looked_up(engine, which, wanted, limit, cursor)
    return _read(engine, which, limit, cursor, latest)


def seconds(engine: Engine, which: Filter) -> list[int] | None:
    """All times in which the filter's references and words are (see `words.seconds`); None where there are none, or too
    many.
    """
    wanted = words.mentions(which)
    if not wanted:
        return None
    limit = words.MOST_SECONDS
    found = [second for (second,) in engine.select(words.seconds(wanted, which.since, which.until, limit)).rows]
    return found if len(found) < limit else None


def _read(engine: Engine, which: Filter, limit: int, cursor: Cursor | None, latest: datetime) -> Rows:
    """By reading back from the end of the range; what is not found at once, only where it may be."""
    rows: Rows = []
    where: Told | None = None
    for number, window in enumerate(page.windows(which, cursor, latest)):
        few = bool(which.text) and number > 0 and page.LONGER * len(rows) < limit
        if number == 1 and which.text:
            rest = structs.replace(which, until=window.until)
            where = told.told(engine, rest)
            spans = where.spans(*_edges(rest)) if where else None
            if spans is not None and sum(last - first for first, last in spans) <= AT_ONCE:
                return rows + (_of_range(engine, rest, limit - len(rows), cursor, few, spans) if spans else [])
        spans = where.spans(*_edges(window)) if where else None
        if spans != []:
            rows += _of_range(engine, window, limit - len(rows), cursor, few, spans)
        if len(rows) >= limit:
            break
    return rows


def _edges(which: Filter) -> Span:
    """The first and the last time of a range."""
    return (
        0 if which.since is None else micros(which.since),
        micros(LATEST if which.until is None else which.until),
    )


def _of_range(
    engine: Engine, which: Filter, limit: int, cursor: Cursor | None, few: bool, spans: Sequence[Span] | None
) -> Rows:
    return once(engine, lambda many: page.page(which, many, cursor, few=few, spans=spans), limit)


def _looked_up(engine: Engine, which: Filter, wanted: words.Mentions, limit: int, cursor: Cursor | None) -> Rows:
    """By the seconds in which the filter's references and words are, some at a time, newest first."""
    rows: Rows = []
    until = which.until
    if cursor is not None and (until is None or cursor.created_at < until):
        until = cursor.created_at
    many = limit + words.MORE_SECONDS
    while True:
        found = [second for (second,) in engine.select(words.seconds(wanted, which.since, until, many)).rows]
        if found:
            rows += _of_seconds(engine, which, found, limit - len(rows), cursor, cut=len(found) == many)
        if len(rows) >= limit or len(found) < many:
            return rows
        until = instant(found[-1] * 1_000_000 - 1)
        many = min(8 * many, words.MOST_SECONDS)


def _of_seconds(
    engine: Engine, which: Filter, found: list[int], limit: int, cursor: Cursor | None, *, cut: bool
) -> Rows:
    """The newest of these seconds, of which the last may not be told in full where they are `cut`. What refers to the
    word is read first: mostly that is all there is, and the bodies, half of the work, need not be read.
    """
    rows: Rows = []
    left = found
    if words.one_word(which):
        rows = once(engine, lambda many: page.page(which, many, cursor, found, bodies=False), limit)
        at = [_when(row) for row in rows]
        settled = words.settled(found, at)
        if cut:
            settled.discard(found[-1])
        rows = [row for row, second in zip(rows, at, strict=True) if second in settled]
        # A full page needs none that is older than its last.
        until = _when(rows[-1]) if len(rows) >= limit else found[-1]
        left = [second for second in found if second not in settled and second >= until]
    if left:
        rows += once(engine, lambda many: page.page(which, many, cursor, left), limit)
        rows.sort(key=_when, reverse=True)  # within one they are in order
    return rows[:limit]


def _when(row: Sequence[Any]) -> int:
    """The first of the seconds that a row is found by."""
    return words.spanned(row[1] // 1_000_000)
