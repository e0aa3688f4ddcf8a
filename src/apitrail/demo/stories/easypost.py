"""EasyPost through its own Python package, which calls over requests: nothing here knows of HTTP but the label."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Any

import requests
from easypost.easypost_client import EasyPostClient
from easypost.errors.general.easypost_error import EasyPostError

import apitrail
from apitrail.demo.stories.desk import TIMEOUT_S, Desk, on_behalf_of, story
from apitrail.demo.trade import EASYPOST, US_WAREHOUSE, buyer_in_america

PARCEL = {"length": 10, "width": 8, "height": 4, "weight": 25.0}
TOO_HEAVY = {**PARCEL, "weight": 1600.0}
"""Ounces: 100 lb."""


def client(desk: Desk, key: str = EASYPOST.key) -> Any:
    return _client(f"{desk.urls['easypost']}/v2", key)


@cache
def _client(base: str, key: str) -> Any:
    """One per key: it keeps its connections."""
    return EasyPostClient(key, api_base=base, timeout=int(TIMEOUT_S))


def sender() -> dict[str, str]:
    return {
        "company": US_WAREHOUSE.name,
        "street1": US_WAREHOUSE.street,
        "city": US_WAREHOUSE.city,
        "state": US_WAREHOUSE.district,
        "zip": US_WAREHOUSE.zip,
        "country": "US",
        "phone": US_WAREHOUSE.phone,
    }


def receiver(address: dict[str, Any]) -> dict[str, Any]:
    """EasyPost's words for an address as Shopify writes it."""
    return {
        "name": address["name"],
        "street1": address["address1"],
        "city": address["city"],
        "state": address["province_code"],
        "zip": address["zip"],
        "country": address["country_code"],
        "phone": address["phone"],
    }


def some_receiver(desk: Desk) -> dict[str, Any]:
    buyer = buyer_in_america(desk.random)
    return {
        "name": buyer.name,
        "street1": buyer.street,
        "city": buyer.city,
        "state": buyer.district,
        "zip": buyer.zip,
        "country": "US",
    }


def buy_label(desk: Desk, order: str, address: dict[str, Any]) -> str:
    """Rates, the cheapest of them, its label as a file. Returns the tracking code."""
    carrier = client(desk)
    source = ("order", order)
    with on_behalf_of(EASYPOST):
        with apitrail.action("rate.quote", source=source):
            shipment = carrier.shipment.create(
                reference=order, to_address=receiver(address), from_address=sender(), parcel=PARCEL
            )
        with apitrail.action("label.create", source=source):
            bought = carrier.shipment.buy(shipment.id, rate=shipment.lowest_rate())
        with apitrail.action("label.get", source=source, references=[("tracking", bought.tracking_code)]):
            requests.get(bought.postage_label.label_url, timeout=TIMEOUT_S)
    return str(bought.tracking_code)


def follow(desk: Desk, tracking: str) -> None:
    with on_behalf_of(EASYPOST), apitrail.action("tracking.get", source=("tracking", tracking)):
        client(desk).tracker.all(tracking_code=tracking)


def parcel_moves(desk: Desk, tracking: str) -> None:
    """The carrier scans the parcel; EasyPost notifies us."""
    to = f"{desk.webhooks}/{EASYPOST.id}"
    desk.director.event("easypost", "parcel_moved", to=to, tracking_code=tracking)


@story(weight=1)
def label_cancelled(desk: Desk) -> None:
    """A label bought by mistake is given back; a shipment without one cannot be."""
    carrier = client(desk)
    with on_behalf_of(EASYPOST):
        made = [
            carrier.shipment.create(to_address=some_receiver(desk), from_address=sender(), parcel=PARCEL)
            for _ in range(2)
        ]
        with apitrail.action("label.create", source=("shipment", made[0].id)):
            carrier.shipment.buy(made[0].id, rate=made[0].lowest_rate())
        for shipment in made:
            with apitrail.action("label.void", source=("shipment", shipment.id)):
                said_no(carrier.shipment.refund, shipment.id)


@story(weight=1)
def carrier_refuses(desk: Desk) -> None:
    """EasyPost passes on what the carrier said."""
    carrier = client(desk)
    desk.director.trouble("easypost", "carrier_refuses", "/buy")
    with on_behalf_of(EASYPOST):
        shipment = carrier.shipment.create(to_address=some_receiver(desk), from_address=sender(), parcel=PARCEL)
        with apitrail.action("label.create", source=("shipment", shipment.id)):
            said_no(carrier.shipment.buy, shipment.id, rate=shipment.lowest_rate())


@story(weight=1)
def too_heavy(desk: Desk) -> None:
    """HTTP 201 and no rate at all: the reasons are in `messages`."""
    with on_behalf_of(EASYPOST), apitrail.action("rate.quote", source=("shipping_account", EASYPOST.id)):
        client(desk).shipment.create(to_address=some_receiver(desk), from_address=sender(), parcel=TOO_HEAVY)


@story(weight=1)
def address_unknown(desk: Desk) -> None:
    """A street without a number, then the same address as it should be."""
    carrier, address = client(desk), some_receiver(desk)
    with (
        on_behalf_of(EASYPOST),
        apitrail.action("address.check", source=("order", f"#{desk.random.randint(1001, 9999)}")),
    ):
        said_no(carrier.address.create_and_verify, **{**address, "street1": "Nowhere Lane"})
        carrier.address.create_and_verify(**address)


@story(weight=1)
def key_inactive(desk: Desk) -> None:
    carrier = client(desk, key=EASYPOST.stale_token)
    with on_behalf_of(EASYPOST), apitrail.action("tracking.get", source=("shipping_account", EASYPOST.id)):
        said_no(carrier.tracker.retrieve, "trk_00000000000000000000000000000000")


@story(weight=1)
def unlabelled_call(desk: Desk) -> None:
    """A script that nobody has told of Apitrail: its calls are recorded all the same."""
    headers = {"Authorization": f"Bearer {EASYPOST.key}"}
    requests.get(f"{desk.urls['easypost']}/v2/trackers", headers=headers, params={"page_size": 20}, timeout=TIMEOUT_S)


def said_no(call: Any, *args: Any, **asked: Any) -> None:
    """Make a call that the platform may refuse. The refusal is in the log; the backend goes on."""
    with suppress(EasyPostError):
        call(*args, **asked)
