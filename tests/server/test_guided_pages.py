"""The guided pages as a server answers them: what they ask of the log."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest

from apitrail.server.guided import gather, missing, stock
from apitrail.store import Filter, Page, QueryTooLarge, Store, open_store

Told = Callable[..., None]
Ask = Callable[..., str]
JSON = [["Content-Type", "application/json"]]


@pytest.fixture
def told(server: Any, ingest: dict[str, str], account: str) -> Told:
    """Sends a call of that many minutes ago, of the test's own shop."""

    def send(minutes_ago: float, url: str, sent: Any = None, answered: Any = None, **fields: Any) -> None:
        stated = {"ec_integration": {"id": account, "name": "Shop"}, **fields.pop("stated", {})}
        given = {
            "created_at": (datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat(),
            "method": "POST",
            "url": url,
            "status": 200,
            "request": {"headers": JSON, "text": json.dumps(sent)},
            "response": {"headers": JSON, "text": json.dumps(answered)},
            "stated": stated,
        }
        answer = server.post("/api/v1/exchanges", json={"exchanges": [given | fields]}, headers=ingest).json()
        assert answer["stored"] == 1, answer

    return send


@pytest.fixture
def ask(server: Any) -> Ask:
    """The text of a page's answer."""

    def answer(path: str, **params: str) -> str:
        page = server.get(path, params={"lang": "en", **params}).raise_for_status().text
        answer = page[page.index('id="what-to-do"') :]
        return " ".join(unescape(re.sub("<[^>]+>", " ", answer)).split())

    return answer


def number() -> str:
    return str(uuid4().int)[:12]


def shopee_stock(product: str, accepted: str, refused: str) -> dict[str, Any]:
    """A push that worked for one variant alone, as Shopee is sent it and answers it."""
    return {
        "url": "https://partner.shopeemobile.com/api/v2/product/update_stock?partner_id=1&shop_id=2",
        "sent": {
            "item_id": int(product),
            "stock_list": [
                {"model_id": int(one), "seller_stock": [{"stock": stock}]}
                for one, stock in ((accepted, 12), (refused, 3))
            ],
        },
        "answered": {
            "error": "",
            "response": {
                "success_list": [{"model_id": int(accepted), "stock": 12}],
                "failure_list": [{"model_id": int(refused), "failed_reason": "The model_id is wrong"}],
            },
        },
    }


def test_stock_that_a_platform_refused_in_part_is_accepted_for_the_variant_alone_that_it_accepted(
    told: Told, ask: Ask
) -> None:
    product, accepted, refused, sku = (f"9{number()}" for _ in range(4))
    stated = {"references": [{"type": "sku", "id": f"T-{sku}"}]}
    told(1, **shopee_stock(product, accepted, refused), stated=stated)
    assert "Accepted by the platform: Shop (stock 12)." in ask("/help/stock-wrong", number=accepted)
    for one, told_of_it in (
        (refused, "failed for it"),
        (product, "failed for a part of it"),
        (f"T-{sku}", "does not show whether for this product"),
    ):
        found = ask("/help/stock-wrong", number=one)
        assert told_of_it in found
        assert "Accepted by the platform" not in found


def test_many_calls_that_failed_in_part_are_told_by_what_the_latest_call_a_product(told: Told, ask: Ask) -> None:
    """Only some are looked at as to that; the others of the account call it alike."""
    sku = f"T-{number()}"
    for minutes in range(12):
        told(
            minutes + 1,
            "https://shop.example/wp-json/wc/v3/products/batch",
            {"update": [{"id": 310, "sku": sku, "stock_quantity": 5}, {"id": 999, "stock_quantity": 1}]},
            {
                "update": [
                    {"id": 310, "sku": sku, "stock_quantity": 5},
                    {"id": 999, "error": {"code": "woocommerce_rest_product_invalid_id", "message": "Invalid ID."}},
                ]
            },
            stated={"platform": "woocommerce"},
        )
    found = ask("/help/stock-wrong", number=sku)
    assert "12 calls that set its stock were found, the latest first; 0 failed for it." in found
    assert "Accepted by the platform: Shop (stock_quantity 5)." in found


def test_a_later_call_that_failed_in_part_has_worked_for_those_alone_that_it_is_shown_for(
    server: Any, told: Told, ask: Ask
) -> None:
    refused, *others = (f"9{number()}" for _ in range(7))
    told(9, **shopee_stock(others[0], others[1], refused))
    [failure] = server.get("/api/v1/entries", params={"reference": refused}).json()["entries"]
    again = shopee_stock(others[2], others[3], others[4])
    told(8, **again, stated={"references": [{"type": "variant", "id": refused}]})
    related = server.get(f"/entries/{failure['id']}/related", params={"since": "1"}).text
    assert f"the log shows no “Push stock” that worked for {refused}" in related
    told(7, **shopee_stock(others[0], refused, others[4]))
    related = server.get(f"/entries/{failure['id']}/related", params={"since": "1"}).text
    assert f"has worked for {refused}" in related


def test_a_label_that_was_cancelled_by_its_number_is_not_to_be_looked_at_for_its_order(told: Told, ask: Ask) -> None:
    order, tracking = f"O-{number()}", f"T-{number()}"

    def call(minutes: int, action: str, status: int = 200, **ids: str) -> None:
        references = [{"type": kind, "id": one} for kind, one in ids.items()]
        stated = {"action": action, "platform": "tcat", "references": references}
        told(minutes, f"https://api.carrier.example/{action}", stated=stated, status=status)

    call(9, "label.create", order=order, tracking=tracking)
    assert "made already" in ask("/help/label-failed", number=order)
    call(8, "label.void", tracking=tracking)
    assert "There is no label now: it was cancelled." in ask("/help/label-failed", number=order)
    call(7, "label.create", 422, order=order)
    found = ask("/help/label-failed", number=order)
    assert "The latest label was cancelled" in found
    assert "pay for" not in found


def test_an_order_that_is_missing_at_a_platform_names_the_account_that_fails_and_the_one_that_stopped(
    server: Any, ingest: dict[str, str], an_exchange: Callable[..., dict[str, Any]], ask: Ask
) -> None:
    """The platform is the test's own."""
    now, platform = datetime.now(UTC), f"p{number()}"
    accounts = {name: f"{name}-{platform}" for name in ("Well", "Failing", "Stopped", "Silent")}

    def fetch(name: str, minutes_ago: int, status: int = 200) -> dict[str, Any]:
        shop = {"id": accounts[name], "name": f"{name} shop"}
        stated = {"action": "order.list", "platform": platform, "ec_integration": shop}
        at = (now - timedelta(minutes=minutes_ago)).isoformat()
        return an_exchange(created_at=at, status=status, url="https://shop.example/orders", stated=stated)

    batch = [fetch("Well", one) for one in range(600, 0, -15)]
    batch += [fetch("Failing", one, 401 if one < 300 else 200) for one in range(601, 0, -15)]
    batch += [fetch("Stopped", one) for one in range(602, 300, -15)]
    batch += [fetch("Silent", one) for one in range(2000, 1900, -15)]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    found = ask("/help/order-missing", order=f"A-{number()}", where=f"platform:{platform}")
    assert "Failing shop: Fetching fails." in found
    assert "Stopped shop: Fetches stopped for a while." in found
    assert "Silent shop: The platform was not asked in that time" in found
    assert "Well shop: " not in found
    assert "For 1 other account, fetches worked." in found
    anywhere = ask("/help/order-missing", order=f"A-{number()}")
    assert "The log cannot say whether orders were fetched" not in anywhere
    assert "Fetches worked, but" not in anywhere
    alone = ask("/help/order-missing", order=f"A-{number()}", where=f"ec:{accounts['Well']}")
    assert "Fetches worked, but the log does not show that the platform gave this order." in alone


def test_a_label_of_two_shops_with_one_order_number_is_told_of_each(told: Told, ask: Ask, account: str) -> None:
    order = number()
    for minutes_ago, shop, status in ((5, "First", 422), (4, "Second", 200)):
        told(
            minutes_ago,
            "https://api.carrier.example/labels",
            answered={"message": "no such street"} if status == 422 else {},
            status=status,
            stated={
                "action": "label.create",
                "platform": "easypost",
                "ec_integration": {"id": f"{shop}-{account}", "name": f"{shop} shop"},
                "shipping_integration": {"id": account},
                "references": [{"type": "order", "id": order}],
            },
        )
    found = ask("/help/label-failed", number=order)
    assert "Second shop: The latest attempt worked" in found
    assert "First shop: EasyPost said at" in found
    assert "First shop: The latest attempt worked" not in found


def test_a_number_of_short_pieces_is_found_in_the_text_of_what_was_said(told: Told, ask: Ask, account: str) -> None:
    order = f"TW-{number()[:2]}-{number()[:3]}-{number()[:3]}-{number()[:3]}"
    webhook = {"direction": "inbound", "sent": {"memo": f"order {order} placed"}, "answered": {"ok": True}}
    told(3, "https://oms.example/webhooks/other", **webhook)
    found = ask("/help/order-missing", order=order, where=f"ec:{account}")
    assert f"No notification and no fetch refers to order {order}." in found
    assert "have the number in their text" in found
    assert "Open the entry whose text has the number" in found
    nowhere = ask("/help/order-missing", order=order.replace("TW", "TX"), where=f"ec:{account}")
    assert "and the text of bodies from" in nowhere


def test_a_product_is_found_in_the_text_of_the_call_that_set_its_stock(server: Any, told: Told, ask: Ask) -> None:
    sku = f"WOO-{number()[:3]}-{number()[:3]}-{number()[:3]}"
    url = "https://shop.example/wp-json/wc/v3/products/batch"
    meta, stated = [{"key": "supplier", "value": sku}], {"platform": "woocommerce"}
    sent = {"update": [{"id": 5077, "meta_data": meta, "stock_quantity": 2}]}
    told(4, url, sent, {"update": [{"id": 5077, "stock_quantity": 2}]}, stated=stated)
    told(3, "https://shop.example/wp-json/wc/v3/other", {"note": sku}, {}, stated=stated)
    found = ask("/help/stock-wrong", number=sku)
    assert f"No call in the log refers to {sku}." in found
    assert "Open the entry whose text has the number: it shows whether that is this product" in found
    assert "Push stock" in found
    page = server.get("/help/stock-wrong", params={"number": sku}).text
    [link] = re.findall(r'class="all" href="([^"]+)"', page)
    assert server.get(unescape(link)).text.count("data-entry=") == 2


class Tired:
    """A store that does not get through all bodies."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def page(self, which: Filter, limit: int) -> Page:
        if which.text:
            raise QueryTooLarge("too much")
        return self._store.page(which, limit)


def test_bodies_that_are_too_many_to_read_are_said_not_to_have_been_searched(tmp_path: Path, new_data: Path) -> None:
    store = open_store(shutil.copytree(new_data, tmp_path / "data", symlinks=True))
    try:
        tired, now = cast("Store", Tired(store)), datetime.now(UTC)
        order = missing.Asked(order="TW-12-345", since=now - timedelta(days=1), until=now)
        assert gather.missing_order(tired, order, now).texts == "too_large"
        product = stock.Asked(number="WOO-077", since=now - timedelta(days=1))
        assert gather.wrong_stock(tired, product).texts == "too_large"
        short = stock.Asked(number="WOO-1", since=now - timedelta(days=1))
        assert gather.wrong_stock(tired, short).texts == "short"
    finally:
        store.close()
