"""The list and what narrows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from apitrail.exchange import Exchange, Failure, Integration, Source

Call = Callable[..., Exchange]


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def actions(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".entry .c-action .name > span:last-child").all_text_contents()]


@pytest.fixture
def mine(account: Integration) -> str:
    """The list of this test's account."""
    return f"/?ec_integration={account.id}"


def test_the_list_has_the_columns_of_the_trade_newest_first(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call("order.list"), call("label.create", method="POST"), call("stock.push"))
    page = desk.open(mine)
    expect(page).to_have_title("Platform API Logs")
    assert page.locator("thead th:visible").all_text_contents() == [
        "Created At",
        "Action",
        "Method",
        "Source",
        "Path",
        "Status",
        "Duration",
    ]
    assert actions(page) == ["Fetch orders", "Generate label", "Push stock"]
    row = page.locator(".entry").nth(1)
    expect(row.locator(".c-method")).to_have_text("POST")
    expect(row.locator(".c-path")).to_have_text("/label/create")
    expect(row.locator(".c-source .name")).to_have_text("A-2")
    expect(row.locator(".c-duration")).to_have_text("120 ms")


def test_status_is_a_word_a_colour_an_icon_and_what_was_really_said(
    desk: Any, server: Any, call: Call, mine: str
) -> None:
    refused = b'{"error":"error_auth","message":"Invalid access_token.","request_id":"1"}'
    server.record(
        call(),
        call(url="https://partner.shopeemobile.com/api/v2/order/get_order_list", body=refused),
        call(status=503, body=b"down", content_type="text/plain"),
        call(status=None, error=Failure("httpx.ConnectTimeout", "timed out")),
        call(status=None, not_sent="no address"),
        call("webhook.order.created", direction="inbound", status=401, body=b"no", content_type="text/plain"),
    )
    page = desk.open(mine)
    shown = [
        (row.locator(".pill").inner_text(), row.locator(".raw-status").all_inner_texts())
        for row in page.locator(".entry").all()
    ]
    assert shown == [
        ("Success", ["200"]),
        ("Bad request", ["200 · error_auth"]),
        ("Platform error", ["503"]),
        ("No answer", ["ConnectTimeout"]),
        ("Not sent", []),
        ("Refused by us", ["401"]),
    ]
    tones = [row.get_attribute("class") for row in page.locator(".entry").all()]
    assert [tone.split()[1] for tone in tones if tone] == [
        "tone-success",
        "tone-request_error",
        "tone-platform_error",
        "tone-platform_error",
        "tone-request_error",
        "tone-request_error",
    ]
    expect(page.locator(".entry").nth(1).locator(".said")).to_have_text("Invalid access_token.")
    expect(page.locator(".entry").nth(5).locator(".mark")).to_have_text("Inbound: they called us ")
    assert page.locator(".pill .icon").count() == 6


def test_choosing_an_action_narrows_at_once_and_is_in_the_address(
    desk: Any, server: Any, call: Call, mine: str
) -> None:
    server.record(call("order.list"), call("order.list"), call("label.create"))
    page = desk.open(mine)
    page.locator("#menu-action summary").click()
    choice = page.locator("#menu-action li", has_text="Generate label")
    expect(choice.locator(".count")).to_have_text("1")
    choice.click()
    expect(page.locator(".entry")).to_have_count(1)
    assert actions(page) == ["Generate label"]
    assert asked(page)["action"] == ["label.create"]
    # The menu stays open for a second choice.
    page.locator("#menu-action li", has_text="Fetch orders").click()
    expect(page.locator(".entry")).to_have_count(3)
    assert sorted(asked(page)["action"]) == ["label.create", "order.list"]
    assert "from" not in asked(page)
    page.go_back()
    expect(page.locator(".entry")).to_have_count(1)


def test_accounts_are_chosen_by_name(desk: Any, server: Any, call: Call, account: Integration) -> None:
    carrier = Integration(f"carrier-{account.id}", f"Carrier {account.name}")
    server.record(call("order.list"), call("label.create", ec=None, shipping=carrier))
    page = desk.open()
    page.locator("#menu-ec_integration summary").click()
    page.locator("#menu-ec_integration li", has_text=account.name).click()
    expect(page.locator(".entry")).to_have_count(1)
    assert asked(page)["ec_integration"] == [account.id]
    page.locator("#menu-ec_integration .clear").click()
    page.locator("#menu-shipping_integration summary").click()
    page.locator("#menu-shipping_integration li", has_text=carrier.name).click()
    expect(page.locator(".entry")).to_have_count(1)
    assert asked(page) == {"shipping_integration": [carrier.id]}
    assert actions(page) == ["Generate label"]


def test_outcomes_are_chosen_by_colour(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call(), call(status=404), call(status=500))
    page = desk.open(mine)
    expect(page.locator(".chip", has_text="Bad request").locator(".count")).to_have_text("1")
    page.locator(".chip", has_text="Bad request").click()
    expect(page.locator(".entry")).to_have_count(1)
    page.locator(".chip", has_text="Platform or carrier error").click()
    expect(page.locator(".entry")).to_have_count(2)
    assert asked(page)["outcome"] == ["request_error", "platform_error"]
    page.locator(".clear-all").click()
    expect(page.locator("#menu-ec_integration .value")).to_have_text("All")


def test_a_quick_range_shows_what_it_says(desk: Any, server: Any, call: Call, mine: str) -> None:
    ages = [timedelta(minutes=5), timedelta(minutes=50), timedelta(hours=20), timedelta(days=5), timedelta(days=20)]
    server.record(*(call(ago=age) for age in [*ages, timedelta(days=400)]))
    page = desk.open(mine)
    expect(page.locator("#created")).to_have_attribute("open", "")
    for name, count in {"15m": 1, "1h": 2, "24h": 3, "7d": 4, "30d": 5, "all": 6}.items():
        page.locator(f"#range-{name}").click()
        expect(page.locator(f"#range-{name}")).to_have_attribute("aria-current", "true")
        expect(page.locator(".entry")).to_have_count(count)
        assert asked(page).get("range", ["24h"]) == [name]


def test_an_absolute_range_is_in_the_readers_zone_to_the_second(desk: Any, server: Any, call: Call, mine: str) -> None:
    at = datetime(2026, 3, 9, 6, 30, 15, tzinfo=UTC)
    server.record(*(call(at=at + timedelta(seconds=step)) for step in (0, 1, 2)))
    page = desk.open(mine)
    expect(page.locator("#tz option:checked")).to_have_text("This browser: Asia/Taipei")
    page.locator("#from").fill("2026-03-09T14:30:15")
    page.locator("#to").fill("2026-03-09T14:30:16")
    page.locator("#apply").click()
    expect(page.locator(".entry")).to_have_count(2)
    assert asked(page)["from"] == ["2026-03-09T06:30:15Z"]
    assert asked(page)["to"] == ["2026-03-09T06:30:16Z"]
    expect(page.locator(".entry time").first).to_have_text("2026-03-09 14:30:16")
    # Another filter keeps the range as it is.
    page.locator("#menu-action summary").click()
    page.locator("#menu-action li", has_text="Fetch orders").click()
    expect(page.locator("#menu-action")).to_have_class("menu chosen")
    assert asked(page)["to"] == ["2026-03-09T06:30:16Z"]


def test_a_chosen_value_that_became_empty_stays_chosen(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call("order.list"))
    page = desk.open(f"{mine}&action=label.create&range=1h")
    page.locator("#menu-action summary").click()
    choice = page.locator("#menu-action li", has_text="Generate label")
    expect(choice.locator("input")).to_be_checked()
    expect(choice.locator(".count")).to_have_text("0")
    expect(page.locator(".entry")).to_have_count(0)


@pytest.mark.parametrize("slip", ["action=no.such", "ec_integration=nobody", "outcome=purple", "from=yesterday"])
def test_an_unknown_value_never_widens(desk: Any, server: Any, call: Call, slip: str) -> None:
    server.record(call())
    desk.expected = ["400"]
    expect(desk.open(f"/?{slip}").locator(".entry")).to_have_count(0)


def test_a_source_links_to_its_own_page_and_only_to_the_web(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(
        call(source=Source("order", "A-1", link="https://oms.example/orders/1")),
        call(source=Source("order", "A-2", link="javascript:alert(1)")),
    )
    page = desk.open(mine)
    for index in (0, 1):
        page.locator(".toggle").nth(index).click()
        expect(page.locator(".panel")).to_have_count(index + 1)
    assert page.locator(".facts dd > a").all_inner_texts() == ["A-1"]
