"""Stretches of time in which no call to a platform worked, each failing by its own fault or without an answer. From the
counts: a row for each quarter of an hour and platform is made of them, and few of these are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apitrail.store.engine import Query
from apitrail.store.failures import Stretch
from apitrail.store.model import Filter
from apitrail.store.queries.counting import touched
from apitrail.store.queries.shift import FAILED
from apitrail.store.times import QUARTER, instant

_QUARTER_S = QUARTER // 1_000_000


def stretches(which: Filter, quarters: int, limit: int) -> Query:
    """Those with calls in so many quarters of an hour at least, the latest first. A quarter without calls to the
    platform neither ends a stretch nor counts.
    """
    where = touched(which)
    every = (
        "SELECT toUnixTimestamp(at) AS quarter, assumeNotNull(platform) AS of_platform, sum(entries) AS calls,"  # noqa: S608
        f" sumIf(entries, {FAILED}) AS failed, sumIf(entries, ifNull(cause = 'platform_outage', 0)) AS answered,"
        " groupUniqArrayIf(action, entries > 0) AS actions,"
        " groupUniqArrayIf(ifNull(shipping_id, ifNull(ec_id, '')), entries > 0) AS accounts"
        f" FROM counts PREWHERE {where.text} AND direction = 'outbound' AND ifNull(platform, '') != ''"
        " GROUP BY quarter, of_platform HAVING calls > 0"
    )
    return Query(
        "SELECT of_platform, min(quarter) AS first, max(quarter) AS last, sum(calls), sum(answered), sum(elsewhere),"  # noqa: S608
        " arraySort(groupUniqArrayArray(actions)), arraySort(groupUniqArrayArray(accounts)) FROM ("
        "SELECT *, sum(failed < calls) OVER (PARTITION BY of_platform ORDER BY quarter) AS worked_before,"
        f" sum(calls - failed) OVER (PARTITION BY quarter) AS elsewhere FROM ({every}))"
        " WHERE failed = calls GROUP BY of_platform, worked_before HAVING count() >= {quarters:UInt32}"
        " ORDER BY last DESC, of_platform LIMIT {limit:UInt32}",
        {**where.params, "quarters": quarters, "limit": limit},
    )


def read(rows: Sequence[Sequence[Any]]) -> list[Stretch]:
    """The answer."""
    return [
        Stretch(
            platform=platform,
            since=instant(first * 1_000_000),
            until=instant((last + _QUARTER_S) * 1_000_000),
            calls=calls,
            answered=answered,
            elsewhere=elsewhere,
            actions=tuple(actions),
            accounts=tuple(one for one in accounts if one),
        )
        for platform, first, last, calls, answered, elsewhere, actions, accounts in rows
    ]
