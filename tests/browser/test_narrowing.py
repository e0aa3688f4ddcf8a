"""The search box and the filters: by number, by words, by what is suggested; each taken back alone or all at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from apitrail.exchange import Exchange, Integration, Source

Call = Callable[..., Exchange]


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.fixture
def mine(account: Integration) -> str:
    return f"/?ec_integration={account.id}"


def test_a_number_in_a_body_is_found_however_old_it_is(desk: Any, server: Any, call: Call) -> None:
    number = uuid4().hex[:14].upper() + "7"
    server.record(call(ago=timedelta(days=90), body=f'{{"waybill":"{number}"}}'.encode()), call())
    page = desk.open()
    page.locator("#find").fill(f" #{number.lower()} ")
    page.locator("#find").press("Enter")
    page.wait_for_url(f"**/?text={number.lower()}")
    expect(page.locator(".entry")).to_have_count(1)
    expect(page.locator("#range-all")).to_have_attribute("aria-current", "true")
    page.locator(".applied").click()
    expect(page.locator("#range-24h")).to_have_attribute("aria-current", "true")


def test_a_number_that_is_found_leads_to_where_the_order_stands(
    desk: Any, server: Any, call: Call, account: Integration
) -> None:
    number = f"O-{account.id}".upper()
    server.record(call("order.get", source=Source("order", number)), call("order.list"))
    for path in (f"/?text={number.lower()}", f"/?reference=order:{number}"):
        page = desk.open(path)
        expect(page.get_by_role("link", name="Where this parcel is")).to_have_count(0)
        page.get_by_role("link", name="Where this order stands").click()
        expect(page.locator("table.rows tbody tr")).to_have_count(1)
        assert asked(page) == {"number": [number]}
    expect(desk.open(f"/?ec_integration={account.id}").locator(".stories a")).to_have_count(0)


def test_a_number_of_short_pieces_is_listed_by_what_refers_to_it_and_looked_for_in_texts_by_a_click(
    desk: Any, server: Any, call: Call
) -> None:
    number = f"{uuid4().int % 100000:05}-{uuid4().int % 100000:05}"
    said = f'{{"message": "order {number} is on hold"}}'.encode()
    server.record(call(source=Source("order", number)), call("label.create", status=422, body=said))
    page = desk.open(f"/?text={number}")
    expect(page.locator(".entry")).to_have_count(1)
    page.get_by_role("link", name="Look in the texts of calls, too").click()
    expect(page.locator(".entry")).to_have_count(2)
    assert asked(page)["text"] == [f'"{number}"']
    expect(page.get_by_role("link", name="Look in the texts of calls, too")).to_have_count(0)


def test_a_product_that_is_found_leads_to_the_stock_that_was_sent_of_it(
    desk: Any, server: Any, call: Call, account: Integration
) -> None:
    sku = f"S-{account.id}".upper()
    server.record(call("stock.push", source=Source("product", sku)))
    page = desk.open(f"/?text={sku.lower()}")
    page.get_by_role("link", name="Which stock was sent of this product").click()
    expect(page.locator(".conclusions")).to_contain_text(f"Accepted by the platform: {account.name}.")
    assert asked(page) == {"number": [sku]}


def test_a_number_in_a_sentence_or_half_of_one_is_a_click_away(desk: Any, server: Any, call: Call) -> None:
    number = f"26{uuid4().hex[:12].upper()}7"
    server.record(call(ago=timedelta(days=90), body=f'{{"waybill":"{number}"}}'.encode()))
    for typed, link in (
        (f"單號{number}還沒到", f"The log holds {number}"),
        (number[:9], f"Numbers that contain {number[:9]}"),
    ):
        page = desk.open()
        page.locator("#find").fill(typed)
        page.locator("#find").press("Enter")
        page.get_by_role("link", name=link).click()
        expect(page.locator(".entry")).to_have_count(1)
    page.locator("#find").fill(f"訂單編號：{number}")
    page.locator("#find").press("Enter")
    expect(page.locator("#find")).to_have_value(number)
    expect(page.locator(".entry")).to_have_count(1)


def test_a_line_of_filters_and_words_becomes_chips_that_are_taken_back(
    desk: Any, server: Any, call: Call, mine: str
) -> None:
    server.record(
        call(
            "label.create", method="POST", status=422, body=b'{"message":"postcode not in range"}', duration_ms=2500.0
        ),
        call("label.create", method="POST", status=422, body=b'{"message":"no such account"}'),
        call("order.list"),
    )
    page = desk.open(mine)
    page.locator("#find").fill('status:4xx duration:>1s method:post "not in range"')
    page.locator("#find").press("Enter")
    expect(page.locator(".entry")).to_have_count(1)
    expect(page.locator("#find")).to_have_value('"not in range"')
    values = page.locator(".applied .value")
    assert values.all_inner_texts()[0] == '"not in range"'
    assert values.all_inner_texts()[2:] == ["POST", "4xx", "1.00 s"]
    page.locator(".applied.of-duration_over").click()
    expect(page.locator(".applied.of-duration_over")).to_have_count(0)
    page.locator(".applied.of-text").click()
    expect(page.locator(".entry")).to_have_count(2)
    page.go_back()
    expect(page.locator(".entry")).to_have_count(1)
    expect(page.locator("#find")).to_have_value('"not in range"')
    page.locator(".clear-all").click()
    expect(page.locator(".applied")).to_have_count(0)
    assert asked(page) == {}


def test_what_the_line_does_not_say_is_told_and_nothing_is_shown(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call())
    page = desk.open(mine)
    page.locator("#find").fill("outcome:red")
    page.locator("#find").press("Enter")
    expect(page.locator("#misread li")).to_have_text(re.compile("“outcome:red” is not possible.*platform_error"))
    expect(page.locator(".entry")).to_have_count(0)
    expect(page.locator("#find")).to_have_value("outcome:red")


def test_suggestions_are_of_the_log_and_taken_by_keys(desk: Any, server: Any, call: Call, account: Integration) -> None:
    server.record(call("label.create"), call("order.list"))
    page = desk.open()
    page.locator("#find").press_sequentially(account.name.split()[1])
    option = page.locator("#suggestions li")
    expect(option).to_have_count(1)
    expect(option.locator("code")).to_have_text(f"ec:{account.id}")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#find")).to_have_attribute("aria-activedescendant", "suggestion-1")
    page.keyboard.press("Enter")
    expect(page.locator("#find")).to_have_value(f"ec:{account.id} ")
    page.locator("#find").press_sequentially("action:lab")
    expect(option.locator(".name").first).to_have_text(re.compile("label", re.IGNORECASE))
    page.keyboard.press("Escape")
    expect(page.locator("#suggestions")).to_be_hidden()
    page.locator("#find").fill(f"ec:{account.id} action:label.create")
    page.keyboard.press("Enter")
    expect(page.locator(".entry")).to_have_count(1)


def test_merchants_and_durations_are_narrowed_by_hand(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call(duration_ms=12_000.0), call(duration_ms=40.0))
    page = desk.open(mine)
    page.locator("#menu-more summary").click()
    page.locator("#f-duration_over").select_option("10000")
    expect(page.locator(".entry")).to_have_count(1)
    page.locator("#f-source").fill("order:A-2")
    page.locator("#f-source").press("Enter")
    expect(page.locator(".entry")).to_have_count(0)
    assert asked(page)["source"] == ["order:A-2"]
    page.locator(".applied.of-duration_over").click()
    expect(page.locator(".entry")).to_have_count(1)


def test_a_part_of_an_address_narrows_the_list_and_is_counted(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call(url="https://api.example/Orders/cancel?n=77"), call(), call())
    page = desk.open(mine)
    page.locator("#find").fill("path:/orders/cancel")
    page.locator("#find").press("Enter")
    expect(page.locator(".entry")).to_have_count(1)
    expect(page.locator(".applied.of-path .value")).to_have_text("/orders/cancel")
    page.locator("#menu-more summary").click()
    page.locator("#f-path").fill("n=77")
    page.locator("#f-path").press("Enter")
    expect(page.locator(".applied.of-path")).to_have_count(2)
    assert asked(page)["path"] == ["/orders/cancel", "n=77"]


def test_without_a_script_the_line_and_the_filters_work(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call(status=404), call())
    page = desk.open(mine, java_script_enabled=False)
    page.locator("#find").fill("status:404")
    page.locator("#find").press("Enter")
    expect(page.locator(".entry")).to_have_count(1)
    page.locator(".applied.of-status").click()
    expect(page.locator(".entry")).to_have_count(2)


def test_one_of_hundreds_of_accounts_is_found_by_its_name(empty_server: Any, desk_at: Any, call: Call) -> None:
    shops = [Integration(f"shop-{number}", f"Store number {number}") for number in range(300)]
    empty_server.record(*(call(ec=shop) for shop in shops), *(call(ec=shops[0]) for _ in range(3)))
    page = desk_at(empty_server).open()
    page.locator("#menu-ec_integration summary").click()
    items = page.locator("#menu-ec_integration li")
    expect(items).to_have_count(61)
    expect(items.first).to_contain_text("Store number 0")
    expect(items.last).to_have_text("and 240 more: type a name to find one")
    page.locator("#search-ec_integration").press_sequentially("number 217")
    expect(items).to_have_count(1)
    items.click()
    expect(page.locator(".applied .value")).to_have_text("Store number 217")
    expect(page.locator(".rows .entry")).to_have_count(1)
    page.locator("#search-ec_integration").fill("number 218")
    expect(items).to_have_count(2)  # what is chosen stays in sight
    items.last.click()
    expect(page.locator(".rows .entry")).to_have_count(2)


@pytest.mark.parametrize("path", ["/", "/problems", "/orders"])
def test_a_range_that_ends_before_it_begins_is_told_in_the_readers_zone(desk: Any, server: Any, path: str) -> None:
    page = desk.open(f"{path}?from=2026-08-18T00:00:00Z&to=2026-08-17T20:00:00Z&tz=Asia/Taipei")
    desk.expected.append("400")
    expect(page.locator("#misread")).to_contain_text("from 2026-08-18 08:00:00 to 2026-08-18 04:00:00")
