"""Shopee over httpx: two shops, each call signed, failures told inside HTTP 200."""

from __future__ import annotations

import time
from typing import Any

import httpx

import apitrail
from apitrail.demo.sandbox.shopee import sign
from apitrail.demo.stories.desk import TIMEOUT_S, TLS, Desk, on_behalf_of, story
from apitrail.demo.trade import PRODUCTS, SHOPEE_HILL, SHOPEE_LANTERN, SHOPEE_PARTNER_ID, Account

SHOPS = (SHOPEE_HILL, SHOPEE_LANTERN)
DAY_S = 86_400
PAGE = 5


def get(desk: Desk, shop: Account, path: str, *, token: str | None = None, **asked: Any) -> httpx.Response:
    with httpx.Client(base_url=desk.urls["shopee"], timeout=TIMEOUT_S, verify=TLS) as client:
        return client.get(path, params=signed(shop, path, token or shop.token) | asked)


def post(desk: Desk, shop: Account, path: str, body: dict[str, Any]) -> httpx.Response:
    with httpx.Client(base_url=desk.urls["shopee"], timeout=TIMEOUT_S, verify=TLS) as client:
        return client.post(path, params=signed(shop, path, shop.token), json=body)


def signed(shop: Account, path: str, token: str) -> dict[str, str]:
    timestamp = str(int(time.time()))
    return {
        "partner_id": SHOPEE_PARTNER_ID,
        "timestamp": timestamp,
        "access_token": token,
        "shop_id": shop.login,
        "sign": sign(path, timestamp, token, shop.login),
    }


def account_of(shop: Account) -> tuple[str, str, str]:
    """What the log shows as the source of a call that concerns the account as a whole."""
    return "ec_account", shop.id, shop.name


def fetch_orders(desk: Desk, shop: Account, *, token: str | None = None, days_ago: int = 0) -> list[str]:
    """Page through the orders of a day; the numbers found, or none where the platform said no."""
    until = int(time.time()) - days_ago * DAY_S
    window = {"time_range_field": "create_time", "time_from": until - DAY_S, "time_to": until, "page_size": PAGE}
    found: list[str] = []
    cursor = ""
    with apitrail.action("order.list", source=account_of(shop)):
        while True:
            answer = get(desk, shop, "/api/v2/order/get_order_list", token=token, **window, cursor=cursor)
            if answer.status_code != 200 or answer.json()["error"]:
                return found
            page = answer.json()["response"]
            found += [order["order_sn"] for order in page["order_list"]]
            if not page["more"] or len(found) >= 2 * PAGE:
                return found
            cursor = page["next_cursor"]


def fetch_detail(desk: Desk, shop: Account, order_sn: str) -> None:
    with apitrail.action("order.get", source=("order", order_sn)):
        get(desk, shop, "/api/v2/order/get_order_detail", order_sn_list=order_sn)


def ship(desk: Desk, shop: Account, order_sn: str) -> None:
    with apitrail.action("order.ship", source=("order", order_sn)):
        pickup = {"address_id": 20_010_437, "pickup_time_id": f"{int(time.time()) // DAY_S * DAY_S}_1"}
        post(desk, shop, "/api/v2/logistics/ship_order", {"order_sn": order_sn, "pickup": pickup})


def make_label(desk: Desk, shop: Account, order_sn: str) -> None:
    asked = {"order_list": [{"order_sn": order_sn, "shipping_document_type": "THERMAL_AIR_WAYBILL"}]}
    source = ("order", order_sn)
    with apitrail.action("label.create", source=source):
        post(desk, shop, "/api/v2/logistics/create_shipping_document", asked)
    with apitrail.action("label.status", source=source):
        post(desk, shop, "/api/v2/logistics/get_shipping_document_result", asked)
    with apitrail.action("label.get", source=source):
        post(desk, shop, "/api/v2/logistics/download_shipping_document", asked)


@story(weight=16)
def order_to_delivery(desk: Desk) -> None:
    """An order comes in by push, is read, shipped, labelled and followed, under one number."""
    shop = desk.random.choice(SHOPS)
    order_sn = desk.new_order(shop, shop_id=shop.login)["order_sn"]
    with on_behalf_of(shop):
        fetch_detail(desk, shop, order_sn)
        ship(desk, shop, order_sn)
        with apitrail.action("tracking.allocate", source=("order", order_sn)):
            get(desk, shop, "/api/v2/logistics/get_tracking_number", order_sn=order_sn)
        make_label(desk, shop, order_sn)
        with apitrail.action("tracking.get", source=("order", order_sn)):
            get(desk, shop, "/api/v2/logistics/get_tracking_info", order_sn=order_sn)


@story(weight=36)
def scheduled_fetch(desk: Desk) -> None:
    """The job that runs every few minutes: list what is new, read the first of it."""
    shop = desk.random.choice(SHOPS)
    with on_behalf_of(shop):
        found = fetch_orders(desk, shop)
        for order_sn in found[-2:]:
            fetch_detail(desk, shop, order_sn)


@story(weight=4)
def nothing_new(desk: Desk) -> None:
    """A fetch that brings no order is a success worth seeing."""
    with on_behalf_of(SHOPEE_LANTERN):
        fetch_orders(desk, SHOPEE_LANTERN, days_ago=30)


@story(weight=4)
def token_expired(desk: Desk) -> None:
    """The token has run out: the fetch is refused, the token refreshed, the fetch done again."""
    path = "/api/v2/auth/access_token/get"
    shop, timestamp = SHOPEE_HILL, str(int(time.time()))
    with on_behalf_of(shop):
        fetch_orders(desk, shop, token=shop.stale_token)
        with apitrail.action("auth.refresh", source=account_of(shop)):
            httpx.post(
                desk.urls["shopee"] + path,
                params={"partner_id": SHOPEE_PARTNER_ID, "timestamp": timestamp, "sign": sign(path, timestamp)},
                json={
                    "refresh_token": shop.secret("refresh token"),
                    "shop_id": int(shop.login),
                    "partner_id": int(SHOPEE_PARTNER_ID),
                },
                timeout=TIMEOUT_S,
                verify=TLS,
            )
        fetch_orders(desk, shop)


@story(weight=1)
def gateway_down(desk: Desk) -> None:
    """A page of HTML where JSON was expected: the platform's gateway is down."""
    desk.director.trouble("shopee", "bad_gateway", "get_order_list")
    with on_behalf_of(SHOPEE_LANTERN):
        fetch_orders(desk, SHOPEE_LANTERN)


@story(weight=4)
def read_settings(desk: Desk) -> None:
    for shop in SHOPS:
        with on_behalf_of(shop), apitrail.action("store.settings", source=account_of(shop)):
            get(desk, shop, "/api/v2/shop/get_shop_info")


@story(weight=1)
def address_not_declared(desk: Desk) -> None:
    """The app's allow-list lacks our address."""
    desk.director.trouble("shopee", "ip_undeclared", "get_shop_info")
    with on_behalf_of(SHOPEE_HILL), apitrail.action("store.settings", source=account_of(SHOPEE_HILL)):
        get(desk, SHOPEE_HILL, "/api/v2/shop/get_shop_info")


@story(weight=4)
def map_products(desk: Desk) -> None:
    """Read the shop's items and their models, and remember which SKU is which."""
    shop = desk.random.choice(SHOPS)
    with on_behalf_of(shop), apitrail.action("product.mapping.sync", source=account_of(shop)):
        page = get(desk, shop, "/api/v2/product/get_item_list", offset=0, page_size=50, item_status="NORMAL")
        items = page.json()["response"]["item"]
        for item in desk.random.sample(items, 3):
            answer = get(desk, shop, "/api/v2/product/get_model_list", item_id=item["item_id"])
            model = answer.json()["response"]["model"][0]
            known = desk.mapping.setdefault("shopee", {})
            known[model["model_sku"]] = (item["item_id"], model["model_id"])


@story(weight=1)
def item_was_deleted(desk: Desk) -> None:
    """The mapping still holds an item that the seller has deleted."""
    shop = desk.random.choice(SHOPS)
    with on_behalf_of(shop), apitrail.action("product.mapping.sync", source=("product", PRODUCTS[0].sku)):
        get(desk, shop, "/api/v2/product/get_model_list", item_id=24_799_999_999)


def push_stock(desk: Desk, shop: Account, sku: str, *model_ids: int) -> None:
    item, _ = desk.mapping["shopee"][sku]
    stock = desk.random.randint(0, 200)
    asked = [{"model_id": model_id, "seller_stock": [{"stock": stock}]} for model_id in model_ids]
    with on_behalf_of(shop), apitrail.action("stock.push", source=("product", sku), references=[("sku", sku)]):
        post(desk, shop, "/api/v2/product/update_stock", {"item_id": item, "stock_list": asked})


@story(weight=25)
def stock_after_put_away(desk: Desk) -> None:
    for sku, (_, model_id) in desk.random.sample(sorted(desk.mapping["shopee"].items()), 2):
        push_stock(desk, desk.random.choice(SHOPS), sku, model_id)


@story(weight=1)
def stock_partly_refused(desk: Desk) -> None:
    """One of two models is not of this item: one call, two results."""
    sku, (_, model_id) = desk.random.choice(sorted(desk.mapping["shopee"].items()))
    push_stock(desk, SHOPEE_HILL, sku, model_id, model_id + 1)


@story(weight=1)
def stock_too_fast(desk: Desk) -> None:
    desk.director.trouble("shopee", "rate_limit", "update_stock")
    sku, (_, model_id) = desk.random.choice(sorted(desk.mapping["shopee"].items()))
    push_stock(desk, SHOPEE_LANTERN, sku, model_id)


@story(weight=1)
def label_too_early(desk: Desk) -> None:
    """A label asked for before the parcel was arranged: JSON comes where a PDF was expected."""
    shop = desk.random.choice(SHOPS)
    order_sn = desk.new_order(shop, shop_id=shop.login)["order_sn"]
    with on_behalf_of(shop):
        make_label(desk, shop, order_sn)


@story(weight=1)
def shipped_twice(desk: Desk) -> None:
    """A worker that ran twice: the second call is refused because the first one worked."""
    shop = desk.random.choice(SHOPS)
    order_sn = desk.new_order(shop, shop_id=shop.login)["order_sn"]
    with on_behalf_of(shop):
        ship(desk, shop, order_sn)
        ship(desk, shop, order_sn)


@story(weight=1)
def address_not_served(desk: Desk) -> None:
    shop = desk.random.choice(SHOPS)
    order_sn = desk.new_order(shop, shop_id=shop.login)["order_sn"]
    desk.director.trouble("shopee", "buyer_address", "ship_order")
    with on_behalf_of(shop):
        ship(desk, shop, order_sn)


@story(weight=1)
def forged_push(desk: Desk) -> None:
    """A push whose signature does not fit is answered 401, as it should be."""
    to = f"{desk.webhooks}/{SHOPEE_HILL.id}"
    desk.director.event("shopee", "forged_push", to=to, shop_id=SHOPEE_HILL.login)
