"""Whom we deal with, in words: a carrier is called a carrier where it acts or is at fault, and no platform."""

from __future__ import annotations

from collections.abc import Iterable

from apitrail.entry import EntryRow
from apitrail.exchange import Integration
from apitrail.profiles.catalogue import Party
from apitrail.server.pages.reader import Reader


def of_entry(entry: EntryRow, reader: Reader) -> Party:
    """The other end of a call."""
    return of_accounts(entry.platform or "", entry.ec_integration, entry.shipping_integration, reader)


def of_accounts(platform: str, ec: Integration | None, shipping: Integration | None, reader: Reader) -> Party:
    """Of calls that were made for these accounts."""
    return of_call(platform, reader, shipping=shipping is not None and ec is None)


def of_call(platform: str, reader: Reader, *, shipping: bool = False) -> Party:
    """`platform` may be empty. `shipping`: the call was made for a shipping account alone, which tells it where no
    profile does.
    """
    side = reader.profiles.side(platform) if reader.profiles and platform else None
    if side is None or side == "both":
        return "carrier" if shipping else "platform"
    return "carrier" if side == "shipping" else "platform"


def of_several(platforms: Iterable[str], reader: Reader) -> Party:
    """`either`, where there are platforms and carriers among them."""
    found = {of_call(one, reader) for one in platforms}
    return found.pop() if len(found) == 1 else "either" if found else "platform"
