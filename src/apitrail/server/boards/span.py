"""The range of a board: never longer than it can answer quickly, and said where that cut it."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct


class Span(Struct, frozen=True):
    """From when to when, both included."""

    since: datetime
    until: datetime
    cut: bool = False
    """More was asked than a board looks at: `since` is later than that."""


def bounded(since: datetime | None, until: datetime | None, now: datetime, longest: timedelta) -> Span:
    """What was asked, or the latest of it that may be."""
    until = now if until is None or until > now else until
    earliest = until - longest
    if since is None or since < earliest:
        return Span(earliest, until, cut=True)
    return Span(since, until)
