"""Times as pages write them: whole in the HTML, in the reader's zone where the server knows it, else in UTC.

The script `time.js` turns them into the browser's zone where that is another, and tells the server by a cookie, so
that the next page is right from the start. `?tz=` holds the page to one zone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from apitrail.server.pages import ranges
from apitrail.server.pages.language import Words

COOKIE = "apitrail_tz"

_SKEW_S: Final = 5
"""Seconds that another machine's clock may be ahead."""
_SECOND: Final = 1000.0
_MINUTE: Final = 60_000.0


class Clock:
    """One reader's zone, and the moment at which the page is made."""

    def __init__(self, zone: ZoneInfo, now: datetime, *, held: bool = False) -> None:
        self.zone = zone
        self.now = now
        self.held = held
        """The URL asks for this zone: the browser's own does not replace it."""

    @classmethod
    def of(cls, asked: str, cookie: str) -> Clock:
        """The clock for `?tz=` (which was checked) and the cookie (which may say anything)."""
        try:
            zone = ranges.zone(asked or cookie or "UTC")
        except ranges.BadZone:
            zone = ranges.zone("UTC")
        return cls(zone, datetime.now(UTC), held=bool(asked))

    def tag(self, moment: datetime, *, exact: bool = False) -> Markup:
        """A `<time>` element: date and clock apart, so that a list can set the date back; `exact` adds milliseconds."""
        local = moment.astimezone(self.zone)
        clock = f"{local:%H:%M:%S}" + (f".{local.microsecond // 1000:03d}" if exact else "")
        return Markup('<time datetime="{}"{}><span class="date">{}</span> <span class="clock">{}</span></time>').format(
            moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            Markup(" data-exact") if exact else "",
            f"{local:%Y-%m-%d}",
            clock,
        )

    def exact(self, moment: datetime) -> str:
        """The moment to the millisecond, with its zone."""
        local = moment.astimezone(self.zone)
        return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03d} {self.zone.key}"

    def field(self, moment: datetime | None) -> str:
        """The value of a date and time field; empty for an open end."""
        return f"{moment.astimezone(self.zone):%Y-%m-%dT%H:%M:%S}" if moment else ""


def ago(since: timedelta, words: Words) -> str:
    """How long ago, in the unit that one reads at a glance; empty for a day and more, and for what is to come."""
    seconds = since.total_seconds()
    if not -_SKEW_S <= seconds < 86_400:
        return ""
    if seconds < 60:
        return str(words("ago.seconds", count=max(int(seconds), 0)))
    if seconds < 3600:
        return str(words("ago.minutes", count=int(seconds // 60)))
    return str(words("ago.hours", count=int(seconds // 3600)))


def ahead(since: timedelta) -> str:
    """How far a time lies ahead of ours, `since` being negative; empty within the seconds that clocks differ by."""
    over = -since.total_seconds()
    if over < _SKEW_S:
        return ""
    days = int(over // 86_400)
    return f"{days:,} d" if days > 1 else duration(int(over) * _SECOND)


def duration(ms: float) -> str:
    """A duration in the unit that one reads at a glance."""
    if 0 < ms < 1:
        return f"{ms:.2f} ms"
    if ms < _SECOND:
        return f"{ms:.0f} ms"
    if ms < _MINUTE:
        return f"{ms / _SECOND:.2f} s"
    minutes, seconds = divmod(round(ms / _SECOND), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s"
