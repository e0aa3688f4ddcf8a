"""WCAG 2.0–2.2, A and AA, judged by axe on every page of the product: light and dark, wide and on a phone.

A new page is one line in PAGES; `{name}` stands for the entry of that kind, `{shop}` and `{carrier}` for accounts.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from apitrail.exchange import Exchange, Failure, Integration, Loss, Message, Source, Stated

PAGES = (
    "/?range=7d",
    "/?range=7d&lang=zh-TW",
    "/?range=7d&open={refused}",
    "/?range=7d&open={cut}",
    "/?ec_integration={shop}&outcome=request_error&method=GET&range=7d",
    "/?text=nothing-has-this",
    "/?range=7d&text=A-1",
    "/?from=yesterday",
    "/?action=no.such",
    "/histogram?range=24h",
    *(
        f"/entries/{{{kind}}}"
        for kind in ("worked", "refused", "down", "silent", "not_sent", "warned", "partly", "told", "forged")
    ),
    *(f"/entries/{{{kind}}}" for kind in ("empty", "form", "soap", "html", "image", "pdf", "bytes", "cut", "tree")),
    "/entries/{tree}?whole=1",
    "/entries/{refused}/related",
    "/entries/no-such-entry",
    "/help/guide",
    "/help/order-missing",
    "/help/order-missing?order=A-1&where=ec:{shop}",
    "/help/order-missing?order=A-1&about=yesterday",
    "/help/label-failed",
    "/help/label-failed?account={carrier}",
    "/integrations/ec",
    "/integrations/shipping",
    "/problems?range=30d",
    "/problems?range=30d&ec_integration={shop}&state=going_on&lang=zh-TW",
    "/problems?state=mended",
    "/shift?since=72h",
    "/shift?since=72h&acts=merchant&lang=zh-TW",
    "/orders?range=7d",
    "/orders?number=A-1",
    "/orders?number=nowhere",
    "/shipments?range=7d",
    "/shipments?range=7d&failed=1&lang=zh-TW",
    "/recorders",
    "/storage",
    "/login",
    "/login?next=/%3Flang=zh-TW",
)

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
REFUSED = b'{"error":"error_auth","message":"Invalid access_token.","request_id":"1"}'
SHOPEE = "https://partner.shopeemobile.com/api/v2"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)
GONE = {"item_id": 24800000018, "fail_message": "No such item.", "fail_error": "discount.item_id_not_exist"}
PARTLY = {"error": "", "message": "", "response": {"discount_id": 7, "count": 1, "error_list": [GONE], "warning": ""}}
NO_PRICE = {"code": "42002", "name": "NO_PRICES_FOR_PRODUCT", "message": "The service is not available."}
WARNED = {"items": [{"prices": [{"calculated_price": 34.94}], "errors": [], "warnings": [NO_PRICE]}]}
SOAP = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a>1</a></s:Body></s:Envelope>'
TREE = json.dumps({"order": {"id": "A-1"}, "lines": [{"sku": f"T-{n}", "qty": n} for n in range(60)]}).encode()
FORM = Message(headers=[("Content-Type", "application/x-www-form-urlencoded")], body=b"order=A-1&note=a+b")
CUT = Message(
    headers=[("Content-Type", "application/json")],
    body=b'{"orders": [1, 2',
    tail=b'"the end"]}',
    size=7_300_000,
    sha256="ab" * 32,
    truncated=True,
)


@pytest.fixture(scope="module")
def furnished(serve: Callable[..., Any]) -> dict[str, str]:
    """A server whose log has one entry of each kind, accounts that fare well and badly, and a loss."""
    running = serve()
    shop, carrier = Integration("ec-1", "Tea House"), Integration("ship-1", "Parcels north")
    now = datetime.now(UTC)

    def one(ago: int, action: str = "order.list", **fields: Any) -> Exchange:
        stated = Stated(action=action, ec_integration=shop, source=Source("order", "A-1"))
        status, body = fields.get("status", 200), fields.pop("body", b'{"orders": [{"id": "A-1"}]}')
        kind = fields.pop("content_type", "application/json")
        given: dict[str, Any] = {
            "created_at": now - timedelta(minutes=ago),
            "method": "GET",
            "url": "https://api.shop.example/orders?page=2",
            "status": status,
            "response": None if status is None else Message(headers=[("Content-Type", kind)], body=body),
            "duration_ms": 120.0,
            "stated": stated,
        }
        return Exchange(**(given | fields))

    label = Stated(action="label.create", shipping_integration=carrier, source=Source("shipment", "S-1"))
    kinds = {
        "worked": one(1),
        "refused": one(2, url=f"{SHOPEE}/order/get_order_list", body=REFUSED),
        "down": one(3, status=503, body=b"down", content_type="text/plain", stated=label, method="POST"),
        "silent": one(4, status=None, error=Failure("httpx.ConnectTimeout", "timed out"), stated=label, attempt=2),
        "not_sent": one(5, status=None, stated=Stated(action="label.create", not_sent="no address")),
        "warned": one(
            6,
            url="https://digitalapi.auspost.com.au/shipping/v1/prices/items",
            method="POST",
            body=json.dumps(WARNED).encode(),
            stated=None,
        ),
        "partly": one(
            7, url=f"{SHOPEE}/discount/add_discount_item", method="POST", body=json.dumps(PARTLY).encode(), stated=None
        ),
        "told": one(8, "webhook.order.created", direction="inbound", method="POST"),
        "forged": one(
            9, "webhook.order.created", direction="inbound", status=401, body=b"no", content_type="text/plain"
        ),
        "empty": one(10, status=204, body=b""),
        "form": one(11, method="POST", request=FORM),
        "soap": one(12, body=SOAP, content_type="text/xml"),
        "html": one(13, status=502, body=b"<!doctype html><h1>Maintenance</h1>", content_type="text/html"),
        "image": one(14, body=PNG, content_type="image/png"),
        "pdf": one(15, body=b"%PDF-1.4\n%%EOF", content_type="application/pdf"),
        "bytes": one(16, body=b"\x00\x01\x02\xff", content_type="application/octet-stream"),
        "cut": one(17, response=CUT),
        "tree": one(18, body=TREE, url="https://api.shop.example/orders?page=2&name=%E8%8C%B6"),
        "empty_fetch": one(19, body=b'{"orders": []}'),
        **{f"failing_{n}": one(20 + n, status=401, stated=label, body=b'{"error": "x"}') for n in range(3)},
    }
    loss = Loss(recorder="r", host="h", reason="spool_full", count=3, first_at=now - timedelta(minutes=9), last_at=now)
    ids = running.record(*kinds.values(), losses=(loss,))
    assert len(ids) == len(kinds)
    stored = {
        row["created_at"]: row["id"] for row in httpx.get(f"{running.url}/api/v1/entries?limit=100").json()["entries"]
    }
    assert len(stored) == len(kinds)
    newest_first = [stored[at] for at in sorted(stored, reverse=True)]
    return {"home": running.url, "shop": shop.id, "carrier": carrier.id, **dict(zip(kinds, newest_first, strict=True))}


def violations(page: Page, within: str | None, *, only: str = "") -> list[str]:
    """What axe finds, each as: rule, where, and what it says. By evaluation: the page's policy allows no such tag."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
    chosen = {"type": "rule", "values": [only]} if only else {"type": "tag", "values": tags}
    options = {"runOnly": chosen, "resultTypes": ["violations"]}
    found = page.evaluate("([within, options]) => axe.run(within ?? document, options)", [within, options])
    assert found["passes"], "axe judged nothing"
    return [
        f"{rule['id']}: {node['target']}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def judged(page: Page, *widths: int, within: str | None = None) -> list[str]:
    """The page, or what is within a part of it, at each width."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        found += [f"light {width}: {one}" for one in violations(page, within)]
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # which changes colours and nothing else
        found += [f"dark {width}: {one}" for one in violations(page, within, only="color-contrast")]
    return found


@pytest.mark.parametrize("path", PAGES)
def test_every_page_holds_to_wcag_2_2_aa(chromium: Any, furnished: dict[str, str], path: str) -> None:
    page = chromium.new_page(locale="en-US")
    page.goto(furnished["home"] + path.format_map(furnished), wait_until="networkidle")
    found = judged(page, 1440, 390)
    page.close()
    assert found == []


def test_what_opens_holds_too(chromium: Any, furnished: dict[str, str]) -> None:
    page = chromium.new_page(locale="en-US", viewport={"width": 1440, "height": 900})
    page.goto(furnished["home"] + "/?range=7d", wait_until="networkidle")
    found = []
    menus = [one.get_attribute("id") for one in page.locator("details.menu[id]").all()]
    assert {"menu-action", "menu-more", "views", "columns", "download"} <= set(menus)
    for menu in menus:
        page.locator(f"#{menu} > summary").evaluate("(summary) => summary.click()")  # another menu may lie over it
        expect(page.locator(f"#{menu} > .menu-body")).to_be_visible()
        found += judged(page, 1440, within=f"#{menu}")
    page.keyboard.press("Escape")
    page.locator("#find").fill("Tea")
    expect(page.locator("#suggestions li").first).to_be_visible()
    found += judged(page, 1440, within="form:has(#find)")
    page.keyboard.press("Escape")
    page.locator("#show-keys").click()
    expect(page.locator("#keys")).to_be_visible()
    found += judged(page, 1440, within="#keys")
    page.goto(furnished["home"] + "/problems?range=7d")
    page.locator(".trouble summary").first.click()
    expect(page.locator(".trouble .opened").first).to_be_visible()
    found += judged(page, 1440, 390, within=".trouble")
    page.close()
    assert found == []


def test_a_log_without_an_entry_holds_too(chromium: Any, empty_server: Any) -> None:
    page = chromium.new_page(locale="en-US")
    page.goto(empty_server.url, wait_until="networkidle")
    found = judged(page, 1440, 390)
    page.close()
    assert found == []


def test_what_is_chosen_is_seen_in_colours_that_a_reader_forces(chromium: Any, furnished: dict[str, str]) -> None:
    page = chromium.new_page(locale="en-US", forced_colors="active", viewport={"width": 800, "height": 900})

    def drawn(place: str) -> tuple[str, str]:
        style = "one => [getComputedStyle(one).backgroundColor, getComputedStyle(one).borderBottomColor]"
        return tuple(page.locator(place).first.evaluate(style))

    page.goto(furnished["home"] + "/?range=7d&outcome=request_error", wait_until="networkidle")
    assert drawn("#range-7d") != drawn("#range-1h")
    assert drawn(".chip:has(:checked)")[0] != drawn(".chip:not(:has(:checked))")[0]
    live = page.locator("#live")
    assert live.evaluate("one => getComputedStyle(one).borderTopStyle") == "solid"
    before = drawn("#live")[0]
    live.check()
    assert drawn("#live")[0] != before
    page.goto(f"{furnished['home']}/entries/{furnished['refused']}", wait_until="networkidle")
    assert drawn(".tabs input:checked + span")[1] != drawn(".tabs input:not(:checked) + span")[1]
    page.goto(furnished["home"] + "/orders?range=7d", wait_until="networkidle")
    assert drawn(".pages [aria-current]")[0] != drawn(".pages a:not([aria-current])")[0]
    page.close()
