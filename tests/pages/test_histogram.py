"""The drawing of entries by time: it ends where its numbers say, hides nothing, and is marked at round times."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from apitrail.server.pages import histogram, language
from apitrail.server.pages.clock import Clock
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.store import STEPS, Bar, Histogram

START = datetime(2026, 3, 9, 16, 0, tzinfo=UTC)


def drawn(
    counts: list[dict[str, int]], step: str = "15m", zone: str = "UTC", start: datetime = START, back: str = "24h"
) -> histogram.HistogramView:
    reader = Reader(words=language.languages()["en"], clock=Clock(ZoneInfo(zone), start), profiles=None)
    bars = [Bar(start + number * STEPS[step], one) for number, one in enumerate(counts)]
    view = histogram.histogram(Histogram(step, bars[-1].start + STEPS[step], bars), PageQuery(range=back), reader)
    assert view is not None
    return view


def heights(view: histogram.HistogramView) -> dict[str, list[float]]:
    return {one.outcome: [float(height) for height in re.findall(r"v([\d.]+)", one.path)] for one in view.layers}


def test_one_failure_among_thousands_is_seen_and_the_bar_ends_where_its_number_says() -> None:
    found = heights(drawn([{"success": 9_999, "platform_error": 1}, {"success": 5_000}]))
    assert found["platform_error"] == [histogram.LEAST]
    assert found["success"] == [100 - histogram.LEAST, 50.0]


def test_the_only_entry_of_all_of_the_log_is_a_bar_and_not_a_wall() -> None:
    view = drawn([{"request_error": 1}], step="1s", back="all")
    numbers = msgspec.json.decode(view.numbers)
    assert numbers["counts"] == {"request_error": [0] * (histogram.FEW - 1) + [1]}
    assert numbers["edges"][-2:] == [int(START.timestamp()), int(START.timestamp()) + 1]
    assert len(numbers["edges"]) == histogram.FEW + 1
    assert drawn([{"success": 1}], back="24h").width == histogram.UNIT


def test_the_numbers_are_those_of_the_log_and_so_is_the_sentence() -> None:
    view = drawn([{"success": 3}, {}, {"request_error": 2}])
    numbers = msgspec.json.decode(view.numbers)
    assert numbers["counts"] == {"success": [3, 0, 0], "request_error": [0, 0, 2]}
    assert numbers["edges"] == [int(START.timestamp()) + 900 * step for step in range(4)]
    assert re.sub("<[^>]+>", "", view.summary) == (
        "5 entries from 2026-03-09 16:00:00 to 2026-03-09 16:45:00: 3 Success, 2 Bad request"
    )


@pytest.mark.parametrize(
    ("step", "count", "zone", "labels"),
    [
        ("15m", 96, "Asia/Taipei", ["00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"]),
        ("1m", 60, "UTC", ["16:00", "16:10", "16:20", "16:30", "16:40", "16:50"]),
        ("5s", 12, "UTC", ["16:00:00", "16:00:15", "16:00:30", "16:00:45"]),
        ("6h", 28, "Asia/Taipei", [f"2026-03-{day}" for day in range(10, 17)]),
    ],
)
def test_the_axis_is_marked_at_round_times_of_the_readers_zone(
    step: str, count: int, zone: str, labels: list[str]
) -> None:
    view = drawn([{"success": 1}] * count, step, zone)
    assert [tick.label for tick in view.ticks] == labels


def test_a_range_without_entries_is_an_empty_drawing() -> None:
    assert drawn([{}, {}]).layers == []


def test_a_log_without_entries_has_no_drawing() -> None:
    reader = Reader(words=language.languages()["en"], clock=Clock(ZoneInfo("UTC"), START), profiles=None)
    assert histogram.histogram(Histogram("1h", None, []), PageQuery(), reader) is None


def test_the_tables_lines_lead_to_exactly_their_time() -> None:
    reader = Reader(words=language.languages()["en"], clock=Clock(ZoneInfo("UTC"), START), profiles=None)
    bars = [Bar(START, {"success": 1}), Bar(START + timedelta(hours=1), {})]
    found = Histogram("1h", START + timedelta(hours=2), bars)
    page = histogram.table(found, PageQuery(action=("order.list",)), reader, "/", [])
    assert [bar.url for bar in page.bars] == [
        "/?from=2026-03-09T16%3A00%3A00Z&to=2026-03-09T16%3A59%3A59Z&action=order.list"
    ]
