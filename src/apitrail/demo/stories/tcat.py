"""T-Cat over requests: consignments, their PDF as a stream, the status of many parcels in one call."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

import requests

import apitrail
from apitrail.demo.stories.desk import TIMEOUT_S, Desk, on_behalf_of, story
from apitrail.demo.trade import TCAT, WAREHOUSE, buyer_in_taiwan

TAIPEI = timezone(timedelta(hours=8))
FOLLOWED = 10
"""T-Cat answers for ten parcels in one call."""


class Consignment(NamedTuple):
    number: str
    file_no: str


def ask(desk: Desk, command: str, *, token: str = TCAT.key, base: str | None = None, **asked: Any) -> requests.Response:
    body = {"CustomerId": TCAT.login, "CustomerToken": token, **asked}
    url = f"{base or desk.urls['tcat']}/api/Egs/{command}"
    return requests.post(url, json=body, timeout=TIMEOUT_S, stream=command == "DownloadOBT")


def consign(
    desk: Desk, order: str, name: str, address: str, *, token: str = TCAT.key, base: str | None = None
) -> Consignment | None:
    """A consignment number and the file with its label; None where T-Cat said no.

    Without an address the call is not made at all, and the log says so.
    """
    source = ("order", order)
    with on_behalf_of(TCAT):
        if not address:
            where = f"{desk.urls['tcat']}/api/Egs/PrintOBT"
            apitrail.not_sent("label.create", "收件地址空白，未送出取號", source=source, method="POST", url=where)
            return None
        tomorrow = datetime.now(TAIPEI) + timedelta(days=1)
        wanted = {
            "OBTNumber": "",
            "OrderId": order,
            "Thermosphere": "0001",
            "Spec": "0001",
            "ReceiptLocation": "01",
            "RecipientName": name,
            "RecipientTel": "",
            "RecipientMobile": "0900000000",
            "RecipientAddress": address,
            "SenderName": WAREHOUSE.name,
            "SenderTel": WAREHOUSE.phone,
            "SenderZipCode": WAREHOUSE.zip,
            "SenderAddress": WAREHOUSE.line,
            "ShipmentDate": f"{datetime.now(TAIPEI):%Y%m%d}",
            "DeliveryDate": f"{tomorrow:%Y%m%d}",
            "DeliveryTime": "04",
            "IsCollection": "N",
            "CollectionAmount": 0,
            "ProductTypeId": "0009",
            "ProductName": "日用品",
        }
        with apitrail.action("label.create", source=source):
            asked = {"PrintType": "01", "PrintOBTType": "02", "Orders": [wanted]}
            answer = ask(desk, "PrintOBT", token=token, base=base, **asked).json()
        if answer["IsOK"] != "Y":
            return None
        made = Consignment(answer["Data"]["Orders"][0]["OBTNumber"], answer["Data"]["FileNo"])
        desk.parcels = [*desk.parcels, made.number][-FOLLOWED:]
        return made


def download(desk: Desk, file_no: str, order: str) -> None:
    """Read the label as it comes, piece by piece."""
    with on_behalf_of(TCAT), apitrail.action("label.get", source=("order", order)):
        answer = ask(desk, "DownloadOBT", FileNo=file_no)
        for _ in answer.iter_content(512):
            pass


def some_order(desk: Desk) -> str:
    return f"WH{datetime.now(TAIPEI):%y%m%d}{desk.random.randint(0, 999_999):06d}"


@story(weight=9)
def label_and_file(desk: Desk) -> None:
    order, buyer = some_order(desk), buyer_in_taiwan(desk.random)
    with on_behalf_of(TCAT), apitrail.action("address.check", source=("order", order)):
        ask(desk, "ParsingAddress", PostType="01", Addresses=[{"Search": buyer.line}])
    made = consign(desk, order, buyer.name, buyer.line)
    if made:
        download(desk, made.file_no, order)


@story(weight=1)
def address_not_found(desk: Desk) -> None:
    order, buyer = some_order(desk), buyer_in_taiwan(desk.random)
    with on_behalf_of(TCAT), apitrail.action("address.check", source=("order", order)):
        ask(desk, "ParsingAddress", PostType="01", Addresses=[{"Search": "附近便利商店旁"}])
    consign(desk, order, buyer.name, "附近便利商店旁")


@story(weight=1)
def address_missing(desk: Desk) -> None:
    """The call that was never made is in the log, too."""
    consign(desk, some_order(desk), buyer_in_taiwan(desk.random).name, "")


@story(weight=1)
def contract_token_wrong(desk: Desk) -> None:
    buyer = buyer_in_taiwan(desk.random)
    consign(desk, some_order(desk), buyer.name, buyer.line, token=TCAT.secret("old token", length=8))


@story(weight=1)
def file_expired(desk: Desk) -> None:
    """A label file lives for a day; this one is gone, and the answer is HTTP 400."""
    download(desk, "202601010000000001", some_order(desk))


@story(weight=16)
def delivery_status(desk: Desk) -> None:
    """One call, the status of many parcels."""
    with on_behalf_of(TCAT), apitrail.action("tracking.get", source=("shipping_account", TCAT.id, TCAT.name)):
        ask(desk, "OBTStatus", OBTNumbers=desk.parcels or ["000000000000"])


@story(weight=1)
def parcel_unknown(desk: Desk) -> None:
    with on_behalf_of(TCAT), apitrail.action("tracking.get", source=("tracking", "000000000000")):
        ask(desk, "OBTStatus", OBTNumbers=["000000000000"])


@story(weight=1)
def gateway_busy(desk: Desk) -> None:
    """A page in Big5 from the gateway in front."""
    desk.director.trouble("tcat", "big5_page", "/OBTStatus")
    with on_behalf_of(TCAT), apitrail.action("tracking.get", source=("shipping_account", TCAT.id, TCAT.name)):
        ask(desk, "OBTStatus", OBTNumbers=desk.parcels)


@story(weight=1)
def gateway_off(desk: Desk) -> None:
    """The label gateway in the warehouse is switched off: nobody answers at all."""
    buyer = buyer_in_taiwan(desk.random)
    with suppress(requests.ConnectionError):  # the operator prints again when the gateway is back
        consign(desk, some_order(desk), buyer.name, buyer.line, base=desk.closed)
