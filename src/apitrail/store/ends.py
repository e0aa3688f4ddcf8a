"""The entries of quarters of an hour in which ranges begin or end, kept in memory where they are few.

A range is counted by whole quarters, and what is left at its ends in the entries, which takes as long as all the rest
(see `queries/pieces`). But whoever looks at the last 24 hours has the same beginning for as long as a quarter lasts,
with every page and every refresh. So a quarter that is asked for again and again is read as a whole, and kept until
something is written to it.

Only where this process alone writes to the log.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from apitrail.store.engine import Engine
from apitrail.store.queries import ends as question
from apitrail.store.queries.ends import Kind, Known
from apitrail.store.queries.pieces import Piece
from apitrail.store.times import QUARTER

KEPT = 64
"""Quarters: 30 MB, if each has as much as it may."""
MOST = 20_000
"""Entries of a quarter that is kept: one is eight bytes."""
KINDS = 1000
"""Combinations of values of a quarter that is kept: one is 300 bytes."""

TIMES = 3
"""How often a quarter is asked for until it is read as a whole, which takes twice as long as to count at its end.

A page asks twice: for its histogram and for the choices of its filters.
"""

_MANY = object()
"""In place of what a quarter has: it has more."""


class _Asked:
    """So often, and by whom last: each is another."""

    def __init__(self, times: int) -> None:
        self.times = times


class Ends:
    """Safe to call from many threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._quarters: dict[int, list[Kind] | object] = {}
        """By number since 1970, what was put in first at the beginning: what it has, _MANY, or _Asked."""
        self._writing = Counter[int]()
        self._removing = 0

    @contextmanager
    def writing(self, times: Sequence[int]) -> Iterator[None]:
        """To be entered before entries of these times (microseconds) are written, and left when that is over."""
        quarters = {at // QUARTER for at in times}
        with self._lock:
            self._writing.update(quarters)
            for quarter in quarters:
                self._quarters.pop(quarter, None)
        try:
            yield
        finally:
            with self._lock:
                self._writing.subtract(quarters)
                for quarter in quarters:
                    if not self._writing[quarter]:
                        del self._writing[quarter]

    @contextmanager
    def removing(self) -> Iterator[None]:
        """To be entered before entries of any time are removed, and left when that is over."""
        with self._lock:
            self._removing += 1
            self._quarters.clear()
        try:
            yield
        finally:
            with self._lock:
                self._removing -= 1

    def of(self, pieces: Sequence[Piece]) -> list[Known] | None:
        """The entries of these pieces, which are parts of quarters; None where they have to be asked for."""
        parts = []
        for piece in pieces:
            if piece.first is None or piece.end is None:
                return None
            quarters = range(piece.first // QUARTER, (piece.end - 1) // QUARTER + 1)
            parts += [(quarter, piece.first, piece.end) for quarter in quarters]
        found: list[Known] | None = []
        for quarter, first, end in parts:
            kinds = self._quarter(quarter)
            if kinds is None or found is None:
                found = None  # the others are asked for all the same
                continue
            for kind in kinds:
                count = bisect_left(kind.times, end) - bisect_left(kind.times, first)
                if count:
                    found.append(Known(quarter * QUARTER, kind.values, count))
        return found

    def _quarter(self, quarter: int) -> list[Kind] | None:
        with self._lock:
            if self._removing or self._writing[quarter]:
                return None
            held = self._quarters.get(quarter)
            if isinstance(held, list):
                return held
            if held is _MANY:
                return None
            token = self._quarters[quarter] = _Asked(held.times + 1 if isinstance(held, _Asked) else 1)
            if len(self._quarters) > KEPT:
                del self._quarters[next(iter(self._quarters))]
            if token.times < TIMES:
                return None
        rows = self._engine.select(question.quarter(quarter, MOST + 1)).rows
        kinds = question.read(rows)
        few = len(kinds) <= KINDS and sum(len(kind.times) for kind in kinds) <= MOST
        with self._lock:
            # What was written or removed meanwhile took the token away.
            if self._quarters.get(quarter) is token:
                self._quarters[quarter] = kinds if few else _MANY
        return kinds if few else None
