"""Shopify Admin API, REST and GraphQL, as documented: one root key per resource, `errors` of several forms, GraphQL
failures inside HTTP 200, ids beyond 2^53, paging by the `Link` header, webhooks signed with HMAC-SHA256.
"""

from __future__ import annotations

import hmac
import re
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from apitrail.demo.sandbox.shopify_shapes import (
    LOCATION_ID,
    SHOP_ID,
    VERSION,
    inventory_item_id,
    order_json,
    product_json,
    report_line,
)
from apitrail.demo.sandbox.web import Answer, Event, Json, Notification, Platform, Request, Trouble, json_answer, on
from apitrail.demo.trade import PRODUCTS, SHOPIFY, Address, Line, basket, buyer_in_america

REPORT_BYTES = 6 * 1024 * 1024
"""A product report: over the recorder's limit for a body, so that the log shows head and tail of it."""
CALLS_PER_BUCKET = 40


class Order(Struct):
    id: int
    number: int
    buyer: Address
    lines: list[Line]
    created_at: str
    fulfillment_order_id: int
    fulfilled: bool = False


class Shopify(Platform):
    name = "shopify"

    def __init__(self, seed: int | str = 0, latency: tuple[float, float] = (0.0, 0.0)) -> None:
        super().__init__(seed, latency)
        self.orders: dict[int, Order] = {}
        self.next_number = 1001 + int(time.time()) % 100_000
        for _ in range(5):
            self.place()

    def _id(self) -> int:
        return self.random.randint(9_100_000_000_000_000, 9_199_999_999_999_999)

    def place(self) -> Order:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S+00:00}"
        order = Order(self._id(), self.next_number, buyer_in_america(self.random), basket(self.random), now, self._id())
        self.next_number += 1
        self.orders[order.id] = order
        return order

    def happen(self, name: str, facts: Json) -> Event:
        if name not in ("order_placed", "forged_webhook"):
            return super().happen(name, facts)
        order = self.place()
        body = msgspec.json.encode(order_json(order))
        secret = SHOPIFY.webhook_secret if name == "order_placed" else "not the secret"
        digest = hmac.new(secret.encode(), body, sha256).digest()
        headers = {
            "content-type": "application/json",
            "user-agent": "Shopify-Captain-Hook",
            "x-shopify-topic": "orders/create",
            "x-shopify-shop-domain": SHOPIFY.login,
            "x-shopify-webhook-id": self._request_id(),
            "x-shopify-api-version": VERSION,
            "x-shopify-hmac-sha256": b64encode(digest).decode(),
        }
        return Event({"order_id": str(order.id), "name": f"#{order.number}"}, Notification(body, headers))

    # envelope and refusals

    def _request_id(self) -> str:
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def ok(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
        used = 1 + self.served % CALLS_PER_BUCKET
        return json_answer(
            value,
            status,
            {
                "x-request-id": self._request_id(),
                "x-shopid": str(SHOP_ID),
                "x-shopify-api-version": VERSION,
                "x-shopify-shop-api-call-limit": f"{used}/{CALLS_PER_BUCKET}",
            }
            | (headers or {}),
        )

    def failed(self, status: int, errors: Any, headers: dict[str, str] | None = None) -> Answer:
        return self.ok({"errors": errors}, status, headers)

    def not_found(self, request: Request) -> Answer:
        return self.failed(404, "Not Found")

    def bad_call(self, request: Request, reason: str) -> Answer:
        return self.failed(400, {"base": [reason]})

    def refuse(self, request: Request) -> Answer | None:
        public = request.path.startswith("/files/")
        if public or request.headers.get("x-shopify-access-token") == SHOPIFY.token:
            return None
        return self.failed(401, "[API] Invalid API key or access token (unrecognized login or wrong password)")

    def in_trouble(self, trouble: Trouble, request: Request) -> Answer:
        if trouble.kind == "rate_limit":
            text = "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."
            return self.failed(429, text, {"retry-after": "2.0"})
        if trouble.kind == "throttled":
            return self._throttled()
        if trouble.kind == "scope_missing":
            return self.failed(403, "[API] This action requires merchant approval for read_orders scope.")
        return super().in_trouble(trouble, request)

    # REST

    @on("GET", f"/admin/api/{VERSION}/shop.json")
    def shop(self, request: Request) -> Answer:
        return self.ok(
            {
                "shop": {
                    "id": SHOP_ID,
                    "name": "Lantern Outdoor",
                    "myshopify_domain": SHOPIFY.login,
                    "currency": "USD",
                    "iana_timezone": "America/Los_Angeles",
                    "plan_name": "basic",
                    "primary_location_id": LOCATION_ID,
                }
            }
        )

    @on("GET", f"/admin/api/{VERSION}/locations.json")
    def locations(self, request: Request) -> Answer:
        location = {"id": LOCATION_ID, "name": "Sample Warehouse", "active": True, "country_code": "US"}
        return self.ok({"locations": [location]})

    @on("GET", f"/admin/api/{VERSION}/orders.json")
    def list_orders(self, request: Request) -> Answer:
        limit, start = int(request.query.get("limit", 50)), int(request.query.get("page_info", 0))
        since = request.query.get("created_at_min", "")
        found = [order for order in self.orders.values() if order.created_at >= since]
        found = sorted(found, key=lambda order: -order.number)
        page, headers = found[start : start + limit], {}
        if start + limit < len(found):
            url = f"http://{request.host}{request.path}?limit={limit}&page_info={start + limit}"
            headers["link"] = f'<{url}>; rel="next"'
        return self.ok({"orders": [order_json(order) for order in page]}, headers=headers)

    @on("GET", f"/admin/api/{VERSION}/orders/{{order_id}}.json")
    def get_order(self, request: Request, order_id: str) -> Answer:
        order = self.orders.get(int(order_id))
        return self.ok({"order": order_json(order)}) if order else self.not_found(request)

    @on("GET", f"/admin/api/{VERSION}/orders/{{order_id}}/fulfillment_orders.json")
    def fulfillment_orders(self, request: Request, order_id: str) -> Answer:
        order = self.orders.get(int(order_id))
        if order is None:
            return self.not_found(request)
        found = {
            "id": order.fulfillment_order_id,
            "order_id": order.id,
            "status": "closed" if order.fulfilled else "open",
            "assigned_location_id": LOCATION_ID,
        }
        return self.ok({"fulfillment_orders": [found]})

    @on("POST", f"/admin/api/{VERSION}/fulfillments.json")
    def fulfil(self, request: Request) -> Answer:
        asked = request.json()["fulfillment"]
        wanted = asked["line_items_by_fulfillment_order"][0]["fulfillment_order_id"]
        order = next((order for order in self.orders.values() if order.fulfillment_order_id == wanted), None)
        if order is None:
            return self.failed(404, "Fulfillment order does not exist.")
        if order.fulfilled:
            return self.failed(422, {"order": ["is already fulfilled"]})
        order.fulfilled = True
        tracking = asked.get("tracking_info") or {}
        fulfillment = {
            "id": self._id(),
            "order_id": order.id,
            "name": f"#{order.number}.1",
            "status": "success",
            "location_id": LOCATION_ID,
            "tracking_company": tracking.get("company"),
            "tracking_number": tracking.get("number"),
        }
        return self.ok({"fulfillment": fulfillment}, 201)

    @on("GET", f"/admin/api/{VERSION}/products.json")
    def products(self, request: Request) -> Answer:
        return self.ok({"products": [product_json(index) for index in range(len(PRODUCTS))]})

    @on("GET", f"/admin/api/{VERSION}/variants/{{variant_id}}.json")
    def variant(self, request: Request, variant_id: str) -> Answer:
        for index in range(len(PRODUCTS)):
            found: Json = product_json(index)["variants"][0]
            if str(found["id"]) == variant_id:
                return self.ok({"variant": found})
        return self.not_found(request)

    @on("POST", f"/admin/api/{VERSION}/inventory_levels/set.json")
    def set_level(self, request: Request) -> Answer:
        asked = request.json()
        known = {inventory_item_id(index) for index in range(len(PRODUCTS))}
        if asked["inventory_item_id"] not in known:
            return self.failed(404, "Not Found")
        level = {field: asked[field] for field in ("inventory_item_id", "location_id", "available")}
        return self.ok({"inventory_level": level})

    # GraphQL

    @on("POST", f"/admin/api/{VERSION}/graphql.json")
    def graphql(self, request: Request) -> Answer:
        asked = request.json()
        query, variables = asked.get("query", ""), asked.get("variables") or {}
        roots = {
            "inventorySetQuantities": self._set_quantities,
            "bulkOperationRunQuery": self._bulk_query,
            "currentBulkOperation": self._bulk_state,
            "order": self._order,
        }
        for root, resolve in roots.items():
            if re.search(rf"\b{root}\b", query):
                return self._data({root: resolve(variables, request)}, cost=12)
        text = "Field 'unknown' doesn't exist on type 'QueryRoot'"
        return self.ok({"errors": [{"message": text, "extensions": {"code": "undefinedField"}}]})

    def _cost(self, requested: int, actual: int | None, available: int) -> Json:
        status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": 100.0}
        return {"cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}}

    def _data(self, data: Json, cost: int) -> Answer:
        return self.ok({"data": data, "extensions": self._cost(cost, cost, 1988)})

    def _throttled(self) -> Answer:
        error = {
            "message": "Throttled",
            "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
        }
        return self.ok({"errors": [error], "extensions": self._cost(752, None, 118)})

    def _set_quantities(self, variables: Json, request: Request) -> Json:
        known = {f"gid://shopify/InventoryItem/{inventory_item_id(index)}" for index in range(len(PRODUCTS))}
        errors = [
            {
                "field": ["input", "quantities", str(position), "inventoryItemId"],
                "message": "The specified inventory item could not be found.",
                "code": "INVALID_INVENTORY_ITEM",
            }
            for position, quantity in enumerate(variables["input"]["quantities"])
            if quantity["inventoryItemId"] not in known
        ]
        group = None if errors else {"reason": variables["input"]["reason"], "createdAt": f"{datetime.now(UTC):%FT%TZ}"}
        return {"inventoryAdjustmentGroup": group, "userErrors": errors}

    def _order(self, variables: Json, request: Request) -> Json | None:
        order = self.orders.get(int(str(variables.get("id", "0")).rsplit("/", 1)[-1]))
        if order is None:
            return None
        gid = f"gid://shopify/Order/{order.id}"
        state = "FULFILLED" if order.fulfilled else "UNFULFILLED"
        return {"id": gid, "name": f"#{order.number}", "displayFulfillmentStatus": state}

    def _bulk_query(self, variables: Json, request: Request) -> Json:
        bulk = {"id": "gid://shopify/BulkOperation/9100000000000123", "status": "CREATED"}
        return {"bulkOperation": bulk, "userErrors": []}

    def _bulk_state(self, variables: Json, request: Request) -> Json:
        return {
            "id": "gid://shopify/BulkOperation/9100000000000123",
            "status": "COMPLETED",
            "errorCode": None,
            "fileSize": str(REPORT_BYTES),
            "url": f"http://{request.host}/files/bulk/products.jsonl",
        }

    @on("GET", "/files/bulk/products.jsonl")
    def report(self, request: Request) -> Answer:
        headers = [("content-type", "application/jsonl"), ("content-disposition", "attachment")]
        return Answer(200, headers, stream=_report())


def _report() -> Iterator[bytes]:
    """Variants as JSON lines, at least REPORT_BYTES of them."""
    sent, number = 0, 0
    while sent < REPORT_BYTES:
        lines = [report_line(number + offset) for offset in range(400)]
        number += len(lines)
        chunk = b"".join(lines)
        sent += len(chunk)
        yield chunk
