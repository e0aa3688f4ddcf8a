"""The drawings of an account's day: what they show, and that words say the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from apitrail.server.pages import language
from apitrail.server.pages.clock import Clock
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.sparks import HEIGHT, WIDTH, Spark, first_hour, spark
from apitrail.store.failures import Hourly

NOW = datetime(2026, 8, 3, 12, 34, tzinfo=UTC)


def drawn(*hours: tuple[int, int, int, float]) -> Spark | None:
    """Of hours as (how many ago, calls, failed, median)."""
    clock = Clock.of("UTC", "")
    clock.now = NOW
    reader = Reader(words=language.languages()["en"], clock=clock, profiles=None)
    this = NOW.replace(minute=0)
    rows = [Hourly("a", this - timedelta(hours=ago), calls, failed, median) for ago, calls, failed, median in hours]
    return spark(rows, NOW, reader)


def test_the_day_ends_with_this_hour() -> None:
    assert first_hour(NOW) == datetime(2026, 8, 2, 13, tzinfo=UTC)
    found = drawn((0, 4, 1, 100.0))
    assert found is not None
    assert found.failed == f"M{23 * WIDTH} {HEIGHT - HEIGHT / 4:.1f}h4v{HEIGHT / 4:.1f}h-4z"
    assert found.good == ""


def test_one_failure_among_thousands_is_seen_and_an_hour_without_calls_is_a_gap() -> None:
    found = drawn((5, 5000, 1, 10.0), (4, 100, 0, 20.0), (1, 100, 0, 40.0))
    assert found is not None
    assert re.findall(r"v([\d.]+)", found.failed) == ["3.0"]
    assert found.good.count("M") == 2
    assert (found.took.count("M"), found.took.count("L")) == (2, 1)


def test_words_say_what_the_drawing_shows() -> None:
    found = drawn((3, 10, 5, 120.0), (0, 10, 1, 300.0))
    assert found is not None
    assert "most 50 % of 10 calls" in found.rates.striptags()
    assert found.medians == "Median duration from 120 ms to 300 ms"
    none = drawn((3, 10, 0, 120.0))
    assert none is not None
    assert none.rates == "none in 1 hour with calls"


def test_without_calls_nothing_is_drawn() -> None:
    assert drawn() is None
    assert drawn((30, 5, 5, 1.0)) is None
