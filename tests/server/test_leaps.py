"""A clock that is put far ahead is not believed at once: what is too old goes by it."""

from __future__ import annotations

import pytest

from apitrail.server.leaps import HELD_S, LEAP_S, Leaps

HOUR = 3600.0
YEAR = 365 * 86_400.0


class Clocks:
    def __init__(self) -> None:
        self.wall, self.passed = 1_790_000_000.0, 50.0
        self.leaps = Leaps(lambda: self.wall, lambda: self.passed)

    def go(self, seconds: float, put: float = 0.0) -> float:
        """Time passes, and the clock is put forward (or back) besides."""
        self.passed += seconds
        self.wall += seconds + put
        return self.leaps.ahead()


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def test_time_that_passes_is_no_leap_however_long_nobody_asked(clocks: Clocks) -> None:
    assert clocks.go(HOUR) == 0
    assert clocks.go(2 * YEAR) == 0


@pytest.mark.parametrize("put", [2 * HOUR, LEAP_S, -YEAR])
def test_a_correction_is_believed_and_so_is_a_clock_that_is_put_back(clocks: Clocks, put: float) -> None:
    assert clocks.go(HOUR, put) == 0
    assert clocks.go(HOUR) == 0


def test_a_leap_of_a_year_is_not_believed_until_it_has_stood_for_a_day(clocks: Clocks) -> None:
    assert clocks.go(HOUR, YEAR) == pytest.approx(YEAR)
    assert clocks.go(HELD_S - HOUR) == pytest.approx(YEAR)
    assert clocks.go(HOUR) == 0
    assert clocks.go(HOUR) == 0


def test_a_clock_that_is_put_right_is_believed_again_and_its_next_leap_is_not(clocks: Clocks) -> None:
    assert clocks.go(HOUR, YEAR) > 0
    assert clocks.go(HOUR, -YEAR) == 0
    assert clocks.go(HELD_S, YEAR) == pytest.approx(YEAR)
