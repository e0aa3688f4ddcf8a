"""Paging against a plain model: every entry once, in one order, whatever the page sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.plain import order, passes

from apitrail.entry import Entry
from apitrail.store import Cursor, Filter, Store, open_store
from apitrail.store.queries.page import windows
from apitrail.store.retention import Keep, Rules

Make = Callable[..., Entry]
NOON = datetime(2026, 8, 3, 12, 0, 0, tzinfo=UTC)

# Few times and few actions, so that most entries share a microsecond with others.
moments = st.integers(0, 3).map(lambda number: NOON + timedelta(microseconds=number))
drawn = st.lists(st.tuples(moments, st.integers(0, 2**62 - 1), st.sampled_from(["a", "b"])), max_size=25)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all examples, emptied for each."""
    opened = open_store(tmp_path_factory.mktemp("log"), durable=False)
    yield opened
    opened.close()


def empty(log: Store) -> None:
    """As removals do: what was received since the last one is looked at."""
    log.tidy(Rules(Keep(success_bodies=1, failure_bodies=1, entries=1)), now=NOON + timedelta(days=1000))


@settings(max_examples=60)
@given(drawn=drawn, limits=st.lists(st.integers(1, 7), min_size=1), since=st.none() | moments, only=st.booleans())
def test_pages_of_any_size_hold_every_entry_once_in_order(
    log: Store,
    make: Make,
    uuid7: Callable[[datetime, int], str],
    drawn: list[tuple[datetime, int, str]],
    limits: list[int],
    since: datetime | None,
    only: bool,
) -> None:
    empty(log)
    received = datetime.now(UTC)
    entries = {
        uuid7(at, tail): make(at, id=uuid7(at, tail), action=action, received_at=received) for at, tail, action in drawn
    }
    log.write(list(entries.values()))
    which = Filter(since=since, action=("a",) if only else ())
    wanted = [entry for entry in sorted(entries.values(), key=order, reverse=True) if passes(entry, which)]

    found: list[str] = []
    cursor: Cursor | None = None
    for turn in range(len(wanted) + 1):
        limit = limits[turn % len(limits)]
        page = log.page(which, limit, cursor)
        found += [row.id for row in page.entries]
        assert len(page.entries) == limit or page.next_cursor is None
        if page.next_cursor is None:
            break
        cursor = Cursor.decode(page.next_cursor.encode())
    assert found == [entry.id for entry in wanted]


@settings(max_examples=300)
@given(
    since=st.none() | st.datetimes(datetime(1960, 1, 1), datetime(2040, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    until=st.none() | st.datetimes(datetime(1960, 1, 1), datetime(2040, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    at=st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2040, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    first=st.sampled_from([0.0, 0.5, 1.3, 8, 1e9]),
)
def test_windows_adjoin_and_are_the_whole_range(
    since: datetime | None, until: datetime | None, at: datetime | None, first: float
) -> None:
    cursor = None if at is None else Cursor(at, "0198a0b0-0000-7000-8000-000000000000")
    parts = list(windows(Filter(since=since, until=until, action=("a",)), cursor, NOON, first=first))
    assert parts[0].until == min((end for end in (until, at) if end is not None), default=None)
    assert parts[-1].since == since
    for newer, older in pairwise(parts):
        assert newer.since is not None
        assert older.until == newer.since - timedelta(microseconds=1)
        assert newer.until is None or newer.since < newer.until
    assert all(part.action == ("a",) for part in parts)


def test_a_page_reaches_over_any_gap(log: Store, make: Make) -> None:
    empty(log)
    gaps = [0, 0.5, 1, 3, 9, 40, 300, 700, 20000]
    entries = [make(datetime.now(UTC) + timedelta(days=1) - timedelta(days=gap)) for gap in gaps]
    log.write(entries)
    everything = [entry.id for entry in entries]
    assert [row.id for row in log.page(Filter()).entries] == everything
    wide = Filter(since=datetime(1, 1, 1, tzinfo=UTC), until=datetime(9999, 12, 31, tzinfo=UTC))
    assert [row.id for row in log.page(wide).entries] == everything
    first = log.page(Filter(), 4)
    assert first.next_cursor is not None
    assert [row.id for row in first.entries + log.page(Filter(), 9, first.next_cursor).entries] == everything
