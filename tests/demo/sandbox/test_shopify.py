from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from apitrail.demo.director import Director
from apitrail.demo.sandbox.shopify import REPORT_BYTES
from apitrail.demo.sandbox.shopify_shapes import LOCATION_ID, VERSION, inventory_item_id
from apitrail.demo.trade import SHOPIFY

API = f"/admin/api/{VERSION}"


@pytest.fixture
def shop(platforms: dict[str, str]) -> Iterator[httpx.Client]:
    headers = {"X-Shopify-Access-Token": SHOPIFY.token}
    with httpx.Client(base_url=platforms["shopify"], headers=headers) as client:
        yield client


def test_ids_are_too_large_for_floating_point_numbers(shop: httpx.Client) -> None:
    order = shop.get(f"{API}/orders.json").json()["orders"][0]
    assert order["id"] > 2**53
    assert inventory_item_id(0) > 2**53


def test_pages_are_linked(shop: httpx.Client) -> None:
    first = shop.get(f"{API}/orders.json", params={"limit": 2})
    second = shop.get(first.links["next"]["url"])
    numbers = [order["order_number"] for answer in (first, second) for order in answer.json()["orders"]]
    assert len(set(numbers)) == 4
    assert numbers == sorted(numbers, reverse=True)


def test_a_time_after_all_orders_brings_an_empty_list(shop: httpx.Client) -> None:
    answer = shop.get(f"{API}/orders.json", params={"created_at_min": "2999-01-01"})
    assert answer.json() == {"orders": []}


def test_every_answer_names_its_request_and_the_headroom(shop: httpx.Client) -> None:
    answer = shop.get(f"{API}/shop.json")
    assert answer.json()["shop"]["myshopify_domain"] == SHOPIFY.login
    assert answer.headers["x-request-id"]
    assert answer.headers["x-shopify-shop-api-call-limit"].endswith("/40")


def test_a_wrong_token_is_a_401_with_a_string_for_errors(platforms: dict[str, str]) -> None:
    answer = httpx.get(f"{platforms['shopify']}{API}/shop.json", headers={"X-Shopify-Access-Token": "wrong"})
    assert answer.status_code == 401
    assert answer.json()["errors"].startswith("[API] Invalid API key or access token")


def test_an_order_is_fulfilled_once(shop: httpx.Client, director: Director) -> None:
    order_id = director.event("shopify", "order_placed")["order_id"]
    found = shop.get(f"{API}/orders/{order_id}/fulfillment_orders.json").json()["fulfillment_orders"][0]
    asked = {
        "line_items_by_fulfillment_order": [{"fulfillment_order_id": found["id"]}],
        "tracking_info": {"number": "9400", "company": "USPS"},
    }
    done = shop.post(f"{API}/fulfillments.json", json={"fulfillment": asked})
    assert (done.status_code, done.json()["fulfillment"]["tracking_number"]) == (201, "9400")
    again = shop.post(f"{API}/fulfillments.json", json={"fulfillment": asked})
    assert (again.status_code, again.json()) == (422, {"errors": {"order": ["is already fulfilled"]}})
    assert shop.get(f"{API}/orders/{order_id}.json").json()["order"]["fulfillment_status"] == "fulfilled"


def test_what_does_not_exist_is_a_404(shop: httpx.Client) -> None:
    for path in ("orders/1.json", "variants/1.json", "nothing.json"):
        answer = shop.get(f"{API}/{path}")
        assert (answer.status_code, answer.json()) == (404, {"errors": "Not Found"})


def test_a_known_item_gets_its_level_and_an_unknown_one_a_404(shop: httpx.Client) -> None:
    level = {"inventory_item_id": inventory_item_id(2), "location_id": LOCATION_ID, "available": 7}
    assert shop.post(f"{API}/inventory_levels/set.json", json=level).json() == {"inventory_level": level}
    assert shop.post(f"{API}/inventory_levels/set.json", json={**level, "inventory_item_id": 1}).status_code == 404


def graphql(shop: httpx.Client, *items: int) -> dict[str, Any]:
    quantities = [{"inventoryItemId": f"gid://shopify/InventoryItem/{item}", "quantity": 1} for item in items]
    variables = {"input": {"reason": "correction", "quantities": quantities}}
    asked = {"query": "mutation { inventorySetQuantities { userErrors { code } } }", "variables": variables}
    answer = shop.post(f"{API}/graphql.json", json=asked)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_graphql_fails_inside_200_by_user_errors(shop: httpx.Client) -> None:
    assert graphql(shop, inventory_item_id(0))["data"]["inventorySetQuantities"]["userErrors"] == []
    result = graphql(shop, inventory_item_id(0), 5)["data"]["inventorySetQuantities"]
    assert result["inventoryAdjustmentGroup"] is None
    assert [error["code"] for error in result["userErrors"]] == ["INVALID_INVENTORY_ITEM"]


def test_graphql_throttles_inside_200_and_rest_by_429(shop: httpx.Client, director: Director) -> None:
    director.trouble("shopify", "throttled", "graphql")
    assert graphql(shop, inventory_item_id(0))["errors"][0]["extensions"]["code"] == "THROTTLED"
    director.trouble("shopify", "rate_limit", "shop.json")
    answer = shop.get(f"{API}/shop.json")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2.0")


def test_a_missing_scope_is_a_403(shop: httpx.Client, director: Director) -> None:
    director.trouble("shopify", "scope_missing", "orders.json")
    assert "read_orders" in shop.get(f"{API}/orders.json").json()["errors"]


def test_a_field_that_the_schema_lacks_is_named(shop: httpx.Client) -> None:
    answer = shop.post(f"{API}/graphql.json", json={"query": "{ nothing }"})
    assert answer.json()["errors"][0]["extensions"]["code"] == "undefinedField"


def test_the_report_of_a_bulk_operation_comes_as_a_large_stream(shop: httpx.Client) -> None:
    state = shop.post(f"{API}/graphql.json", json={"query": "{ currentBulkOperation { url } }"}).json()
    chunks = 0
    with shop.stream("GET", state["data"]["currentBulkOperation"]["url"]) as report:
        assert "content-length" not in report.headers
        size = sum(len(chunk) for chunk in report.iter_bytes() if (chunks := chunks + 1))
    assert size >= REPORT_BYTES
    assert chunks > 10


def test_a_webhook_is_signed_and_a_forged_one_is_not(director: Director, receiver: str) -> None:
    to = f"{receiver}/{SHOPIFY.id}"
    assert director.event("shopify", "order_placed", to=to)["delivered"] == 200
    assert director.event("shopify", "forged_webhook", to=to)["delivered"] == 401
