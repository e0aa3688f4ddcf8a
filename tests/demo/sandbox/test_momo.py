from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest
import requests

from apitrail.demo.director import Director
from apitrail.demo.sandbox.momo import goods_code
from apitrail.demo.trade import MOMO, PRODUCTS

LOGIN = {"entpID": "00000000", "entpCode": MOMO.login, "entpPwd": MOMO.key, "otpBackNo": "000"}


class Momo:
    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, path: str, login: dict[str, str] = LOGIN, **asked: Any) -> dict[str, Any]:
        answer = requests.post(self.url + path, json={"loginInfo": login, **asked}, timeout=5)
        assert answer.status_code == 200  # whatever happened
        found: dict[str, Any] = answer.json()
        return found

    def unsent(self) -> list[str]:
        found = self.ask("/OrderServlet.do", doAction="unsendCompanyQuery", sendInfo={})
        return [row["completeOrderNo"] for row in found["dataList"]]

    def confirm(self, *sent: tuple[str, str]) -> dict[str, Any]:
        rows = [{"completeOrderNo": number, "remark5VStr": "已配送", "slipNo": slip} for number, slip in sent]
        found = self.ask("/OrderServlet.do", doAction="unsendCompanyConfirm", sendInfoList=rows)
        result: dict[str, Any] = found["resultInfo"]
        return result


@pytest.fixture
def momo(platforms: dict[str, str]) -> Momo:
    return Momo(platforms["momo"])


def test_order_lines_are_numbered_in_four_parts(momo: Momo) -> None:
    assert all(len(number.split("-")) == 4 for number in momo.unsent())


def test_each_row_of_a_confirmation_has_its_own_fate(momo: Momo) -> None:
    good, bare, *_ = momo.unsent()
    result = momo.confirm((good, "123456789012"), (bare, ""), ("nothing", "1"))
    assert (result["confirmOkCnt"], result["confirmOkList"]) == ("1", [good])
    assert (result["confirmFailCnt"], len(result["confirmFailList"])) == ("2", 2)
    again = momo.confirm((good, "123456789012"))
    assert (again["confirmRepeatCnt"], again["confirmRepeatList"]) == ("1", [good])
    assert good not in momo.unsent()


@pytest.mark.parametrize(
    ("login", "text"),
    [({**LOGIN, "entpCode": "99999999"}, "查無此供應商"), ({**LOGIN, "entpPwd": "x"}, "登入失敗，請確認帳號密碼")],
)
def test_a_wrong_login_is_told_by_text_alone(momo: Momo, login: dict[str, str], text: str) -> None:
    assert momo.ask("/OrderServlet.do", login, doAction="unsendCompanyQuery") == {"ERROR": text}


def test_a_label_is_a_pdf_in_base64(momo: Momo) -> None:
    info = {"completeOrderNo": momo.unsent()[0], "printType": "label"}
    found = momo.ask("/OrderServlet.do", doAction="unsendThirdPrintPdf", sendInfo=info)
    assert b64decode(found["pdfData"]).startswith(b"%PDF-")
    none = momo.ask("/OrderServlet.do", doAction="unsendThirdPrintPdf", sendInfo={"completeOrderNo": "x"})
    assert none["basicCheckMsgList"]


def test_goods_carry_the_vendors_sku(momo: Momo) -> None:
    found = momo.ask("/GoodsServlet.do", doAction="queryGoodsList", sendInfo={})
    assert [goods["ENTP_GOODS_NO"] for goods in found["dataList"]] == [product.sku for product in PRODUCTS]


def test_a_quantity_is_changed_for_known_goods_alone(momo: Momo) -> None:
    changes = [{"goodsCode": code, "goodsdtCode": "001", "addReduceQty": "5"} for code in (goods_code(0), "1")]
    result = momo.ask("/GoodsServlet.do", doAction="changeGoodsQty", sendInfoList=changes)["resultInfo"]
    assert (result["successCnt"], result["addCounselFailCnt"]) == ("1", "1")


def test_an_action_that_does_not_exist_is_an_error(momo: Momo) -> None:
    assert momo.ask("/OrderServlet.do", doAction="nothing")["ERROR"].startswith("doAction")


def test_a_busy_system_says_so_in_its_own_words(momo: Momo, director: Director) -> None:
    director.trouble("momo", "busy")
    assert momo.ask("/order/shipType/getShipTypeList.scm")["ERROR"] == "系統忙碌中，請稍後再試"
    assert momo.ask("/order/shipType/getShipTypeList.scm")["dataList"]
