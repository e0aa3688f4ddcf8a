"""Which of several times is the latest is told by their sense, and where it cannot be told nobody guesses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.profiles.times import moment, newest

NOON = datetime(2026, 8, 3, 12)


@pytest.mark.parametrize(
    "said",
    [
        ("2026-08-03T12:00:00",),
        ("2026-08-03 12:00",),
        ("2026/08/03 12:00:00",),
        ("20260803120000",),
        ("202608031200",),
        ("2026-08-03", "12:00:00"),
        ("20260803", "120000"),
        ("20260803", "1200"),
        ("2026-08-03", "12:00"),
        (" 2026-08-03 ", None, "12:00"),
    ],
)
def test_a_time_is_read_as_platforms_write_it(said: tuple[str | None, ...]) -> None:
    assert moment(*said) == NOON


@pytest.mark.parametrize(
    "said",
    [
        "2026-08-03T12:00:00Z",
        "2026-08-03T20:00:00+08:00",
        "2026-08-03T20:00:00.000+0800",
        "2026-08-03 20:00:00 +0800",
        "1785758400",
        "1785758400000",
        "/Date(1785758400000+0800)/",
    ],
)
def test_a_time_with_its_offset_is_an_instant(said: str) -> None:
    assert moment(said) == NOON.replace(tzinfo=UTC)


@pytest.mark.parametrize("said", ["", "soon", "03/08/2026", "3 Aug 2026", "17", "99999999", "２０２６０８０３", None])
def test_what_may_be_another_day_is_no_time(said: str | None) -> None:
    assert moment(said) is None


@given(st.lists(st.integers(1_000_000_000, 4_000_000_000), min_size=1, unique=True), st.integers(-12, 12))
def test_the_latest_is_found_wherever_it_stands(seconds: list[int], hours: int) -> None:
    zone = timezone(timedelta(hours=hours))
    for written in (str, lambda at: datetime.fromtimestamp(at, zone).isoformat()):
        assert newest([[written(at)] for at in seconds]) == seconds.index(max(seconds))


def test_of_several_at_one_time_it_is_the_one_where_newer_ones_stand() -> None:
    first, second = ["2026-08-03"], ["2026-08-04"]
    assert newest([first, second, second]) == 2
    assert newest([second, second, first]) == 0
    assert newest([second, second]) is None
    assert newest([["soon"], second, [None]]) == 1
    assert newest([["soon"], ["later"]]) is None
    assert newest([]) is None
