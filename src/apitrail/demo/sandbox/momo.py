"""momo SCM, as documented for suppliers: JSON POST with the login in the body, HTTP 200 whatever happened, no
numeric codes, errors as text, and counts as strings beside lists of the rows that failed.
"""

from __future__ import annotations

import time
from base64 import b64encode
from datetime import datetime, timedelta, timezone
from typing import Any

from msgspec import Struct

from apitrail.demo.sandbox.documents import pdf_label
from apitrail.demo.sandbox.web import Answer, Json, Platform, Request, Trouble, json_answer, on
from apitrail.demo.trade import MOMO, PRODUCTS, Address, Line, basket, buyer_in_taiwan

TAIPEI = timezone(timedelta(hours=8))


class Row(Struct):
    """One line of an order; momo numbers lines, not orders."""

    number: str
    buyer: Address
    line: Line
    shipped: bool = False


class Momo(Platform):
    name = "momo"

    def __init__(self, seed: int | str = 0, latency: tuple[float, float] = (0.0, 0.0)) -> None:
        super().__init__(seed, latency)
        self.rows: dict[str, Row] = {}
        for _ in range(4):
            self.place()

    def place(self) -> Row:
        stamp = datetime.fromtimestamp(time.time(), TAIPEI) - timedelta(seconds=self.random.randint(0, 7200))
        buyer, order = buyer_in_taiwan(self.random), f"{stamp:%Y%m%d%H%M%S}{self.random.randint(100, 999)}"
        for index, line in enumerate(basket(self.random), 1):
            row = Row(f"{order}-{index:03d}-001-001", buyer, line)
            self.rows[row.number] = row
        return row

    def refuse(self, request: Request) -> Answer | None:
        login = request.json().get("loginInfo") or {}
        if login.get("entpCode") != MOMO.login:
            return json_answer({"ERROR": "查無此供應商"})
        if login.get("entpPwd") != MOMO.key:
            return json_answer({"ERROR": "登入失敗，請確認帳號密碼"})
        return None

    def bad_call(self, request: Request, reason: str) -> Answer:
        return json_answer({"ERROR": "資料格式錯誤"})

    def in_trouble(self, trouble: Trouble, request: Request) -> Answer:
        if trouble.kind == "busy":
            return json_answer({"ERROR": "系統忙碌中，請稍後再試"})
        return super().in_trouble(trouble, request)

    @on("POST", "/OrderServlet.do")
    def orders(self, request: Request) -> Answer:
        asked = request.json()
        action = asked.get("doAction")
        if action == "unsendCompanyQuery":
            if len(self.rows) - sum(row.shipped for row in self.rows.values()) < 4:
                self.place()
            return self._unsent(asked)
        if action == "unsendCompanyConfirm":
            return self._confirm(asked["sendInfoList"])
        if action == "unsendThirdPrintPdf":
            return self._print(asked["sendInfo"])
        return json_answer({"ERROR": f"doAction 錯誤: {action}"})

    def _unsent(self, asked: Json) -> Answer:
        wanted = asked.get("sendInfo", {}).get("orderNo")
        rows = [row for row in self.rows.values() if not row.shipped and (not wanted or row.number == wanted)]
        return json_answer({"ERROR": "", "basicCheckMsgList": None, "dataList": [_row(row) for row in rows]})

    def _confirm(self, sent: list[Json]) -> Answer:
        done: list[str] = []
        failed: list[str] = []
        repeated: list[str] = []
        for info in sent:
            number = info["completeOrderNo"]
            row = self.rows.get(number)
            if row is None:
                failed.append(f"{number}: 查無此訂單")
            elif row.shipped:
                repeated.append(number)
            elif not info.get("slipNo"):
                failed.append(f"{number}: 已配送須填寫物流單號")
            else:
                row.shipped = True
                done.append(number)
        result: Json = {"undoCnt": "0", "undoList": []}
        for name, rows in (("confirmOk", done), ("confirmFail", failed), ("confirmRepeat", repeated)):
            result |= {f"{name}Cnt": str(len(rows)), f"{name}List": rows}
        return json_answer({"ERROR": "", "basicCheckMsgList": None, "resultInfo": result})

    def _print(self, info: Json) -> Answer:
        row = self.rows.get(info.get("completeOrderNo", ""))
        if row is None:
            return json_answer({"ERROR": "", "basicCheckMsgList": ["查無可列印之訂單"], "pdfData": None})
        pdf = pdf_label([f"momo {row.number}", row.line.product.sku], row.number)
        return json_answer({"ERROR": "", "basicCheckMsgList": None, "pdfData": b64encode(pdf).decode()})

    @on("POST", "/GoodsServlet.do")
    def goods(self, request: Request) -> Answer:
        asked = request.json()
        action = asked.get("doAction")
        if action == "queryGoodsList":
            return json_answer({"ERROR": "", "dataList": [_goods(index) for index in range(len(PRODUCTS))]})
        if action == "changeGoodsQty":
            return self._change_quantity(asked["sendInfoList"])
        return json_answer({"ERROR": f"doAction 錯誤: {action}"})

    def _change_quantity(self, changes: list[Json]) -> Answer:
        known = {goods_code(index) for index in range(len(PRODUCTS))}
        failed = [
            f"{change['goodsCode']}-{change['goodsdtCode']}: 查無此商品"
            for change in changes
            if change["goodsCode"] not in known
        ]
        result = {
            "totalCnt": str(len(changes)),
            "successCnt": str(len(changes) - len(failed)),
            "setZeroFailCount": "0",
            "addCounselFailCnt": str(len(failed)),
            "addCounselFailList": failed,
        }
        return json_answer({"ERROR": "", "basicCheckMsgList": None, "resultInfo": result})

    @on("POST", "/order/shipType/getShipTypeList.scm")
    def ship_types(self, request: Request) -> Answer:
        types = [
            {"code": "61", "name": "廠商配送"},
            {"code": "62", "name": "第三方物流"},
            {"code": "65", "name": "超商取貨"},
        ]
        return json_answer({"success": True, "ERROR": "", "dataList": types})


def goods_code(index: int) -> str:
    return str(11_870_420 + index)


def _goods(index: int) -> Json:
    product = PRODUCTS[index]
    return {
        "GOODS_CODE": goods_code(index),
        "GOODSDT_CODE": "001",
        "GOODS_NAME": product.name,
        "GOODSDT_INFO": "單一規格",
        "ENTP_GOODS_NO": product.sku,
        "SALE_GB_NAME": "進行",
        "SALE_PRICE": str(product.twd),
        "ORDER_COUNSEL_QTY": "100",
    }


def _row(row: Row) -> dict[str, Any]:
    index = PRODUCTS.index(row.line.product)
    return {
        "completeOrderNo": row.number,
        "orderDate": f"{datetime.now(TAIPEI):%Y/%m/%d}",
        "receiver": row.buyer.name,
        "receiverMobile": row.buyer.phone,
        "postNo": row.buyer.zip,
        "receiverAddr": row.buyer.line,
        "goodsCode": goods_code(index),
        "goodsdtCode": "001",
        "goodsName": row.line.product.name,
        "entpGoodsNo": row.line.product.sku,
        "orderQty": str(row.line.quantity),
        "delyGbStr": "",
        "slipNo": "",
    }
