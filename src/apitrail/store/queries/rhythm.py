"""How regularly each account's calls of an action come: from the counts by quarter of an hour, without the calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from apitrail.store.engine import Param, Query
from apitrail.store.model import Rhythm
from apitrail.store.times import QUARTER, instant, micros

PAUSES = 20
"""So many pauses are told of each, the longest."""
PAUSE_S = 3600
"""What is shorter is no pause: a whole hour must be empty."""

_SIDE = "if(ec_id IS NULL, 'shipping', 'ec')"
_ACCOUNT = "assumeNotNull(ifNull(ec_id, shipping_id))"
_QUARTER_S = QUARTER // 1_000_000


def rhythms(
    since: datetime, until: datetime, actions: Sequence[str], ec: Sequence[str] = (), shipping: Sequence[str] = ()
) -> Query:
    """Rows: side, account, action, quarters, days, usual, first, last, pauses. Of the range's whole quarters.

    `actions`: these, where `webhook.*` stands for all notifications. A call of two sides is of its EC integration.
    """
    conditions = [
        "at >= toDateTime(fromUnixTimestamp64Micro({since:Int64}, 'UTC'), 'UTC')",
        "at <= toDateTime(fromUnixTimestamp64Micro({until:Int64}, 'UTC'), 'UTC')",
        "(ec_id IS NOT NULL OR shipping_id IS NOT NULL)",
        "(action IN {actions:Array(String)} OR action LIKE 'webhook.%' AND has({actions:Array(String)}, 'webhook.*'))",
    ]
    params: dict[str, Param] = {"since": micros(since), "until": micros(until), "actions": list(actions)}
    for name, values in (("ec_id", ec), ("shipping_id", shipping)):
        if values:
            conditions.append(f"{name} IN {{{name}:Array(String)}}")
            params[name] = list(values)
    pairs = "arrayZip(arrayPopBack(q), arrayPopFront(q))"
    gaps = f"arraySort(arrayMap(one -> one.2 - one.1, {pairs}))"
    long = f"arrayFilter(one -> one.2 - one.1 >= {PAUSE_S + _QUARTER_S}, {pairs})"
    return Query(
        "SELECT side, account, action, length(q), length(arrayDistinct(arrayMap(one -> intDiv(one, 86400), q))),"  # noqa: S608, constants only
        f" {gaps}[intDiv(length(q), 2)], q[1], q[-1],"
        f" arraySlice(arrayReverseSort(one -> one.2 - one.1, {long}), 1, {PAUSES})"
        f" FROM (SELECT {_SIDE} AS side, {_ACCOUNT} AS account, action,"
        " arraySort(groupUniqArray(toInt64(toUnixTimestamp(at)))) AS q"
        f" FROM counts WHERE {' AND '.join(conditions)} GROUP BY side, account, action)"
        " WHERE length(q) > 1 ORDER BY side, account, action",
        params,
    )


def read(rows: Sequence[Sequence[Any]]) -> list[Rhythm]:
    """The answer."""
    return [
        Rhythm(
            side=_side(side),
            account=account,
            action=action,
            quarters=quarters,
            days=days,
            usual=timedelta(seconds=usual),
            first=_instant(first),
            last=_instant(last),
            pauses=tuple((_instant(before), _instant(after)) for before, after in pauses),
        )
        for side, account, action, quarters, days, usual, first, last, pauses in rows
    ]


def edges(quarters: Sequence[datetime], actions: Sequence[str]) -> Query:
    """Rows: side, account, action, quarter, first and last call of it. Only these quarters of the entries are read."""
    return Query(
        f"SELECT {_SIDE} AS side, {_ACCOUNT} AS account, action,"  # noqa: S608, constants only
        " toUnixTimestamp(toStartOfFifteenMinutes(toDateTime(created_at, 'UTC'))) AS quarter,"
        " toUnixTimestamp64Micro(min(created_at)), toUnixTimestamp64Micro(max(created_at)) FROM entries"
        " WHERE toUnixTimestamp(toStartOfFifteenMinutes(toDateTime(created_at, 'UTC'))) IN {quarters:Array(UInt32)}"
        " AND action IN {actions:Array(String)} AND (ec_id IS NOT NULL OR shipping_id IS NOT NULL)"
        " GROUP BY side, account, action, quarter",
        {"quarters": [micros(one) // 1_000_000 for one in quarters], "actions": list(actions)},
    )


def read_edges(
    rows: Sequence[Sequence[Any]],
) -> dict[tuple[str, str, str, datetime], tuple[datetime, datetime]]:
    """The answer, by side, account, action and quarter."""
    return {
        (side, account, action, _instant(quarter)): (instant(first), instant(last))
        for side, account, action, quarter, first, last in rows
    }


def _instant(seconds: int) -> datetime:
    return instant(seconds * 1_000_000)


def _side(text: str) -> Literal["ec", "shipping"]:
    return "ec" if text == "ec" else "shipping"
