"""How a log grows that loses bodies before rows."""

from __future__ import annotations

import pytest

from apitrail.store.growth import Growth, Stream, longest
from apitrail.store.retention import Keep

LONG = Stream(rows=1, good=8, bad=1, keep=Keep(success_bodies=10, failure_bodies=20, entries=100))
SHORT = Stream(rows=1, good=0, bad=1, keep=Keep(success_bodies=1, failure_bodies=5, entries=2))


@pytest.mark.parametrize(("days", "size"), [(0, 0), (5, 50), (10, 100), (15, 110), (20, 120), (60, 160), (100, 200)])
def test_a_log_grows_slower_once_bodies_go_as_others_come(days: float, size: float) -> None:
    assert Growth([LONG]).size(days) == size
    assert Growth([LONG]).days(size) == days


def test_it_is_never_larger_than_it_settles() -> None:
    assert Growth([LONG]).settles == Growth([LONG]).size(1000) == 200
    assert Growth([LONG]).days(1000) == 100


def test_what_is_kept_for_other_times_comes_beside_it() -> None:
    both = Growth([LONG, SHORT])
    assert [both.size(days) for days in (1, 2, 10, 100)] == [12, 24, 104, 204]
    assert [both.days(size) for size in (12, 24, 104, 204, 1000)] == [1, 2, 10, 100, 100]


def test_an_entry_of_two_integrations_is_kept_for_the_longer_time_and_no_body_longer_than_its_entry() -> None:
    assert longest([Keep(9, 9, 5), Keep(2, 7, 6)]) == Keep(5, 6, 6)
