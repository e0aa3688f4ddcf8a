"""The newest failures, kept in memory: of one account or of all, they are the list that is opened most.

To read 50 failures of one account takes the engine 5 ms, half of which goes into decompressing those of others. The
newest few thousand fit in memory and tell such a list in less than one. What is written is read from the engine when a
list is next asked for, from the earliest time written on. So a list never says less than the log holds, and ingest pays
nothing.

Only where this process alone writes to the log.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from apitrail.store.changes import Changes
from apitrail.store.engine import Engine
from apitrail.store.model import Cursor, Filter, QueryTooLarge
from apitrail.store.once import Rows
from apitrail.store.queries import recent as question
from apitrail.store.queries.page import WINDOWS
from apitrail.store.queries.recent import Failure
from apitrail.store.times import DAY, micros

KEPT = 4000
"""Failures, of 3 KB each by the way. An account that has a thirtieth of them has its 50 newest among 1,500."""
MOST_BYTES = 32_000_000
"""Of memory for all of them. A failed call of hundreds of orders is 20 KB."""
TIMES = 2
"""How often a list is asked for until all of this is read, which takes several times as long as one list."""
TOO_LARGE = 1000
"""How many lists are left to the engine after it had not enough time or memory to tell all of this."""
MOST_WRITTEN = 20_000
"""Entries. When more were written since the last list, the engine is asked until lists are asked for again."""

_EVERYTHING = -1
"""A floor before any time: no failure of the log is older than those in memory."""


class _Kept:
    """Every failure later than `floor` (microseconds since 1970), oldest first: of those given, which are all that are
    later than the `floor` given, as many as are to be kept.
    """

    def __init__(self, failures: Sequence[Failure], floor: int) -> None:
        left = MOST_BYTES
        for failure in reversed(failures[-KEPT:]):
            left -= failure.size
            if left < 0:
                floor = max(floor, failure.at)
                break
        else:
            if len(failures) > KEPT:
                floor = max(floor, failures[-KEPT - 1].at)
        times = [failure.at for failure in failures]
        first = bisect_right(times, floor)
        self.failures = failures[first:]
        self.times = times[first:]
        self.floor = floor
        self._places: dict[int, dict[str | None, list[int]]] = {}

    def having(self, field: int, value: str) -> Sequence[int]:
        """Where the failures are that have this value of a field. All values of a field are told apart at once, when
        one is first asked for, so that a list of one account looks at its own failures alone.
        """
        places = self._places.get(field)
        if places is None:
            places = defaultdict(list)
            for place, failure in enumerate(self.failures):
                places[failure.values[field]].append(place)
            self._places[field] = places = dict(places)
        return places.get(value, ())


class _Write(Struct, frozen=True, eq=False):
    """An insert that is under way, from its earliest time to its latest."""

    first: int
    last: int


class Recent:
    """Of one log. `kept`: whether this process alone writes to it. Safe to call from many threads."""

    def __init__(self, engine: Engine, *, kept: bool) -> None:
        self._engine = engine
        self._possible = kept
        self._changes = Changes()
        self._kept: _Kept | None = None
        self._asked = 0
        self._days: int = WINDOWS[0]
        """How many days were enough when all was last read."""
        self._writing: set[_Write] = set()
        self._unread: int | None = None
        """From when on the log may hold other failures than are kept; None for none."""
        self._written = 0

    @contextmanager
    def writing(self, times: Sequence[int]) -> Iterator[None]:
        """To be entered before entries of these times (microseconds) are written, and left when that is over."""
        if not self._possible or not times:
            yield
            return
        write = _Write(min(times), max(times))
        with self._changes.lock:
            self._writing.add(write)

        def after(certain: bool) -> None:
            self._writing.discard(write)
            if self._kept is not None and write.last > self._kept.floor:
                self._unread = write.first if self._unread is None else min(write.first, self._unread)
                self._written += len(times)
            if not certain or self._written > MOST_WRITTEN:
                self._forget()

        with self._changes.writing(after):
            yield

    @contextmanager
    def removing(self) -> Iterator[None]:
        """To be entered before entries of any time are removed, and left when that is over."""
        with self._changes.removing(self._forget):
            yield

    def newest(self, which: Filter, limit: int, cursor: Cursor | None, latest: datetime) -> Rows | None:
        """At most `limit` rows of what a list shows, after `cursor`; None where the engine has to be asked for them.
        Few entries are later than `latest`, if any. Raises StoreError.
        """
        if not self._possible or not question.told_by_values(which):
            return None
        kept = self._now(latest)
        return None if kept is None else _listed(kept, which, limit, cursor)

    def _forget(self) -> None:
        self._kept = self._unread = None
        self._asked = self._written = 0

    def _now(self, latest: datetime) -> _Kept | None:
        """The failures as they are now, read as far as the log may hold others; None where they are not kept."""
        with self._changes.lock:
            if self._changes.uncertain:
                return None
            self._asked += 1
            kept, number = self._kept, self._changes.number
            if kept is None and self._asked < TIMES:
                return None
            since = None if kept is None else self._unread_since(kept)
        try:
            if kept is None:
                fresh = self._all(micros(latest))
            elif since is None:
                return kept
            else:
                fresh = _merged(kept, since, self._read(since))
        except QueryTooLarge:
            with self._changes.lock:
                self._forget()
                self._asked = -TOO_LARGE
            return None
        with self._changes.lock:
            # What is written meanwhile may be among the rows or not; what is under way is read again the next time.
            if self._changes.number == number:
                self._kept, self._unread, self._written = fresh, None, 0
        return fresh

    def _all(self, latest: int) -> _Kept:
        """As many as are to be kept, of as few days as will do: each day is another part to be opened."""
        for days in (one for one in WINDOWS if one >= self._days):
            since = max(latest - days * DAY, 0)
            rows = self._read(since)
            if len(rows) >= KEPT // 2 or not since:
                self._days = days
                return _merged(_Kept((), since - 1), since, rows)
        return _merged(_Kept((), _EVERYTHING), 0, self._read(0))

    def _read(self, since: int) -> Sequence[Sequence[Any]]:
        return self._engine.select(question.recent(since, KEPT + 1)).rows

    def _unread_since(self, kept: _Kept) -> int | None:
        times = [write.first for write in self._writing if write.last > kept.floor]
        if self._unread is not None:
            times.append(self._unread)
        return max(min(times), kept.floor + 1) if times else None


def _merged(kept: _Kept, since: int, rows: Sequence[Sequence[Any]]) -> _Kept:
    """What is kept, with the newest rows of `since` and later in place of what it has of that time."""
    failures = question.read(rows)[::-1]
    if len(rows) > KEPT:
        return _Kept(failures, failures[0].at)
    return _Kept([*kept.failures[: bisect_left(kept.times, since)], *failures], kept.floor)


def _listed(kept: _Kept, which: Filter, limit: int, cursor: Cursor | None) -> Rows | None:
    """The newest that the filter lets through; None where older ones than are kept may have to be among them."""
    since = 0 if which.since is None else micros(which.since)
    first = bisect_left(kept.times, since)
    end = len(kept.times) if which.until is None else bisect_right(kept.times, micros(which.until))
    if cursor is not None:
        place = _place(kept, cursor)
        if place is None:
            return None
        end = min(end, place)
    found: Rows = []
    choices = question.choices(which)
    for place in _places(kept, choices, first, end):
        failure = kept.failures[place]
        if all((failure.values[field] in values) is wanted for field, values, wanted in choices):
            found.append(failure.row)
            if len(found) == limit:
                return found
    return found if since > kept.floor else None


def _places(kept: _Kept, choices: Sequence[question.Choice], first: int, end: int) -> Iterator[int]:
    """Where the failures may be that have all of the choices, newest first: from `end` (excluded) back to `first`."""
    single = [
        kept.having(field, value)
        for field, values, wanted in choices
        if wanted and len(values) == 1
        for value in values
    ]
    places = min(single, key=len, default=range(end))
    return (places[number] for number in range(bisect_left(places, end) - 1, bisect_left(places, first) - 1, -1))


def _place(kept: _Kept, cursor: Cursor) -> int | None:
    """How many are older than the cursor. None where others have its very time, and it is not among them: which of
    them are older only the engine says, whose order of ids is its own.
    """
    at, identity = micros(cursor.created_at), UUID(cursor.id)
    first, end = bisect_left(kept.times, at), bisect_right(kept.times, at)
    if first == end:
        return first
    return next((number for number in range(first, end) if kept.failures[number].row[0] == identity), None)
