"""Where a parcel goes, as requests say it: under the names of many platforms, and never guessed."""

from __future__ import annotations

from typing import Any

import pytest

from apitrail.profiles.bodies import parse
from apitrail.profiles.lanes import Lane, lane

EASYPOST = {
    "shipment": {
        "to_address": {"zip": "90210", "country": "us", "phone": "5551234"},
        "from_address": {"zip": "10001", "country": "US"},
        "service": "Priority",
    }
}
UPS = {
    "ShipmentRequest": {
        "Shipment": {
            "Shipper": {"Address": {"PostalCode": "100", "CountryCode": "TW"}},
            "ShipTo": {"Address": {"PostalCode": "150-0001", "CountryCode": "JP"}},
            "PaymentInformation": {"BillThirdParty": {"Address": {"PostalCode": "999", "CountryCode": "US"}}},
        }
    }
}
TCAT = {"Orders": [{"RecipientZipCode": "900", "SenderZipCode": "114", "RecipientPhone": "0912000001"}]}
SOAP = b"<r><sender><postcode>100</postcode></sender><consignee><postCode>901</postCode></consignee></r>"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (EASYPOST, Lane("90210", "US", "US", "Priority")),
        (UPS, Lane("150-0001", "TW", "JP", "")),
        (TCAT, Lane(postcode="900")),
        ({"destinationZIPCode": "73301", "originZIPCode": "10001", "mailClass": "USPS"}, Lane("73301", service="USPS")),
        ({"shipping_address": {"zip": "106"}, "billing_address": {"zip": "220"}}, Lane("106")),
        ({"postalCode": 2000, "countryCode": "AU"}, Lane("2000", receiver="AU")),
        (parse(SOAP, "text/xml", "utf-8")[1], Lane("901")),
    ],
    ids=["easypost", "ups", "tcat", "flat", "shop", "alone", "soap"],
)
def test_the_receivers_place_is_told_by_the_names_around_it(data: Any, expected: Lane) -> None:
    assert lane(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        {"to": {"zip": "masked~0210~0123456789"}},
        {"to": [{"zip": "90210"}, {"zip": "10001"}]},
        {"zip": "90210", "postcode": "10001"},
        {"sender": {"zip": "90210"}, "billing": {"postcode": "10001"}},
        {"to": {"zip": "unknown"}, "zip": True},
        {"receiver": {"zip": {"deep": ["90210"]}}},
        ["90210"],
        None,
    ],
    ids=["masked", "two parcels", "two without a side", "not the receiver's", "none", "deeper", "no name", "nothing"],
)
def test_what_is_masked_or_not_certain_is_not_told(data: Any) -> None:
    assert lane(data).postcode == ""
