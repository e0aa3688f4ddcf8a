"""The newest rows of a table, kept in memory, and the lists that they tell.

To read 50 rows takes the engine 5 ms, most of which is the statement itself; the newest thousand fit in memory and tell
such a list in less than one. What is written is read from the engine when a list is next asked for, from the earliest
time written on. So a list never says less than the log holds, and ingest pays nothing.

Only where this process alone writes to the log.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from apitrail.store.changes import Changes
from apitrail.store.engine import Engine
from apitrail.store.model import Cursor, Filter, QueryTooLarge
from apitrail.store.once import Rows
from apitrail.store.queries import newest as question
from apitrail.store.queries.newest import Listed
from apitrail.store.queries.where import told_by_entries
from apitrail.store.times import DAY, micros

TIMES = 2
"""How often a list is asked for until rows are read for it, which takes several times as long as one list."""
TOO_LARGE = 1000
"""How many lists are left to the engine after it had not enough time or memory to tell all of this."""


class Table(Struct):
    """A table, and how much of it is kept."""

    name: Literal["entries", "failures"]
    days: tuple[int, ...]
    """So far they are read back from the newest entry, a number of days after the other until half as many as are to be
    kept are found.
    """
    kept: int
    """Rows."""
    most_bytes: int
    """Of memory for all of them."""
    most_written: int
    """Entries. When more were written since the last list, what is kept is forgotten, until lists are asked for between
    which fewer are.
    """


class _Kept:
    """Every row later than `floor` (microseconds since 1970), oldest first: of those given, which are all that are
    later than the `floor` given, as many as are to be kept.
    """

    def __init__(self, table: Table, rows: Sequence[Listed], floor: int) -> None:
        left = table.most_bytes
        for one in reversed(rows[-table.kept :]):
            left -= one.size
            if left < 0:
                floor = max(floor, one.at)
                break
        else:
            if len(rows) > table.kept:
                floor = max(floor, rows[-table.kept - 1].at)
        times = [one.at for one in rows]
        first = bisect_right(times, floor)
        self.rows = rows[first:]
        self.times = times[first:]
        self.floor = floor
        self._places: dict[int, dict[str | None, list[int]]] = {}

    def having(self, field: int, value: str) -> Sequence[int]:
        """Where the rows are that have this value of a field. All values of a field are told apart at once, when
        one is first asked for, so that a list of one account looks at its own rows alone.
        """
        places = self._places.get(field)
        if places is None:
            places = defaultdict(list)
            for place, one in enumerate(self.rows):
                places[one.values[field]].append(place)
            self._places[field] = places = dict(places)
        return places.get(value, ())


class Write(Struct, frozen=True, eq=False):
    """An insert: from its earliest time to its latest (microseconds), and of how many entries."""

    first: int
    last: int
    entries: int


class Newest:
    """Of one table of one log. Safe to call from many threads."""

    def __init__(self, engine: Engine, table: Table) -> None:
        self._engine = engine
        self._table = table
        self._changes = Changes()
        self._kept: _Kept | None = None
        self._asked = 0
        self._days = table.days[0]
        """How many days were enough when all was last read."""
        self._writing: set[Write] = set()
        self._unread: int | None = None
        """From when on the log may hold other rows than are kept; None for none."""
        self._written = 0

    @contextmanager
    def writing(self, write: Write) -> Iterator[None]:
        """To be entered before an insert begins, and left when it is over."""
        with self._changes.lock:
            self._writing.add(write)

        def after(certain: bool) -> None:
            self._writing.discard(write)
            if self._kept is None:
                self._written += write.entries
            elif write.last > self._kept.floor:
                self._unread = write.first if self._unread is None else min(write.first, self._unread)
                self._written += write.entries
                if self._written > self._table.most_written:
                    self._forget()
            if not certain:
                self._forget()

        with self._changes.writing(after):
            yield

    @contextmanager
    def removing(self) -> Iterator[None]:
        """To be entered before entries of any time are removed, and left when that is over."""
        with self._changes.removing(self._forget):
            yield

    def listed(self, which: Filter, limit: int, cursor: Cursor | None, latest: datetime) -> Rows | None:
        """At most `limit` rows of what a list shows, after `cursor`; None where the engine has to be asked for them.
        Few entries are later than `latest`, if any. Raises StoreError.
        """
        if told_by_entries(which):
            return None
        kept = self._now(latest)
        return None if kept is None else _listed(kept, which, limit, cursor)

    def _forget(self) -> None:
        self._kept = self._unread = None
        self._asked = self._written = 0

    def _now(self, latest: datetime) -> _Kept | None:
        """The rows as they are now, read as far as the log may hold others; None where they are not kept."""
        with self._changes.lock:
            if self._changes.uncertain:
                return None
            kept, number = self._kept, self._changes.number
            if kept is None:
                if self._written > self._table.most_written:
                    self._asked = min(self._asked, 0)
                self._written = 0
                self._asked += 1
                if self._asked < TIMES:
                    return None
            since = None if kept is None else self._unread_since(kept)
        try:
            if kept is None:
                fresh = self._all(micros(latest))
            elif since is None:
                return kept
            else:
                fresh = self._merged(kept, since, self._read(since))
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
        for days in (one for one in self._table.days if one >= self._days):
            since = max(latest - days * DAY, 0)
            rows = self._read(since)
            if len(rows) >= self._table.kept // 2:
                break
        self._days = days
        return self._merged(_Kept(self._table, (), since - 1), since, rows)

    def _read(self, since: int) -> Sequence[Sequence[Any]]:
        return self._engine.select(question.newest(self._table.name, since, self._table.kept + 1)).rows

    def _merged(self, kept: _Kept, since: int, rows: Sequence[Sequence[Any]]) -> _Kept:
        """What is kept, with the newest rows of `since` and later in place of what it has of that time."""
        fresh = question.read(rows)[::-1]
        if len(rows) > self._table.kept:
            return _Kept(self._table, fresh, fresh[0].at)
        return _Kept(self._table, [*kept.rows[: bisect_left(kept.times, since)], *fresh], kept.floor)

    def _unread_since(self, kept: _Kept) -> int | None:
        times = [write.first for write in self._writing if write.last > kept.floor]
        if self._unread is not None:
            times.append(self._unread)
        return max(min(times), kept.floor + 1) if times else None


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
        one = kept.rows[place]
        if all((one.values[field] in values) is wanted for field, values, wanted in choices):
            found.append(one.row)
            if len(found) == limit:
                return found
    return found if since > kept.floor else None


def _places(kept: _Kept, choices: Sequence[question.Choice], first: int, end: int) -> Iterator[int]:
    """Where the rows may be that have all of the choices, newest first: from `end` (excluded) back to `first`."""
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
    return next((number for number in range(first, end) if kept.rows[number].row[0] == identity), None)
