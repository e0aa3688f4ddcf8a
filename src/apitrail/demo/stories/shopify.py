"""Shopify over asynchronous httpx: REST for orders and settings, GraphQL for stock, a large report as a stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

import httpx

import apitrail
from apitrail.demo.sandbox.shopify_shapes import LOCATION_ID, VERSION
from apitrail.demo.stories.desk import TIMEOUT_S, TLS, Desk, on_behalf_of, story
from apitrail.demo.stories.easypost import buy_label, follow, parcel_moves
from apitrail.demo.trade import SHOPIFY, UNKNOWN_SKU

ACCOUNT = ("ec_account", SHOPIFY.id, SHOPIFY.name)
API = f"/admin/api/{VERSION}"
SET_QUANTITIES = """mutation inventorySetQuantities($input: InventorySetQuantitiesInput!) {
  inventorySetQuantities(input: $input) {
    inventoryAdjustmentGroup { reason createdAt }
    userErrors { field message code }
  }
}"""
BULK_REPORT = """mutation { bulkOperationRunQuery(query: "{ productVariants { edges { node { id sku } } } }") {
  bulkOperation { id status } userErrors { field message } } }"""
BULK_STATE = "query { currentBulkOperation { id status errorCode fileSize url } }"


def client(desk: Desk, token: str = SHOPIFY.token) -> httpx.AsyncClient:
    headers = {"X-Shopify-Access-Token": token}
    return httpx.AsyncClient(base_url=desk.urls["shopify"], headers=headers, timeout=TIMEOUT_S, verify=TLS)


def told_async(tell: Callable[[Desk], Awaitable[None]]) -> Callable[[Desk], None]:
    """A story told by coroutines."""

    @wraps(tell)
    def run(desk: Desk) -> None:
        async def main() -> None:
            with on_behalf_of(SHOPIFY):
                await tell(desk)

        asyncio.run(main())

    return run


@story(weight=16)
@told_async
async def order_to_delivery(desk: Desk) -> None:
    """Order notification, detail, a label bought at EasyPost, shipment reported, parcel followed."""
    made = desk.new_order(SHOPIFY)
    order_id, name = made["order_id"], made["name"]
    async with client(desk) as shop:
        with apitrail.action("order.get", source=("order", order_id, name)):
            order = (await shop.get(f"{API}/orders/{order_id}.json")).json()["order"]
        # EasyPost's package blocks. A thread of asyncio's own takes the labels along.
        label = await asyncio.to_thread(buy_label, desk, name, order["shipping_address"])
        await report_shipment(shop, order_id, name, label)
    await asyncio.to_thread(follow, desk, label)
    parcel_moves(desk, label)


async def report_shipment(shop: httpx.AsyncClient, order_id: str, name: str, tracking: str) -> None:
    with apitrail.action("order.fulfillment.get", source=("order", order_id, name)):
        answer = await shop.get(f"{API}/orders/{order_id}/fulfillment_orders.json")
    fulfillment_order = answer.json()["fulfillment_orders"][0]["id"]
    found = [("tracking", tracking)]
    with apitrail.action("order.ship", source=("order", order_id, name), references=found):
        fulfillment = {
            "line_items_by_fulfillment_order": [{"fulfillment_order_id": fulfillment_order}],
            "tracking_info": {"number": tracking, "company": "USPS"},
            "notify_customer": True,
        }
        await shop.post(f"{API}/fulfillments.json", json={"fulfillment": fulfillment})


@story(weight=1)
@told_async
async def reported_twice(desk: Desk) -> None:
    """The order was fulfilled by hand in the shop's admin before the backend reported it."""
    made = desk.new_order(SHOPIFY)
    async with client(desk) as shop:
        for _ in range(2):
            await report_shipment(shop, made["order_id"], made["name"], "9400100208303109500645")


@story(weight=36)
@told_async
async def scheduled_fetch(desk: Desk) -> None:
    """Two pages of orders, the second by the link that the first one named."""
    async with client(desk) as shop:
        with apitrail.action("order.list", source=ACCOUNT):
            answer = await shop.get(f"{API}/orders.json", params={"status": "any", "limit": 3})
            if "next" in answer.links:
                await shop.get(answer.links["next"]["url"])


@story(weight=1)
@told_async
async def nothing_new(desk: Desk) -> None:
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%S+00:00}"
    async with client(desk) as shop:
        with apitrail.action("order.list", source=ACCOUNT):
            await shop.get(f"{API}/orders.json", params={"created_at_min": tomorrow, "limit": 50})


@story(weight=1)
@told_async
async def scope_missing(desk: Desk) -> None:
    """The merchant has not approved a permission that the app needs."""
    desk.director.trouble("shopify", "scope_missing", "/orders.json")
    async with client(desk) as shop:
        with apitrail.action("order.list", source=ACCOUNT):
            await shop.get(f"{API}/orders.json", params={"limit": 50})


@story(weight=4)
@told_async
async def read_settings(desk: Desk) -> None:
    """Two calls side by side: the labels follow each task."""
    async with client(desk) as shop:
        with apitrail.action("store.settings", source=ACCOUNT):
            await asyncio.gather(shop.get(f"{API}/shop.json"), shop.get(f"{API}/locations.json"))


@story(weight=1)
@told_async
async def app_was_removed(desk: Desk) -> None:
    """The merchant removed the app, and with it the token."""
    async with client(desk, token=SHOPIFY.stale_token) as shop:
        with apitrail.action("store.settings", source=ACCOUNT):
            await shop.get(f"{API}/shop.json")


@story(weight=4)
@told_async
async def map_products(desk: Desk) -> None:
    async with client(desk) as shop:
        with apitrail.action("product.mapping.sync", source=ACCOUNT):
            answer = await shop.get(f"{API}/products.json", params={"limit": 250})
    variants = [variant for product in answer.json()["products"] for variant in product["variants"]]
    desk.mapping["shopify"] = {variant["sku"]: variant["inventory_item_id"] for variant in variants}


@story(weight=1)
@told_async
async def variant_was_deleted(desk: Desk) -> None:
    async with client(desk) as shop:
        with apitrail.action("product.mapping.sync", source=("product", UNKNOWN_SKU)):
            await shop.get(f"{API}/variants/9017199254749999.json")


async def set_quantities(desk: Desk, quantities: dict[str, int]) -> None:
    """`quantities`: inventory item ids to pieces, one GraphQL call for all of them."""
    wanted = [
        {
            "inventoryItemId": f"gid://shopify/InventoryItem/{item}",
            "locationId": f"gid://shopify/Location/{LOCATION_ID}",
            "quantity": quantity,
        }
        for item, quantity in quantities.items()
    ]
    given: dict[str, Any] = {"name": "available", "reason": "correction", "quantities": wanted}
    asked = {"operationName": "inventorySetQuantities", "query": SET_QUANTITIES, "variables": {"input": given}}
    async with client(desk) as shop:
        with apitrail.action("stock.push", source=ACCOUNT):
            await shop.post(f"{API}/graphql.json", json=asked)


def counted(desk: Desk) -> dict[str, int]:
    items = desk.random.sample(sorted(desk.mapping["shopify"].values()), 3)
    return {str(item): desk.random.randint(0, 200) for item in items}


@story(weight=25)
@told_async
async def stock_after_put_away(desk: Desk) -> None:
    await set_quantities(desk, counted(desk))
    item = desk.random.choice(sorted(desk.mapping["shopify"].values()))
    async with client(desk) as shop:
        with apitrail.action("stock.push", source=ACCOUNT):
            level = {"inventory_item_id": item, "location_id": LOCATION_ID, "available": desk.random.randint(0, 200)}
            await shop.post(f"{API}/inventory_levels/set.json", json=level)


@story(weight=1)
@told_async
async def stock_of_unknown_item(desk: Desk) -> None:
    """HTTP 200, and yet nothing was set: the failure is in `userErrors`."""
    await set_quantities(desk, counted(desk) | {"9027199254799999": 12})


@story(weight=1)
@told_async
async def stock_throttled(desk: Desk) -> None:
    """GraphQL throttles inside HTTP 200, REST by HTTP 429."""
    desk.director.trouble("shopify", "throttled", "graphql")
    await set_quantities(desk, counted(desk))
    desk.director.trouble("shopify", "rate_limit", "/orders.json")
    async with client(desk) as shop:
        with apitrail.action("order.list", source=ACCOUNT):
            await shop.get(f"{API}/orders.json", params={"limit": 50})


@story(weight=0)
@told_async
async def product_report(desk: Desk) -> None:
    """A report of 6 MiB, read as a stream: the log keeps its head and tail, size and hash."""
    async with client(desk) as shop:
        with apitrail.action("bulk.run", source=ACCOUNT):
            await shop.post(f"{API}/graphql.json", json={"query": BULK_REPORT})
        with apitrail.action("bulk.get", source=ACCOUNT):
            answer = await shop.post(f"{API}/graphql.json", json={"query": BULK_STATE})
            async with shop.stream("GET", answer.json()["data"]["currentBulkOperation"]["url"]) as report:
                async for _ in report.aiter_lines():
                    pass


@story(weight=1)
def forged_webhook(desk: Desk) -> None:
    """Signed with another secret: answered 401."""
    desk.director.event("shopify", "forged_webhook", to=f"{desk.webhooks}/{SHOPIFY.id}")
