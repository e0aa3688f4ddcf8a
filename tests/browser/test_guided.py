"""The guided pages: orders, stock and labels. Each sentence leads to the entries that prove it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from apitrail.exchange import Exchange, Integration, Message, Source

Call = Callable[..., Exchange]


def number() -> str:
    return f"26{uuid4().hex[:10].upper()}7"


@pytest.mark.parametrize("width", [1440, 390])
def test_an_order_that_a_fetch_brought_is_told_with_the_fetch(
    desk: Any, server: Any, call: Call, account: Integration, width: int
) -> None:
    order = number()
    body = f'{{"orders": [{{"id": "{order}"}}]}}'.encode()
    [fetch, *_] = server.record(call(body=body), call(ago=timedelta(minutes=5)))
    page = desk.open(width=width)
    if width == 390:
        page.locator(".pages").get_by_text("More").click()
    page.get_by_role("link", name="An order is missing").first.click()
    page.get_by_label("Order number").fill(order)
    page.get_by_label("Shop account or platform").select_option(f"ec:{account.id}")
    page.get_by_role("button", name="Ask the log").click()
    expect(page.locator(".conclusions")).to_contain_text("has told your system")
    expect(page.locator(".conclusions")).to_be_in_viewport()
    assert (page.evaluate("scrollY") > 0) == (width == 390)
    expect(page.locator("ol.findings")).to_contain_text(f"gave us order {order}")
    expect(page.locator("ol.findings")).to_contain_text("2 worked, 0 failed")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator("ol.findings .proofs a").first.click()
    assert fetch in page.url


def test_an_order_that_nothing_mentions_is_not_guessed_at(
    desk: Any, server: Any, call: Call, account: Integration
) -> None:
    bad = b'{"error": "invalid token"}'
    server.record(
        call(ago=timedelta(hours=3)),
        call(ago=timedelta(hours=2), status=401, body=bad),
        call(ago=timedelta(hours=1), status=401, body=bad),
    )
    page = desk.open(f"/help/order-missing?order={number()}&where=ec:{account.id}")
    found = page.locator("ol.findings")
    expect(found).to_contain_text("does not show that the platform ever mentioned")
    expect(found).to_contain_text("3 times")
    expect(found).to_contain_text("1 worked, 2 failed")
    expect(found).to_contain_text("The first one that failed")
    expect(page.locator(".conclusions")).to_contain_text("Fetching fails")
    expect(page.locator(".conclusions .advice .acts")).to_have_text("Merchant")
    found.get_by_role("link", name="All of them in the log").first.click()
    expect(page.locator(".entry")).to_have_count(3)


def test_a_label_without_success_tells_the_carriers_words_and_who_acts(desk: Any, server: Any, call: Call) -> None:
    shipment, carrier = number(), Integration(f"sh-{uuid4().hex[:8]}", "Carrier contract")
    body = b'{"error": {"code": "ADDRESS.INVALID", "message": "Postcode does not exist"}}'
    server.record(
        call("label.create", ec=None, shipping=carrier, method="POST", ago=timedelta(days=1)),
        call(
            "label.create",
            ec=None,
            shipping=carrier,
            method="POST",
            status=422,
            body=body,
            source=Source("shipment", shipment),
        ),
    )
    page = desk.open(f"/help/label-failed?number={shipment}")
    found = page.locator("ol.findings")
    expect(found).to_contain_text("1 call about the label")
    expect(found).to_contain_text("Postcode does not exist")
    expect(found).to_contain_text("The same worked before")
    expect(page.locator(".conclusions")).to_contain_text("your own system")
    page.goto(f"{desk.home}/help/label-failed?account={carrier.id}&lang=zh-TW")
    expect(page.locator("ol.findings")).to_contain_text("找到 2 次")


@pytest.mark.parametrize("width", [1440, 390])
def test_stock_that_a_platform_refused_for_one_product_is_told_with_what_was_sent(
    desk: Any, server: Any, call: Call, account: Integration, width: int
) -> None:
    mine, other = f"T-{number()}", f"T-{number()}"

    def push(ago: timedelta, quantity: int, **fields: Any) -> Exchange:
        sent = [{"sku": mine, "quantity": quantity}, {"sku": other, "quantity": 1}]
        headers = [("Content-Type", "application/json")]
        request = Message(headers=headers, body=json.dumps(sent).encode())
        return call("stock.push", ago=ago, method="POST", request=request, source=Source("product", mine), **fields)

    good, bad = server.record(
        push(timedelta(hours=2), 7),
        push(timedelta(hours=1), 5, status=422, body=b'{"message": "This product is not for sale"}'),
    )
    page = desk.open(width=width)
    if width == 390:
        page.locator(".pages").get_by_text("More").click()
    page.get_by_role("link", name="Stock is wrong").first.click()
    page.get_by_label("SKU, product or variant number").fill(mine)
    page.get_by_label("EC Integration").select_option(account.id)
    page.get_by_role("button", name="Ask the log").click()
    expect(page.locator(".conclusions")).to_contain_text("did not confirm the latest quantity")
    expect(page.locator(".conclusions .advice .acts")).to_have_text("Warehouse")
    said = page.locator(".conclusions .advice > span").last
    assert said.bounding_box()["x"] == said.locator(".acts").bounding_box()["x"]  # one sentence, not two columns
    found = page.locator("ol.findings")
    expect(found).to_contain_text("2 calls that set its stock were found, the latest first; 1 failed for it.")
    expect(found).to_contain_text("it had sent: quantity 5.")
    expect(found).to_contain_text("This product is not for sale")
    expect(found).to_contain_text("it sent: quantity 7.")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".conclusions .proofs a").first.click()
    assert bad in page.url
    page.goto(f"{server.url}/help/stock-wrong?number={mine.lower()}&lang=zh-TW")
    expect(page.locator("ol.findings")).to_contain_text("找到 2 次")
    assert good in page.locator("ol.findings").inner_html()


def test_a_product_whose_stock_was_never_sent_is_not_guessed_at(
    desk: Any, server: Any, call: Call, account: Integration
) -> None:
    server.record(call("stock.push", ago=timedelta(hours=1), source=Source("product", f"T-{number()}")))
    page = desk.open(f"/help/stock-wrong?number=T-{number()}&account={account.id}")
    expect(page.locator("ol.findings")).to_contain_text("no call in it refers to it, and no text of a body")
    expect(page.locator("ol.findings")).to_contain_text("For other products of this account, stock was last set at")
    expect(page.locator(".conclusions")).to_contain_text("did not send this product's stock")
    expect(page.get_by_label("EC Integration")).to_have_value(account.id)


def test_a_number_that_the_log_does_not_know_is_said_to_be_missing(desk: Any, server: Any, call: Call) -> None:
    server.record(call())
    page = desk.open(f"/help/label-failed?number={number()}")
    expect(page.locator("ol.findings")).to_contain_text("No call in the log refers to the number")
    expect(page.locator(".conclusions")).to_contain_text("does not show that a label was asked for")


def test_a_search_without_an_answer_leads_to_the_guide_with_its_number(desk: Any, server: Any, call: Call) -> None:
    server.record(call())
    order = number()
    page = desk.open(f"/?text={order}")
    page.locator("#no-match").get_by_role("link", name="An order is missing").click()
    expect(page.get_by_label("Order number")).to_have_value(order)
    expect(page.locator(".conclusions")).to_contain_text("Choose the shop account")


def test_a_time_that_cannot_be_read_is_said(desk: Any, server: Any) -> None:
    page = desk.open("/help/order-missing?order=A-1001&about=tomorrowish")
    expect(page.get_by_role("alert").first).to_contain_text("tomorrowish")
    expect(page.locator(".findings")).to_have_count(0)
