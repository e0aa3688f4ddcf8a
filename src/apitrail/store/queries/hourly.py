"""How each account fared by the hour: a day of calls, of which four short columns are read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apitrail.store.engine import Query
from apitrail.store.failures import Hourly
from apitrail.store.queries.activity import Side
from apitrail.store.times import instant, micros

_IDS = {"ec": "ec_id", "shipping": "shipping_id"}


def hourly(side: Side, since: datetime, until: datetime, accounts: Sequence[str]) -> Query:
    """By account and hour."""
    return Query(
        f"SELECT assumeNotNull({_IDS[side]}) AS account, toUnixTimestamp(toStartOfHour(created_at)) AS hour,"  # noqa: S608
        " count(), countIf(outcome IN ('request_error', 'platform_error')), quantile(0.5)(duration_ms)"
        " FROM entries WHERE created_at >= fromUnixTimestamp64Micro({since:Int64})"
        f" AND created_at <= fromUnixTimestamp64Micro({{until:Int64}}) AND {_IDS[side]} IN {{accounts:Array(String)}}"
        " GROUP BY account, hour ORDER BY account, hour",
        {"since": micros(since), "until": micros(until), "accounts": list(accounts)},
    )


def read(rows: Sequence[Sequence[Any]]) -> list[Hourly]:
    """The answer."""
    return [
        Hourly(account, instant(hour * 1_000_000), calls, failed, median)
        for account, hour, calls, failed, median in rows
    ]
