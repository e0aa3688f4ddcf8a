from __future__ import annotations

from typing import Any

import pytest
import requests
from woocommerce import API

from apitrail.demo.director import Director
from apitrail.demo.sandbox.woocommerce import product_id
from apitrail.demo.trade import UNKNOWN_SKU, WOOCOMMERCE


@pytest.fixture
def shop(platforms: dict[str, str]) -> Any:
    """The real package, as a merchant's backend uses it."""
    return API(platforms["woocommerce"], WOOCOMMERCE.key, WOOCOMMERCE.token, version="wc/v3", timeout=5)


def test_orders_are_a_bare_list_with_totals_in_headers(shop: Any) -> None:
    answer = shop.get("orders", params={"per_page": 2, "page": 2})
    assert len(answer.json()) == 2
    assert int(answer.headers["x-wp-total"]) >= 4


def test_letters_are_escaped_as_php_escapes_them(shop: Any) -> None:
    text = shop.get("orders").content
    assert text.isascii()
    assert shop.get("orders").json()[0]["billing"]["first_name"].startswith("測試買家")
    assert b"https:\\/\\/" in shop.get("system_status").content


def test_a_time_after_all_orders_brings_an_empty_list(shop: Any) -> None:
    assert shop.get("orders", params={"after": "2999-01-01T00:00:00"}).json() == []


def test_an_order_is_completed_with_its_tracking_number(shop: Any, director: Director) -> None:
    order_id = director.event("woocommerce", "order_placed")["order_id"]
    meta = [{"key": "_tracking_number", "value": "123456789012"}]
    assert shop.put(f"orders/{order_id}", {"status": "completed", "meta_data": meta}).status_code == 200
    order = shop.get(f"orders/{order_id}").json()
    assert (order["number"], order["status"]) == (str(order_id), "completed")
    assert order["meta_data"][0]["value"] == "123456789012"


@pytest.mark.parametrize(("verb", "status"), [("get", 404), ("put", 400)])
def test_an_order_that_does_not_exist_has_an_invalid_id(shop: Any, verb: str, status: int) -> None:
    answer = shop.get("orders/1") if verb == "get" else shop.put("orders/1", {})
    assert answer.status_code == status
    assert answer.json()["code"] == "woocommerce_rest_shop_order_invalid_id"
    assert answer.json()["data"]["status"] == status


def test_a_wrong_key_is_a_401(platforms: dict[str, str]) -> None:
    answer = API(platforms["woocommerce"], "ck_wrong", "cs_wrong", version="wc/v3").get("system_status")
    assert (answer.status_code, answer.json()["message"]) == (401, "Consumer key is invalid.")


def test_a_key_that_was_not_seen_at_all_cannot_view(platforms: dict[str, str]) -> None:
    answer = requests.get(platforms["woocommerce"] + "/wp-json/wc/v3/orders", timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (401, "woocommerce_rest_cannot_view")


def test_a_batch_answers_200_and_tells_each_item_apart(shop: Any) -> None:
    good, wrong = product_id(0), 99_999
    answer = shop.post("products/batch", {"update": [{"id": good, "stock_quantity": 3}, {"id": wrong}]})
    done, failed = answer.json()["update"]
    assert answer.status_code == 200
    assert (done["id"], done["stock_quantity"]) == (good, 3)
    assert (failed["id"], failed["error"]["code"]) == (wrong, "woocommerce_rest_product_invalid_id")


def test_products_are_found_by_sku(shop: Any) -> None:
    assert [product["id"] for product in shop.get("products", params={"sku": "HILL-HONEY"}).json()] == [product_id(4)]
    assert shop.get("products", params={"sku": UNKNOWN_SKU}).json() == []


def test_a_route_that_does_not_exist_is_said_so(shop: Any) -> None:
    assert shop.get("nothing").json()["code"] == "rest_no_route"


def test_a_shop_under_maintenance_answers_with_a_page(shop: Any, director: Director) -> None:
    director.trouble("woocommerce", "maintenance", "/orders")
    answer = shop.get("orders")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "600")


def test_a_slow_shop_lets_the_caller_run_into_its_timeout(platforms: dict[str, str], director: Director) -> None:
    director.trouble("woocommerce", "slow", "/orders", seconds=0.5)
    shop = API(platforms["woocommerce"], WOOCOMMERCE.key, WOOCOMMERCE.token, version="wc/v3", timeout=0.1)
    with pytest.raises(requests.Timeout):
        shop.get("orders")


def test_a_webhook_is_taken_and_one_with_an_unknown_sku_makes_the_handler_fail(
    director: Director, receiver: str
) -> None:
    to = f"{receiver}/{WOOCOMMERCE.id}"
    assert director.event("woocommerce", "order_placed", to=to)["delivered"] == 200
    assert director.event("woocommerce", "order_placed", to=to, extra_sku=UNKNOWN_SKU)["delivered"] == 500
