from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from apitrail.demo.director import Director
from apitrail.demo.stories.ups import shipment, xml
from apitrail.demo.trade import UPS, Address

TO = Address("Sample Buyer", "555-555-0101", "94107", "San Francisco", "CA", "100 Sample Street", "US")


@pytest.fixture
def ups(platforms: dict[str, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=platforms["ups"], headers={"Authorization": f"Bearer {UPS.token}"}) as client:
        yield client


def ship(ups: httpx.Client, to: Address = TO, token: str = UPS.token) -> httpx.Response:
    request = {"TransactionReference": {"CustomerContext": "LNT-1"}}
    asked = {"ShipmentRequest": {"Request": request, "Shipment": shipment(to)}}
    return ups.post("/api/shipments/v2409/ship", json=asked, headers={"Authorization": f"Bearer {token}"})


def failure(answer: httpx.Response) -> tuple[int, str]:
    """Status and code; the code is told in the body and again in a header."""
    code = answer.json()["response"]["errors"][0]["code"]
    assert answer.headers["apierrorcode"] == code
    return answer.status_code, code


def elsewhere(**changes: Any) -> Address:
    fields = ("name", "phone", "zip", "city", "district", "street", "country")
    return Address(**{field: changes.get(field, getattr(TO, field)) for field in fields})


def test_a_token_is_given_for_the_right_key_alone(ups: httpx.Client) -> None:
    form = {"grant_type": "client_credentials"}
    good = ups.post("/security/v1/oauth/token", data=form, auth=(UPS.login, UPS.key))
    assert good.json()["access_token"] == UPS.token
    assert failure(ups.post("/security/v1/oauth/token", data=form, auth=(UPS.login, "wrong")))[0] == 401


def test_a_label_comes_as_base64_under_one_package(ups: httpx.Client) -> None:
    answer = ship(ups).json()["ShipmentResponse"]
    assert answer["Response"]["TransactionReference"]["CustomerContext"] == "LNT-1"
    package = answer["ShipmentResults"]["PackageResults"]
    assert package["TrackingNumber"].startswith("1Z")
    assert len(package["TrackingNumber"]) == 18
    assert b64decode(package["ShippingLabel"]["GraphicImage"]).startswith(b"GIF89a")
    tracked = ups.get(f"/api/track/v1/details/{package['TrackingNumber']}").json()
    assert tracked["trackResponse"]["shipment"][0]["package"][0]["trackingNumber"] == package["TrackingNumber"]


def test_what_is_wrong_has_its_code(ups: httpx.Client, director: Director) -> None:
    assert failure(ship(ups, elsewhere(zip="00000"))) == (400, "120802")
    assert failure(ship(ups, elsewhere(street=""))) == (400, "120202")
    assert failure(ups.get("/api/track/v1/details/1Z999AA10000000000")) == (404, "TV1002")
    for token, code in ((UPS.stale_token, "251004"), ("wrong", "250002")):
        assert failure(ship(ups, token=token)) == (401, code)
    for kind, expected in (("rate_limit", (429, "10429")), ("unavailable", (503, "10004"))):
        director.trouble("ups", kind, "/ship")
        assert failure(ship(ups)) == expected


def test_rates_come_with_an_alert_that_is_no_failure(ups: httpx.Client) -> None:
    asked = {"RateRequest": {"Shipment": shipment(TO)}}
    answer = ups.post("/api/rating/v2409/Shop", json=asked).json()["RateResponse"]
    assert answer["Response"]["Alert"]
    assert len(answer["RatedShipment"]) == 3
    asked = {"RateRequest": {"Shipment": shipment(elsewhere(district="NY"))}}
    assert failure(ups.post("/api/rating/v2409/Shop", json=asked)) == (400, "111285")


def test_a_label_is_voided_once(ups: httpx.Client) -> None:
    number = ship(ups).json()["ShipmentResponse"]["ShipmentResults"]["ShipmentIdentificationNumber"]
    path = f"/api/shipments/v2409/void/cancel/{number}"
    assert ups.delete(path).json()["VoidShipmentResponse"]["SummaryResult"]["Status"]["Description"] == "Voided"
    assert failure(ups.delete(path)) == (400, "190117")
    assert failure(ups.delete("/api/shipments/v2409/void/cancel/1Z0")) == (400, "190102")


def test_the_xml_interface_refuses_inside_200(ups: httpx.Client) -> None:
    licence = UPS.secret("licence", length=16).upper()
    good = ElementTree.fromstring(ups.post("/ups.app/xml/XAV", content=xml(TO, licence)).text)
    assert good.findtext("Response/ResponseStatusCode") == "1"
    answer = ups.post("/ups.app/xml/XAV", content=xml(TO, "WRONG"))
    bad = ElementTree.fromstring(answer.text)
    assert answer.status_code == 200
    assert bad.findtext("Response/Error/ErrorCode") == "250003"
    assert bad.findtext("Response/TransactionReference/CustomerContext") == "address check"
