"""WooCommerce REST v3, as documented: bare resources, failures as `{code, message, data: {status}}`, batches that
answer HTTP 200 whatever happened to their items, webhooks signed over the raw body.

Written as PHP writes JSON: letters outside ASCII and slashes escaped.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from msgspec import Struct

from apitrail.demo.sandbox.web import Answer, Event, Json, Notification, Platform, Request, on
from apitrail.demo.trade import PRODUCTS, WOOCOMMERCE, Address, Line, Product, basket, buyer_in_taiwan

ROOT = "/wp-json/wc/v3"


class Order(Struct):
    id: int
    buyer: Address
    lines: list[Line]
    created: str
    status: str = "processing"
    meta: list[Json] = []


class WooCommerce(Platform):
    name = "woocommerce"

    def __init__(self, seed: int | str = 0, latency: tuple[float, float] = (0.0, 0.0)) -> None:
        super().__init__(seed, latency)
        self.orders: dict[int, Order] = {}
        self.deliveries = 100
        self.next_id = 20_000 + self.random.randint(0, 60_000)
        for _ in range(4):
            self.place()

    def place(self) -> Order:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
        order = Order(self.next_id, buyer_in_taiwan(self.random), basket(self.random), now)
        self.next_id += self.random.randint(1, 4)
        self.orders[order.id] = order
        return order

    def happen(self, name: str, facts: Json) -> Event:
        if name != "order_placed":
            return super().happen(name, facts)
        order = self.place()
        if facts.get("extra_sku"):
            product = Product(facts["extra_sku"], "新商品（尚未建檔）", 100, "3.00", 100)
            order.lines.append(Line(product, 1))
        body = _php_json(_order(order))
        digest = hmac.new(WOOCOMMERCE.webhook_secret.encode(), body, sha256).digest()
        self.deliveries += 1
        headers = {
            "content-type": "application/json",
            "user-agent": "WooCommerce/9.9.5 Hookshot (WordPress/6.8)",
            "x-wc-webhook-source": f"https://{WOOCOMMERCE.login}/",
            "x-wc-webhook-topic": "order.created",
            "x-wc-webhook-resource": "order",
            "x-wc-webhook-event": "created",
            "x-wc-webhook-signature": b64encode(digest).decode(),
            "x-wc-webhook-id": "3",
            "x-wc-webhook-delivery-id": str(self.deliveries),
        }
        return Event({"order_id": order.id}, Notification(body, headers))

    # envelope and refusals

    def ok(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
        pairs = [("content-type", "application/json; charset=UTF-8"), *(headers or {}).items()]
        return Answer(status, pairs, _php_json(value))

    def failed(self, code: str, message: str, status: int, **data: Any) -> Answer:
        return self.ok({"code": code, "message": message, "data": {"status": status, **data}}, status)

    def not_found(self, request: Request) -> Answer:
        message = "No route was found matching the URL and request method."
        return self.failed("rest_no_route", message, 404)

    def bad_call(self, request: Request, reason: str) -> Answer:
        return self.failed("rest_invalid_json", "Invalid JSON body passed.", 400)

    def refuse(self, request: Request) -> Answer | None:
        key = request.query.get("oauth_consumer_key", "")
        if not key:
            return self.failed("woocommerce_rest_cannot_view", "Sorry, you cannot list resources.", 401)
        if key != WOOCOMMERCE.key:
            message = "Consumer key is invalid."
            return self.failed("woocommerce_rest_authentication_error", message, 401)
        if not request.query.get("oauth_signature"):
            message = "Missing OAuth parameter(s) oauth_signature"
            return self.failed("woocommerce_rest_authentication_missing_parameter", message, 401)
        return None

    # orders

    @on("GET", f"{ROOT}/orders")
    def list_orders(self, request: Request) -> Answer:
        size, page = int(request.query.get("per_page", 10)), int(request.query.get("page", 1))
        status, after = request.query.get("status", "any"), request.query.get("after", "")
        found = [
            order
            for order in sorted(self.orders.values(), key=lambda order: -order.id)
            if status in ("any", order.status) and order.created >= after
        ]
        pages = -(-len(found) // size)
        headers = {"x-wp-total": str(len(found)), "x-wp-totalpages": str(pages)}
        return self.ok([_order(order) for order in found[(page - 1) * size : page * size]], headers=headers)

    @on("GET", f"{ROOT}/orders/{{order_id}}")
    def get_order(self, request: Request, order_id: str) -> Answer:
        order = self.orders.get(int(order_id))
        if order is None:
            return self.failed("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", 404)
        return self.ok(_order(order))

    @on("PUT", f"{ROOT}/orders/{{order_id}}")
    def update_order(self, request: Request, order_id: str) -> Answer:
        order = self.orders.get(int(order_id))
        if order is None:
            return self.failed("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", 400)
        asked = request.json()
        order.status = asked.get("status", order.status)
        order.meta += [{"id": order.id * 10 + at, **meta} for at, meta in enumerate(asked.get("meta_data", []))]
        return self.ok(_order(order))

    # products and settings

    @on("GET", f"{ROOT}/products")
    def list_products(self, request: Request) -> Answer:
        wanted = request.query.get("sku")
        found = [_product(index) for index, product in enumerate(PRODUCTS) if wanted in (None, product.sku)]
        headers = {"x-wp-total": str(len(found)), "x-wp-totalpages": "1"}
        return self.ok(found, headers=headers)

    @on("POST", f"{ROOT}/products/batch")
    def batch(self, request: Request) -> Answer:
        done: list[Json] = []
        for update in request.json().get("update", []):
            index = update["id"] - product_id(0)
            if 0 <= index < len(PRODUCTS):
                done.append(_product(index) | {"stock_quantity": update.get("stock_quantity", 100)})
            else:
                error = {
                    "code": "woocommerce_rest_product_invalid_id",
                    "message": "Invalid ID.",
                    "data": {"status": 400},
                }
                done.append({"id": update["id"], "error": error})
        return self.ok({"update": done})

    @on("GET", f"{ROOT}/system_status")
    def system_status(self, request: Request) -> Answer:
        environment = {"home_url": f"https://{WOOCOMMERCE.login}", "version": "9.9.5", "wp_version": "6.8"}
        settings = {"currency": "TWD", "thousand_separator": ",", "number_of_decimals": 0}
        return self.ok({"environment": environment, "settings": settings})


def _php_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()


def product_id(index: int) -> int:
    return 310 + index


def _product(index: int) -> Json:
    product = PRODUCTS[index]
    return {
        "id": product_id(index),
        "name": product.name,
        "sku": product.sku,
        "type": "simple",
        "status": "publish",
        "price": str(product.twd),
        "manage_stock": True,
        "stock_quantity": 100,
        "stock_status": "instock",
    }


def _order(order: Order) -> Json:
    address = {
        "first_name": order.buyer.name,
        "last_name": "",
        "address_1": order.buyer.line,
        "city": order.buyer.city,
        "postcode": order.buyer.zip,
        "country": "TW",
    }
    lines = [
        {
            "id": order.id * 10 + position,
            "name": line.product.name,
            "product_id": product_id(PRODUCTS.index(line.product)) if line.product in PRODUCTS else 999,
            "variation_id": 0,
            "quantity": line.quantity,
            "sku": line.product.sku,
            "total": str(line.product.twd * line.quantity),
        }
        for position, line in enumerate(order.lines)
    ]
    return {
        "id": order.id,
        "number": str(order.id),
        "status": order.status,
        "currency": "TWD",
        "date_created": order.created,
        "date_created_gmt": order.created,
        "total": str(sum(line.product.twd * line.quantity for line in order.lines)),
        "billing": address | {"email": "buyer@example.com", "phone": order.buyer.phone},
        "shipping": address | {"phone": order.buyer.phone},
        "payment_method": "cod",
        "customer_note": "",
        "line_items": lines,
        "meta_data": order.meta,
    }
