"""Entries by quarter of an hour and outcome, kept in memory: what a histogram of all, or of an account, shows.

The engine needs a few milliseconds for any question, and a histogram of a day is a hundred numbers. So when they are
asked for again, all are read, from the first quarter that is asked for, of all accounts at once; and from then on they
are counted along: each batch says how many of its entries are of which quarter, outcome and account (`Block.tally`).
They are exact without the engine being asked, while entries arrive too. Where it is not certain what a write has added
(it failed, or some of its entries were there already), and after a removal, they are forgotten.

Only where this process alone writes to the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from apitrail.store.block import read_tally
from apitrail.store.changes import Changes
from apitrail.store.engine import Engine
from apitrail.store.model import Filter
from apitrail.store.queries import totals as question
from apitrail.store.queries.totals import Key, Series

TIMES = 2
"""How often one asks until all are read, which takes up to three times as long as to count what is asked for."""
MOST_ROWS = 200_000
"""Quarters of all accounts of a side, or of all entries (of these, a year has 175,000): 3 MB, and as much again where
there are thousands of accounts. What has more, the engine counts.
"""


class _Group:
    """All accounts of a side, or all entries: of the quarters from the number `since` on."""

    def __init__(self, since: int, series: dict[Key, Series]) -> None:
        self.since = since
        self.series = series
        self.rows = sum(map(len, series.values()))
        self.outcomes = {outcome for _, outcome in series}

    def add(self, account: str, outcome: str, quarter: int, count: int) -> None:
        if quarter < self.since:
            return
        series = self.series.get((account, outcome))
        if series is None:
            series = self.series[account, outcome] = Series()
            self.outcomes.add(outcome)
        before = len(series)
        series.add(quarter, count)
        self.rows += len(series) - before


class Totals:
    """Of one log. `kept`: whether this process alone writes to it. Safe to call from many threads."""

    def __init__(self, engine: Engine, *, kept: bool) -> None:
        self._engine = engine
        self._possible = kept
        self._changes = Changes()
        self._groups: dict[str, _Group] = {}
        """By side: empty for all entries."""
        self._asked = Counter[str]()
        self._too_many: dict[str, int] = {}
        """The latest quarter since which there were more of a side than are kept."""

    @contextmanager
    def writing(self, tallies: Sequence[bytes] | None) -> Iterator[None]:
        """To be entered before entries are written, and left when that is over. `tallies`: what each `Block.tally` of
        them says; None where not all entries of a block are written.
        """

        def after(certain: bool) -> None:
            if not certain or tallies is None:
                self._forget()
            elif self._groups:
                self._count(tallies)

        with self._changes.writing(after):
            yield

    @contextmanager
    def removing(self) -> Iterator[None]:
        """To be entered before entries of any time are removed, and left when that is over."""

        def after() -> None:
            self._forget()
            self._too_many.clear()

        with self._changes.removing(after):
            yield

    def of(self, which: Filter, ranges: Sequence[tuple[int, int]]) -> dict[str, list[int]] | None:
        """How many of the filter's entries are within each of these ranges (the number of the first quarter of an hour
        since 1970, and of the first behind), by outcome, whatever the filter's own range is; None where the engine has
        to be asked. Raises QueryTooLarge, StoreError.
        """
        wanted = question.told(which) if self._possible and ranges else None
        if wanted is None:
            return None
        side, accounts = wanted
        group = self._group(side, min(begin for begin, _ in ranges))
        if group is None:
            return None
        with self._changes.lock:
            found = {}
            for outcome in question.let_through(which, group.outcomes):
                series = [group.series[account, outcome] for account in accounts if (account, outcome) in group.series]
                found[outcome] = [sum(one.within(begin, end) for one in series) for begin, end in ranges]
        return found

    def _forget(self) -> None:
        self._groups.clear()
        self._asked.clear()

    def _group(self, side: str, since: int) -> _Group | None:
        """What is known of a side, from the quarter `since` on at least."""
        with self._changes.lock:
            if self._changes.uncertain:
                return None
            group = self._groups.get(side)
            if group is not None and group.since <= since:
                return group
            self._asked[side] += 1
            if self._asked[side] < TIMES or since <= self._too_many.get(side, -1):
                return None
            number, alone = self._changes.number, not self._changes.under_way
        rows = self._engine.select(question.totals(side, since, MOST_ROWS + 1)).rows
        group = _Group(since, question.read(rows))
        with self._changes.lock:
            if sum(len(quarters) for _, _, quarters, _ in rows) > MOST_ROWS:
                self._too_many[side] = max(since, self._too_many.get(side, since))
                return None
            # What is written meanwhile may be counted or not.
            if alone and self._changes.number == number:
                self._groups[side] = group
        return group

    def _count(self, tallies: Sequence[bytes]) -> None:
        groups = [self._groups.get(side) for side in ("", "ec", "shipping")]
        for tally in tallies:
            for quarter, outcome, ec, shipping, count in read_tally(tally):
                for group, account in zip(groups, ("", ec, shipping), strict=True):
                    if group is not None and account is not None:
                        group.add(account, outcome, quarter, count)
        for side, group in list(self._groups.items()):
            if group.rows > MOST_ROWS:
                del self._groups[side]
