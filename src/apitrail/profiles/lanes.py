"""Where a parcel goes and by which service, as a request says it under the names that most platforms use. Pure.

Only to compare calls with each other: what two fields say differently, or a recorder masked, is not told at all. A
postcode is the receiver's where a name on the way to it says so (`recipient`, `shipTo`, `consignee`, …), or where the
request names a single one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

MASK = "masked~"
"""What a recorder puts in the place of personal data begins so."""
NODES = 5000
"""Values of one request that are looked at."""
DEPTH = 16

_TO = ("recipient", "receiver", "consignee", "destination", "deliver", "shipto", "customer", "addressee", "dest")
_FROM = ("sender", "shipper", "origin", "shipfrom", "pickup", "warehouse", "collection", "consignor")
_NEITHER = (
    "billing",
    "billto",
    "payor",
    "payer",
    "invoice",
    "broker",
    "importer",
    "soldto",
    "thirdparty",
    "phone",
    "return",
)
_POSTCODES = ("postcode", "postalcode", "zipcode", "zip", "codepostal", "codpostal", "postal", "plz")
_COUNTRIES = ("countrycode", "country", "countryiso", "countryisocode", "countrycodealpha2", "countrycodealpha3")
_SERVICES = (
    "service",
    "servicecode",
    "servicetype",
    "serviceid",
    "servicename",
    "servicelevel",
    "servicetoken",
    "mailclass",
    "shippingmethod",
    "shippingservice",
    "logisticstype",
    "logisticssubtype",
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_POSTCODE = re.compile(r"(?=.*\d)[0-9A-Za-z](?:[0-9A-Za-z -]{0,9}[0-9A-Za-z])?")
_COUNTRY = re.compile(r"[A-Za-z]{2,3}")
_SERVICE = re.compile(r"[^\s].{0,59}")


class Lane(Struct, frozen=True):
    """Each empty where the request does not say it, or says it in two ways."""

    postcode: str = ""
    """The receiver's."""
    sender: str = ""
    """The country that it comes from, in two or three letters."""
    receiver: str = ""
    service: str = ""


def lane(data: Any) -> Lane:
    """Of a request's data (see `bodies`)."""
    found: dict[tuple[str, str], set[str]] = {}
    for number, (path, value) in enumerate(_leaves(data, (), 0)):
        if number >= NODES:
            return Lane()
        told = _told(path, value)
        if told is not None:
            kind, role, text = told
            found.setdefault((kind, role), set()).add(text)

    def one(kind: str, *roles: str) -> str:
        values = next((found[kind, role] for role in roles if (kind, role) in found), set())
        return next(iter(values)) if len(values) == 1 else ""

    alone = ("",) if not any(("postcode", role) in found for role in ("to", "from")) else ()
    return Lane(
        postcode=one("postcode", "to", *alone),
        sender=one("country", "from"),
        receiver=one("country", "to", *(() if ("country", "from") in found else ("",))),
        service=one("service", ""),
    )


def _leaves(data: Any, path: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], str]]:
    if depth > DEPTH:
        return
    if isinstance(data, dict):
        for name, value in data.items():
            yield from _leaves(value, (*path, str(name)), depth + 1)
    elif isinstance(data, list):
        for value in data:
            yield from _leaves(value, path, depth + 1)
    elif isinstance(data, str | int) and not isinstance(data, bool) and path:
        yield path, str(data).strip()


def _told(path: tuple[str, ...], value: str) -> tuple[str, str, str] | None:
    """What it tells, of which side (`to`, `from`, or neither is said), and the value; None for anything else."""
    if not value or MASK in value:
        return None
    name = _plain(path[-1])
    if name in _SERVICES:
        return ("service", "", value) if _SERVICE.fullmatch(value) else None
    kind, ending = next(
        (
            (kind, ending)
            for kind, endings in (("postcode", _POSTCODES), ("country", _COUNTRIES))
            for ending in endings
            if name.endswith(ending)
        ),
        ("", ""),
    )
    if not kind:
        return None
    role = _role(path[-1], name.removesuffix(ending))
    for above in reversed(path[:-1]):
        role = role or _role(above, _plain(above))
    if role == "neither":
        return None
    fits = _POSTCODE if kind == "postcode" else _COUNTRY
    return (kind, role, value.upper()) if fits.fullmatch(value) else None


def _role(written: str, plain: str) -> str:
    """Whose address a name says that it is."""
    words = [word.lower() for word in _WORD.findall(written)]
    for role, names, short in (("neither", _NEITHER, ()), ("from", _FROM, ("from",)), ("to", _TO, ("to",))):
        if any(name in plain for name in names) or any(word in words for word in short):
            return role
    return "to" if plain in ("shipping", "shippingaddress") else ""


def _plain(name: str) -> str:
    return "".join(_WORD.findall(name)).lower()
