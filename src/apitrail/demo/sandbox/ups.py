"""UPS: the REST API as recorded in public, and of the old XML interface the address validation.

REST failures are `{"response": {"errors": [{code, message}]}}`, told again in response headers. The XML interface
takes two documents in one body, the first with the credentials, and answers HTTP 200 also when it refuses.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape

from msgspec import Struct

from apitrail.demo.sandbox.documents import gif_label
from apitrail.demo.sandbox.web import Answer, Json, Platform, Request, Trouble, json_answer, on
from apitrail.demo.trade import UPS

TOKEN_LIFE_S = 14_399
SERVICES = {"03": ("UPS Ground", "18.41"), "02": ("UPS 2nd Day Air", "41.20"), "01": ("UPS Next Day Air", "88.75")}
ALERT = {"Code": "110971", "Description": "Your invoice may vary from the displayed reference rates"}
SUCCESS = {"Code": "1", "Description": "Success"}


class Parcel(Struct):
    tracking: str
    reference: str
    city: str
    voided: bool = False


class Ups(Platform):
    name = "ups"

    def __init__(self, seed: int | str = 0, latency: tuple[float, float] = (0.0, 0.0)) -> None:
        super().__init__(seed, latency)
        self.parcels: dict[str, Parcel] = {}

    def _headers(self) -> dict[str, str]:
        return {
            "x-request-id": str(UUID(int=self.random.getrandbits(128), version=4)),
            "bkndtransid": self._transaction(),
        }

    def _transaction(self) -> str:
        return f"{self.random.getrandbits(80):020x}"

    def ok(self, value: Any, status: int = 200) -> Answer:
        return json_answer(value, status, self._headers())

    def failed(self, status: int, code: str, message: str) -> Answer:
        told = {"apierrorcode": code, "errorcode": code, "apierrormsg": message[:50], "errordescription": message[:50]}
        body = {"response": {"errors": [{"code": code, "message": message}]}}
        return json_answer(body, status, self._headers() | told)

    def not_found(self, request: Request) -> Answer:
        return self.failed(404, "154001", "Resource not found")

    def bad_call(self, request: Request, reason: str) -> Answer:
        return self.failed(400, "10001", "The XML document is not well formed")

    def refuse(self, request: Request) -> Answer | None:
        if not request.path.startswith("/api/"):
            return None
        given = request.headers.get("authorization")
        if given == f"Bearer {UPS.token}":
            return None
        if given == f"Bearer {UPS.stale_token}":
            return self.failed(401, "251004", "Bearer Token expired (oauth)")
        return self.failed(401, "250002", "Invalid Authentication Information.")

    def in_trouble(self, trouble: Trouble, request: Request) -> Answer:
        if trouble.kind == "rate_limit":
            return self.failed(429, "10429", "Too Many Requests")
        if trouble.kind == "unavailable":
            return self.failed(503, "10004", "The service is temporarily unavailable")
        return super().in_trouble(trouble, request)

    @on("POST", "/security/v1/oauth/token")
    def token(self, request: Request) -> Answer:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        login, _, key = b64decode(given).decode().partition(":") if scheme == "Basic" else ("", "", "")
        if (login, key) != (UPS.login, UPS.key):
            return self.failed(401, "10401", "ClientId is Invalid")
        return self.ok(
            {
                "token_type": "Bearer",
                "issued_at": str(int(datetime.now(UTC).timestamp() * 1000)),
                "client_id": login,
                "access_token": UPS.token,
                "expires_in": str(TOKEN_LIFE_S),
                "status": "approved",
            }
        )

    @on("POST", "/api/rating/v2409/{option}")
    def rate(self, request: Request, option: str) -> Answer:
        asked = request.json()["RateRequest"]
        if not _zip_fits(asked["Shipment"]["ShipTo"]["Address"]):
            return self.failed(400, "111285", "The postal code 78756 is invalid for CA United States.")
        rated = [
            {
                "Service": {"Code": code, "Description": name},
                "RatedShipmentAlert": ALERT,
                "TotalCharges": {"CurrencyCode": "USD", "MonetaryValue": price},
            }
            for code, (name, price) in SERVICES.items()
        ]
        return self.ok(
            {"RateResponse": {"Response": {"ResponseStatus": SUCCESS, "Alert": [ALERT]}, "RatedShipment": rated}}
        )

    @on("POST", "/api/shipments/v2409/ship")
    def ship(self, request: Request) -> Answer:
        asked = request.json()["ShipmentRequest"]
        shipment, context = asked["Shipment"], asked["Request"].get("TransactionReference", {})
        address = shipment["ShipTo"]["Address"]
        if not "".join(address["AddressLine"]).strip():
            return self.failed(400, "120202", "Missing or invalid ship to address line 1")
        if not _zip_fits(address):
            return self.failed(400, "120802", "Address Validation Error on ShipTo address")
        number = "1Z999AA1" + "".join(self.random.choices("0123456789", k=10))
        self.parcels[number] = Parcel(number, context.get("CustomerContext", ""), address["City"])
        label = b64encode(gif_label(number)).decode()
        results = {
            "ShipmentCharges": {"TotalCharges": {"CurrencyCode": "USD", "MonetaryValue": "18.46"}},
            "BillingWeight": {"UnitOfMeasurement": {"Code": "LBS", "Description": "Pounds"}, "Weight": "5.0"},
            "ShipmentIdentificationNumber": number,
            "PackageResults": {
                "TrackingNumber": number,
                "ShippingLabel": {"ImageFormat": {"Code": "GIF", "Description": "GIF"}, "GraphicImage": label},
            },
        }
        response = {"ResponseStatus": SUCCESS, "TransactionReference": context}
        return self.ok({"ShipmentResponse": {"Response": response, "ShipmentResults": results}})

    @on("DELETE", "/api/shipments/v2409/void/cancel/{number}")
    def void(self, request: Request, number: str) -> Answer:
        parcel = self.parcels.get(number)
        if parcel is None:
            return self.failed(400, "190102", "No shipment found within the allowed void period")
        if parcel.voided:
            return self.failed(400, "190117", "The Shipment has already been voided")
        parcel.voided = True
        summary = {"Status": {"Code": "1", "Description": "Voided"}}
        return self.ok({"VoidShipmentResponse": {"Response": {"ResponseStatus": SUCCESS}, "SummaryResult": summary}})

    @on("GET", "/api/track/v1/details/{number}")
    def track(self, request: Request, number: str) -> Answer:
        parcel = self.parcels.get(number)
        if parcel is None:
            return self.failed(404, "TV1002", "Invalid inquiry number")
        now = datetime.now(UTC)
        activity = {
            "location": {"address": {"city": parcel.city, "countryCode": "US"}},
            "status": {"type": "I", "description": "Arrived at Facility", "code": "AR"},
            "date": f"{now:%Y%m%d}",
            "time": f"{now:%H%M%S}",
        }
        package = {"trackingNumber": number, "activity": [activity], "currentStatus": {"description": "In Transit"}}
        return self.ok({"trackResponse": {"shipment": [{"inquiryNumber": number, "package": [package]}]}})

    @on("POST", "/ups.app/xml/XAV")
    def validate_by_xml(self, request: Request) -> Answer:
        text = request.body.decode()
        context = re.search(r"<CustomerContext>(.*?)</CustomerContext>", text)
        if f"<AccessLicenseNumber>{UPS.secret('licence', length=16).upper()}</AccessLicenseNumber>" not in text:
            error = (
                "<ResponseStatusCode>0</ResponseStatusCode><ResponseStatusDescription>Failure"
                "</ResponseStatusDescription><Error><ErrorSeverity>Hard</ErrorSeverity><ErrorCode>250003</ErrorCode>"
                "<ErrorDescription>Invalid Access License number</ErrorDescription></Error>"
            )
            return _xml(context, error, "")
        good = (
            "<ResponseStatusCode>1</ResponseStatusCode><ResponseStatusDescription>Success</ResponseStatusDescription>"
        )
        return _xml(context, good, "<ValidAddressIndicator/>")


def _xml(context: re.Match[str] | None, status: str, result: str) -> Answer:
    reference = escape(context.group(1)) if context else ""
    body = (
        '<?xml version="1.0"?><AddressValidationResponse><Response><TransactionReference><CustomerContext>'
        f"{reference}</CustomerContext></TransactionReference>{status}</Response>{result}"
        "</AddressValidationResponse>"
    )
    return Answer(200, [("content-type", "application/xml")], body.encode())


def _zip_fits(address: Json) -> bool:
    """Whether the postal code can lie in the state: its first digit says enough for a sample."""
    first = {"CA": "9", "WA": "9", "CO": "8", "NY": "1"}
    return str(address["PostalCode"])[:1] == first.get(address["StateProvinceCode"], "")
