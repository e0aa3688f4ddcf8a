"""How an account fares, judged by what the log holds of it. Pure; the page says the rules that are applied here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from apitrail.server.silence import Silence, silences
from apitrail.store.model import Activity, Rhythm

RANGE = timedelta(days=7)
DAY = timedelta(hours=24)
STREAK = 3
"""So many failures in a row of one action are no accident."""
DEGRADED_SHARE, DEGRADED_LEAST = 0.1, 3

State = Literal["failing", "silent", "degraded", "healthy", "quiet", "never", "off"]
ORDER: tuple[State, ...] = ("failing", "silent", "degraded", "healthy", "quiet", "never", "off")
"""What must be looked at, first."""


class Health(Struct, frozen=True):
    """The state, since when, and of which action it is told."""

    state: State
    since: datetime | None = None
    """Failing: the last success before. Silent: the last fetch. None where the range does not hold it."""
    action: str = ""
    silence: Silence | None = None
    """What is silent, against its rhythm; None where there was no call of any kind."""


def health(
    actions: Sequence[Activity],
    now: datetime,
    rhythms: Sequence[Rhythm] = (),
    *,
    enabled: bool = True,
    seen: bool = True,
) -> Health:
    """How one account fares. `seen`: the log holds it at all. `enabled`: it is not switched off in the host system."""
    if not enabled:
        return Health("off")
    if not actions:
        return Health("silent" if seen else "never")
    streaks = [one for one in actions if len(one.newest) >= STREAK and all(one.newest) and one.failed]
    if streaks:
        worst = max(streaks, key=lambda one: one.last_failure or now)
        return Health("failing", worst.last_success, worst.action)
    if missed := silent(rhythms, now):
        worst_missed = missed[0]
        action = worst_missed.rhythm.action
        lasts = [one.last for one in actions if one.action == action]
        return Health("silent", lasts[0] if lasts else worst_missed.since, action, worst_missed)
    calls, failed = sum(one.calls for one in actions), sum(one.failed for one in actions)
    bad = failed + sum(one.partly for one in actions)
    if bad >= DEGRADED_LEAST and bad >= DEGRADED_SHARE * calls:
        return Health("degraded")
    return Health("healthy" if calls > failed else "quiet")


def silent(rhythms: Sequence[Rhythm], now: datetime) -> list[Silence]:
    """What should have come again by now, of an account's actions: fetches first, for they run by a clock."""
    found = [one for rhythm in rhythms for one in silences(rhythm, now) if one.until is None]
    return sorted(found, key=lambda one: (one.rhythm.action.startswith("webhook."), one.since))
