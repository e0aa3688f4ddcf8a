"""An entry expanded in place, by click, by key and by link."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from apitrail.exchange import Exchange, Failure, Integration

Call = Callable[..., Exchange]


@pytest.fixture
def mine(account: Integration) -> str:
    return f"/?ec_integration={account.id}"


def test_a_click_expands_a_row_and_another_closes_it(desk: Any, server: Any, call: Call, mine: str) -> None:
    (entry,) = server.record(call(body=b'{"orders":[]}'))
    page = desk.open(mine)
    page.locator(".entry .c-status").click()
    expect(page.locator(".panel .side")).to_have_count(2)
    expect(page.locator(".toggle")).to_have_attribute("aria-expanded", "true")
    assert parse_qs(urlsplit(page.url).query)["open"] == [entry]
    page.locator(".entry .c-status").click()
    expect(page.locator(".panel")).to_have_count(0)
    assert "open" not in parse_qs(urlsplit(page.url).query)


def test_everything_goes_by_keys(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call("order.list"), call("order.get"), call("label.create"))
    page = desk.open(mine)
    for key in ("j", "j", "ArrowDown", "k"):
        page.keyboard.press(key)
    expect(page.locator(".toggle").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".panel")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_have_count(0)
    expect(page.locator(".toggle").nth(1)).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("h1").click(position={"x": 300, "y": 5}, force=True)
    page.locator(".toggle").first.focus()
    page.keyboard.press("f")
    expect(page.locator("#menu-action summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#menu-action")).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(page.locator("#menu-action")).not_to_have_attribute("open", "")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")  # what is left is closed: it would hide what has the focus next
    expect(page.locator("#menu-action")).not_to_have_attribute("open", "")


def test_the_address_names_an_entry_as_long_as_one_is_open(desk: Any, server: Any, call: Call, mine: str) -> None:
    newest, older = server.record(call(), call())
    page = desk.open(mine)
    for which in (1, 0):
        page.locator(".toggle").nth(which).click()
        expect(page.locator(".panel .verdict")).to_have_count(2 - which)
    assert f"open={newest}" in page.url
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator(".skip").press("Enter")  # to a part of the page: what is open in it stays, and nothing is asked for
    expect(page.locator("#log")).to_be_focused()
    page.go_back()
    expect(page).not_to_have_url(re.compile("#log"))
    expect(page.locator(".panel")).to_have_count(2)
    assert not [url for url in asked if "/list" in url]
    page.locator(".toggle").first.click()
    expect(page.locator(".panel")).to_have_count(1)
    assert f"open={older}" in page.url
    page.locator(".toggle").nth(1).click()
    expect(page.locator(".panel")).to_have_count(0)
    assert "open=" not in page.url


def test_buttons_of_opened_entries_are_no_landmarks(desk: Any, server: Any, call: Call) -> None:
    [entry] = server.record(call())
    page = desk.open(f"/entries/{entry}")
    unnamed = "[...document.querySelectorAll('nav')].filter((nav) => !nav.ariaLabel && !nav.ariaLabelledByElements)"
    assert page.evaluate(f"{unnamed}.length") == 0


def test_a_row_says_what_it_opens(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call("label.create", status=500))
    page = desk.open(mine)
    expect(page.get_by_role("link", name="Show entry Generate label, Platform error, 20")).to_have_count(1)


def test_the_verdict_comes_first_in_the_platforms_own_words(desk: Any, server: Any, call: Call, mine: str) -> None:
    body = b'{"error":"error_auth","message":"Invalid access_token.","request_id":"1"}'
    server.record(call(url="https://partner.shopeemobile.com/api/v2/order/get_order_list?page=1", body=body))
    page = desk.open(mine)
    page.locator(".toggle").click()
    expect(page.locator(".panel").get_by_role("heading").first).to_have_text("What happened")
    verdict = page.locator(".panel > :first-child")
    expect(verdict.locator(".pill")).to_have_text("Bad request")
    expect(verdict.locator("blockquote")).to_have_text("error_auth Invalid access_token.")
    expect(verdict.locator(".said-by .label")).to_have_text("Shopee says")
    assert "re-authorise" in verdict.locator(".advice").inner_text()
    expect(page.locator(".facts dd.code").first).to_have_text(
        "GET https://partner.shopeemobile.com/api/v2/order/get_order_list?page=1"
    )


@pytest.mark.parametrize(
    ("status", "who"), [(400, "Engineer"), (500, "Engineer"), (429, None)], ids=["refused", "failed", "comes again"]
)
def test_a_notification_that_we_refused_says_who_acts_where_anybody_must(
    desk: Any, server: Any, call: Call, status: int, who: str | None
) -> None:
    [entry] = server.record(call("webhook.order.created", direction="inbound", method="POST", status=status))
    page = desk.open(f"/entries/{entry}")
    expect(page.locator(".verdict .advice dd").nth(1)).to_be_visible()
    named = page.locator(".verdict .advice .acts")
    expect(named).to_have_count(0) if who is None else expect(named).to_have_text(who)


def test_no_answer_shows_the_error_and_says_that_nothing_came(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call(status=None, error=Failure("httpx.ConnectError", "[Errno 111] Connection refused")))
    page = desk.open(mine)
    page.locator(".toggle").click()
    expect(page.locator("blockquote")).to_have_text("[Errno 111] Connection refused")
    expect(page.locator(".side").nth(1)).to_contain_text("No answer came.")


def test_a_link_opens_exactly_its_entry_when_newer_ones_have_come(
    desk: Any, server: Any, call: Call, mine: str
) -> None:
    calls = [call() for _ in range(70)]
    ids = server.record(*calls)
    page = desk.open(f"{mine}&open={ids[10]}")
    expect(page.locator(f"#panel-{ids[10]}")).to_be_in_viewport()
    expect(page.locator(".linked")).to_have_count(0)
    # One that is far down the list, and one that the filters leave out, are shown first, and say why.
    for query in (f"{mine}&open={ids[65]}", f"/?action=label.create&ec_integration=x&open={ids[65]}"):
        page = desk.open(query)
        expect(page.locator(f".linked #e-{ids[65]}")).to_have_count(1)
        expect(page.locator(f".linked #panel-{ids[65]}")).to_have_count(1)
        expect(page.locator(".linked-note")).to_contain_text("The entry of your link")


def test_an_entry_has_a_page_of_its_own_for_good(desk: Any, server: Any, call: Call, mine: str) -> None:
    (entry, _) = server.record(call(body=b'{"a": 1}'), call())
    page = desk.open(f"/entries/{entry}")
    expect(page.locator(f"#panel-{entry}")).to_be_visible()
    page.get_by_role("link", name="Back to the log").click()
    expect(page.locator(f"#panel-{entry}")).to_be_visible()
    assert page.locator(".entry").count() >= 2


@pytest.mark.parametrize("missing", ["01990000-0000-7000-8000-000000000000", "nonsense", "%3Cscript%3E"])
def test_a_link_to_nothing_says_so(desk: Any, server: Any, call: Call, mine: str, missing: str) -> None:
    server.record(call())
    page = desk.open(f"{mine}&open={missing}")
    expect(page.locator(".note")).to_contain_text("is not in the log")
    expect(page.locator(".entry")).to_have_count(1)
    desk.expected = ["404"]
    expect(desk.open(f"/entries/{missing}").locator("#error h2")).to_have_text("Not in the log")


def test_a_copied_link_names_absolute_times_and_the_open_entry(desk: Any, server: Any, call: Call, mine: str) -> None:
    (entry,) = server.record(call())
    page = desk.open(f"{mine}&range=1h", permissions=["clipboard-read", "clipboard-write"])
    page.locator(".toggle").click()
    expect(page.locator(".panel")).to_have_count(1)
    page.locator(".share").click()
    expect(page.locator(".share")).to_have_text("Copied")
    copied = parse_qs(urlsplit(page.evaluate("navigator.clipboard.readText()")).query)
    assert copied.keys() == {"from", "to", "ec_integration", "open"}
    assert copied["open"] == [entry]
