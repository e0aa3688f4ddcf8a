"""Handing on: the text for support, the curl command, downloads, paper."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from apitrail.exchange import Exchange, Integration, Message

Call = Callable[..., Exchange]
COPYING = {"permissions": ["clipboard-read", "clipboard-write"]}


@pytest.fixture
def mine(account: Integration) -> str:
    return f"/?ec_integration={account.id}"


def copied(page: Any) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_one_button_copies_what_support_needs(
    desk: Any, server: Any, call: Call, mine: str, account: Integration
) -> None:
    body = b'{"error":"error_auth","message":"Invalid access_token.","request_id":"r-77"}'
    url = "https://partner.shopeemobile.com/api/v2/order/get_order_list?page=1"
    [entry] = server.record(call(url=url, body=body))
    page = desk.open(mine, **COPYING)
    page.locator(".toggle").click()
    page.get_by_role("link", name="Copy for support").click()
    expect(page.locator(".actions")).to_contain_text("Copied")
    text = copied(page)
    for wanted in ("Fetch orders (order.list)", "Bad request, HTTP 200", "Platform: Shopee", f"({account.id})"):
        assert wanted in text
    for wanted in ("Code: error_auth", "Message: Invalid access_token.", "r-77", f"{server.url}/entries/{entry}"):
        assert wanted in text
    assert "page=1" not in text
    assert "Asia/Taipei (" in text


def test_the_text_for_support_is_a_plain_link_too(desk: Any, server: Any, call: Call) -> None:
    entry, posted = server.record(call(), call("label.create", method="POST"))
    desk.expected.append("404")  # a text names no icon, so the browser looks for the usual one
    page = desk.open(f"/entries/{entry}", java_script_enabled=False)
    page.get_by_role("link", name="Copy for support").click()
    assert urlsplit(page.url).path == f"/entries/{entry}/support"
    assert "order.list" in page.locator("pre").inner_text()
    page.goto(f"{server.url}/entries/{entry}/curl")
    assert "curl --globoff" in page.locator("pre").inner_text()
    page.goto(f"{server.url}/entries/{posted}/curl?lang=zh-TW")
    assert page.locator("pre").inner_text().startswith(": '再次執行"), "its warning is in the reader's language"


def test_the_command_is_copied_with_its_warning_before_it(desk: Any, server: Any, call: Call, mine: str) -> None:
    sent = Message(headers=[("Authorization", "Bearer tok-1234567890abcdef")], body=b'{"weight":1}')
    server.record(call("label.create", method="POST", request=sent))
    page = desk.open(mine, **COPYING)
    page.locator(".toggle").click()
    page.get_by_text("Copy as cURL", exact=True).click()
    expect(page.locator(".curl-warning")).to_contain_text("another label")
    expect(page.locator(".curl .quiet")).to_contain_text("APITRAIL_SECRET_AUTHORIZATION")
    page.get_by_role("button", name="Copy the command").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    text = copied(page)
    warning = page.locator(".curl-warning").inner_text().strip()
    assert text.startswith(f": '{warning}'\n"), "in the words of the page"
    assert "--data-raw '{\"weight\":1}'" in text
    assert "tok-1234567890" not in text


def test_a_fetch_is_safe_to_repeat_and_warns_of_nothing(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call("order.list"))
    page = desk.open(mine)
    page.locator(".toggle").click()
    page.get_by_text("Copy as cURL", exact=True).click()
    expect(page.get_by_role("button", name="Copy the command")).to_be_visible()
    expect(page.locator(".curl-warning")).to_have_count(0)


def test_what_the_filters_show_is_downloaded(
    desk: Any, server: Any, call: Call, mine: str, account: Integration
) -> None:
    ids = server.record(call("order.list"), call("order.get"))
    server.record(call("order.list", status=500))
    page = desk.open(f"{mine}&outcome=success")
    page.locator("#download summary").click()
    expect(page.locator("#download .quiet")).to_contain_text("at most 100,000")
    with page.expect_download() as begun:
        page.locator("#download [data-format=ndjson]").click()
    expect(page.locator("#downloading")).to_have_text("Downloaded: 2 entries")
    file = begun.value
    assert file.suggested_filename.endswith(".ndjson")
    entries = [json.loads(line) for line in Path(file.path()).read_text("utf-8").splitlines()]
    assert [one["id"] for one in entries] == ids
    asked = parse_qs(urlsplit(page.locator("#download [data-format=har]").get_attribute("href")).query)
    assert asked["ec_integration"] == [account.id]
    assert "from" in asked


def test_what_is_over_the_limit_is_said(serve: Any, desk_at: Any, call: Call) -> None:
    limited = serve("--export-limit", "2")
    limited.record(*(call() for _ in range(5)))
    page = desk_at(limited).open("/")
    page.locator("#download summary").click()
    expect(page.locator("#download .note")).to_contain_text("3 older entries are over the limit")


def test_an_entry_on_paper_is_whole_and_alone(desk: Any, server: Any, call: Call, mine: str) -> None:
    lines = ",\n".join(f'"line {number}": {number}' for number in range(200))
    server.record(call(body=f"{{{lines}}}".encode()), call())
    page = desk.open(mine)
    page.locator(".toggle").first.click()
    expect(page.locator(".panel .side")).to_have_count(2)
    page.emulate_media(media="print")
    for gone in (".filters", ".bar", ".actions", ".tools", ".top nav"):
        assert not page.locator(gone).first.is_visible(), gone
    assert [row.is_visible() for row in page.locator(".entry").all()] == [True, False]
    body = page.locator(".of-response pre.view:visible").first
    assert body.evaluate("pre => pre.scrollHeight <= pre.clientHeight + 2"), "nothing is cut off"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".of-response .headers table").first).to_be_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator(".of-response .headers:not(.query)").first).not_to_have_attribute("open", "")


def test_a_list_on_paper_says_when_and_for_what_and_cuts_nothing(desk: Any, server: Any, call: Call, mine: str) -> None:
    said = "地址（106 大安區）無法辨識，請修正收件人的地址後再產生一次託運單，" * 3
    url = f"https://api.shop.example/orders/{'x' * 90}"
    server.record(call(status=422, url=url, body=json.dumps({"message": said}).encode()))
    page = desk.open(f"{mine}&outcome=request_error", timezone_id="Asia/Taipei")
    row = page.locator(".entry")
    expect(row).to_have_count(1)
    expect(page.locator(".on-paper").first).not_to_be_visible()
    page.emulate_media(media="print")
    for width in (1000, 690):
        page.set_viewport_size({"width": width, "height": 900})
        expect(row.locator(".date")).to_be_in_viewport()
        expect(row.locator(".ago")).not_to_be_visible()
        cut = "all => all.filter((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1).map(String)"
        assert not row.locator("td, .c-path code, .cause, .said").evaluate_all(cut), width
    asked = page.locator(".asked")
    expect(asked).to_contain_text(re.compile(r"20\d\d-\d\d-\d\d .+ – 20\d\d-\d\d-\d\d .+Bad request"))
    expect(page.locator(".top .on-paper")).to_contain_text("Asia/Taipei")
    expect(page.locator("#total")).to_be_visible()


def test_what_became_of_copying_is_told_in_a_live_region_and_the_button_says_its_own_name_again(
    desk: Any, server: Any, call: Call, mine: str
) -> None:
    server.record(call())
    page = desk.open(mine, **COPYING)
    told, share = page.get_by_role("status").and_(page.locator("#said")), page.locator(".share")
    share.focus()
    page.keyboard.press("Enter")
    expect(told).to_have_text("Copied")
    page.keyboard.press("Enter")  # before the button has its name again
    expect(share).to_have_text("Copy link")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')); }")
    page.keyboard.press("Enter")
    expect(told).to_contain_text("Not copied")
    expect(share).to_have_text("Copy link")
    expect(share).to_be_focused()
