"""Pages are positions: steady while entries arrive, which are announced and never moved in by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apitrail.exchange import Exchange, Integration

Call = Callable[..., Exchange]


@pytest.fixture
def mine(account: Integration) -> str:
    return f"/?ec_integration={account.id}"


def shown(page: Page) -> list[str]:
    return [row.removeprefix("e-") for row in page.locator(".entry").evaluate_all("rows => rows.map(row => row.id)")]


def test_older_pages_follow_without_gap_or_repeat_while_entries_arrive(
    desk: Any, server: Any, call: Call, mine: str
) -> None:
    ids = server.record(*(call(ago=timedelta(minutes=1, seconds=step // 2)) for step in range(120)))
    page = desk.open(mine)
    expect(page.locator(".entry")).to_have_count(50)
    server.record(*(call(ago=timedelta(seconds=step)) for step in range(7)))
    page.locator(".older").click()
    expect(page.locator(".entry")).to_have_count(100)
    server.record(*(call(ago=timedelta(seconds=step)) for step in range(7)))
    page.locator(".older").click()
    expect(page.locator(".entry")).to_have_count(120)
    expect(page.locator(".older")).to_have_count(0)
    assert sorted(shown(page)) == sorted(ids)


def test_new_entries_are_announced_and_come_in_when_asked(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(*(call(ago=timedelta(minutes=1, seconds=step)) for step in range(60)))
    page = desk.open(mine)
    page.locator(".toggle").nth(20).click()
    expect(page.locator(".panel .related")).to_have_count(1)  # comes by itself, and makes the panel longer
    before = page.locator(".panel").bounding_box()
    new = server.record(*(call(ago=timedelta(seconds=step)) for step in range(3)))
    expect(page.locator("#announce")).to_have_text("3 new entries")
    assert page.locator(".panel").bounding_box() == before
    expect(page.locator(".entry")).to_have_count(50)
    # A screen reader says it once, and who is on it by the keys stays there while more come.
    announced = page.get_by_role("status").and_(page.locator("#announce"))
    expect(announced).to_have_attribute("aria-live", "polite")
    page.locator("#announce a").focus()
    new += server.record(call(ago=timedelta(seconds=0)))
    expect(page.locator("#announce a:focus")).to_have_text("4 new entries")
    expect(announced).to_have_attribute("aria-live", "off")
    page.keyboard.press("Enter")
    expect(page.locator(".entry")).to_have_count(54)
    assert set(shown(page)[:4]) == set(new)
    expect(page.locator(".toggle").first).to_be_focused()
    expect(page.locator(".panel")).to_have_count(1)
    expect(page.locator("#announce a")).to_have_count(0)
    # What came in is not announced again, what comes next is.
    expect(page.locator("#total")).to_have_text("64 entries")
    expect(page.locator(".chip", has_text="Success").locator(".count")).to_have_text("64")
    expect(page.locator("#histogram figcaption")).to_contain_text("64 entries from")
    server.record(call(ago=timedelta(seconds=-1)))
    expect(page.locator("#announce")).to_have_text("1 new entry")
    expect(announced).to_have_attribute("aria-live", "polite")


def test_an_announcement_keeps_to_the_filters(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call("label.create", ago=timedelta(minutes=1)))
    page = desk.open(f"{mine}&action=label.create")
    server.record(call("order.list"), call("label.create"))
    expect(page.locator("#announce")).to_have_text("1 new entry")


def test_the_first_call_of_all_appears_by_itself(desk: Any, empty_server: Any, call: Call) -> None:
    page = desk.open(empty_server.url + "/")
    expect(page.locator("#empty h2")).to_have_text("No call has been recorded yet")
    expect(page.locator("#empty pre")).to_contain_text(f'apitrail.configure(url="{empty_server.url}"')
    empty_server.record(call())
    expect(page.locator(".entry")).to_have_count(1)
