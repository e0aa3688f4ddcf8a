"""Bodies in the browser: shown as what they are, verbatim, and harmless."""

from __future__ import annotations

import hashlib
import json
import re
import struct
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from apitrail.exchange import Exchange, Integration, Message, Source
from apitrail.profiles.bodies import LARGEST

Call = Callable[..., Exchange]
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 288 432]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
)


@pytest.fixture
def opened(desk: Any, server: Any, call: Call, account: Integration) -> Callable[..., Page]:
    """Records one call and opens it."""

    def open_it(**fields: Any) -> Page:
        server.record(call(**fields))
        page: Page = desk.open(f"/?ec_integration={account.id}")
        page.locator(".toggle").first.click()
        expect(page.locator(".panel .side")).to_have_count(2)
        return page

    return open_it


def test_json_is_indented_and_every_digit_kept(opened: Callable[..., Page]) -> None:
    sent = b'{"order_id":6917529027641081856123,"price":1.10,"order_id":2,"note":"\\u5730\\u5740"}'
    page = opened(body=sent)
    pretty = page.locator(".side").nth(1).locator("pre.pretty")
    expect(pretty).to_contain_text('"order_id": 6917529027641081856123,')
    expect(pretty).to_contain_text('"price": 1.10,')
    expect(pretty).to_contain_text('"order_id": 2,')
    expect(pretty).to_contain_text("地址")
    raw = page.locator(".side").nth(1).locator("pre.raw")
    expect(raw).to_be_hidden()
    page.locator(".side").nth(1).locator("input[value='raw']").check()
    expect(raw).to_be_visible()
    expect(pretty).to_be_hidden()
    assert raw.text_content() == sent.decode()


def test_a_stored_script_stays_text_everywhere(opened: Callable[..., Page]) -> None:
    page = opened(
        body=f'{{"address": "{HOSTILE.replace(chr(34), chr(39))}"}}'.encode(),
        source=Source("order", "A-1", HOSTILE),
        url=f"https://a.example/{HOSTILE}?q={HOSTILE}",
        method="GET",
        request=Message(headers=[("X-Name", HOSTILE)], body=HOSTILE.encode()),
    )
    expect(page).to_have_title("Platform API Logs")
    assert page.locator(".panel img, .panel script, .entry img, .entry script").count() == 0
    assert HOSTILE in page.locator(".c-source").inner_text()


def test_an_html_answer_is_text_and_never_a_page(opened: Callable[..., Page]) -> None:
    html = f"<!doctype html><html><body><h1>Maintenance</h1>{HOSTILE}</body></html>"
    page = opened(status=503, body=html.encode(), content_type="text/html")
    expect(page.locator(".form-html")).to_have_text("HTML")
    expect(page.locator(".side").nth(1).locator("pre.pretty")).to_have_text(html)
    expect(page).to_have_title("Platform API Logs")


def test_an_image_label_is_shown_as_an_image(opened: Callable[..., Page]) -> None:
    page = opened(body=png(40, 30), content_type="image/png")
    image = page.locator(".embed img")
    expect(image).to_be_visible()
    image.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.embed img').naturalWidth === 40")


def test_a_pdf_label_is_shown_with_a_download_beside_it(opened: Callable[..., Page]) -> None:
    page = opened(body=PDF, content_type="application/octet-stream")
    expect(page.locator(".form-pdf")).to_have_text("PDF")
    expect(page.locator("object.embed")).to_have_attribute("type", "application/pdf")
    with page.expect_download() as download:
        page.locator(".side").nth(1).get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes() == PDF
    assert download.value.suggested_filename.endswith("-response.pdf")


def test_an_unknown_body_is_a_download_that_runs_nothing(server: Any, call: Call) -> None:
    (entry,) = server.record(call(body=b"<html><script>alert(1)</script>", content_type="text/html"))
    answer = httpx.get(f"{server.url}/entries/{entry}/response/body")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.content == b"<html><script>alert(1)</script>"


def test_a_form_is_a_table_in_its_own_charset(opened: Callable[..., Page]) -> None:
    kind = "application/x-www-form-urlencoded; charset=big5"
    page = opened(request=Message(headers=[("Content-Type", kind)], body=b"addr=%A5x%A5_&note=a+b&note=c"))
    rows = page.locator(".side").first.locator(".fields tbody tr")
    assert [text.split() for text in rows.all_inner_texts()] == [["addr", "台北"], ["note", "a", "b"], ["note", "c"]]


def test_soap_is_indented(opened: Callable[..., Page]) -> None:
    soap = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a>1</a></s:Body></s:Envelope>'
    page = opened(body=soap, content_type="text/xml")
    expect(page.locator(".form-soap")).to_have_text("SOAP")
    assert "\n    <a>1</a>\n" in (page.locator("pre.pretty").text_content() or "")


def test_a_cut_body_says_where_and_how_much(opened: Callable[..., Page]) -> None:
    digest = hashlib.sha256(b"all of it").hexdigest()
    cut = Message(
        headers=[("Content-Type", "application/json")],
        body=b'{"orders": [1, 2',
        tail=b'"the end"]}',
        size=7_300_000,
        sha256=digest,
        truncated=True,
    )
    page = opened(response=cut)
    side = page.locator(".side").nth(1)
    expect(side.locator(".cut-note")).to_contain_text("this body is 7.3 MB in all")
    expect(side.locator(".cut-note")).to_contain_text(digest)
    expect(side.locator("pre.tail")).to_have_text('"the end"]}')


def test_a_long_body_opens_in_part_and_whole_on_demand(opened: Callable[..., Page]) -> None:
    long = b'{"a": "' + b"x" * 300_000 + b'", "last": "here"}'
    page = opened(body=long)
    side = page.locator(".side").nth(1)
    expect(side.locator("pre.pretty")).not_to_contain_text('"last"')
    side.get_by_role("link", name="Show all").click()
    expect(page.locator("pre.pretty")).to_contain_text('"last": "here"')


def test_an_empty_body_says_so(opened: Callable[..., Page]) -> None:
    page = opened(status=204, body=b"")
    expect(page.locator(".side").nth(1).locator(".form")).to_have_text("Empty body")


def test_a_body_folds_at_its_brackets_and_is_searched(desk: Any, server: Any, call: Call, account: Integration) -> None:
    lines = ", ".join(f'{{"sku": "T-{number}", "qty": {number}}}' for number in range(300))
    body = f'{{"order": {{"id": "A-1"}}, "lines": [{lines}]}}'.encode()
    server.record(call(url="https://api.shop.example/orders?page=2&name=%E8%8C%B6", body=body))
    page = desk.open(f"/?ec_integration={account.id}")
    page.locator(".toggle").click()
    expect(page.locator(".of-request .query td")).to_have_text(["2", "茶"])
    side = page.locator(".of-response")
    pretty = side.locator("pre.pretty")
    side.locator(".t").nth(1).click()
    expect(pretty.locator(".fold .fold").first).to_be_hidden()
    side.locator(".fold-all").click()
    assert "T-250" not in pretty.inner_text()
    side.locator(".within input").fill("t-250")
    expect(side.locator(".hits")).to_have_text("1/1")
    assert "T-250" in pretty.inner_text()
    assert page.evaluate("CSS.highlights.get('within-here').size") == 1
    assert page.evaluate("document.querySelector('.of-response pre.pretty').scrollTop") > 1000
    side.locator(".within input").fill('"qty": 29')
    expect(side.locator(".hits")).to_have_text("1/11")
    side.locator(".within input").press("Enter")
    expect(side.locator(".hits")).to_have_text("2/11")
    side.locator(".within input").fill("nothing of the kind")
    expect(side.locator(".hits")).to_have_text("0/0")


def test_two_megabytes_open_with_few_elements_and_go_on_as_one_scrolls(opened: Callable[..., Page]) -> None:
    lines = [{"sku": f"T-{number:05}", "qty": number, "note": "x" * 20} for number in range(32_000)]
    order = {"order": {"id": "A-1"}, "lines": lines, "last": True}
    sent, laid_out = json.dumps(order, separators=(",", ":")), json.dumps(order, indent=2)
    assert len(sent) > 1_700_000
    page = opened(body=sent.encode())
    side = page.locator(".of-response")
    pretty, raw = side.locator("pre.pretty"), side.locator("pre.raw")
    count = "document.querySelectorAll('.panel *').length"
    assert page.evaluate(count) < 15_000, page.evaluate(count)
    first = pretty.text_content()
    assert first is not None
    assert laid_out.startswith(first)
    expect(side.locator(".rest")).to_contain_text("more characters")
    pretty.evaluate("(view) => { view.scrollTop = view.scrollHeight; }")
    page.wait_for_function(
        "(length) => document.querySelector('.of-response pre.pretty').textContent.length > length", arg=len(first)
    )
    side.get_by_role("button", name="Show more").click()
    page.wait_for_function("() => !document.querySelector('.of-response .rest[aria-busy]')")
    assert laid_out.startswith(pretty.text_content() or "-")
    assert sent.startswith(raw.text_content() or "-")
    assert page.evaluate(count) < 45_000, page.evaluate(count)
    side.locator(".t").nth(2).click()  # the lines: what came later is folded with them
    assert (pretty.inner_text()).count("\n") < 10


def test_the_last_piece_ends_what_the_first_began(opened: Callable[..., Page]) -> None:
    order = {"lines": [{"sku": f"T-{number:05}", "qty": number} for number in range(3000)], "last": True}
    page = opened(body=json.dumps(order).encode())
    side = page.locator(".of-response")
    while side.locator(".next-piece").count():
        length = page.evaluate("document.querySelector('.of-response pre.raw').textContent.length")
        side.locator(".next-piece").click()
        page.wait_for_function(
            "(length) => document.querySelector('.of-response pre.raw').textContent.length > length", arg=length
        )
    pretty = side.locator("pre.pretty")
    assert pretty.text_content() == json.dumps(order, indent=2)
    side.locator(".t").nth(1).click()
    assert pretty.inner_text().splitlines()[-3:] == ['  "lines": [],', '  "last": true', "}"]


def test_a_search_goes_on_in_what_is_not_there_yet(opened: Callable[..., Page]) -> None:
    order = {"lines": [{"sku": f"T-{number:05}", "qty": number} for number in range(3000)]}
    page = opened(body=json.dumps(order).encode())
    side = page.locator(".of-response")
    side.locator(".within input").fill("T-02500")
    expect(side.locator(".hits")).to_have_text("0/0+")
    side.locator(".within input").press("Enter")
    expect(side.locator(".hits")).to_have_text(re.compile(r"^1/1\+?$"), timeout=20_000)
    assert page.evaluate("[...CSS.highlights.get('within-here')][0].toString()") == "T-02500"


@pytest.mark.parametrize("kind", ["text/xml", "text/plain"])
def test_xml_and_text_of_megabytes_go_on_as_one_scrolls(opened: Callable[..., Page], kind: str) -> None:
    line = "<line><sku>T-1</sku></line>" if kind == "text/xml" else "a line of a report\n"
    sent = f"<r>{line * 60_000}</r>" if kind == "text/xml" else line * 60_000
    page = opened(body=sent.encode(), content_type=kind)
    view = page.locator(".of-response pre.view").first
    first = view.text_content() or ""
    assert 10_000 < len(first) < 100_000
    view.evaluate("(view) => { view.scrollTop = view.scrollHeight; }")
    page.wait_for_function(
        "(length) => document.querySelector('.of-response pre.view').textContent.length > length", arg=len(first)
    )
    assert sent.startswith(page.locator(".of-response pre.raw").text_content() or "-")


def test_a_body_that_was_too_large_to_be_read_says_so(desk: Any, server: Any, call: Call) -> None:
    fits = json.dumps({"note": "x" * LARGEST})[: LARGEST - 2] + '"}'
    whole, larger = server.record(
        call("order.list", body=fits.encode()),
        call("order.list", body=json.dumps({"note": "x" * LARGEST}).encode()),
    )
    page = desk.open(f"/entries/{larger}")
    expect(page.locator("main")).to_contain_text("Too large to be read when it came in")
    page.goto(f"{server.url}/entries/{whole}")
    expect(page.locator("main")).not_to_contain_text("Too large to be read")


def test_a_call_that_was_sent_on_is_not_said_to_be_done(desk: Any, server: Any, call: Call) -> None:
    elsewhere = Message(headers=[("Location", "https://www.shop.example/stock")])
    pushed, asked = server.record(
        call("stock.push", method="POST", status=301, response=elsewhere),
        call("order.list", status=302, response=elsewhere),
    )
    for entry, status in ((pushed, "Bad request"), (asked, "Warning")):
        page = desk.open(f"/entries/{entry}")
        verdict = page.locator(".verdict")
        expect(verdict).to_contain_text(status)
        expect(verdict).to_contain_text("sent the call on to another address: it was not done at this one")
        expect(verdict).to_contain_text("https://www.shop.example/stock")
        expect(verdict).to_contain_text("correct the address")
