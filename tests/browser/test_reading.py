"""For every reader: on a phone, in Chinese, without a script, in the dark, and when something is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from apitrail.exchange import Exchange, Integration, Loss, Message

Call = Callable[..., Exchange]
WIDE = "document.documentElement.scrollWidth"
LONG = "x" * 400


@pytest.fixture
def mine(account: Integration) -> str:
    return f"/?ec_integration={account.id}"


def long_call(call: Call) -> Exchange:
    """Everything in it is too long for any screen."""
    return call(
        status=422,
        url=f"https://api.shop.example/{LONG}?{LONG}",
        request=Message(headers=[("X-Long", LONG)], body=f"a={LONG}".encode()),
        body=f'{{"error": {{"code": "{LONG}", "message": "{LONG}"}}}}'.encode(),
    )


@pytest.mark.parametrize("width", [390, 820, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_screen_scrolls_sideways(desk: Any, server: Any, call: Call, mine: str, width: int, scheme: str) -> None:
    server.record(long_call(call), call("webhook.order.created", direction="inbound"))
    page = desk.open(mine, width=width, color_scheme=scheme)
    assert page.evaluate(WIDE) == width
    page.locator(".toggle").first.click()
    expect(page.locator(".panel .side")).to_have_count(2)
    tabs = page.locator(".tabs label").all() if width < 1080 else []
    for tab in tabs or [page.locator(".verdict")]:
        tab.click()
        page.locator(".panel details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        assert page.evaluate(WIDE) == width


def test_a_phone_shows_cards_that_open(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call(status=500))
    page = desk.open(mine, width=390, height=844, has_touch=True)
    page.locator(".entry").tap()
    verdict = page.locator(".verdict")
    expect(verdict).to_be_visible()
    # One side at a time, the answer first, for it has the reason.
    expect(page.locator(".side:visible")).to_have_class(re.compile("of-response"))
    page.locator(".tabs label").first.tap()
    expect(page.locator(".side:visible")).to_have_class(re.compile("of-request"))


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
@pytest.mark.parametrize("width", [320, 390, 760])
def test_the_menu_of_other_pages_is_on_the_screen(desk: Any, locale: str, width: int) -> None:
    page = desk.open("/help/guide", width=width, locale=locale)
    page.locator(".other-pages > summary").click()
    box = page.locator(".other-pages .menu-body").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_chinese_is_chosen_by_the_browser_and_by_hand(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call("order.list", status=401))
    page = desk.open(mine, locale="zh-TW")
    expect(page.locator("html")).to_have_attribute("lang", "zh-TW")
    expect(page.locator("thead th").first).to_have_text("建立時間")
    expect(page.locator(".entry .c-action .name")).to_have_text("抓取訂單")
    page.locator(".toggle").click()
    expect(page.locator(".verdict")).to_contain_text("請求有誤")
    expect(page.locator(".advice")).to_contain_text(re.compile("[一-鿿]{4}"))
    page.get_by_role("link", name="English").click()
    expect(page.locator("thead th").first).to_have_text("Created At")
    page.goto(desk.home + mine)
    expect(page.locator("thead th").first).to_have_text("Created At")


def test_all_of_it_can_be_read_without_a_script(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(*(call(body=b'{"orders": [1]}') for _ in range(60)))
    page = desk.open(mine, java_script_enabled=False)
    expect(page.locator(".entry")).to_have_count(50)
    expect(page.locator(".entry time .clock").first).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))
    page.locator(".toggle").nth(3).click()
    expect(page.locator(".panel pre.pretty")).to_contain_text('"orders": [')
    page.locator("input[value='raw']").last.check()
    expect(page.locator(".panel pre.raw")).to_be_visible()
    page.locator(".older").click()
    expect(page.locator(".entry")).to_have_count(10)
    page.get_by_role("link", name="Back to the newest").click()
    page.locator("#menu-action summary").click()
    page.locator("#menu-action li input").first.check()
    page.locator("#apply").click()
    assert "action=order.list" in page.url
    expect(page.locator(".entry")).to_have_count(50)
    expect(page.locator("#range-24h")).to_have_attribute("aria-current", "true")


def test_without_a_script_a_typed_time_is_of_the_zone_that_is_shown(
    desk: Any, server: Any, call: Call, mine: str
) -> None:
    at = datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
    server.record(call(at=at))
    page = desk.open(f"{mine}&tz=Asia/Taipei", java_script_enabled=False)
    page.locator("#from").fill("2026-03-10T14:30:00")
    page.locator("#to").fill("2026-03-10T14:30:00")
    page.locator("#apply").click()
    expect(page.locator(".entry")).to_have_count(1)
    expect(page.locator(".entry time")).to_have_text("2026-03-10 14:30:00")


def test_no_match_says_what_to_take_back(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call("order.list", ago=timedelta(days=3)))
    page = desk.open(f"{mine}&action=order.list")
    expect(page.locator("#no-match")).to_contain_text(re.compile(r"The log holds [\d,]+ entr"))
    assert page.locator("#no-match li").all_inner_texts()[:2] == ["Search all dates", "Without Action: Fetch orders"]
    page.get_by_role("link", name="Search all dates").click()
    expect(page.locator(".entry")).to_have_count(1)


def test_an_address_that_cannot_be_read_says_which_part(desk: Any) -> None:
    desk.expected = ["400"]
    page = desk.open("/?from=yesterday&tz=Mars")
    expect(page.locator("#misread")).to_contain_text("“yesterday” is not a date and time")
    expect(page.locator("#misread")).to_contain_text("“Mars” is not a time zone")
    expect(page.locator("#total")).to_be_empty()
    expect(page.locator(".chip .count")).to_have_count(0)


def test_lost_calls_are_said_above_the_list(desk: Any, server: Any, call: Call, mine: str) -> None:
    at = datetime(2025, 5, 5, 10, 2, tzinfo=UTC)
    lost = Loss(
        recorder="r-1", host="web-7", reason="spool_full", count=37, first_at=at, last_at=at + timedelta(minutes=3)
    )
    server.record(call(), losses=(lost,))
    page = desk.open(f"{mine}&from=2025-05-05T00:00:00Z&to=2025-05-06T00:00:00Z")
    expect(page.locator(".losses")).to_contain_text("37 calls were made but are not in this log")
    expect(page.locator(".losses")).to_contain_text("web-7")
    expect(page.locator(".losses")).to_contain_text("spool was full")
    expect(desk.open(mine).locator(".losses")).to_be_hidden()


def test_a_server_that_went_away_is_said(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call())
    page = desk.open(mine)
    desk.expected = ["ERR_"]
    page.context.set_offline(True)
    page.locator(".chip", has_text="Success").click()
    expect(page.locator("#offline")).to_be_visible()
    expect(page.locator(".entry")).to_have_count(1)
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()


def test_nothing_is_asked_of_another_host_and_no_policy_is_broken(
    desk: Any, server: Any, call: Call, mine: str
) -> None:
    server.record(call())
    page = desk.open("about:blank")
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    answer = page.goto(desk.home + mine)
    page.locator(".toggle").first.click()
    expect(page.locator(".panel")).to_have_count(1)
    assert hosts == {desk.home.split("/")[2]}
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
