"""WooCommerce through its own Python package, which calls over requests and signs by OAuth 1.0a."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import requests
from woocommerce import API

import apitrail
from apitrail.demo.stories.desk import TIMEOUT_S, Desk, on_behalf_of, story
from apitrail.demo.stories.tcat import consign, download
from apitrail.demo.trade import UNKNOWN_SKU, WOOCOMMERCE

ACCOUNT = ("ec_account", WOOCOMMERCE.id, WOOCOMMERCE.name)
SHORT_S = 0.6
"""A timeout that a shop on a small host does not always keep."""


def client(desk: Desk, key: str = WOOCOMMERCE.key, timeout: float = TIMEOUT_S) -> API:
    return API(desk.urls["woocommerce"], key, WOOCOMMERCE.token, version="wc/v3", timeout=timeout)


@story(weight=16)
def order_to_delivery(desk: Desk) -> None:
    """Order notification, detail, a consignment at T-Cat, its number reported to the shop."""
    order_id = desk.new_order(WOOCOMMERCE)["order_id"]
    shop = client(desk)
    with on_behalf_of(WOOCOMMERCE):
        with apitrail.action("order.get", source=("order", order_id)):
            order = shop.get(f"orders/{order_id}").json()
        consignment = consign(desk, str(order_id), order["shipping"]["first_name"], order["shipping"]["address_1"])
        if consignment is None:
            return
        download(desk, consignment.file_no, str(order_id))
        number = [("tracking", consignment.number)]
        with apitrail.action("shipment.report", source=("order", order_id), references=number):
            tracking = {"key": "_tracking_number", "value": consignment.number}
            shop.put(f"orders/{order_id}", {"status": "completed", "meta_data": [tracking]})


@story(weight=1)
def order_was_deleted(desk: Desk) -> None:
    """The merchant has deleted the order; its shipment can be reported to nobody."""
    with on_behalf_of(WOOCOMMERCE), apitrail.action("shipment.report", source=("order", 19_999)):
        client(desk).put("orders/19999", {"status": "completed"})


@story(weight=16)
def scheduled_fetch(desk: Desk) -> None:
    with on_behalf_of(WOOCOMMERCE), apitrail.action("order.list", source=ACCOUNT):
        for page in (1, 2):
            client(desk).get("orders", params={"status": "processing", "per_page": 3, "page": page})


@story(weight=1)
def nothing_new(desk: Desk) -> None:
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%S}"
    with on_behalf_of(WOOCOMMERCE), apitrail.action("order.list", source=ACCOUNT):
        client(desk).get("orders", params={"status": "processing", "after": tomorrow})


@story(weight=1)
def slow_host(desk: Desk) -> None:
    """No answer in time: nobody knows whether the shop took the call."""
    desk.director.trouble("woocommerce", "slow", "/orders", seconds=SHORT_S * 2)
    with suppress(requests.Timeout), on_behalf_of(WOOCOMMERCE), apitrail.action("order.list", source=ACCOUNT):
        client(desk, timeout=SHORT_S).get("orders", params={"status": "processing"})  # the next run fetches again


@story(weight=1)
def maintenance(desk: Desk) -> None:
    """The shop is being updated and answers with a page for people."""
    desk.director.trouble("woocommerce", "maintenance", "/orders")
    with on_behalf_of(WOOCOMMERCE), apitrail.action("order.list", source=ACCOUNT):
        client(desk).get("orders", params={"status": "processing"})


@story(weight=4)
def read_settings(desk: Desk) -> None:
    with on_behalf_of(WOOCOMMERCE), apitrail.action("store.settings", source=ACCOUNT):
        client(desk).get("system_status")


@story(weight=1)
def key_revoked(desk: Desk) -> None:
    wrong = WOOCOMMERCE.secret("revoked key", "ck_", 40)
    with on_behalf_of(WOOCOMMERCE), apitrail.action("store.settings", source=ACCOUNT):
        client(desk, key=wrong).get("system_status")


@story(weight=1)
def key_not_seen(desk: Desk) -> None:
    """The shop's web server takes the credentials off before WooCommerce sees them."""
    with on_behalf_of(WOOCOMMERCE), apitrail.action("connection.test", source=ACCOUNT):
        requests.get(f"{desk.urls['woocommerce']}/wp-json/wc/v3/orders", timeout=TIMEOUT_S)


@story(weight=4)
def map_products(desk: Desk) -> None:
    with on_behalf_of(WOOCOMMERCE), apitrail.action("product.mapping.sync", source=ACCOUNT):
        found = client(desk).get("products", params={"per_page": 100}).json()
    desk.mapping["woocommerce"] = {product["sku"]: product["id"] for product in found}


@story(weight=9)
def stock_after_put_away(desk: Desk) -> None:
    known = sorted(desk.mapping["woocommerce"].values())
    push_stock(desk, desk.random.sample(known, 3))


@story(weight=1)
def stock_partly_refused(desk: Desk) -> None:
    """HTTP 200 for the batch; one of its items has an error of its own."""
    known = sorted(desk.mapping["woocommerce"].values())
    push_stock(desk, [*desk.random.sample(known, 2), 99_999])


def push_stock(desk: Desk, product_ids: list[int]) -> None:
    update = [{"id": product_id, "stock_quantity": desk.random.randint(0, 200)} for product_id in product_ids]
    with on_behalf_of(WOOCOMMERCE), apitrail.action("stock.push", source=ACCOUNT):
        client(desk).post("products/batch", {"update": update})


@story(weight=1)
def handler_crashes(desk: Desk) -> None:
    """An order with a SKU that this backend does not know: its own handler fails, and answers 500."""
    desk.new_order(WOOCOMMERCE, extra_sku=UNKNOWN_SKU)
