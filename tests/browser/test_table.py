"""The table as one likes it: columns, zone, ages, the usual duration, live entries, keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from apitrail.exchange import Exchange, Integration, Source

Call = Callable[..., Exchange]


@pytest.fixture
def mine(account: Integration) -> str:
    return f"/?ec_integration={account.id}"


def test_columns_are_chosen_and_remembered(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call(), call())
    page = desk.open(mine)
    page.locator("#columns summary").click()
    page.locator("[data-column='method']").uncheck()
    page.locator("[data-column='account']").check()
    wanted = ["Created At", "Action", "Source", "Path", "Status", "Account", "Duration"]
    assert page.locator("thead th:visible").all_text_contents() == wanted
    page.reload()
    assert page.locator("thead th:visible").all_text_contents() == wanted
    page.locator(".toggle").first.click()
    expect(page.locator(".panel")).to_have_count(1)
    panel, table = page.locator(".panel").bounding_box(), page.locator("table.log").bounding_box()
    assert panel is not None
    assert table is not None
    assert panel["width"] >= table["width"] - 4


def test_the_zone_is_shown_and_switched(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call(at=datetime(2026, 3, 9, 6, 30, 15, tzinfo=UTC)))
    page = desk.open(f"{mine}&range=all")
    expect(page.locator(".entry time")).to_have_text("2026-03-09 14:30:15")
    expect(page.locator(".c-at")).to_have_attribute("title", "2026-03-09 14:30:15.000 Asia/Taipei")
    page.locator("#tz").select_option("America/New_York")
    expect(page.locator(".entry time")).to_have_text("2026-03-09 02:30:15")
    page.locator("#tz").select_option("")
    expect(page.locator(".entry time")).to_have_text("2026-03-09 14:30:15")


def test_a_recent_entry_says_how_long_ago_it_was(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call(ago=timedelta(minutes=5)), call(ago=timedelta(hours=3)), call(ago=timedelta(days=3)))
    page = desk.open(f"{mine}&range=7d")
    expect(page.locator(".entry .ago")).to_have_text([re.compile(r"[56] min ago"), "3 h ago"])
    page = desk.open(f"{mine}&range=7d", java_script_enabled=False)
    expect(page.locator(".entry .ago")).to_have_text([re.compile(r"[56] min ago"), "3 h ago"])


def test_what_takes_longer_than_is_usual_is_marked(empty_server: Any, desk_at: Any, call: Call) -> None:
    empty_server.record(*(call("rate.quote", duration_ms=100.0 + step) for step in range(40)))
    empty_server.record(call("rate.quote", ago=timedelta(0), duration_ms=900.0))
    page = desk_at(empty_server).open()
    for _ in range(50):  # what is usual is looked up beside the page, which does not wait for it
        if page.locator(".entry .times").count():
            break
        page.reload()
    expect(page.locator(".entry .times")).to_have_text(["7.5× the usual"])
    expect(page.locator(".c-duration").first).to_have_attribute("title", re.compile("Usually 1.. ms"))
    assert page.locator(".pace.slow").count() == 1
    assert page.locator(".pace").count() == 41


def test_live_entries_come_in_by_themselves_unless_one_reads(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call(ago=timedelta(minutes=1)))
    page = desk.open(mine)
    page.locator("#live").check()
    server.record(call(ago=timedelta(seconds=9)))
    expect(page.locator(".entry")).to_have_count(2)
    page.locator(".toggle").first.click()
    expect(page.locator(".panel")).to_have_count(1)
    server.record(call(ago=timedelta(seconds=2)))
    expect(page.locator("#announce")).to_have_text("1 new entry")
    expect(page.locator(".entry")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator(".toggle").first).to_be_focused()  # a row that one went to by the keys is read too
    server.record(call(ago=timedelta(seconds=1)))
    expect(page.locator("#announce")).to_have_text("2 new entries")
    page.locator("#live").focus()
    expect(page.locator(".entry")).to_have_count(4)  # without another one coming
    page.reload()
    expect(page.locator("#live")).to_be_checked()


def test_live_entries_wait_while_a_text_is_marked(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call(ago=timedelta(minutes=1), source=Source("order", "A-7001")))
    page = desk.open(mine)
    page.locator("#live").check()
    page.locator(".c-source .name").evaluate("name => getSelection().selectAllChildren(name)")
    server.record(call(ago=timedelta(seconds=9)))
    expect(page.locator("#announce")).to_have_text("1 new entry")
    expect(page.locator(".entry")).to_have_count(1)
    assert page.evaluate("String(getSelection())") == "A-7001"
    page.evaluate("getSelection().removeAllRanges()")
    server.record(call(ago=timedelta(seconds=0)))
    expect(page.locator(".entry")).to_have_count(3)


def test_a_live_list_that_grew_long_begins_anew_without_loading_the_page_and_never_while_one_types(
    desk: Any, server: Any, call: Call, mine: str
) -> None:
    server.record(*(call() for _ in range(501)))
    page = desk.open(mine)
    rows, find = page.locator(".rows > .entry"), page.locator("#find")
    for shown in range(50, 501, 50):
        expect(rows).to_have_count(shown)
        page.locator(".older").click()
    expect(rows).to_have_count(501)
    page.evaluate("scrollTo(0, 0); document.body.dataset.same = 'page'")
    page.locator("#live").check()
    find.press_sequentially("half a wo")
    server.record(call(ago=timedelta(seconds=0.5)))
    expect(page.locator("#announce")).to_have_text("1 new entry")
    expect(rows).to_have_count(501)  # what nobody sends may stand there for a day
    expect(find).to_have_value("half a wo")
    find.fill("")
    expect(rows).to_have_count(50)
    expect(page.locator("body")).to_have_attribute("data-same", "page")
    expect(find).to_be_focused()
    expect(page.locator("#live")).to_be_checked()


def test_the_keys_are_listed_and_lead_on(desk: Any, server: Any, call: Call, mine: str) -> None:
    (entry,) = server.record(call())
    page = desk.open(mine, permissions=["clipboard-read", "clipboard-write"])
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keys")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.locator("#announce")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").endswith(f"/entries/{entry}")
    page.keyboard.press("o")
    page.wait_for_url(f"**/entries/{entry}*")


NOTHING_KEPT = """for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, { get() { throw new DOMException("", "SecurityError"); } });"""


def test_keys_of_one_character_can_be_turned_off_and_a_browser_that_keeps_nothing_has_them(
    desk: Any, server: Any, call: Call, mine: str
) -> None:
    server.record(call())
    page = desk.open(mine)
    page.locator("#show-keys").click()
    page.get_by_role("checkbox", name="Keys of one character").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    for key in ("j", "f", "/", "l", "?"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement === document.body")
    expect(page.locator("#live")).not_to_be_checked()
    expect(page.locator("dialog#keys")).to_be_hidden()
    page.add_init_script(NOTHING_KEPT)
    page.reload()
    page.keyboard.press("l")
    expect(page.locator("#live")).to_be_checked()


def test_a_time_ahead_of_the_clock_says_so_and_why(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call(ago=timedelta(minutes=-3)), call(ago=timedelta(seconds=1)))
    page = desk.open(f"{mine}&range=24h")
    expect(page.locator(".entry .ahead")).to_have_count(1)
    told = page.locator(".entry").first
    expect(told.locator(".ahead")).to_contain_text("min")
    expect(told.locator(".ahead")).to_contain_text("ahead of the clock")
    expect(told.locator(".ahead")).to_have_attribute("title", re.compile("clock of the machine that recorded it"))
    told.locator(".toggle").click()
    expect(page.locator(".facts .ahead")).to_contain_text("after it was stored")
