"""Between which times the log holds entries: known without asking where this process alone writes to it.

An end of a range that no entry lies beyond need not be counted in the entries, which takes as long as all the rest of a
count. Times may be known too wide (entries are removed, an insert fails), which makes nothing wrong, but never too
narrow: they are widened before an insert begins.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import structs

from apitrail.store.model import EPOCH, Filter, Span
from apitrail.store.times import instant

T = TypeVar("T")


class Reach:
    """From the oldest entry to the newest. Safe to call from many threads."""

    def __init__(self, covered: Span) -> None:
        self._lock = threading.Lock()
        self._ends = None if covered.oldest is None or covered.newest is None else (covered.oldest, covered.newest)

    @property
    def newest(self) -> datetime:
        """No entry is later."""
        return EPOCH if self._ends is None else self._ends[1]

    def widen(self, times: Sequence[int]) -> None:
        """Entries of these times (microseconds since 1970) are about to be written."""
        if not times:
            return
        first, last = instant(min(times)), instant(max(times))
        with self._lock:
            self._ends = (first, last) if self._ends is None else (min(first, self._ends[0]), max(last, self._ends[1]))

    def opened(self, which: Filter) -> Filter:
        """The filter without an end of its range that no entry lies beyond."""
        ends = self._ends
        if ends is None:
            return which
        since = None if which.since is not None and which.since <= ends[0] else which.since
        until = None if which.until is not None and which.until >= ends[1] else which.until
        if (since, until) == (which.since, which.until):
            return which
        return structs.replace(which, since=since, until=until)

    def ask(self, which: Filter, question: Callable[[Filter], T]) -> T:
        """The answer to a question of the filter, asked of as few ends as may be."""
        opened = self.opened(which)
        answer = question(opened)
        if opened is which or self.opened(which) == opened:
            return answer
        return question(which)  # an entry may have come meanwhile that lies beyond an end
