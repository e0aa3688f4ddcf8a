"""Slices of a day: as the engine cuts them, and as few spans of time."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from apitrail.store import Store, slices
from apitrail.store.engine import Query
from apitrail.store.slices import DAY_S, PIECE, fewer, place_of, runs, slices_for, start, times
from apitrail.store.times import DAY


def test_slices_are_cut_as_the_engine_cuts_them(store: Store) -> None:
    for many in (1, 7, 32, 33, 1000, 1440):
        [(engine,)] = store.engine.select(
            Query(f"SELECT groupArray(intDiv(number * {many}, 86400)) FROM numbers(86400)")
        ).rows
        starts = [second for second in range(86400) if not second or engine[second] != engine[second - 1]]
        assert starts == [start(place, many) for place in range(many)]


def test_a_time_is_in_the_slice_between_whose_starts_it_is() -> None:
    for many in (1, 7, 33, 1440):
        for place in range(many):
            first, last = start(place, many), start(place + 1, many)
            assert place_of(20_000 * DAY + first * 1_000_000, many) == place
            assert place_of(20_000 * DAY + last * 1_000_000 - 1, many) == place
        assert start(many, many) == DAY_S


def test_a_busy_day_has_no_more_slices_than_minutes_and_a_quiet_one_has_one() -> None:
    assert [slices_for(many) for many in (0, 9_999, 10_000, 10**9)] == [1, 1, 2, 1440]


@given(st.sets(st.integers(0, 199)), st.integers(1, 200))
def test_runs_are_the_slices_in_a_row_up_to_an_end(chosen: set[int], end: int) -> None:
    having = sum(1 << place for place in chosen)
    found = list(runs(having, end))
    assert [place for first, last in found for place in range(first, last)] == sorted(
        place for place in chosen if place < end
    )
    assert all(first // PIECE == (last - 1) // PIECE for first, last in found)


def test_the_slices_of_a_day_are_all_of_it() -> None:
    spans = list(times(20_000, 33, (1 << 33) - 1))
    assert spans[0][0] == 20_000 * DAY
    assert spans[-1][1] == 20_001 * DAY - 1
    assert all(one[1] + 1 == other[0] for one, other in pairwise(spans))


def test_many_spans_become_few_that_have_all_of_them() -> None:
    spans = [(number * 1000 + number % 7, number * 1000 + 500) for number in range(1000)]
    few = fewer(spans)
    assert len(few) == slices.MOST_SPANS
    assert all(any(first <= begin and end <= last for first, last in few) for begin, end in spans)
    assert few == sorted(few)
    assert fewer(spans[:5]) == spans[:5]
