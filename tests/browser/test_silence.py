"""What did not happen: a gap between rows, a line above them while it lasts, and on the account."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from apitrail.exchange import Exchange, Integration

Call = Callable[..., Exchange]


def minutes(*ago: int) -> list[timedelta]:
    return [timedelta(minutes=one) for one in ago]


@pytest.fixture
def paused(server: Any, call: Call, account: Integration) -> Integration:
    """A shop fetched every ten minutes, but not for three hours of the morning, and no more for two hours."""
    regular = [*range(120, 300, 10), *range(480, 900, 10)]
    server.record(
        *(call(ago=one, body=b'{"orders": []}') for one in minutes(*regular)),
        *(call("stock.push", ago=one) for one in minutes(5, 15, 350, 400)),
    )
    return account


@pytest.mark.parametrize("width", [1440, 390])
def test_a_pause_stands_between_the_calls_that_it_lies_between(desk: Any, paused: Integration, width: int) -> None:
    page = desk.open(f"/?ec_integration={paused.id}&action=order.list", width=width)
    lasting = page.locator("#silences p")
    expect(lasting).to_have_count(1)
    expect(lasting).to_contain_text(f"The log shows no Fetch orders of {paused.name} since")
    expect(lasting).to_contain_text(re.compile(r"2 h \d min until now"))
    expect(lasting).to_contain_text("Usually there is one about every 15 min or more often: learnt from")
    gap = page.locator(".rows .silence")
    expect(gap).to_have_count(1)
    expect(gap).to_contain_text("3 h 10 min")
    before, after = (
        gap.locator(f"xpath={way}-sibling::tr[contains(@class, 'entry')][1]").locator("time").get_attribute("datetime")
        for way in ("preceding", "following")
    )
    named = [one.get_attribute("datetime") for one in gap.locator("time").all()]
    assert named[:2] == [after, before]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_an_accounts_list_tells_it_among_other_calls_and_a_narrower_one_does_not(
    desk: Any, paused: Integration
) -> None:
    page = desk.open(f"/?ec_integration={paused.id}")
    expect(page.locator(".silence")).to_have_count(1)
    expect(page.locator("#silences p")).to_have_count(1)
    page.goto(f"{desk.home}/?ec_integration={paused.id}&outcome=success")
    expect(page.locator(".entry").first).to_be_visible()
    expect(page.locator(".silence, #silences p")).to_have_count(0)


def test_an_action_alone_tells_it_of_every_account(desk: Any, paused: Integration) -> None:
    page = desk.open("/?action=order.list")
    expect(page.locator("#silences p").filter(has_text=paused.name)).to_have_count(1)


def test_a_list_without_an_entry_tells_what_is_missing(desk: Any, paused: Integration) -> None:
    page = desk.open(f"/?ec_integration={paused.id}&action=order.list&range=1h")
    expect(page.locator("#no-match")).to_be_visible()
    expect(page.locator("#silences p")).to_contain_text(f"no Fetch orders of {paused.name}")


def test_a_call_that_comes_ends_it(desk: Any, server: Any, call: Call, paused: Integration) -> None:
    page = desk.open(f"/?ec_integration={paused.id}&action=order.list")
    expect(page.locator("#silences p")).to_have_count(1)
    server.record(call(ago=timedelta(0)))
    page.locator("#announce a").click()
    expect(page.locator(".entry").first.locator("xpath=following-sibling::tr[1]")).to_contain_text("2 h 0 min")
    expect(page.locator("#silences p")).to_have_count(0)


def test_the_account_says_since_when_it_is_silent(desk: Any, paused: Integration) -> None:
    page = desk.open(f"/integrations/ec?ec_integration={paused.id}")
    card = page.locator(".account").filter(has_text=paused.name)
    expect(card.locator(".pill")).to_have_text("Silent")
    expect(card.locator(".silences")).to_contain_text("The log shows no Fetch orders")
    expect(card.locator(".silences")).to_contain_text("learnt from")
