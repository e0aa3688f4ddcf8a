"""Which platforms failed for many accounts at once: an outage of theirs, and no account's setting. Pure.

A shop with one account of a platform has nothing to compare. For it an outage is likely where nothing that was asked of
the platform worked for a while, whatever it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from apitrail.store.failures import Failing, Hour, Stretch

ACCOUNTS = 2
"""At least so many accounts failed within one hour, of the same action,"""
FAILED = 3
"""so many of their calls,"""
SHARE = 0.5
"""and such a share of all calls of that action in that hour."""
QUARTERS = 3
"""An outage is likely where no call worked in so many quarters of an hour with calls, one after the other,"""
CALLS = 5
"""in so many calls"""
ACTIONS = 2
"""of so many actions at least."""
SELF_HOSTED = frozenset(("magento", "prestashop", "shopware", "woocommerce"))
"""Software that each shop runs on a server of its own: two shops that fail have no platform in common."""
HOUR = timedelta(hours=1)


class Outage(Struct, frozen=True, kw_only=True):
    """A platform that failed by its own fault, or did not answer."""

    certain: bool
    """True if it failed for several accounts within the same hours. False if that is not known, but no call to it
    worked in this time: then it is likely."""
    platform: str
    actions: tuple[str, ...]
    accounts: tuple[str, ...]
    """The ids of the accounts whose calls failed."""
    since: datetime
    """The time of the first of these failures."""
    until: datetime
    """The time of the last."""
    calls: int
    """The number of calls of these actions in the hours (in the quarters of an hour, if it is not certain) from the
    first failure to the last."""
    failed: int


def outages(hours: Iterable[Hour]) -> list[Outage]:
    """By platform, the latest first."""
    apart: dict[tuple[datetime, str, str], list[Hour]] = {}
    every: dict[str, list[Hour]] = {}
    for one in hours:
        every.setdefault(one.platform, []).append(one)
        apart.setdefault((one.at, one.platform, one.action), []).append(one)
    found: dict[str, list[Hour]] = {}
    for (_, platform, _), calls in apart.items():
        if platform not in SELF_HOSTED and _together(calls):
            found.setdefault(platform, []).extend(calls)
    made = [_outage(platform, calls, every[platform]) for platform, calls in found.items()]
    return sorted(made, key=lambda one: (one.until, one.failed), reverse=True)


def likely(stretches: Iterable[Stretch], certain: Iterable[Outage]) -> list[Outage]:
    """What is no more than likely, in the order of the stretches; without what is certain already.

    Either the platform itself answered with an error, or others were reached meanwhile: else it may be our own network.
    """
    known = list(certain)
    return [
        Outage(
            certain=False,
            platform=one.platform,
            actions=one.actions,
            accounts=one.accounts,
            since=one.since,
            until=one.until,
            calls=one.calls,
            failed=one.calls,
        )
        for one in stretches
        if one.calls >= CALLS
        and len(one.actions) >= ACTIONS
        and (one.answered or one.elsewhere)
        and not any(each.platform == one.platform and _meet(each, one) for each in known)
    ]


def timed(found: Iterable[Outage], failing: Iterable[Failing]) -> list[Outage]:
    """From the first failure to the last, and not by whole hours, which nobody could read from the log."""
    known = list(failing)
    exact = []
    for one in found:
        mine = [
            each
            for each in known
            if each.platform == one.platform
            and each.action in one.actions
            and one.since <= each.first
            and each.last < one.until
        ]
        if mine:
            first, last = min(each.first for each in mine), max(each.last for each in mine)
            one = replace(one, since=first, until=last)
        exact.append(one)
    return exact


def _meet(known: Outage, one: Stretch) -> bool:
    return known.since < one.until and one.since < known.until


def _together(calls: list[Hour]) -> bool:
    failed = sum(one.failed for one in calls)
    hit = sum(1 for one in calls if one.failed)
    return hit >= ACCOUNTS and failed >= FAILED and failed >= SHARE * sum(one.calls for one in calls)


def _outage(platform: str, together: list[Hour], every: list[Hour]) -> Outage:
    """From the first hour in which several failed to the last, with all that was called between."""
    actions = {one.action for one in together if one.failed}
    since, until = min(one.at for one in together), max(one.at for one in together) + HOUR
    calls = [one for one in every if one.action in actions and since <= one.at < until]
    return Outage(
        certain=True,
        platform=platform,
        actions=tuple(sorted(actions)),
        accounts=tuple(sorted({one.account for one in calls if one.failed})),
        since=since,
        until=until,
        calls=sum(one.calls for one in calls),
        failed=sum(one.failed for one in calls),
    )
