"""Which slices of the day that is not over are told (see `told`), and that nothing came to them since.

Of a day that is over the table itself says what it was made of. A day that goes on has something else with every
insert, so this is known from the inserts: in memory, where this process alone writes to the log. A process that starts
begins the day anew.

A slice that something comes to is not told until it is told anew. It loses its bit once the insert is over, before that
is acknowledged: what a reader does not find until then came after he asked.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct

from apitrail.store.slices import place_of
from apitrail.store.times import DAY


class Begun(Struct, frozen=True):
    """A day as far as it is told."""

    day: int
    """Since 1970; -1 for none."""
    slices: int
    told: int
    """A bit for each slice that is."""

    @property
    def whole(self) -> int:
        """Bits for all slices."""
        return (1 << self.slices) - 1


class Today:
    """Safe to call from many threads; one of them tells."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = Begun(-1, 1, 0)
        self._came = 0
        self._changes = 0
        self._under_way: dict[object, int] = {}
        """The first time of each insert that is not over."""

    @property
    def begun(self) -> Begun:
        """The day as it is now."""
        return self._begun

    def begin(self, day: int, slices: int) -> None:
        """From now on it is about this day, of which nothing is told."""
        with self._lock:
            self._begun = Begun(day, slices, 0)

    @contextmanager
    def writing(self, times: Sequence[int]) -> Iterator[None]:
        """To be entered before entries of these times (microseconds) are written, and left when that is over."""
        if not times:
            yield
            return
        token, first = object(), min(times)
        with self._lock:
            self._under_way[token] = first
        try:
            yield
        finally:
            with self._lock:
                del self._under_way[token]
                touched = self._touched(times, first)
                if touched:
                    self._begun = _with(self._begun, self._begun.told & ~touched)
                    self._came |= touched
                    self._changes += 1

    @contextmanager
    def telling(self, first: int, end: int) -> Iterator[None]:
        """To be entered before the slices from `first` up to `end` are told, and left when that is done: then they
        are, but for those that something came to meanwhile.
        """
        with self._lock:
            self._came = 0
        yield
        with self._lock:
            self._begun = _with(self._begun, self._begun.told | ((1 << end) - (1 << first)) & ~self._came)

    def complete(self) -> int | None:
        """A number that stays for as long as all of the day is told and nothing is written to it; else None."""
        with self._lock:
            end = (self._begun.day + 1) * DAY
            written = any(first < end for first in self._under_way.values())
            return self._changes if self._begun.told == self._begun.whole and not written else None

    def _touched(self, times: Sequence[int], first: int) -> int:
        """The slices that have any of these times, of which `first` is the first."""
        begin, end, slices = self._begun.day * DAY, (self._begun.day + 1) * DAY, self._begun.slices
        last = max(times)
        if self._begun.day < 0 or last < begin or first >= end:
            return 0
        if begin <= first and last < end and place_of(first, slices) == place_of(last, slices):
            return 1 << place_of(first, slices)  # nearly always
        touched = 0
        for place in {place_of(at, slices) for at in times if begin <= at < end}:
            touched |= 1 << place
        return touched


def _with(begun: Begun, told: int) -> Begun:
    return Begun(begun.day, begun.slices, told)
