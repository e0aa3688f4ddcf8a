from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from easypost.easypost_client import EasyPostClient
from easypost.errors.api.api_error import ApiError

from apitrail.demo.director import Director
from apitrail.demo.trade import EASYPOST

ADDRESS = {"name": "Sample Buyer", "street1": "100 Sample Street", "city": "San Francisco", "state": "CA"}
PARCEL = {"length": 10, "width": 8, "height": 4, "weight": 20.0}


@contextmanager
def client(platforms: dict[str, str], key: str) -> Iterator[Any]:
    """The real package, as a merchant's backend uses it; it has no way of its own to close its connections."""
    made = EasyPostClient(key, api_base=platforms["easypost"] + "/v2")
    yield made
    made._requests_session.close()


@pytest.fixture
def carrier(platforms: dict[str, str]) -> Iterator[Any]:
    with client(platforms, EASYPOST.key) as made:
        yield made


def shipment(carrier: Any, **parcel: float) -> Any:
    return carrier.shipment.create(
        reference="#1001", to_address=ADDRESS, from_address=ADDRESS, parcel={**PARCEL, **parcel}
    )


def refusal(call: Any, *args: Any, **asked: Any) -> tuple[int | None, str | None]:
    with pytest.raises(ApiError) as caught:
        call(*args, **asked)
    return caught.value.http_status, caught.value.code


def test_a_label_is_bought_downloaded_and_followed(carrier: Any) -> None:
    made = shipment(carrier)
    bought = carrier.shipment.buy(made.id, rate=made.lowest_rate())
    assert bought.reference == "#1001"
    label = requests.get(bought.postage_label.label_url, timeout=5)
    assert label.content.startswith(b"\x89PNG")
    found = carrier.tracker.all(tracking_code=bought.tracking_code)["trackers"]
    assert [tracker.id for tracker in found] == [bought.tracker.id]
    assert carrier.tracker.retrieve(bought.tracker.id).status == "pre_transit"
    assert carrier.shipment.refund(made.id).refund_status == "submitted"


def test_a_carriers_complaint_beside_rates_is_only_a_message(carrier: Any) -> None:
    made = next(made for made in iter(lambda: shipment(carrier), None) if made.messages)
    assert made.rates
    assert [(message.carrier, message.type) for message in made.messages] == [("UPS", "rate_error")]


def test_without_any_rate_the_reasons_are_in_the_messages(carrier: Any) -> None:
    made = shipment(carrier, weight=1600.0)
    assert made.rates == []
    assert made.messages[-1].message == "shipment.parcel.weight: maximum weight is 70 lb"


def test_an_address_without_a_number_cannot_be_verified(carrier: Any) -> None:
    assert carrier.address.create_and_verify(**ADDRESS).verifications.delivery.success
    status, code = refusal(carrier.address.create_and_verify, **{**ADDRESS, "street1": "Nowhere Lane"})
    assert (status, code) == (422, "ADDRESS.VERIFY.FAILURE")


def test_refusals_have_a_status_and_a_code(carrier: Any, platforms: dict[str, str], director: Director) -> None:
    made = shipment(carrier)
    assert refusal(carrier.shipment.refund, made.id) == (422, "SHIPMENT.REFUND.UNAVAILABLE")
    assert refusal(carrier.shipment.buy, made.id, rate={"id": "rate_0"}) == (422, "SHIPMENT.RATES.UNAVAILABLE")
    director.trouble("easypost", "carrier_refuses", "/buy")
    assert refusal(carrier.shipment.buy, made.id, rate=made.lowest_rate()) == (422, "SHIPMENT.POSTAGE.FAILURE")
    carrier.shipment.buy(made.id, rate=made.lowest_rate())
    assert refusal(carrier.shipment.buy, made.id, rate=made.lowest_rate()) == (422, "SHIPMENT.POSTAGE.EXISTS")
    assert refusal(carrier.shipment.create, parcel=PARCEL) == (422, "PARAMETER.REQUIRED")
    assert refusal(carrier.shipment.buy, "shp_0", rate={"id": "rate_0"}) == (404, "NOT_FOUND")
    with client(platforms, "EZTKwrong") as stranger:
        assert refusal(stranger.tracker.retrieve, "trk_0") == (403, "APIKEY.INACTIVE")


def test_a_parcel_that_moves_is_notified(carrier: Any, director: Director, receiver: str) -> None:
    made = shipment(carrier)
    bought = carrier.shipment.buy(made.id, rate=made.lowest_rate())
    to = f"{receiver}/{EASYPOST.id}"
    moved = director.event("easypost", "parcel_moved", to=to, tracking_code=bought.tracking_code)
    assert moved["delivered"] == 200
    assert carrier.tracker.retrieve(bought.tracker.id).status == "in_transit"
