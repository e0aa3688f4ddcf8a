from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from apitrail.demo.director import Director
from apitrail.demo.sandbox.shopee import sign
from apitrail.demo.sandbox.shopee_shapes import item_id, model_id
from apitrail.demo.trade import PRODUCTS, SHOPEE_HILL, SHOPEE_PARTNER_ID


class Shop:
    """A caller of one shop's API, with everything right unless told otherwise."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def params(self, path: str, asked: dict[str, Any], **wrong: str) -> dict[str, Any]:
        timestamp, token = wrong.get("timestamp", str(int(time.time()))), wrong.get("access_token", SHOPEE_HILL.token)
        own = {"partner_id": SHOPEE_PARTNER_ID, "access_token": token, "shop_id": SHOPEE_HILL.login}
        signature = sign(path, timestamp, token, SHOPEE_HILL.login)
        return {**own, "timestamp": timestamp, "sign": signature, **wrong, **asked}

    def get(self, path: str, wrong: dict[str, str] | None = None, **asked: Any) -> httpx.Response:
        path = f"/api/v2/{path}"
        return self.client.get(path, params=self.params(path, asked, **(wrong or {})))

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        path = f"/api/v2/{path}"
        return self.client.post(path, params=self.params(path, {}), json=body)


@pytest.fixture
def shop(platforms: dict[str, str]) -> Iterator[Shop]:
    with httpx.Client(base_url=platforms["shopee"]) as client:
        yield Shop(client)


@pytest.fixture
def order_sn(director: Director) -> str:
    made = director.event("shopee", "order_placed", to="", shop_id=SHOPEE_HILL.login)
    return str(made["order_sn"])


def list_orders(shop: Shop, **asked: Any) -> httpx.Response:
    now = int(time.time())
    return shop.get("order/get_order_list", **{"time_from": now - 86_400, "time_to": now + 60, **asked})


def test_orders_come_page_by_page_until_there_are_no_more(shop: Shop) -> None:
    found: list[str] = []
    cursor = ""
    while True:
        page = list_orders(shop, page_size=3, cursor=cursor).json()
        assert page["error"] == ""
        found += [order["order_sn"] for order in page["response"]["order_list"]]
        cursor = page["response"]["next_cursor"]
        if not page["response"]["more"]:
            break
    assert cursor == ""
    assert len(found) == len(set(found)) >= 7


def test_a_window_without_orders_is_an_empty_success(shop: Shop) -> None:
    answer = list_orders(shop, time_from=1_000_000_000, time_to=1_000_086_400).json()
    assert answer["error"] == ""
    assert answer["response"] == {"more": False, "next_cursor": "", "order_list": []}


def test_a_window_of_more_than_fifteen_days_is_refused_inside_200(shop: Shop) -> None:
    answer = list_orders(shop, time_from=1_000_000_000, time_to=1_002_000_000)
    assert answer.status_code == 200
    assert answer.json()["error"] == "order.order_list_invalid_time"


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"access_token": SHOPEE_HILL.stale_token}, "error_auth", "Invalid access_token."),
        ({"sign": "0" * 64}, "error_sign", "Wrong sign."),
        ({"timestamp": "1000000000"}, "error_param", "Timestamp is expired."),
        ({"partner_id": "1"}, "invalid_partner_id", "Invalid partner_id, please have a check."),
    ],
)
def test_the_gateway_refuses_with_403(shop: Shop, wrong: dict[str, str], error: str, message: str) -> None:
    answer = shop.get("shop/get_shop_info", wrong)
    assert (answer.status_code, answer.json()["error"], answer.json()["message"]) == (403, error, message)


def test_a_missing_parameter_of_the_gateway_is_a_400(platforms: dict[str, str]) -> None:
    answer = httpx.get(platforms["shopee"] + "/api/v2/shop/get_shop_info")
    assert (answer.status_code, answer.json()["error"]) == (400, "error_param")


def test_a_refresh_token_brings_the_token_that_works(platforms: dict[str, str]) -> None:
    path, now = "/api/v2/auth/access_token/get", str(int(time.time()))
    params = {"partner_id": SHOPEE_PARTNER_ID, "timestamp": now, "sign": sign(path, now)}
    good = {"shop_id": int(SHOPEE_HILL.login), "refresh_token": SHOPEE_HILL.secret("refresh token")}
    answer = httpx.post(platforms["shopee"] + path, params=params, json=good)
    assert answer.json()["access_token"] == SHOPEE_HILL.token
    answer = httpx.post(platforms["shopee"] + path, params=params, json={**good, "refresh_token": "used"})
    assert answer.json()["error"] == "error_shop_refresh_token"


def test_an_order_goes_from_detail_to_label_under_one_number(shop: Shop, order_sn: str) -> None:
    detail = shop.get("order/get_order_detail", order_sn_list=order_sn).json()["response"]["order_list"][0]
    assert detail["order_sn"] == order_sn
    assert len(detail["package_list"][0]["package_number"]) == 19
    assert detail["item_list"][0]["model_sku"] in {product.sku for product in PRODUCTS}

    assert shop.post("logistics/ship_order", {"order_sn": order_sn, "pickup": {}}).json()["error"] == ""
    number = shop.get("logistics/get_tracking_number", order_sn=order_sn).json()["response"]["tracking_number"]
    assert number
    documents = {"order_list": [{"order_sn": order_sn}]}
    assert shop.post("logistics/create_shipping_document", documents).json()["error"] == ""
    result = shop.post("logistics/get_shipping_document_result", documents).json()
    assert result["response"]["result_list"][0]["status"] == "READY"
    label = shop.post("logistics/download_shipping_document", documents)
    assert label.headers["content-type"] == "application/pdf"
    assert label.content.startswith(b"%PDF-")
    status = shop.get("logistics/get_tracking_info", order_sn=order_sn).json()["response"]
    assert status["tracking_info"][0]["logistics_status"] == "TRANSIT"


def test_an_order_that_was_shipped_already_is_said_so_with_the_documented_blank(shop: Shop, order_sn: str) -> None:
    shop.post("logistics/ship_order", {"order_sn": order_sn})
    again = shop.post("logistics/ship_order", {"order_sn": order_sn})
    assert (again.status_code, again.json()["error"]) == (200, " logistics.package_already_shipped")


def test_a_label_asked_for_too_early_is_json_where_a_pdf_was_expected(shop: Shop, order_sn: str) -> None:
    documents = {"order_list": [{"order_sn": order_sn}]}
    made = shop.post("logistics/create_shipping_document", documents).json()
    assert made["error"] == "common.batch_api_all_failed"
    assert made["response"]["result_list"][0]["fail_error"] == "logistics.tracking_number_invalid"
    label = shop.post("logistics/download_shipping_document", documents)
    assert label.headers["content-type"] == "application/json"


def test_tracking_of_an_unshipped_order_is_refused(shop: Shop, order_sn: str) -> None:
    assert shop.get("logistics/get_tracking_info", order_sn=order_sn).json()["error"] == "logistics.error_limit"


def test_items_lead_to_models_with_skus(shop: Shop) -> None:
    items = shop.get("product/get_item_list", offset=0, page_size=4).json()["response"]
    assert (len(items["item"]), items["has_next_page"], items["next_offset"]) == (4, True, 4)
    model = shop.get("product/get_model_list", item_id=items["item"][1]["item_id"]).json()["response"]["model"][0]
    assert model["model_sku"] == PRODUCTS[1].sku
    assert shop.get("product/get_model_list", item_id=1).json()["error"] == "product.error_item_not_found"


def test_stock_is_set_for_the_models_that_fit_and_refused_for_the_others(shop: Shop) -> None:
    def push(*models: int) -> dict[str, Any]:
        stock = [{"model_id": model, "seller_stock": [{"stock": 5}]} for model in models]
        answer: dict[str, Any] = shop.post("product/update_stock", {"item_id": item_id(0), "stock_list": stock}).json()
        return answer

    good, wrong = model_id(0), 99
    assert push(good)["response"]["failure_list"] == []
    partly = push(good, wrong)
    assert partly["error"] == ""
    assert [done["model_id"] for done in partly["response"]["success_list"]] == [good]
    assert [refused["model_id"] for refused in partly["response"]["failure_list"]] == [wrong]
    assert push(wrong)["error"] == "product.error_busi_update_stock_failed"


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("rate_limit", 429, "error_rate_limit"),
        ("ip_undeclared", 403, "source_ip_undeclared"),
        ("carrier_silent", 200, "logistics.error_timeout"),
        ("buyer_address", 200, "logistics.error_param"),
    ],
)
def test_a_trouble_meets_one_call_and_is_over(
    shop: Shop, director: Director, kind: str, status: int, error: str
) -> None:
    director.trouble("shopee", kind, "get_shop_info")
    answer = shop.get("shop/get_shop_info")
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert shop.get("shop/get_shop_info").json()["error"] == ""


def test_a_gateway_in_trouble_answers_with_a_page(shop: Shop, director: Director) -> None:
    director.trouble("shopee", "bad_gateway", "get_shop_info")
    answer = shop.get("shop/get_shop_info")
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")


def test_a_push_is_taken_and_a_forged_one_answered_401(director: Director, receiver: str) -> None:
    to = f"{receiver}/{SHOPEE_HILL.id}"
    assert director.event("shopee", "order_placed", to=to, shop_id=SHOPEE_HILL.login)["delivered"] == 200
    assert director.event("shopee", "forged_push", to=to, shop_id=SHOPEE_HILL.login)["delivered"] == 401
