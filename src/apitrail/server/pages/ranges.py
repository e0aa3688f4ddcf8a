"""The date range of a page: quick ranges that move with the clock, or two fixed instants.

An instant in a URL is ISO 8601. With an offset it is what it is; without one it is read in the zone that the URL
names by `tz`, else in UTC: never in the reader's own zone, or a link would mean something else to each reader.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apitrail.server.filters import OutOfYears, read_moment
from apitrail.server.problems import Problem

_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?")
"""What a browser's date and time field sends: no offset."""

QUICK: dict[str, timedelta | None] = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "all": None,
}
"""How far back each quick range reaches; None: everything."""

DEFAULT = "24h"


class BadInstant(ValueError):
    """The text is no date and time."""


class BadYear(BadInstant):
    """It is one, of a year that no log can hold."""


class BadZone(ValueError):
    """No such time zone."""


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name. Raises BadZone."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError) as error:
        raise BadZone(name) from error


def instant(text: str, tz: ZoneInfo, *, end: bool = False) -> datetime:
    """The first moment that the text means, or as `end` of a range its last, in UTC. Raises BadInstant, BadYear."""
    trimmed = text.strip()
    try:
        if _LOCAL.fullmatch(trimmed):
            local = datetime.fromisoformat(trimmed).replace(tzinfo=tz)
            trimmed = f"{trimmed.replace(' ', 'T')}{local.isoformat()[-6:]}"
        return read_moment(trimmed, "", last=end).astimezone(UTC)
    except OutOfYears as error:
        raise BadYear(text) from error
    except (Problem, ValueError, OverflowError) as error:
        raise BadInstant(text) from error


def written(moment: datetime, *, end: bool = False) -> str:
    """The moment as URLs carry it, in UTC: to the second where that says it all, else to the microsecond."""
    moment = moment.astimezone(UTC).replace(tzinfo=None)
    if end and moment.microsecond == 999_999:
        moment = moment.replace(microsecond=0)
    return moment.isoformat() + "Z"
