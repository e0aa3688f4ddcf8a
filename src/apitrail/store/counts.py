"""Counts of entries: the choices of filters, and histograms.

Where this process alone writes to the log, what it knows of it spares the engine half of the work: see `reach`, `ends`
and `held`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from msgspec import structs

from apitrail.store.beside import Beside
from apitrail.store.block import LATEST
from apitrail.store.ends import Ends
from apitrail.store.engine import Engine
from apitrail.store.failures import Way
from apitrail.store.finding import Finding
from apitrail.store.held import Held
from apitrail.store.model import EPOCH, Facets, Filter, Histogram, Span
from apitrail.store.queries import facets, failures, histogram
from apitrail.store.queries.counting import ends_of
from apitrail.store.queries.ends import Known
from apitrail.store.queries.facets import Counted
from apitrail.store.queries.where import ANYTIME, told_by_entries
from apitrail.store.reach import Reach
from apitrail.store.totals import Totals

T = TypeVar("T")
Rows = Sequence[Sequence[Any]]


class Counts:
    """Of one log. `covered`: what it covers, where this process alone writes to it; else None. Safe to call from many
    threads.
    """

    def __init__(self, engine: Engine, finding: Finding, beside: Beside, covered: Span | None) -> None:
        self._engine = engine
        self._finding = finding
        self._beside = beside
        self._reach = None if covered is None else Reach(covered)
        self._ends = None if covered is None else Ends(engine)
        self._totals = Totals(engine, kept=covered is not None)
        self._names = Held[Rows](kept=covered is not None)
        self._combinations = 0
        """Of values that counted fields have together, when they were last counted."""

    @contextmanager
    def writing(self, times: Sequence[int], tallies: Sequence[bytes] | None) -> Iterator[None]:
        """To be entered before entries of these times (microseconds) are written, and left when that is over.
        `tallies`: see `Totals.writing`.
        """
        if self._reach is None or self._ends is None or not times:
            yield
            return
        self._reach.widen(times)
        with self._names.writing(), self._ends.writing(times), self._totals.writing(tallies):
            yield

    @contextmanager
    def removing(self) -> Iterator[None]:
        """To be entered before entries are removed, and left when that is over."""
        if self._ends is None:
            yield
            return
        with self._ends.removing(), self._totals.removing():
            yield

    def newest(self, now: datetime) -> datetime:
        """No entry is later, or `now`: few are later than that."""
        return now if self._reach is None else min(now, self._reach.newest)

    def facets(self, which: Filter) -> Facets:
        """The choices of each filter. Raises QueryTooLarge, StoreError."""

        def names() -> Rows:
            return self._names.get(lambda: self._engine.select(facets.NAMES).rows)

        if self._names.known is not None:
            return facets.named(self._within_reach(which, self._options), names())
        return facets.named(*self._beside.both(lambda: self._within_reach(which, self._options), names))

    def histogram(self, which: Filter, step: str | None, zone: ZoneInfo) -> Histogram:
        """See `Store.histogram`. The range has both ends, in order."""
        since, until = max(which.since or EPOCH, EPOCH), min(which.until or LATEST, LATEST)
        step = step or histogram.step_for(since, until)
        cuts = histogram.edges(since, until, step, zone)
        if len(cuts) - 1 > histogram.MOST_BARS:
            raise ValueError(f"a step of {step} would give more than {histogram.MOST_BARS} bars for this range")

        def counted(asked: Filter) -> Rows:
            known, rest = self._ends_of(asked) if histogram.of_quarters(cuts) else (None, True)
            if known is None:
                times = self._finding.times(asked)
                return () if times.nowhere else self._engine.select(histogram.histogram(asked, cuts, times)).rows
            rows = self._quarters(asked, cuts) if rest else ()
            return [*rows, *histogram.counted_here(known, asked, cuts)]

        rows = self._within_reach(structs.replace(which, since=since, until=until), counted)
        return histogram.answered(rows, cuts, step)

    def _quarters(self, which: Filter, cuts: Sequence[int]) -> Rows:
        """Rows of the bars without what is left at the ends of the range."""
        counts = self._totals.of(which, histogram.quarters(which, cuts))
        if counts is None:
            return self._engine.select(histogram.histogram(which, cuts, ends=False)).rows
        return histogram.counted_so(counts, cuts)

    def ways(self, which: Filter) -> dict[Way, int]:
        """How many calls of each way the filter lets through, which is one of fields alone. Raises QueryTooLarge,
        StoreError.
        """

        def counted(asked: Filter) -> dict[Way, int]:
            known, rest = self._ends_of(asked)
            rows = self._engine.select(failures.calls(asked, ends=known is None)).rows if rest else ()
            return failures.read_calls(rows, known or (), asked)

        return self._within_reach(which, counted)

    def _options(self, which: Filter) -> Counted:
        known, rest = self._ends_of(which)
        times = self._finding.times(which) if known is None else ANYTIME
        if times.nowhere:
            return facets.counted_here(which, (), ())
        if self._combinations <= facets.MOST:
            asked = facets.combinations(which, times, ends=known is None)
            rows = self._engine.select(asked).rows if rest else ()
            self._combinations = len(rows)
            if len(rows) <= facets.MOST:
                return facets.counted_here(which, rows, known or ())
        counted, self._combinations = facets.counted_by_engine(self._engine.select(facets.facets(which, times)).rows)
        return counted

    def _ends_of(self, which: Filter) -> tuple[list[Known] | None, bool]:
        """The entries at the ends of the range, where they are at hand, and whether there is more to count."""
        if self._ends is None or told_by_entries(which):
            return None, True
        pieces, rest = ends_of(which)
        known = self._ends.of(pieces)
        return known, rest or known is None

    def _within_reach(self, which: Filter, question: Callable[[Filter], T]) -> T:
        return question(which) if self._reach is None else self._reach.ask(which, question)
