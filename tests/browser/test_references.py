"""From an order or a shipment to everything that touched it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from playwright.sync_api import expect

from apitrail.exchange import Exchange, Reference, Stated

Call = Callable[..., Exchange]


def asked(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


def test_a_number_leads_to_every_call_that_touched_it_and_back(desk: Any, server: Any, call: Call) -> None:
    number = f"TW-{uuid4().hex[:10]}"
    held = Stated(references=[Reference("order", number)])
    server.record(
        call(stated=held, ago=timedelta(days=400)),
        call(
            stated=held,
            url="https://partner.shopeemobile.com/api/v2/order/get_order_detail",
            body=b'{"error":"error_auth","message":"Invalid access_token.","request_id":"1"}',
        ),
    )
    page = desk.open()
    page.locator("#find").fill(f" #{number} ")
    page.keyboard.press("Enter")
    expect(page.locator(".entry")).to_have_count(2)
    expect(page.locator(".applied .value")).to_have_text(number)

    failed = page.locator(".entry").first
    expect(failed.locator(".why .cause")).to_have_text("Authorisation expired")
    expect(failed.locator(".why .said")).to_have_text("Invalid access_token.")
    failed.locator(".toggle").click()
    expect(page.locator(".verdict .docs a")).to_have_attribute("href", "https://open.shopee.com/documents")
    page.locator(".facts .ref a", has_text=number).click()
    page.wait_for_url("**/?reference=order*")
    assert asked(page.url) == {"reference": [f"order:{number}"]}
    expect(page.locator(".entry")).to_have_count(2)

    page.locator("#menu-more summary").click()
    page.locator("#menu-more label", has_text="Authorisation expired").click()
    expect(page.locator(".entry")).to_have_count(1)
    assert asked(page.url) == {"reference": [f"order:{number}"], "cause": ["token_expired"]}
    page.locator(".of-reference.applied").click()
    expect(page.locator(".of-reference.applied")).to_have_count(0)
    assert asked(page.url) == {"cause": ["token_expired"]}
