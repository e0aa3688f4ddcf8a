from __future__ import annotations

from typing import Any

import pytest
import requests

from apitrail.demo.director import Director
from apitrail.demo.trade import TCAT


class TCat:
    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, command: str, token: str = TCAT.key, **asked: Any) -> requests.Response:
        body = {"CustomerId": TCAT.login, "CustomerToken": token, **asked}
        return requests.post(f"{self.url}/api/Egs/{command}", json=body, timeout=5)

    def print(self, order: str, address: str = "110臺北市信義區範例路 1 號") -> dict[str, Any]:
        orders = [{"OrderId": order, "RecipientName": "測試買家", "RecipientAddress": address}]
        answer: dict[str, Any] = self.ask("PrintOBT", Orders=orders).json()
        return answer


@pytest.fixture
def tcat(platforms: dict[str, str]) -> TCat:
    return TCat(platforms["tcat"])


def test_a_consignment_gets_a_number_a_file_and_a_status(tcat: TCat) -> None:
    made = tcat.print("WH1")
    assert made["IsOK"] == "Y"
    assert made["SrvTranId"].startswith("TN")
    obt = made["Data"]["Orders"][0]["OBTNumber"]
    assert len(obt) == 12
    file = tcat.ask("DownloadOBT", FileNo=made["Data"]["FileNo"])
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["transfer-encoding"] == "chunked"
    assert file.content.startswith(b"%PDF-")
    status = tcat.ask("OBTStatus", OBTNumbers=[obt, "000000000000"]).json()["Data"]["OBTs"]
    assert [(parcel["OBTNumber"], parcel["OrderId"]) for parcel in status] == [(obt, "WH1")]
    assert [step["StatusName"] for step in status[0]["StatusList"]] == ["已集貨", "轉運中", "配送中"]


def test_failures_are_told_in_chinese_inside_200(tcat: TCat) -> None:
    tcat.print("WH2")
    failures = {
        "地址": tcat.print("WH3", "附近便利商店旁"),
        "重複": tcat.print("WH2"),
        "授權": tcat.ask("PrintOBT", token="wrong", Orders=[]).json(),
        "郵遞區號": tcat.ask("ParsingAddress", Addresses=[{"Search": "附近"}]).json(),
        "查無": tcat.ask("OBTStatus", OBTNumbers=["000000000000"]).json(),
        "上限": tcat.ask("OBTStatus", OBTNumbers=[str(number) for number in range(11)]).json(),
        "格式": tcat.ask("OBTStatus").json(),
    }
    for word, answer in failures.items():
        assert answer["IsOK"] == "N"
        assert word in answer["Message"]
        assert answer["Data"] is None


def test_an_address_leads_to_a_post_number(tcat: TCat) -> None:
    answer = tcat.ask("ParsingAddress", Addresses=[{"Search": "407臺中市西屯區範例大道三段 99 號"}]).json()
    assert answer["Data"]["Addresses"][0]["PostNumber"] == "71-407-24-B"


def test_a_file_that_is_gone_is_a_400_with_the_envelope(tcat: TCat) -> None:
    answer = tcat.ask("DownloadOBT", FileNo="0")
    assert (answer.status_code, answer.json()["IsOK"]) == (400, "N")


def test_a_page_of_the_gateway_comes_in_big5(tcat: TCat, director: Director) -> None:
    director.trouble("tcat", "big5_page")
    answer = tcat.ask("OBTStatus", OBTNumbers=[])
    assert answer.status_code == 503
    assert "系統忙碌中" in answer.content.decode("big5")
