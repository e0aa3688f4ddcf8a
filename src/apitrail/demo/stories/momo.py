"""momo over requests: one address for everything, the action in the body, HTTP 200 whatever happened."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import requests

import apitrail
from apitrail.demo.stories.desk import TIMEOUT_S, Desk, on_behalf_of, story
from apitrail.demo.trade import MOMO, PRODUCTS

ACCOUNT = ("ec_account", MOMO.id, MOMO.name)
TAIPEI = timezone(timedelta(hours=8))


def ask(desk: Desk, path: str, login: dict[str, str] | None = None, **asked: Any) -> dict[str, Any]:
    """Post with the login in the body. Returns the answer, empty where it is no JSON object."""
    body = {"loginInfo": login or log_in(), **asked}
    answer = requests.post(desk.urls["momo"] + path, json=body, timeout=TIMEOUT_S)
    return dict(answer.json()) if answer.headers["content-type"] == "application/json" else {}


def log_in(vendor: str = MOMO.login) -> dict[str, str]:
    return {"entpID": "00000000", "entpCode": vendor, "entpPwd": MOMO.key, "otpBackNo": "000"}


def window() -> dict[str, str]:
    now = datetime.now(TAIPEI)
    since = now - timedelta(days=7)
    return {
        "fromDate": f"{since:%Y/%m/%d}",
        "fromHour": "00",
        "fromMinute": "00",
        "toDate": f"{now:%Y/%m/%d}",
        "toHour": f"{now:%H}",
        "toMinute": f"{now:%M}",
    }


def fetch_orders(desk: Desk, login: dict[str, str] | None = None) -> list[str]:
    with on_behalf_of(MOMO), apitrail.action("order.list", source=ACCOUNT):
        found = ask(desk, "/OrderServlet.do", login, doAction="unsendCompanyQuery", sendInfo=window())
    return [row["completeOrderNo"] for row in found.get("dataList") or []]


def confirm(desk: Desk, *sent: tuple[str, str]) -> None:
    """Report parcels to momo: pairs of order number and consignment number."""
    rows = [
        {"completeOrderNo": number, "remark5VStr": "已配送", "msgNote": "", "delyGbStr": "統一速達", "slipNo": slip}
        for number, slip in sent
    ]
    with on_behalf_of(MOMO), apitrail.action("shipment.report", source=("order", sent[0][0])):
        ask(desk, "/OrderServlet.do", doAction="unsendCompanyConfirm", sendInfoList=rows)


@story(weight=9)
def fetch_and_report(desk: Desk) -> None:
    """Fetch what is to be sent, print a label, report the parcel."""
    number = desk.random.choice(fetch_orders(desk))
    with on_behalf_of(MOMO), apitrail.action("label.get", source=("order", number)):
        info = {"completeOrderNo": number, "printType": "label"}
        ask(desk, "/OrderServlet.do", doAction="unsendThirdPrintPdf", sendInfo=info)
    confirm(desk, (number, str(desk.random.randint(10**11, 10**12 - 1))))


@story(weight=1)
def partly_refused(desk: Desk) -> None:
    """One row is good, one has no consignment number, one is of an order that momo does not know."""
    good, bare, *_ = fetch_orders(desk)
    slip = str(desk.random.randint(10**11, 10**12 - 1))
    confirm(desk, (good, slip), (bare, ""), ("20261123000000-001-001-001", slip))


@story(weight=1)
def vendor_unknown(desk: Desk) -> None:
    """Vendor code and tax id were swapped in the settings."""
    fetch_orders(desk, log_in(vendor="00000000"))


@story(weight=1)
def system_busy(desk: Desk) -> None:
    desk.director.trouble("momo", "busy", "/OrderServlet.do")
    fetch_orders(desk)


@story(weight=1)
def read_settings(desk: Desk) -> None:
    with on_behalf_of(MOMO), apitrail.action("store.settings", source=ACCOUNT):
        ask(desk, "/order/shipType/getShipTypeList.scm")


@story(weight=1)
def map_products(desk: Desk) -> None:
    with on_behalf_of(MOMO), apitrail.action("product.mapping.sync", source=ACCOUNT):
        found = ask(desk, "/GoodsServlet.do", doAction="queryGoodsList", sendInfo={"saleGB": "1", "page": "1"})
    desk.mapping["momo"] = {goods["ENTP_GOODS_NO"]: goods["GOODS_CODE"] for goods in found["dataList"]}


@story(weight=4)
def stock_after_put_away(desk: Desk) -> None:
    product = desk.random.choice(PRODUCTS)
    change_stock(desk, product.sku, desk.mapping["momo"][product.sku])


@story(weight=1)
def stock_of_unknown_product(desk: Desk) -> None:
    change_stock(desk, PRODUCTS[0].sku, "99999999")


def change_stock(desk: Desk, sku: str, goods_code: str) -> None:
    """momo takes differences, not amounts: sent twice is added twice."""
    change = {"goodsCode": goods_code, "goodsdtCode": "001", "orderCounselQty": "100", "addReduceQty": "5"}
    with on_behalf_of(MOMO), apitrail.action("stock.push", source=("product", sku), references=[("sku", sku)]):
        ask(desk, "/GoodsServlet.do", doAction="changeGoodsQty", sendInfoList=[change])
