"""Saved views: named, kept by the browser or shared by the server, and gone when one says so."""

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
    expect(page.locator("#views .none-own")).to_be_visible()
    page.get_by_label("Name of this view").fill("Mine, refused")
    page.get_by_label("Name of this view").press("Enter")
    saved = page.get_by_role("link", name="Mine, refused")
    expect(saved).to_have_attribute("aria-current", "true")
    page.goto(desk.home)
    page.locator("#views summary").click()
    saved.click()
    page.wait_for_url("**/?*ec_integration*")
    expect(page.locator(".rows .entry")).to_have_count(1)
    expect(page.locator(".panel")).to_have_count(0)
    page.locator("#views summary").click()
    page.get_by_role("button", name="Delete: Mine, refused").click()
    expect(saved).to_have_count(0)
    page.reload()
    page.locator("#views summary").click()
    expect(page.locator("#views .none-own")).to_be_visible()


def test_no_view_of_a_stranger_becomes_a_script(desk: Any) -> None:
    page = desk.open()
    page.evaluate(
        """localStorage.setItem("apitrail.views", '[{"name": "<img src=x>", "query": "a"}, {"name": 1}, null]')"""
    )
    page.reload()
    page.locator("#views summary").click()
    expect(page.locator("#views .own a")).to_have_text(["<img src=x>"])


def test_a_shared_view_is_there_for_others_without_a_script_too_until_it_is_forgotten(
    desk: Any, server: Any, call: Call, account: Integration
) -> None:
    server.record(call(status=404), call())
    name = f"Refused of {account.name}"
    page = desk.open(f"/?ec_integration={account.id}&outcome=request_error&range=1h")
    page.locator("#views summary").click()
    page.get_by_label("Name of this view").fill(name)
    page.get_by_label("Share it with everyone").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#views .shared").get_by_role("link", name=name)).to_have_attribute("aria-current", "true")
    expect(page.locator("#views .own a")).to_have_count(0)

    other = desk.open(java_script_enabled=False)
    other.locator("#views summary").click()
    other.get_by_role("link", name=name).click()
    expect(other.locator(".rows .entry")).to_have_count(1)

    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name=f"Delete: {name}").click()
    expect(page.get_by_role("link", name=name)).to_have_count(1)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=f"Delete: {name}").click()
    expect(page.get_by_role("link", name=name)).to_have_count(0)
    other.reload()
    expect(other.locator("#views .shared").get_by_text(name)).to_have_count(0)


def test_what_the_server_does_not_take_is_said_beside_the_name(desk: Any) -> None:
    desk.expected.append("400")
    page = desk.open()
    page.evaluate("history.replaceState(null, '', '/?from=yesterday')")
    page.locator("#views summary").click()
    page.get_by_label("Name of this view").fill("Yesterday")
    page.get_by_label("Share it with everyone").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#views .trouble")).to_contain_text("Take it from the address of the page")
    expect(page.get_by_label("Name of this view")).to_have_value("Yesterday")
