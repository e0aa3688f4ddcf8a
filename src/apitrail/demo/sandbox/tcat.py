"""T-Cat (統一速達) EGS API, as seen in public clients: JSON POST, credentials in the body, `IsOK` Y or N inside
HTTP 200. DownloadOBT is the exception: PDF bytes, or HTTP 400 with the envelope. A status query carries up to ten
parcels. A page of the gateway in front of it comes in Big5 here; that is plausible for the trade, not documented.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from msgspec import Struct

from apitrail.demo.sandbox.documents import pdf_label
from apitrail.demo.sandbox.web import Answer, Json, Platform, Request, Trouble, json_answer, on
from apitrail.demo.trade import TCAT

TAIPEI = timezone(timedelta(hours=8))
STATUS_LIMIT = 10
CHUNK = 700
"""Bytes per chunk of a downloaded label: small, so that a label really arrives in pieces."""


class Parcel(Struct):
    obt: str
    order: str
    file_no: str
    to: str


class TCat(Platform):
    name = "tcat"

    def __init__(self, seed: int | str = 0, latency: tuple[float, float] = (0.0, 0.0)) -> None:
        super().__init__(seed, latency)
        self.parcels: dict[str, Parcel] = {}
        self.transactions = 0

    def envelope(self, message: str, data: Any, ok: bool = True, status: int = 200) -> Answer:
        self.transactions += 1
        transaction = f"TN{datetime.now(TAIPEI):%Y%m%d}{self.transactions:06d}"
        return json_answer(
            {"SrvTranId": transaction, "IsOK": "Y" if ok else "N", "Message": message, "Data": data}, status
        )

    def refused(self, message: str, status: int = 200) -> Answer:
        return self.envelope(message, None, ok=False, status=status)

    def bad_call(self, request: Request, reason: str) -> Answer:
        return self.refused("資料格式錯誤")

    def refuse(self, request: Request) -> Answer | None:
        asked = request.json()
        if asked.get("CustomerId") != TCAT.login or asked.get("CustomerToken") != TCAT.key:
            return self.refused("契客授權碼錯誤，請確認客戶代號與授權碼")
        return None

    def in_trouble(self, trouble: Trouble, request: Request) -> Answer:
        if trouble.kind == "big5_page":
            page = "<html><head><title>系統忙碌中</title></head><body>系統忙碌中，請稍後再試。查無服務。</body></html>"
            return Answer(503, [("content-type", "text/html; charset=big5")], page.encode("big5"))
        return super().in_trouble(trouble, request)

    @on("POST", "/api/Egs/ParsingAddress")
    def parse_address(self, request: Request) -> Answer:
        found = [
            {"Search": address["Search"], "PostNumber": _post_number(address["Search"])}
            for address in request.json()["Addresses"]
        ]
        if not any(address["PostNumber"] for address in found):
            return self.refused("地址無法辨識，查無郵遞區號")
        return self.envelope("查詢成功", {"Addresses": found})

    @on("POST", "/api/Egs/PrintOBT")
    def print_obt(self, request: Request) -> Answer:
        orders = request.json()["Orders"]
        for order in orders:
            if not _post_number(order["RecipientAddress"]):
                return self.refused(f"訂單編號 {order['OrderId']} 收件人地址錯誤，無法取得郵遞區號")
            if any(parcel.order == order["OrderId"] for parcel in self.parcels.values()):
                return self.refused(f"訂單編號 {order['OrderId']} 重複")
        now = datetime.now(TAIPEI)
        file_no = f"{now:%Y%m%d%H%M%S}{self.random.randint(0, 9999):04d}"
        made = []
        for order in orders:
            obt = str(self.random.randint(10**11, 10**12 - 1))
            self.parcels[obt] = Parcel(obt, order["OrderId"], file_no, order["RecipientName"])
            made.append({"OBTNumber": obt, "OrderId": order["OrderId"], "FileNo": file_no})
        data = {"PrintDateTime": f"{now:%Y/%m/%d %H:%M:%S}", "Orders": made, "FileNo": file_no}
        return self.envelope("託運單產生成功", data)

    @on("POST", "/api/Egs/DownloadOBT")
    def download_obt(self, request: Request) -> Answer:
        file_no = request.json().get("FileNo")
        found = [parcel for parcel in self.parcels.values() if parcel.file_no == file_no]
        if not found:
            return self.refused("檔案編號不存在或已逾期", 400)
        pdf = pdf_label(["T-Cat " + found[0].obt, found[0].order], found[0].obt)
        return Answer(200, [("content-type", "application/pdf")], stream=_pieces(pdf))

    @on("POST", "/api/Egs/OBTStatus")
    def status(self, request: Request) -> Answer:
        asked = request.json()["OBTNumbers"]
        if len(asked) > STATUS_LIMIT:
            return self.refused(f"查詢筆數超過上限 {STATUS_LIMIT} 筆")
        found = [_status(self.parcels[obt]) for obt in asked if obt in self.parcels]
        if not found:
            return self.refused("查無此託運單號")
        return self.envelope("查詢成功", {"OBTs": found})


def _post_number(address: str) -> str:
    """Addresses in Taiwan begin with a postal code here, and name a street."""
    street = any(word in address for word in ("路", "街", "道"))
    return f"71-{address[:3]}-24-B" if address[:3].isdigit() and street else ""


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), CHUNK):
        yield body[start : start + CHUNK]


def _status(parcel: Parcel) -> Json:
    now = datetime.now(TAIPEI)
    steps = [("100", "已集貨", "林口營業所"), ("111", "轉運中", "桃園轉運中心"), ("151", "配送中", "信義營業所")]
    history = [
        {
            "StatusId": status,
            "StatusName": name,
            "CreateDateTime": f"{now - timedelta(hours=6 * (len(steps) - step)):%Y/%m/%d %H:%M:%S}",
            "StationName": station,
        }
        for step, (status, name, station) in enumerate(steps, 1)
    ]
    return {"OBTNumber": parcel.obt, "OrderId": parcel.order, "CustomerId": TCAT.login, **history[-1]} | {
        "StatusList": history
    }
