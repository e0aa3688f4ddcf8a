"""Histograms and facets: exact for any range, and not by reading the log."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.plain import passes

from apitrail.entry import Entry
from apitrail.exchange import Integration, Reference
from apitrail.store import STEPS, Filter, Store, Term, histogram_of, open_store
from apitrail.store.queries import facets as facets_question
from apitrail.store.queries import histogram as histogram_question
from apitrail.store.queries.histogram import MOST_BARS, edges
from apitrail.store.queries.pieces import pieces
from apitrail.store.times import micros

Make = Callable[..., Entry]
START = datetime(2026, 8, 1, 5, 7, 11, 5, tzinfo=UTC)
DAYS = 5
COUNT = 12_000


@pytest.fixture(scope="module")
def entries(make: Make) -> list[Entry]:
    """Five days of entries at uneven times, some of them on the edges of quarters and days."""
    dice = random.Random(7)
    times = [START + timedelta(seconds=dice.random() * 86_400 * DAYS) for _ in range(COUNT - 3)]
    edge = datetime(2026, 8, 3, tzinfo=UTC)
    times += [edge, edge - timedelta(microseconds=1), edge + timedelta(minutes=15)]
    return [
        make(
            at,
            action=dice.choice(["order.list", "stock.push"]),
            outcome=dice.choice(["success", "success", "platform_error"]),
            platform=dice.choice([None, "shopee"]),
            ec_integration=dice.choice([None, Integration("a", "A"), Integration("b", "B")]),
            references=[Reference("order", str(dice.randrange(20)))],
        )
        for at in sorted(times)
    ]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]) -> Iterator[Store]:
    opened = open_store(tmp_path_factory.mktemp("log"), durable=False)
    for at in range(0, COUNT, 3000):
        opened.write(entries[at : at + 3000])
    yield opened
    opened.close()


moments = st.none() | st.datetimes(datetime(2026, 7, 31), datetime(2026, 8, 8)).map(lambda at: at.replace(tzinfo=UTC))
filters = st.builds(
    Filter,
    since=moments,
    until=moments,
    action=st.sampled_from([(), ("order.list",), ("order.list", "nothing")]),
    ec_integration=st.sampled_from([(), ("a",)]),
    outcome=st.sampled_from([(), ("platform_error",)]),
    reference=st.sampled_from([(), (), ("order:7",)]),
    without=st.sampled_from([(), (), (("platform", "shopee"),)]),
)


@settings(max_examples=60)
@given(which=filters)
def test_facets_are_what_counting_one_by_one_would_give(log: Store, entries: list[Entry], which: Filter) -> None:
    found = log.facets(which)
    for field in ("action", "outcome", "platform", "ec_integration"):
        held = Counter(
            entry.ec_integration.id if field == "ec_integration" and entry.ec_integration else getattr(entry, field)
            for entry in entries
            if passes(entry, which, but=field) and getattr(entry, field) is not None
        )
        assert {option.id: option.count for option in getattr(found, field)} == dict(held), field


@settings(max_examples=60)
@given(
    which=filters, step=st.sampled_from([None, "5m", "1h", "6h", "1d"]), zone=st.sampled_from(["UTC", "Asia/Taipei"])
)
def test_bars_are_what_counting_one_by_one_would_give(
    log: Store, entries: list[Entry], which: Filter, step: str | None, zone: str
) -> None:
    covered = log.span()
    since, until = which.since or covered.oldest, which.until or covered.newest
    assert since is not None
    assert until is not None
    if step and since <= until and len(edges(since, until, step, ZoneInfo(zone))) - 1 > MOST_BARS:
        with pytest.raises(ValueError, match="more than 2000"):
            log.histogram(which, step, ZoneInfo(zone))
        return
    found = log.histogram(which, step, ZoneInfo(zone))
    held = [entry for entry in entries if passes(entry, which)]
    assert sum(sum(bar.outcomes.values()) for bar in found.bars) == len(held)
    if not found.bars:
        return
    assert found.end is not None
    starts = [bar.start for bar in found.bars] + [found.end]
    assert {later - earlier for earlier, later in pairwise(starts)} == {STEPS[found.step]}
    for bar, (start, end) in zip(found.bars, pairwise(starts), strict=True):
        wanted = Counter(entry.outcome for entry in held if start <= entry.created_at < end)
        assert bar.outcomes == dict(wanted)


@settings(max_examples=60)
@given(which=filters, zone=st.sampled_from(["UTC", "Asia/Taipei", "America/St_Johns"]))
def test_a_histogram_of_all_entries_that_are_found_is_that_of_the_log(
    log: Store, entries: list[Entry], which: Filter, zone: str
) -> None:
    if which.since is None or which.until is None:
        return
    found = log.histogram(which, None, ZoneInfo(zone))
    held = [entry for entry in entries if passes(entry, which)]
    assert not held or histogram_of(held, which, ZoneInfo(zone)) == found


@settings(max_examples=25)
@given(which=filters)
def test_the_choices_are_the_same_where_there_are_so_many_that_the_engine_counts_them(
    log: Store, which: Filter
) -> None:
    few = log.facets(which)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(facets_question, "MOST", 1)
        assert [log.facets(which), log.facets(which)] == [few, few]
    assert log.facets(which) == few


def test_the_log_is_not_read_to_be_counted(log: Store) -> None:
    since, until = START + timedelta(hours=1), START + timedelta(days=4)
    for which in (Filter(), Filter(since=since, until=until), Filter(since=since, action=("order.list",))):
        assert log.engine.select(facets_question.facets(which)).read_rows < COUNT / 3
        assert log.engine.select(facets_question.combinations(which)).read_rows < COUNT / 3
    cuts = edges(since, until, "1h", ZoneInfo("UTC"))
    which = Filter(since=since, until=until, outcome=("success",))
    ends = 2 * 1024  # a granule of entries at each end
    assert log.engine.select(histogram_question.histogram(which, cuts)).read_rows < 4 * 96 * 2 * 3 * 2 * 2 + ends


def test_facets_of_a_text_count_what_it_finds(log: Store, entries: list[Entry]) -> None:
    found = log.facets(Filter(text=(Term("nowhere"),)))
    assert found.action == found.outcome == []


def test_an_open_range_ends_where_the_log_does(log: Store, entries: list[Entry]) -> None:
    found = log.histogram(Filter())
    assert found.end is not None
    assert found.bars[0].start <= entries[0].created_at < found.bars[0].start + STEPS[found.step]
    assert found.end - STEPS[found.step] <= entries[-1].created_at < found.end
    assert len(found.bars) <= 121


def test_too_many_bars_are_refused(log: Store) -> None:
    with pytest.raises(ValueError, match=f"more than {MOST_BARS}"):
        log.histogram(Filter(), "1s")


def test_days_begin_at_the_readers_midnight_in_summer_and_winter() -> None:
    zone = ZoneInfo("Europe/Berlin")
    since = datetime(2026, 3, 27, 12, tzinfo=UTC)
    cuts = edges(since, since + timedelta(days=4), "1d", zone)
    assert {datetime.fromtimestamp(cut / 1e6, zone).hour for cut in cuts} == {0}
    assert cuts[0] <= micros(since) < cuts[1]


@settings(max_examples=300)
@given(since=moments, until=moments)
def test_the_pieces_of_a_range_adjoin_and_are_all_of_it(since: datetime | None, until: datetime | None) -> None:
    found = list(pieces(Filter(since=since, until=until)))
    if since and until and since > until:
        assert found == []
        return
    assert found[0].first == (micros(since) if since else None)
    assert found[-1].end == (micros(until) + 1 if until else None)
    for one, other in pairwise(found):
        assert one.end == other.first
    for one in found:
        if one.table == "entries" and one.first is not None and one.end is not None:
            assert one.end - one.first < 900_000_000 * 2
