"""Which platforms failed for many accounts at once: an outage of theirs, and no account's setting. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from apitrail.store.failures import Hour

ACCOUNTS = 2
"""At least so many accounts failed within one hour, of the same action,"""
FAILED = 3
"""so many of their calls,"""
SHARE = 0.5
"""and such a share of all calls of that action in that hour."""
HOUR = timedelta(hours=1)


class Outage(Struct, frozen=True, kw_only=True):
    """A platform that failed by its own fault, or did not answer, for several accounts within the same hours."""

    platform: str
    actions: tuple[str, ...]
    accounts: tuple[str, ...]
    """The ids of the accounts whose calls failed."""
    since: datetime
    """The beginning of the first hour."""
    until: datetime
    """The end of the last hour."""
    calls: int
    """The number of calls of these actions in these hours."""
    failed: int


def outages(hours: Iterable[Hour]) -> list[Outage]:
    """By platform, the latest first."""
    apart: dict[tuple[datetime, str, str], list[Hour]] = {}
    for one in hours:
        apart.setdefault((one.at, one.platform, one.action), []).append(one)
    found: dict[str, list[Hour]] = {}
    for (_, platform, _), calls in apart.items():
        if _together(calls):
            found.setdefault(platform, []).extend(calls)
    made = [_outage(platform, calls) for platform, calls in found.items()]
    return sorted(made, key=lambda one: (one.until, one.failed), reverse=True)


def _together(calls: list[Hour]) -> bool:
    failed = sum(one.failed for one in calls)
    hit = sum(1 for one in calls if one.failed)
    return hit >= ACCOUNTS and failed >= FAILED and failed >= SHARE * sum(one.calls for one in calls)


def _outage(platform: str, calls: list[Hour]) -> Outage:
    return Outage(
        platform=platform,
        actions=tuple(sorted({one.action for one in calls if one.failed})),
        accounts=tuple(sorted({one.account for one in calls if one.failed})),
        since=min(one.at for one in calls),
        until=max(one.at for one in calls) + HOUR,
        calls=sum(one.calls for one in calls),
        failed=sum(one.failed for one in calls),
    )
