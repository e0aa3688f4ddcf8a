"""What is changed on an open page: only what differs, in the order of what was asked, and what went wrong is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from apitrail.exchange import Exchange, Integration

Call = Callable[..., Exchange]
LIST = re.compile(r"/list\?")


@pytest.fixture
def mine(server: Any, call: Call, account: Integration) -> str:
    """60 entries of an account of its own: 40 worked, 20 did not."""
    server.record(
        *(call(ago=timedelta(minutes=1, seconds=step), status=404 if step % 3 == 0 else 200) for step in range(60))
    )
    return f"/?ec_integration={account.id}"


def test_a_menu_in_which_one_chooses_is_not_made_anew(desk: Any, mine: str) -> None:
    page = desk.open(mine)
    page.locator("#menu-more summary").click()
    page.evaluate("document.getElementById('menu-more').mine = document.getElementById('total').mine = true")
    page.locator("#menu-more input[value='GET']").check()
    expect(page.locator(".applied.of-method")).to_have_count(1)
    expect(page.locator("#menu-more > .menu-body")).to_be_visible()
    assert page.evaluate("document.getElementById('menu-more').mine && document.getElementById('total').mine")
    assert page.evaluate("document.activeElement.value") == "GET"


def test_every_row_of_an_answer_comes_although_those_that_are_seen_come_first(desk: Any, mine: str) -> None:
    page = desk.open(mine, height=500)
    page.locator("#range-7d").click()
    expect(page.locator("#range-7d")).to_have_attribute("aria-current", "true")
    expect(page.locator(".rows .entry")).to_have_count(50)
    page.locator(".older").click()
    expect(page.locator(".rows .entry")).to_have_count(60)
    ids = page.locator(".rows .entry").evaluate_all("rows => rows.map(row => row.id)")
    assert len(set(ids)) == 60


def test_back_and_forward_show_what_was_shown(desk: Any, mine: str) -> None:
    page = desk.open(mine)
    page.locator(".chip.tone-request_error input").check()
    expect(page.locator("#total")).to_have_text("20 entries")
    page.locator(".chip.tone-success input").check()
    expect(page.locator("#total")).to_have_text("60 entries")
    page.go_back()
    expect(page.locator("#total")).to_have_text("20 entries")
    expect(page.locator(".chip.tone-success input")).not_to_be_checked()
    page.go_back()
    expect(page.locator("#total")).to_have_text("60 entries")
    expect(page.locator(".chip.tone-request_error input")).not_to_be_checked()
    page.go_forward()
    expect(page.locator("#total")).to_have_text("20 entries")
    page.locator(".toggle").first.click()
    expect(page.locator(".panel .verdict")).to_be_visible()
    page.go_back()
    expect(page.locator("#total")).to_have_text("60 entries")


def test_the_answer_to_what_was_asked_last_is_shown(desk: Any, mine: str) -> None:
    page = desk.open(mine)
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(LIST, hold_the_first)
    page.locator(".chip.tone-request_error input").check()
    expect(page.locator("#log")).to_have_attribute("aria-busy", "true")
    page.locator(".chip.tone-success input").check()
    expect(page.locator("#total")).to_have_text("60 entries")
    expect(page.locator("#log")).not_to_have_attribute("aria-busy", "true")
    assert page.url.count("outcome=") == 2
    page.go_back()
    expect(page.locator("#total")).to_have_text("60 entries")
    assert "outcome" not in page.url


def test_a_text_that_takes_long_is_said_to_be_looked_for_until_the_answer_is_there(desk: Any, mine: str) -> None:
    page = desk.open(f"{mine}&text=orders")
    held: list[Route] = []
    page.route(LIST, lambda route: held.append(route))
    page.locator(".chip.tone-request_error input").check()
    expect(page.locator("#announce")).to_contain_text("A shorter range is quicker")
    held[0].continue_()
    expect(page.locator("#announce")).to_be_empty()
    expect(page.locator("#log")).not_to_have_attribute("aria-busy", "true")


def test_an_answer_that_is_no_list_leads_to_the_page_that_says_why(desk: Any, mine: str) -> None:
    desk.expected = ["503"]
    page = desk.open(mine)
    page.route(LIST, lambda route: route.fulfill(status=503, content_type="text/html", body="<p>no</p>"))
    page.locator(".chip.tone-request_error input").check()
    page.wait_for_url(re.compile("outcome=request_error"))
    expect(page.locator("#total")).to_have_text("20 entries")


def test_another_language_keeps_what_was_chosen_since(desk: Any, mine: str) -> None:
    page = desk.open(mine)
    page.locator(".chip.tone-request_error input").check()
    expect(page.locator("#total")).to_have_text("20 entries")
    page.locator(".languages a[lang='zh-TW']").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-TW")
    expect(page.locator(".chip.tone-request_error input")).to_be_checked()
