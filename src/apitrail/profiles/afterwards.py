"""What a whole entry still tells when it is looked at: where its parcel is, when its access ends.

Not derived as entries come in: few people ask, and of few entries. What the platform says is handed on, never guessed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apitrail.entry import Entry, Payload
from apitrail.exchange import Exchange
from apitrail.profiles.facts import Facts
from apitrail.profiles.locators import first_text
from apitrail.profiles.platform import Platform

LONGEST = 300
"""Characters of a word of delivery."""
UNIX_LEAST = 1_000_000_000
"""A number from here on is a time, below it a duration in seconds: some platforms answer both under one name."""
UNIX_MOST = 4_102_444_800
"""The year 2100; above it, milliseconds."""


def delivery(platform: Platform, entry: Entry) -> str | None:
    """Where the parcel is, in the platform's words; None where it does not say, or its body is not kept."""
    if not platform.delivery:
        return None
    said = first_text(platform.delivery, _facts(entry))
    return said[:LONGEST] if said else None


def expires(platform: Platform, entry: Entry) -> datetime | None:
    """When the access ends that the answer gave; None where it does not say."""
    said = first_text(platform.expires, _facts(entry))
    return _moment(said, entry.created_at) if said else None


def _facts(entry: Entry) -> Facts:
    exchange = Exchange(
        created_at=entry.created_at,
        direction=entry.direction,
        method=entry.method,
        url=entry.url,
        status=entry.status,
    )
    return Facts(exchange, entry.request, entry.response if entry.response is not None else Payload())


def _moment(said: str, answered: datetime) -> datetime | None:
    try:
        if not said.isascii() or not said.isdigit():
            at = datetime.fromisoformat(said)
            return at.astimezone(UTC) if at.tzinfo is not None else None
        number = int(said[:16])
        if number < UNIX_LEAST:
            return answered + timedelta(seconds=number)
        return datetime.fromtimestamp(number / (1000 if number > UNIX_MOST else 1), UTC)
    except (ValueError, OverflowError, OSError):
        return None
