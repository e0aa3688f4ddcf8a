"""How an account fares, judged by what the log holds of it. Pure; the page says the rules that are applied here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from apitrail.server.guided.missing import FETCHES
from apitrail.store.model import Activity

RANGE = timedelta(days=7)
DAY = timedelta(hours=24)
STREAK = 3
"""So many failures in a row of one action are no accident."""
DEGRADED_SHARE, DEGRADED_LEAST = 0.1, 3
RHYTHM_LEAST = 4
"""Quarters of an hour with a fetch, from which a rhythm is told."""
SILENT_TIMES, SILENT_LEAST = 3, timedelta(hours=1)

State = Literal["failing", "silent", "degraded", "healthy", "quiet", "never", "off"]
ORDER: tuple[State, ...] = ("failing", "silent", "degraded", "healthy", "quiet", "never", "off")
"""What must be looked at, first."""


class Health(Struct, frozen=True):
    """The state, since when, and of which action it is told."""

    state: State
    since: datetime | None = None
    """Failing: the last success before. Silent: the last fetch. None where the range does not hold it."""
    action: str = ""


def health(actions: Sequence[Activity], now: datetime, *, enabled: bool = True, seen: bool = True) -> Health:
    """How one account fares. `seen`: the log holds it at all. `enabled`: it is not switched off in the host system."""
    if not enabled:
        return Health("off")
    if not actions:
        return Health("silent" if seen else "never")
    streaks = [one for one in actions if len(one.newest) >= STREAK and all(one.newest) and one.failed]
    if streaks:
        worst = max(streaks, key=lambda one: one.last_failure or now)
        return Health("failing", worst.last_success, worst.action)
    for one in actions:
        if (last := silent(one, now)) is not None:
            return Health("silent", last, one.action)
    calls, failed = sum(one.calls for one in actions), sum(one.failed for one in actions)
    if failed >= DEGRADED_LEAST and failed >= DEGRADED_SHARE * calls:
        return Health("degraded")
    return Health("healthy" if calls > failed else "quiet")


def silent(one: Activity, now: datetime) -> datetime | None:
    """When a scheduled fetch was last made that should have been made again by now; None where none is missing."""
    if one.action not in FETCHES or one.quarters < RHYTHM_LEAST:
        return None
    last = max(at for at in (one.last_success, one.last_failure) if at is not None)
    usual = (last - one.first) / (one.quarters - 1)
    return last if now - last > max(usual * SILENT_TIMES, SILENT_LEAST) else None
