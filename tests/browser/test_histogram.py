"""The histogram above the list: its counts, zooming, filtering by colour, and the same without a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from apitrail.exchange import Exchange, Integration

Call = Callable[..., Exchange]
HOUR = datetime(2026, 4, 7, 2, 0, tzinfo=UTC)


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.fixture
def mine(account: Integration, server: Any, call: Call) -> str:
    """An hour of this test's account: five calls at five past, one of them refused, and one at half past."""
    early = [call(at=HOUR + timedelta(minutes=5, seconds=step), status=404 if step == 0 else 200) for step in range(5)]
    server.record(*early, call(at=HOUR + timedelta(minutes=30)))
    return f"/?ec_integration={account.id}&from=2026-04-07T02:00:00Z&to=2026-04-07T02:59:59Z"


def across(page: Page, minute: float) -> tuple[float, float]:
    box = page.locator(".plot").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * minute / 60, box["y"] + box["height"] - 4


def test_the_pointer_and_the_keys_read_the_counts_in_the_readers_zone(desk: Any, mine: str) -> None:
    page = desk.open(mine)
    page.mouse.move(*across(page, 5.5))
    expect(page.locator(".reading .when")).to_have_text("2026-04-07 10:05:00 – 2026-04-07 10:06:00 · 5")
    assert page.locator(".reading li").all_inner_texts() == ["Bad request\n1", "Success\n4"]
    page.locator(".plot").press("End")
    expect(page.locator(".reading .when")).to_contain_text("10:59:00 – ")


def test_a_drag_zooms_and_back_leads_back(desk: Any, mine: str) -> None:
    page = desk.open(mine)
    expect(page.locator(".entry")).to_have_count(6)
    page.mouse.move(*across(page, 25.5))
    page.mouse.down()
    page.mouse.move(*across(page, 30), steps=3)
    page.mouse.move(*across(page, 35.5))
    page.mouse.up()
    expect(page.locator(".entry")).to_have_count(1)
    assert (asked(page)["from"], asked(page)["to"]) == (["2026-04-07T02:25:00Z"], ["2026-04-07T02:35:59Z"])
    assert "ec_integration" in asked(page)
    expect(page.locator("#from")).to_have_value(re.compile("^2026-04-07T10:25"))
    page.go_back()
    expect(page.locator(".entry")).to_have_count(6)


def test_the_keys_zoom_too(desk: Any, mine: str) -> None:
    page = desk.open(mine)
    for key in ("Home", "ArrowRight", "Shift+ArrowRight", "Enter"):
        page.locator(".plot").press(key)
    page.wait_for_url("**from=2026-04-07T02%3A0*to=2026-04-07T02%3A02%3A59Z*")


def test_a_click_on_a_colour_filters_and_the_drawing_keeps_in_step(desk: Any, mine: str) -> None:
    page = desk.open(mine)
    expect(page.locator(".bars path")).to_have_count(2)
    page.locator(".bars path.tone-request_error").click()
    expect(page.locator(".entry")).to_have_count(1)
    assert asked(page)["outcome"] == ["request_error"]
    expect(page.locator(".bars path")).to_have_count(1)


def test_without_a_script_it_is_drawn_and_leads_to_a_table(desk: Any, mine: str) -> None:
    page = desk.open(f"{mine}&tz=Asia/Taipei", java_script_enabled=False)
    expect(page.locator(".bars path")).to_have_count(2)
    assert page.locator(".axis text").first.text_content() == "10:00"
    page.get_by_role("link", name="As a table").click()
    cells = page.locator(".numbers tbody tr").last.locator("th, td").all_inner_texts()
    assert cells == ["2026-04-07 10:05:00", "2026-04-07 10:06:00", "4", "0", "0", "1", "0", "5"]
    page.locator(".numbers tbody a").last.click()
    expect(page.locator(".entry")).to_have_count(5)


@pytest.mark.parametrize("width", [1440, 900, 390])
def test_no_label_of_the_axis_runs_over_its_card_or_into_another(desk: Any, mine: str, width: int) -> None:
    page = desk.open(mine, width=width)
    account = mine.partition("&")[0]
    ranges = [f"range={one}" for one in ("15m", "1h", "24h", "7d", "30d", "all")]
    for minute in (0, 13, 29, 44, 59):
        ranges.append(f"from=2026-04-06T02:{minute:02}:00Z&to=2026-04-07T04:{minute:02}:00Z")
    for one in ranges:
        page.goto(f"{desk.home}{account}&{one}")
        card = page.locator("#histogram").bounding_box()
        labels = [text.bounding_box() for text in page.locator(".axis text").all() if text.is_visible()]
        assert card is not None
        assert labels, one
        assert min(box["x"] for box in labels) >= card["x"], one
        assert max(box["x"] + box["width"] for box in labels) <= card["x"] + card["width"], one
        assert all(left["x"] + left["width"] < right["x"] for left, right in pairwise(labels)), one


def test_a_list_that_is_not_counted_by_itself_is_counted_when_one_asks(
    desk: Any, account: Integration, server: Any, call: Call
) -> None:
    server.record(*(call(at=HOUR + timedelta(seconds=step), status=404 if step < 3 else 200) for step in range(60)))
    page = desk.open(f"/?ec_integration={account.id}&status=2xx&status=4xx&from=2026-04-07T02:00:00Z")
    expect(page.locator("#total")).to_have_text("More than 50 entries")
    link = page.get_by_role("link", name="Count by time")
    expect(link).to_be_visible()
    link.click()
    expect(page.locator("tbody tr td").last).to_have_text("60")
