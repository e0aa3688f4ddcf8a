"""A day cut into as many equal slices of time as it has five thousands of entries: what `letters` tells of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from apitrail.store.times import DAY

PIECE = 64
"""Slices of one row of `letters`, and what is told at a time."""
ENTRIES = 5_000
"""Of one slice."""
MOST_SLICES = 1440
MOST_SPANS = 64
"""Of one question: what lies closest is read as one."""
DAY_S = 86_400

Span = tuple[int, int]
"""First and last time, in microseconds, both included."""


def slices_for(entries: int) -> int:
    """Into how many slices a day of so many entries is cut."""
    return min(max(entries // ENTRIES, 1), MOST_SLICES)


def start(place: int, slices: int) -> int:
    """The second of a day that a slice begins with: the first one whose `second * slices / 86400` is its place."""
    return -(-place * DAY_S // slices)


def place_of(at: int, slices: int) -> int:
    """The slice of a time, in microseconds since 1970, within its day."""
    return at % DAY // 1_000_000 * slices // DAY_S


def times(day: int, slices: int, having: int) -> Iterator[Span]:
    """When the slices are that have a bit in `having`."""
    for place in range(slices):
        if having >> place & 1:
            yield day * DAY + start(place, slices) * 1_000_000, day * DAY + start(place + 1, slices) * 1_000_000 - 1


def runs(having: int, slices: int) -> Iterator[tuple[int, int]]:
    """The slices that have a bit in `having`, as (first, end) of those in a row, none across a piece's end."""
    place = 0
    while place < slices:
        end = place
        while end < slices and having >> end & 1 and (end == place or end % PIECE):
            end += 1
        if end > place:
            yield place, end
        place = max(end, place + 1)


def fewer(spans: list[Span]) -> list[Span]:
    """At most MOST_SPANS that have all of these."""
    if len(spans) <= MOST_SPANS:
        return spans
    gaps = sorted(range(1, len(spans)), key=lambda place: spans[place][0] - spans[place - 1][1], reverse=True)
    cuts: Sequence[int] = sorted(gaps[: MOST_SPANS - 1])
    return [(spans[begin][0], spans[end - 1][1]) for begin, end in pairwise((0, *cuts, len(spans)))]
