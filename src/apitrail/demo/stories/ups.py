"""UPS over httpx: a token, rates, a label as base64 in JSON, tracking; and the old XML interface for addresses."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

import httpx

import apitrail
from apitrail.demo.stories.desk import TIMEOUT_S, TLS, Desk, on_behalf_of, story
from apitrail.demo.trade import UPS, US_WAREHOUSE, Address, buyer_in_america

ACCOUNT = ("shipping_account", UPS.id, UPS.name)


def client(desk: Desk, token: str = UPS.token) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}", "transId": f"{desk.random.getrandbits(64):016x}"}
    return httpx.Client(base_url=desk.urls["ups"], headers=headers, timeout=TIMEOUT_S, verify=TLS)


def address(given: Address) -> dict[str, Any]:
    return {
        "AddressLine": [given.street],
        "City": given.city,
        "StateProvinceCode": given.district,
        "PostalCode": given.zip,
        "CountryCode": given.country,
    }


def shipment(to: Address, service: str = "03") -> dict[str, Any]:
    return {
        "Shipper": {"Name": US_WAREHOUSE.name, "ShipperNumber": UPS.login, "Address": address(US_WAREHOUSE)},
        "ShipTo": {"Name": to.name, "Phone": {"Number": to.phone}, "Address": address(to)},
        "Service": {"Code": service},
        "PaymentInformation": {"ShipmentCharge": [{"Type": "01", "BillShipper": {"AccountNumber": UPS.login}}]},
        "Package": [
            {
                "Packaging": {"Code": "02"},
                "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "5"},
            }
        ],
    }


def make_label(desk: Desk, order: str, to: Address, token: str = UPS.token) -> str | None:
    """A label, as base64 in the answer. Returns the tracking number; None where UPS said no."""
    asked = {
        "Request": {"RequestOption": "validate", "TransactionReference": {"CustomerContext": order}},
        "Shipment": shipment(to),
        "LabelSpecification": {"LabelImageFormat": {"Code": "GIF"}},
    }
    with on_behalf_of(UPS), apitrail.action("label.create", source=("order", order)), client(desk, token) as carrier:
        answer = carrier.post("/api/shipments/v2409/ship", json={"ShipmentRequest": asked})
    if answer.status_code != 200:
        return None
    return str(answer.json()["ShipmentResponse"]["ShipmentResults"]["ShipmentIdentificationNumber"])


def track(desk: Desk, number: str) -> None:
    source = ("tracking", number)
    with on_behalf_of(UPS), apitrail.action("tracking.get", source=source), client(desk) as carrier:
        carrier.get(f"/api/track/v1/details/{number}", params={"locale": "en_US"})


def some_order(desk: Desk) -> str:
    return f"LNT-{desk.random.randint(0, 999_999):06d}"


@story(weight=9)
def rate_to_delivery(desk: Desk) -> None:
    """A token, rates, a label, its status."""
    order, to = some_order(desk), buyer_in_america(desk.random)
    with on_behalf_of(UPS), client(desk) as carrier:
        with apitrail.action("auth.exchange", source=ACCOUNT):
            carrier.post(
                "/security/v1/oauth/token",
                data={"grant_type": "client_credentials"},
                headers={"x-merchant-id": UPS.login},
                auth=(UPS.login, UPS.key),
            )
        with apitrail.action("rate.quote", source=("order", order)):
            carrier.post("/api/rating/v2409/Shop", json={"RateRequest": {"Shipment": shipment(to)}})
    number = make_label(desk, order, to)
    if number:
        track(desk, number)


@story(weight=1)
def address_invalid(desk: Desk) -> None:
    """Postal code and state do not fit."""
    to = buyer_in_america(desk.random)
    make_label(desk, some_order(desk), Address(to.name, to.phone, "00000", to.city, to.district, to.street, "US"))


@story(weight=1)
def street_missing(desk: Desk) -> None:
    to = buyer_in_america(desk.random)
    make_label(desk, some_order(desk), Address(to.name, to.phone, to.zip, to.city, to.district, "", "US"))


@story(weight=1)
def token_expired(desk: Desk) -> None:
    make_label(desk, some_order(desk), buyer_in_america(desk.random), token=UPS.stale_token)


@story(weight=1)
def access_refused(desk: Desk) -> None:
    """The API was not added to the app."""
    make_label(desk, some_order(desk), buyer_in_america(desk.random), token=UPS.secret("other app"))


@story(weight=1)
def label_later(desk: Desk) -> None:
    """Too many calls, then a service that is away for a while, then the label."""
    order, to = some_order(desk), buyer_in_america(desk.random)
    for kind in ("rate_limit", "unavailable"):
        desk.director.trouble("ups", kind, "/ship")
        make_label(desk, order, to)
    make_label(desk, order, to)


@story(weight=1)
def number_unknown(desk: Desk) -> None:
    track(desk, "1Z999AA10000000000")


@story(weight=1)
def label_voided(desk: Desk) -> None:
    """Cancelling twice is harmless: the second answer says that it was done."""
    number = make_label(desk, some_order(desk), buyer_in_america(desk.random))
    with on_behalf_of(UPS), client(desk) as carrier:
        for _ in range(2):
            with apitrail.action("label.void", source=("tracking", number)):
                carrier.delete(f"/api/shipments/v2409/void/cancel/{number}")


@story(weight=1)
def address_by_xml(desk: Desk) -> None:
    """Two XML documents in one body, the first with the credentials; once with a licence that is not ours."""
    to = buyer_in_america(desk.random)
    with on_behalf_of(UPS), client(desk) as carrier:
        for licence in (UPS.secret("licence", length=16).upper(), UPS.secret("old licence", length=16).upper()):
            with apitrail.action("address.check", source=("order", some_order(desk))):
                headers = {"Content-Type": "application/xml"}
                carrier.post("/ups.app/xml/XAV", content=xml(to, licence), headers=headers)


def xml(to: Address, licence: str) -> str:
    password = UPS.secret("password", length=14)
    return (
        f'<?xml version="1.0"?><AccessRequest><AccessLicenseNumber>{licence}</AccessLicenseNumber>'
        f"<UserId>lantern</UserId><Password>{password}</Password></AccessRequest>"
        '<?xml version="1.0"?><AddressValidationRequest><Request><TransactionReference><CustomerContext>'
        "address check</CustomerContext></TransactionReference><RequestAction>XAV</RequestAction></Request>"
        f"<AddressKeyFormat><AddressLine>{escape(to.street)}</AddressLine>"
        f"<PoliticalDivision2>{escape(to.city)}</PoliticalDivision2>"
        f"<PoliticalDivision1>{to.district}</PoliticalDivision1><PostcodePrimaryLow>{to.zip}</PostcodePrimaryLow>"
        "<CountryCode>US</CountryCode></AddressKeyFormat></AddressValidationRequest>"
    )
