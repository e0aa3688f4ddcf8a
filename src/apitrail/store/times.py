"""Times as the store holds them: microseconds since 1970 in UTC, exact (a float would round them)."""

from __future__ import annotations

from datetime import datetime, timedelta

from apitrail.store.model import EPOCH

DAY = 86_400_000_000
"""Microseconds."""
QUARTER = DAY // 96
"""Of an hour, which entries are counted by: microseconds."""
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Microseconds since 1970. `at` has an offset; without one this raises TypeError, as no zone can be guessed."""
    return (at - EPOCH) // _MICROSECOND


def instant(value: int) -> datetime:
    """The time in UTC."""
    return EPOCH + timedelta(microseconds=value)
