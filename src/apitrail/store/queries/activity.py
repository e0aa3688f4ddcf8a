"""What each account did: per action how much, how it went, and the latest of either kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from apitrail.store.engine import Query
from apitrail.store.model import Activity, SeenAccount
from apitrail.store.times import instant, micros

Side = Literal["ec", "shipping"]
_IDS = {"ec": "ec_id", "shipping": "shipping_id"}
_BAD = "outcome IN ('request_error', 'platform_error')"
NEWEST = 3
"""Calls whose outcome is told one by one."""


def activity(side: Side, since: datetime, day: datetime) -> Query:
    """Since a time, with counts since `day` beside it. Seven columns of the range are read, none of them long."""
    at = "toUnixTimestamp64Micro(created_at)"
    return Query(
        f"SELECT assumeNotNull({_IDS[side]}) AS account, action, any(ifNull(platform, '')),"  # noqa: S608, constants only
        " countIf(recent), countIf(recent AND bad),"
        f" maxIf({at}, NOT bad), toString(argMaxIf(id, created_at, NOT bad)),"
        f" maxIf({at}, bad), toString(argMaxIf(id, created_at, bad)),"
        f" arrayMap(one -> one.2, groupArraySorted({NEWEST})((-{at}, toUInt8(bad)))),"
        " topKIf(3)(assumeNotNull(cause), recent AND bad AND cause IS NOT NULL)"
        f" FROM (SELECT *, {_BAD} AS bad, created_at >= fromUnixTimestamp64Micro({{day:Int64}}) AS recent FROM entries)"
        f" WHERE created_at >= fromUnixTimestamp64Micro({{since:Int64}}) AND {_IDS[side]} IS NOT NULL"
        " GROUP BY account, action ORDER BY account, action",
        {"since": micros(since), "day": micros(day)},
    )


def seen(side: Side) -> Query:
    """Rows: account, name, its last day in the log, a platform of it. From the counts by day, which are few."""
    column = _IDS[side]
    return Query(
        f"SELECT account, names.name, day, platform FROM (SELECT assumeNotNull({column}) AS account,"  # noqa: S608, constants only
        " toUnixTimestamp(max(at)) AS day, any(ifNull(platform, '')) AS platform"
        f" FROM counts_by_day WHERE {column} IS NOT NULL GROUP BY account) AS accounts"
        " LEFT JOIN (SELECT id, argMax(name, at) AS name FROM account_names WHERE kind = {side:String} GROUP BY id)"
        " AS names ON names.id = account ORDER BY account",
        {"side": side},
    )


def read(rows: Sequence[Sequence[Any]]) -> list[Activity]:
    """The answer, by account and action."""
    return [_activity(*row) for row in rows]


def _activity(
    account: str,
    action: str,
    platform: str,
    calls: int,
    failed: int,
    good_at: int,
    good_id: str,
    bad_at: int,
    bad_id: str,
    newest: Sequence[int],
    causes: Sequence[str],
) -> Activity:
    return Activity(
        account=account,
        action=action,
        platform=platform,
        calls=calls,
        failed=failed,
        last_success=instant(good_at) if good_at else None,
        success_id=good_id if good_at else "",
        last_failure=instant(bad_at) if bad_at else None,
        failure_id=bad_id if bad_at else "",
        newest=tuple(bool(one) for one in newest),
        causes=tuple(causes),
    )


def read_seen(rows: Sequence[Sequence[Any]]) -> list[SeenAccount]:
    """The answer, by id."""
    return [SeenAccount(account, name, instant(day * 1_000_000), platform) for account, name, day, platform in rows]
