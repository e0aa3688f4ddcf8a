"""How large a log becomes that takes in so much a day, and loses bodies before rows, of some integrations sooner than
of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from apitrail.store.retention import Keep


class Stream(Struct, frozen=True):
    """What comes of the entries that are kept equally long."""

    rows: float
    """Bytes a day, without bodies."""
    good: float
    """Of bodies that successes have."""
    bad: float
    """Of those that failures have."""
    keep: Keep

    def size(self, days: float) -> float:
        """Bytes after so many days."""
        keep = self.keep
        return (
            self.rows * min(days, keep.entries)
            + self.good * min(days, keep.success_bodies, keep.entries)
            + self.bad * min(days, keep.failure_bodies, keep.entries)
        )


class Growth(Struct, frozen=True):
    """All streams together."""

    streams: Sequence[Stream]

    @property
    def settles(self) -> float:
        """Bytes at which as much goes as comes."""
        return sum(one.size(one.keep.entries) for one in self.streams)

    def size(self, days: float) -> float:
        """Bytes after so many days."""
        return sum(one.size(days) for one in self.streams)

    def days(self, size: float) -> float:
        """After how many days it is so large, or has all that it will have."""
        begin = 0
        for end in sorted({end for one in self.streams for end in _ends(one.keep)}):
            below, above = self.size(begin), self.size(end)
            if size < above:
                return begin + (size - below) / (above - below) * (end - begin)
            begin = end
        return begin


def longest(keeps: Iterable[Keep]) -> Keep:
    """How long an entry is kept that is of several integrations, each with times of its own."""
    found = list(keeps)
    return Keep(
        max(min(one.success_bodies, one.entries) for one in found),
        max(min(one.failure_bodies, one.entries) for one in found),
        max(one.entries for one in found),
    )


def _ends(keep: Keep) -> set[int]:
    return {min(days, keep.entries) for days in (keep.success_bodies, keep.failure_bodies, keep.entries)}
