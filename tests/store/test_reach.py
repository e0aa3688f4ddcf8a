"""Between which times the log holds entries, and that counts stay exact by it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apitrail.entry import Entry
from apitrail.store import Filter, Store, open_store
from apitrail.store.model import Span
from apitrail.store.reach import Reach
from apitrail.store.times import micros

Make = Callable[..., Entry]
START = datetime(2026, 8, 1, 5, 7, 11, 5, tzinfo=UTC)
END = START + timedelta(hours=7)
TICK = timedelta(microseconds=1)


def test_an_end_that_nothing_lies_beyond_is_left_out() -> None:
    reach = Reach(Span(2, START, END))
    assert reach.opened(Filter(since=START, until=END)) == Filter()
    inner = Filter(since=START + TICK, until=END - TICK)
    assert reach.opened(inner) is inner
    reach.widen([micros(END) + 1, micros(START) - 1])
    both = Filter(since=START, until=END)
    assert reach.opened(both) is both
    assert reach.newest == END + TICK


def test_of_an_empty_log_nothing_is_known() -> None:
    reach, which = Reach(Span(0, None, None)), Filter(since=START, until=END)
    assert reach.opened(which) is which
    reach.widen([])
    assert reach.opened(which) is which
    reach.widen([micros(START)])
    assert reach.opened(which) == Filter()


def test_an_entry_that_comes_meanwhile_is_not_counted_beyond_the_range() -> None:
    reach = Reach(Span(1, START, START))
    asked = []

    def question(which: Filter) -> int:
        asked.append(which)
        reach.widen([micros(END)])
        return len(asked)

    which = Filter(since=START, until=END - TICK)
    assert reach.ask(which, question) == 2
    assert asked == [Filter(), which]
    assert reach.ask(Filter(), question) == 3


def test_counts_are_exact_whatever_comes_early_late_or_of_the_future(tmp_path: Path, make: Make) -> None:
    dice = random.Random(11)
    times: list[datetime] = []
    log = open_store(tmp_path)
    for turn in range(6):
        # Around where the others are, a year ahead by a wrong clock, and from long ago by an import.
        near = [START + turn * timedelta(hours=1) + timedelta(seconds=dice.random() * 3600) for _ in range(20)]
        far = [START + timedelta(days=days, seconds=dice.random() * 900) for days in ((), (365,), (-40,))[turn % 3]]
        log.write([make(at) for at in (*near, *far)])
        times += (*near, *far)
        if turn % 2:
            log.close()
            log = open_store(tmp_path)
        _check(log, times, dice)
    log.close()


def _check(log: Store, times: Sequence[datetime], dice: random.Random) -> None:
    ordered = sorted(times)
    for _ in range(4):
        since = dice.choice((None, ordered[0], ordered[0] - TICK, ordered[0] + TICK, dice.choice(ordered)))
        until = dice.choice((None, ordered[-1], ordered[-1] + TICK, ordered[-1] - TICK, dice.choice(ordered)))
        if since and until and since > until:
            continue
        held = sum((since is None or since <= at) and (until is None or at <= until) for at in times)
        which = Filter(since=since, until=until)
        assert sum(one.count for one in log.facets(which).outcome) == held
        # A drawing with an open end ends now, whatever is ahead of the clock.
        drawn = held if until else sum((since is None or since <= at) and at <= datetime.now(UTC) for at in times)
        assert sum(sum(bar.outcomes.values()) for bar in log.histogram(which).bars) == drawn
        assert len(log.page(which, limit=1000).entries) == held
