"""EasyPost v2, as recorded in public: shipments with rates and carrier messages, labels as URLs, trackers, refunds.

A `rate_error` in `messages` is a carrier's complaint, not a failure, as long as other carriers gave rates.
"""

from __future__ import annotations

import hmac
import unicodedata
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from apitrail.demo.sandbox.documents import png_label
from apitrail.demo.sandbox.web import Answer, Event, Json, Notification, Platform, Request, Trouble, json_answer, on
from apitrail.demo.trade import EASYPOST

SERVICES = (("USPS", "GroundAdvantage", "6.07", 3), ("USPS", "Priority", "7.42", 2), ("USPS", "Express", "34.15", 1))


COMPLAINTS = 0.3
"""How often a second carrier has no rate to give and says why."""


class EasyPost(Platform):
    name = "easypost"

    def __init__(self, seed: int | str = 0, latency: tuple[float, float] = (0.0, 0.0)) -> None:
        super().__init__(seed, latency)
        self.shipments: dict[str, Json] = {}
        self.trackers: dict[str, Json] = {}
        self.labels: dict[str, str] = {}
        """File name to tracking code."""

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{self.random.getrandbits(128):032x}"

    def ok(self, value: Any, status: int = 200) -> Answer:
        return json_answer(value, status, {"x-ep-request-uuid": f"{self.random.getrandbits(128):032x}"})

    def failed(self, status: int, code: str, message: str, errors: list[Any] | None = None) -> Answer:
        return self.ok({"error": {"code": code, "message": message, "errors": errors or []}}, status)

    def not_found(self, request: Request) -> Answer:
        return self.failed(404, "NOT_FOUND", "The requested resource could not be found.")

    def bad_call(self, request: Request, reason: str) -> Answer:
        return self.failed(400, "BAD_REQUEST", "Malformed request. Please check the contents and retry.")

    def refuse(self, request: Request) -> Answer | None:
        if request.path.startswith("/files/") or request.headers.get("authorization") == f"Bearer {EASYPOST.key}":
            return None
        message = "This api key is no longer active. Please use a different api key or reactivate this key."
        return self.failed(403, "APIKEY.INACTIVE", message)

    def in_trouble(self, trouble: Trouble, request: Request) -> Answer:
        if trouble.kind == "carrier_refuses":
            return self.failed(422, "SHIPMENT.POSTAGE.FAILURE", "Missing or invalid ship to attention name")
        return super().in_trouble(trouble, request)

    def happen(self, name: str, facts: Json) -> Event:
        tracker = self.trackers[facts["tracking_code"]]
        if name == "parcel_moved":
            moved = {"status": "in_transit", "status_detail": "arrived_at_facility"}
            tracker["tracking_details"].append(_detail("Arrived at USPS Regional Facility", moved))
            tracker |= moved | {"updated_at": _now()}
            return Event({"tracker": tracker["id"]}, self._event(tracker))
        return super().happen(name, facts)

    def _event(self, tracker: Json) -> Notification:
        event = {
            "id": self._id("evt"),
            "object": "Event",
            "mode": "test",
            "description": "tracker.updated",
            "created_at": _now(),
            "status": "pending",
            "pending_urls": [],
            "completed_urls": [],
            "previous_attributes": {"status": "pre_transit"},
            "result": tracker,
        }
        body = msgspec.json.encode(event)
        secret = unicodedata.normalize("NFKD", EASYPOST.webhook_secret).encode()
        digest = hmac.new(secret, body, sha256).hexdigest()
        headers = {"content-type": "application/json", "x-hmac-signature": f"hmac-sha256-hex={digest}"}
        return Notification(body, headers)

    # addresses

    def _address(self, given: Json) -> Json:
        fields = ("name", "company", "street1", "street2", "city", "state", "zip", "country", "phone", "email")
        address = {"id": self._id("adr"), "object": "Address", "created_at": _now(), "updated_at": _now()}
        return address | {field: given.get(field) for field in fields} | {"mode": "test", "verifications": {}}

    @on("POST", "/v2/addresses/create_and_verify")
    def verify_address(self, request: Request) -> Answer:
        given = request.json().get("address") or {}
        street = given.get("street1") or ""
        if not any(letter.isdigit() for letter in street):
            errors = [
                {"code": "E.ADDRESS.NOT_FOUND", "field": "address", "message": "Address not found", "suggestion": None},
                {
                    "code": "E.HOUSE_NUMBER.MISSING",
                    "field": "street1",
                    "message": "House number is missing",
                    "suggestion": None,
                },
            ]
            return self.failed(422, "ADDRESS.VERIFY.FAILURE", "Unable to verify address.", errors)
        address = self._address(given)
        address["verifications"] = {"delivery": {"success": True, "errors": [], "details": {}}}
        return self.ok({"address": address})

    # shipments

    @on("POST", "/v2/shipments")
    def create_shipment(self, request: Request) -> Answer:
        given = request.json().get("shipment") or {}
        for field in ("to_address", "from_address", "parcel"):
            if not given.get(field):
                errors = [{"field": field, "message": "cannot be blank"}]
                return self.failed(422, "PARAMETER.REQUIRED", "Missing required parameter.", errors)
        shipment_id = self._id("shp")
        rates = [self._rate(shipment_id, *service) for service in SERVICES]
        messages = []
        if self.random.random() < COMPLAINTS:
            messages.append(_rate_error("UPS", "ca_" + sha256(b"ups").hexdigest()[:32], "No rate response received."))
        if float(given["parcel"].get("weight") or 0) > 1120:  # ounces: no carrier takes more than 70 lb
            rates = []
            text = "shipment.parcel.weight: maximum weight is 70 lb"
            messages.append(_rate_error("USPS", EASYPOST.login, text))
        shipment = {
            "id": shipment_id,
            "object": "Shipment",
            "created_at": _now(),
            "updated_at": _now(),
            "is_return": False,
            "messages": messages,
            "mode": "test",
            "options": {"currency": "USD", "payment": {"type": "SENDER"}},
            "reference": given.get("reference"),
            "status": "unknown",
            "tracking_code": None,
            "from_address": self._address(given["from_address"]),
            "to_address": self._address(given["to_address"]),
            "parcel": {"id": self._id("prcl"), "object": "Parcel", **given["parcel"], "mode": "test"},
            "postage_label": None,
            "rates": rates,
            "refund_status": None,
            "selected_rate": None,
            "tracker": None,
        }
        self.shipments[shipment_id] = shipment
        return self.ok(shipment, 201)

    def _rate(self, shipment_id: str, carrier: str, service: str, price: str, days: int) -> Json:
        return {
            "id": self._id("rate"),
            "object": "Rate",
            "mode": "test",
            "service": service,
            "carrier": carrier,
            "rate": price,
            "currency": "USD",
            "delivery_days": days,
            "shipment_id": shipment_id,
            "carrier_account_id": EASYPOST.login,
        }

    @on("POST", "/v2/shipments/{shipment_id}/buy")
    def buy(self, request: Request, shipment_id: str) -> Answer:
        shipment = self.shipments.get(shipment_id)
        if shipment is None:
            return self.not_found(request)
        if shipment["postage_label"]:
            message = "Postage already exists for this shipment."
            return self.failed(422, "SHIPMENT.POSTAGE.EXISTS", message)
        wanted = (request.json().get("rate") or {}).get("id")
        rate = next((rate for rate in shipment["rates"] if rate["id"] == wanted), None)
        if rate is None:
            return self.failed(422, "SHIPMENT.RATES.UNAVAILABLE", "The requested rate is not available.")
        code = "9400100" + "".join(self.random.choices("0123456789", k=15))
        name = f"{self.random.getrandbits(128):032x}.png"
        self.labels[name] = code
        tracker = self._tracker(code, shipment_id)
        url = f"http://{request.host}/files/postage_label/{datetime.now(UTC):%Y%m%d}/{name}"
        label = {
            "object": "PostageLabel",
            "id": self._id("pl"),
            "created_at": _now(),
            "label_date": _now(),
            "label_resolution": 100,
            "label_size": "4x6",
            "label_file_type": "image/png",
            "label_url": url,
            "label_pdf_url": None,
            "label_zpl_url": None,
        }
        shipment |= {"tracking_code": code, "selected_rate": rate, "postage_label": label, "tracker": tracker}
        return self.ok(shipment)

    @on("POST", "/v2/shipments/{shipment_id}/refund")
    def refund(self, request: Request, shipment_id: str) -> Answer:
        shipment = self.shipments.get(shipment_id)
        if shipment is None:
            return self.not_found(request)
        if not shipment["postage_label"]:
            message = "Refund is not available for this shipment."
            return self.failed(422, "SHIPMENT.REFUND.UNAVAILABLE", message)
        shipment["refund_status"] = "submitted"
        return self.ok(shipment)

    @on("GET", "/files/postage_label/{day}/{name}")
    def label(self, request: Request, day: str, name: str) -> Answer:
        if name not in self.labels:
            return self.not_found(request)
        return Answer(200, [("content-type", "image/png")], png_label(self.labels[name]))

    # trackers

    def _tracker(self, code: str, shipment_id: str | None) -> Json:
        told = {"status": "pre_transit", "status_detail": "status_update"}
        detail = _detail("Pre-Shipment Info Sent to USPS", told, hours_ago=1)
        tracker = {
            "id": self._id("trk"),
            "object": "Tracker",
            "mode": "test",
            "tracking_code": code,
            "status": "pre_transit",
            "status_detail": "status_update",
            "created_at": _now(),
            "updated_at": _now(),
            "shipment_id": shipment_id,
            "carrier": "USPS",
            "tracking_details": [detail],
        }
        self.trackers[code] = tracker
        return tracker

    @on("GET", "/v2/trackers")
    def list_trackers(self, request: Request) -> Answer:
        wanted = request.query.get("tracking_code")
        found = [tracker for code, tracker in self.trackers.items() if wanted in (None, code)]
        return self.ok({"trackers": found[-20:], "has_more": len(found) > 20})

    @on("GET", "/v2/trackers/{tracker_id}")
    def get_tracker(self, request: Request, tracker_id: str) -> Answer:
        for tracker in self.trackers.values():
            if tracker["id"] == tracker_id:
                return self.ok(tracker)
        return self.not_found(request)


def _rate_error(carrier: str, account: str, message: str) -> Json:
    return {"carrier": carrier, "carrier_account_id": account, "type": "rate_error", "message": message}


def _detail(message: str, status: Json, *, hours_ago: int = 0) -> Json:
    nowhere = {"object": "TrackingLocation", "city": None, "state": None, "zip": None}
    detail = {"object": "TrackingDetail", "message": message, "datetime": _now(hours_ago), "source": "USPS"}
    return detail | status | {"tracking_location": nowhere}


def _now(hours_ago: int = 0) -> str:
    return f"{datetime.now(UTC) - timedelta(hours=hours_ago):%Y-%m-%dT%H:%M:%SZ}"
