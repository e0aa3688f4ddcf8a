"""Saved views: named, kept by the browser, and gone when one says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from apitrail.exchange import Exchange, Integration

Call = Callable[..., Exchange]


def test_a_view_is_saved_under_a_name_and_found_again(desk: Any, server: Any, call: Call, account: Integration) -> None:
    server.record(call(status=404), call())
    page = desk.open(f"/?ec_integration={account.id}&outcome=request_error&range=1h")
    page.locator(".toggle").first.click()
    expect(page.locator(".panel")).to_have_count(1)
    page.locator("#views summary").click()
    expect(page.locator("#views .none")).to_be_visible()
    page.locator("#views input").fill("Mine, refused")
    page.locator("#views input").press("Enter")
    saved = page.get_by_role("link", name="Mine, refused")
    expect(saved).to_have_attribute("aria-current", "true")
    page.goto(desk.home)
    page.locator("#views summary").click()
    saved.click()
    page.wait_for_url("**/?*ec_integration*")
    expect(page.locator(".rows .entry")).to_have_count(1)
    expect(page.locator(".panel")).to_have_count(0)
    page.locator("#views summary").click()
    page.get_by_role("button", name="Forget: Mine, refused").click()
    expect(saved).to_have_count(0)
    page.reload()
    page.locator("#views summary").click()
    expect(page.locator("#views .none")).to_be_visible()


def test_no_view_of_a_stranger_becomes_a_script(desk: Any) -> None:
    page = desk.open()
    page.evaluate(
        """localStorage.setItem("apitrail.views", '[{"name": "<img src=x>", "query": "a"}, {"name": 1}, null]')"""
    )
    page.reload()
    page.locator("#views summary").click()
    expect(page.locator("#views li a")).to_have_text(["<img src=x>"])
