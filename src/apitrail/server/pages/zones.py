"""The time zones that a page offers to switch to."""

from __future__ import annotations

from msgspec import Struct

from apitrail.server.pages import ranges
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader

OFFERED = (
    "UTC",
    "Asia/Taipei",
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Asia/Singapore",
    "Asia/Bangkok",
    "Asia/Jakarta",
    "Asia/Kolkata",
    "Australia/Sydney",
    "Europe/London",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
)
"""Where the platforms are. Any other is chosen by the URL's `tz`."""


class Zone(Struct, frozen=True):
    name: str
    """Empty for the reader's own."""
    label: str
    offset: str
    """As of now, like `+08:00`."""
    chosen: bool


def zones(query: PageQuery, reader: Reader) -> list[Zone]:
    """The reader's own first, then those that are offered, with the one that the URL names."""
    names = (*OFFERED, *([query.tz] if query.tz and query.tz not in OFFERED else []))
    own = Zone("", str(reader.words("filter.zone_own")), "", not query.tz)
    return [own] + [
        Zone(name, name.replace("_", " "), f"{reader.clock.now.astimezone(ranges.zone(name)):%z}", name == query.tz)
        for name in names
    ]
