"""Shopee Open Platform v2, as documented: credentials and signature in the query, business failures inside HTTP 200,
gateway refusals as HTTP 403, labels as PDF bytes where all went well and as JSON where not.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from random import Random
from typing import Any

import msgspec
from msgspec import Struct

from apitrail.demo.sandbox.documents import pdf_label
from apitrail.demo.sandbox.shopee_shapes import Order, index_of, item_id, model_id, order_json
from apitrail.demo.sandbox.web import Answer, Event, Json, Notification, Platform, Request, Trouble, json_answer, on
from apitrail.demo.trade import (
    PRODUCTS,
    SHOPEE_HILL,
    SHOPEE_LANTERN,
    SHOPEE_PARTNER_ID,
    SHOPEE_PARTNER_KEY,
    Account,
    basket,
    buyer_in_taiwan,
)

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
TIMESTAMP_WINDOW_S = 300


def sign(path: str, timestamp: str, access_token: str = "", shop_id: str = "") -> str:
    """The `sign` of a call: hexadecimal HMAC-SHA256 over partner id, path, time, token and shop."""
    base = f"{SHOPEE_PARTNER_ID}{path}{timestamp}{access_token}{shop_id}"
    return hmac.new(SHOPEE_PARTNER_KEY.encode(), base.encode(), sha256).hexdigest()


class Shop(Struct):
    account: Account
    token: str
    orders: dict[str, Order] = {}


class Shopee(Platform):
    name = "shopee"

    def __init__(self, seed: int | str = 0, latency: tuple[float, float] = (0.0, 0.0)) -> None:
        super().__init__(seed, latency)
        self.shops = {account.login: Shop(account, account.token) for account in (SHOPEE_HILL, SHOPEE_LANTERN)}
        self.request_ids = Random(f"{seed}/shopee/requests")  # noqa: S311
        for shop in self.shops.values():
            for _ in range(7):
                self.place(shop)

    # the trade

    def place(self, shop: Shop) -> Order:
        now = int(time.time())
        day = datetime.fromtimestamp(now, UTC).strftime("%y%m%d")
        order_sn = day + "".join(self.random.choices(LETTERS, k=8))
        package_number = str(self.random.randint(10**18, 9 * 10**18))
        order = Order(order_sn, package_number, buyer_in_taiwan(self.random), basket(self.random), now)
        shop.orders[order_sn] = order
        return order

    def happen(self, name: str, facts: Json) -> Event:
        shop = self.shops[facts["shop_id"]]
        if name == "order_placed":
            order = self.place(shop)
            return Event({"order_sn": order.order_sn}, self._push(shop, order, facts["to"]))
        if name == "forged_push":
            order = next(iter(shop.orders.values()))
            forged = self._push(shop, order, facts["to"] + "/elsewhere")
            return Event({"order_sn": order.order_sn}, forged)
        return super().happen(name, facts)

    def _push(self, shop: Shop, order: Order, url: str) -> Notification:
        """Push mechanism, code 3: order status. The push spells the order number `ordersn`."""
        now = int(time.time())
        push = {
            "msg_id": f"{self.random.getrandbits(128):032x}",
            "data": {
                "completed_scenario": None,
                "items": [],
                "ordersn": order.order_sn,
                "status": order.status,
                "update_time": now,
            },
            "shop_id": int(shop.account.login),
            "code": 3,
            "timestamp": now,
        }
        body = msgspec.json.encode(push)
        digest = hmac.new(SHOPEE_PARTNER_KEY.encode(), url.encode() + b"|" + body, sha256).hexdigest()
        return Notification(body, {"content-type": "application/json", "authorization": digest})

    # envelope and refusals

    def _request_id(self) -> str:
        return f"{self.request_ids.getrandbits(128):032x}"

    def ok(self, response: Any | None = None, warning: Any = "", **top: Any) -> Answer:
        envelope = {"error": "", "message": "", "warning": warning, "request_id": self._request_id(), **top}
        if response is not None:
            envelope["response"] = response
        return json_answer(envelope)

    def failed(self, error: str, message: str, status: int = 200, response: Any | None = None) -> Answer:
        envelope: Json = {"error": error, "message": message, "request_id": self._request_id()}
        if response is not None:
            envelope["response"] = response
        return json_answer(envelope, status)

    def not_found(self, request: Request) -> Answer:
        message = "Permission denied. This API is currently offline or the request path is incorrect."
        return self.failed("error_param", message, 400)

    def bad_call(self, request: Request, reason: str) -> Answer:
        return self.failed("error_param", f"Wrong parameters, detail: {reason}.")

    def in_trouble(self, trouble: Trouble, request: Request) -> Answer:
        if trouble.kind == "rate_limit":
            message = "Too many requests. You have reached the rate limit. Please try again later."
            return self.failed("error_rate_limit", message, 429)
        if trouble.kind == "ip_undeclared":
            message = (
                "Request Source IP (203.0.113.24) is undeclared. Please declare all your IP addresses in the Console."
            )
            return self.failed("source_ip_undeclared", message, 403)
        if trouble.kind == "carrier_silent":
            return self.failed("logistics.error_timeout", "Timeout to call external system.")
        if trouble.kind == "buyer_address":
            return self.failed("logistics.error_param", "The address is invalid. Please check the address.")
        return super().in_trouble(trouble, request)

    def refuse(self, request: Request) -> Answer | None:
        query = request.query
        public = request.path.startswith("/api/v2/auth/")
        for field in ("partner_id", "timestamp", "sign", *(() if public else ("access_token", "shop_id"))):
            if not query.get(field):
                return self.failed("error_param", f"There is no {field} in query.", 400)
        if query["partner_id"] != SHOPEE_PARTNER_ID:
            return self.failed("invalid_partner_id", "Invalid partner_id, please have a check.", 403)
        if abs(time.time() - int(query["timestamp"])) > TIMESTAMP_WINDOW_S:
            return self.failed("error_param", "Timestamp is expired.", 403)
        token, shop_id = query.get("access_token", ""), query.get("shop_id", "")
        expected = sign(request.path, query["timestamp"], *(() if public else (token, shop_id)))
        if not hmac.compare_digest(query["sign"], expected):
            return self.failed("error_sign", "Wrong sign.", 403)
        if public:
            return None
        shop = self.shops.get(shop_id)
        if shop is None:
            return self.failed("shop_no_linked", "Partner and shop has no linked.", 403)
        if token != shop.token:
            return self.failed("error_auth", "Invalid access_token.", 403)
        return None

    def _shop(self, request: Request) -> Shop:
        return self.shops[request.query["shop_id"]]

    # auth, shop

    @on("POST", "/api/v2/auth/access_token/get")
    def refresh(self, request: Request) -> Answer:
        asked = request.json()
        shop = self.shops.get(str(asked.get("shop_id")))
        if shop is None or asked.get("refresh_token") != shop.account.secret("refresh token"):
            message = "Your refresh token is error ,please check refresh token or shopid."
            return self.failed("error_shop_refresh_token", message, 403)
        return self.ok(
            access_token=shop.token,
            refresh_token=asked["refresh_token"],
            expire_in=14400,
            partner_id=int(SHOPEE_PARTNER_ID),
            shop_id=int(shop.account.login),
        )

    @on("GET", "/api/v2/shop/get_shop_info")
    def shop_info(self, request: Request) -> Answer:
        shop = self._shop(request)
        return self.ok(
            shop_name=shop.account.name,
            region="TW",
            status="NORMAL",
            is_cb=False,
            is_sip=False,
            auth_time=int(time.time()) - 86_400 * 30,
            expire_time=int(time.time()) + 86_400 * 335,
        )

    # orders

    @on("GET", "/api/v2/order/get_order_list")
    def order_list(self, request: Request) -> Answer:
        query = request.query
        since, until = int(query.get("time_from", 0)), int(query.get("time_to", 0))
        if until <= since or until - since > 15 * 86_400:
            return self.failed(
                "order.order_list_invalid_time", "Start time must be earlier than end time and diff in 15days."
            )
        size, start = min(int(query.get("page_size", 20)), 100), int(query.get("cursor") or 0)
        wanted = query.get("order_status")
        found = [
            order
            for order in self._shop(request).orders.values()
            if since <= order.created <= until and wanted in (None, order.status)
        ]
        more = start + size < len(found)
        return self.ok(
            {
                "more": more,
                "next_cursor": str(start + size) if more else "",
                "order_list": [{"order_sn": order.order_sn} for order in found[start : start + size]],
            }
        )

    @on("GET", "/api/v2/order/get_order_detail")
    def order_detail(self, request: Request) -> Answer:
        orders = self._shop(request).orders
        asked = request.query.get("order_sn_list", "").split(",")
        found = [orders[order_sn] for order_sn in asked if order_sn in orders]
        if not found:
            return self.failed("error_not_found", "Wrong parameters, detail: the order is not found.")
        return self.ok({"order_list": [order_json(order) for order in found]})

    # products and stock

    @on("GET", "/api/v2/product/get_item_list")
    def item_list(self, request: Request) -> Answer:
        size, start = int(request.query.get("page_size", 50)), int(request.query.get("offset", 0))
        ids = [item_id(index) for index in range(len(PRODUCTS))]
        page = ids[start : start + size]
        now = int(time.time())
        return self.ok(
            {
                "item": [{"item_id": item, "item_status": "NORMAL", "update_time": now} for item in page],
                "total_count": len(ids),
                "has_next_page": start + size < len(ids),
                "next_offset": start + size,
            }
        )

    @on("GET", "/api/v2/product/get_model_list")
    def model_list(self, request: Request) -> Answer:
        index = index_of(request.query.get("item_id", ""))
        if index is None:
            return self.failed("product.error_item_not_found", "Product not found")
        product = PRODUCTS[index]
        model = {
            "model_id": model_id(index),
            "model_sku": product.sku,
            "model_name": product.name,
            "price_info": [{"current_price": product.twd, "original_price": product.twd}],
            "stock_info_v2": {"summary_info": {"total_reserved_stock": 0, "total_available_stock": 100}},
            "tier_index": [0],
        }
        return self.ok(
            {"tier_variation": [{"name": "規格", "option_list": [{"option": product.name}]}], "model": [model]}
        )

    @on("POST", "/api/v2/product/update_stock")
    def update_stock(self, request: Request) -> Answer:
        asked = request.json()
        index = index_of(str(asked.get("item_id", "")))
        if index is None:
            return self.failed("product.error_item_not_found", "Product not found")
        done, refused = [], []
        for stock in asked["stock_list"]:
            if stock["model_id"] == model_id(index):
                location = stock["seller_stock"][0]
                done.append({"model_id": stock["model_id"], "location_id": "TWZ", "stock": location["stock"]})
            else:
                reason = f"The model_id is wrong or not related to this item, model_id:{stock['model_id']}"
                refused.append({"model_id": stock["model_id"], "failed_reason": reason})
        response = {"success_list": done, "failure_list": refused}
        if not done:
            message = "Update stock failed, please check failure_list for detailed reason"
            return self.failed("product.error_busi_update_stock_failed", message, response=response)
        return self.ok(response)

    # shipping and labels

    @on("POST", "/api/v2/logistics/ship_order")
    def ship_order(self, request: Request) -> Answer:
        order = self._shop(request).orders.get(request.json().get("order_sn", ""))
        if order is None:
            return self.failed("logistics.order_not_exist", "The order is not exist.")
        if order.status == "PROCESSED":
            message = "This package has already been arranged shipment and you can't call this API again."
            return self.failed(" logistics.package_already_shipped", message)
        if order.status != "READY_TO_SHIP":
            return self.failed("logistics.ship_order_not_ready_to_ship", "The order is not ready to ship.")
        order.status = "PROCESSED"
        order.tracking_number = f"TW{self.random.randint(10**11, 10**12 - 1)}B"
        return self.ok()

    @on("GET", "/api/v2/logistics/get_tracking_number")
    def tracking_number(self, request: Request) -> Answer:
        order = self._shop(request).orders.get(request.query.get("order_sn", ""))
        if order is None:
            return self.failed("logistics.order_not_exist", "The order is not exist.")
        return self.ok({"tracking_number": order.tracking_number, "plp_number": "", "hint": ""})

    @on("GET", "/api/v2/logistics/get_tracking_info")
    def tracking_info(self, request: Request) -> Answer:
        order = self._shop(request).orders.get(request.query.get("order_sn", ""))
        if order is None:
            return self.failed("logistics.error_order_not_found", "Order not found.")
        if not order.tracking_number:
            return self.failed("logistics.error_limit", "You don't ship order yet.")
        now = int(time.time())
        steps = [
            ("ORDER_CREATED", "賣家已建立出貨單"),
            ("PICKED_UP", "包裹已由物流中心收件"),
            ("TRANSIT", "包裹配送中"),
        ]
        info = [
            {"update_time": now - 3600 * age, "description": text, "logistics_status": status}
            for age, (status, text) in enumerate(reversed(steps))
        ]
        return self.ok(
            {
                "order_sn": order.order_sn,
                "package_number": order.package_number,
                "logistics_status": "LOGISTICS_PICKUP_DONE",
                "tracking_info": info,
            }
        )

    @on("POST", "/api/v2/logistics/create_shipping_document")
    def create_document(self, request: Request) -> Answer:
        def make(order: Order) -> tuple[str, str] | None:
            if not order.tracking_number:
                return "logistics.tracking_number_invalid", "The tracking number is invalid. Please check it."
            order.document = "READY"
            return None

        return self._each_document(request, make)

    @on("POST", "/api/v2/logistics/get_shipping_document_result")
    def document_result(self, request: Request) -> Answer:
        def look(order: Order) -> tuple[str, str] | None:
            if not order.document:
                text = "The package can not print now, please create shipping document first."
                return "logistics.shipping_document_should_print_first", text
            return None

        return self._each_document(request, look, status=True)

    def _each_document(
        self, request: Request, step: Callable[[Order], tuple[str, str] | None], status: bool = False
    ) -> Answer:
        results, failures = [], 0
        for asked in request.json()["order_list"]:
            result = {"order_sn": asked["order_sn"], "package_number": asked.get("package_number", "")}
            order = self._shop(request).orders.get(asked["order_sn"])
            trouble = step(order) if order else ("logistics.order_not_exist", "The order is not exist.")
            if trouble:
                result["fail_error"], result["fail_message"] = trouble
                failures += 1
            elif status:
                result["status"] = "READY"
            results.append(result)
        if failures == len(results):
            message = "Failed, please check result_list for more details."
            return self.failed("common.batch_api_all_failed", message, response={"result_list": results})
        warning = [{"order_sn": result["order_sn"]} for result in results if "fail_error" in result] or ""
        return self.ok({"result_list": results}, warning=warning)

    @on("POST", "/api/v2/logistics/download_shipping_document")
    def download_document(self, request: Request) -> Answer:
        order = self._shop(request).orders.get(request.json()["order_list"][0]["order_sn"])
        if order is None or not order.document:
            text = "The package can not print now, please create shipping document first."
            return self.failed("logistics.shipping_document_should_print_first", text)
        pdf = pdf_label([f"Shopee {order.order_sn}", order.tracking_number, order.buyer.zip], order.tracking_number)
        return Answer(200, [("content-type", "application/pdf")], pdf)
