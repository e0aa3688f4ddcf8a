"""A page that stays open while the server is away, slow, or no longer knows who reads: what was chosen and typed stays,
and what is wrong is said.

The common server is open to loopback alone. A header that only a proxy sends makes it ask for a login: to the page,
that is a login which has ended.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from apitrail.exchange import Exchange, Integration

Call = Callable[..., Exchange]
LIST = re.compile(r"/list\?")
BY_A_PROXY = {"X-Forwarded-For": "203.0.113.9"}


@pytest.fixture
def mine(server: Any, call: Call, account: Integration) -> str:
    """Three entries of an account of its own: two worked, one did not."""
    ago = timedelta(minutes=1)
    server.record(call(ago=ago, status=404), call(ago=2 * ago), call(ago=3 * ago))
    return f"/?ec_integration={account.id}"


def held_lists(page: Page) -> list[Route]:
    held: list[Route] = []
    page.route(LIST, lambda route: held.append(route))
    return held


def test_what_was_chosen_while_the_server_was_away_is_shown_when_it_is_back(desk: Any, mine: str) -> None:
    desk.expected = ["ERR_"]
    page = desk.open(mine)
    expect(page.locator("#total")).to_have_text("3 entries")
    page.context.set_offline(True)
    page.locator(".chip.tone-request_error input").check()
    expect(page.locator("#offline")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#total")).to_have_text("1 entry")
    expect(page.locator("#offline")).to_be_hidden()
    assert "outcome=request_error" in page.url


def test_a_step_back_while_the_server_was_away_is_shown_when_it_is_back(desk: Any, mine: str) -> None:
    desk.expected = ["ERR_"]
    page = desk.open(mine)
    page.locator(".chip.tone-request_error input").check()
    expect(page.locator("#total")).to_have_text("1 entry")
    page.context.set_offline(True)
    page.go_back()
    expect(page.locator("#offline")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#total")).to_have_text("3 entries")
    expect(page.locator(".chip.tone-request_error input")).not_to_be_checked()


def test_what_one_types_while_an_answer_is_awaited_stays(desk: Any, mine: str) -> None:
    page = desk.open(mine)
    held = held_lists(page)
    page.locator(".chip.tone-request_error input").check()
    expect(page.locator("#log")).to_have_attribute("aria-busy", "true")
    page.locator("#find").fill("A-1001")
    page.locator("#from").fill("2026-08-17T14:03:00")
    held[0].continue_()
    expect(page.locator("#total")).to_have_text("1 entry")
    expect(page.locator("#find")).to_have_value("A-1001")
    expect(page.locator("#from")).to_have_value("2026-08-17T14:03")
    page.unroute(LIST)
    page.locator("#find").press("Enter")
    page.wait_for_url(re.compile(r"from=2026-08-17T06%3A03%3A00Z"))
    assert "A-1001" in page.url


def test_another_range_is_for_what_stands_in_the_search_box_sent_or_not(desk: Any, mine: str) -> None:
    page = desk.open(mine)
    page.locator("#find").fill("A-2")
    page.locator("#range-7d").click()
    expect(page.locator("#range-7d")).to_have_attribute("aria-current", "true")
    expect(page.locator(".applied", has_text="A-2")).to_be_visible()
    page.locator("#range-24h").click()
    expect(page.locator("#range-24h")).to_have_attribute("aria-current", "true")
    expect(page.locator(".applied", has_text="A-2")).to_be_visible()


def test_a_login_that_ended_is_said_and_signing_in_leads_back_to_what_is_shown(
    desk: Any, server: Any, call: Call, mine: str
) -> None:
    page = desk.open(f"{mine}&range=7d")
    page.context.set_extra_http_headers(BY_A_PROXY)
    server.record(call())
    note = page.locator("#signed-out")
    expect(note).to_be_visible()
    expect(note).to_contain_text("Your login has ended")
    expect(page.locator("#announce")).to_be_empty()  # and no page to sign in stands within the page
    expect(page.locator("#token")).to_have_count(0)
    there = page.url
    note.get_by_role("link").click()
    expect(page.locator("#token")).to_be_visible()
    assert page.locator("input[name='next']").get_attribute("value") == there.removeprefix(desk.home)


def test_whoever_signed_in_elsewhere_goes_on_reading(desk: Any, server: Any, call: Call, mine: str) -> None:
    page = desk.open(mine)
    page.context.set_extra_http_headers(BY_A_PROXY)
    expect(page.locator("#signed-out")).to_be_visible()
    page.context.set_extra_http_headers({})
    server.record(call())
    expect(page.locator("#announce a")).to_have_text("1 new entry")
    expect(page.locator("#signed-out")).to_be_hidden()


def test_an_entry_that_is_opened_after_the_login_ended_is_opened_after_signing_in(desk: Any, mine: str) -> None:
    page = desk.open(mine)
    page.context.set_extra_http_headers(BY_A_PROXY)
    entry = page.locator(".toggle").first.get_attribute("data-entry")
    page.locator(".toggle").first.click()
    page.wait_for_url(re.compile("/login"))
    assert f"open={entry}" in page.locator("input[name='next']").get_attribute("value")


@pytest.fixture
def long_answer(server: Any, call: Call) -> str:
    """The address of an entry whose answer comes in pieces."""
    body = b'{"orders": [' + b",".join(b'{"id": "A-%06d", "sku": "T-1"}' % n for n in range(40_000)) + b"]}"
    (entry,) = server.record(call(body=body))
    return f"/entries/{entry}"


def test_the_rest_of_a_body_is_still_to_be_had_after_a_login_that_ended(desk: Any, long_answer: str) -> None:
    page = desk.open(long_answer)
    rest = page.locator(".of-response .rest .next-piece")
    expect(rest).to_be_visible()
    page.context.set_extra_http_headers(BY_A_PROXY)
    rest.click()
    expect(page.locator("#signed-out")).to_be_visible()
    expect(rest).to_be_visible()


def test_an_answer_to_what_was_asked_before_the_login_ended_leaves_the_note_that_it_has(
    desk: Any, long_answer: str
) -> None:
    page = desk.open("about:blank")
    held: list[Route] = []
    page.route(re.compile("/related"), lambda route: held.append(route))
    page.goto(desk.home + long_answer)
    expect(page.locator(".related-more[data-load]")).to_have_count(0)  # it was asked for
    page.context.set_extra_http_headers(BY_A_PROXY)
    page.locator(".of-response .rest .next-piece").click()
    expect(page.locator("#signed-out")).to_be_visible()
    (first,) = held
    first.continue_(headers={name: value for name, value in first.request.headers.items() if name[:2] != "x-"})
    expect(page.locator(".related")).to_be_visible()
    assert page.locator("#signed-out").is_visible()


@pytest.mark.parametrize("path", ["/", "/orders", "/shift", "/help/order-missing"])
def test_a_year_has_four_figures_so_that_one_types_on_to_the_hours(desk: Any, path: str) -> None:
    page = desk.open(path)
    for field in page.locator("input[type='datetime-local']").all():
        assert field.get_attribute("max").startswith("9999-12-31T23:59")
