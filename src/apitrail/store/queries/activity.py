"""What each account did: per action how much, how it went, and the latest of either kind.

From the counts and the failures; of the entries, the quarters of an hour alone in which the latest calls are: seven
days of a log of ten million took 0.7 s of processor time when all of its entries were read, and take 0.07.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from apitrail.store.engine import Query
from apitrail.store.model import Activity, Filter, SeenAccount
from apitrail.store.queries.counting import counted
from apitrail.store.queries.where import WHOLLY
from apitrail.store.times import QUARTER, instant, micros

Side = Literal["ec", "shipping"]
Place = tuple[str, str]
"""An account and an action."""
_IDS = {"ec": "ec_id", "shipping": "shipping_id"}
_BAD = "outcome IN ('request_error', 'platform_error')"
CAUSES = 3
"""That are told of the failures."""
NEWEST = 3
"""Calls whose outcome is told one by one."""


def _of(side: Side, accounts: Sequence[str]) -> str:
    """The condition that lets these through; all, where none is given."""
    return f"{_IDS[side]} IN {{accounts:Array(String)}}" if accounts else f"{_IDS[side]} IS NOT NULL"


def quarters(side: Side, since: datetime, accounts: Sequence[str] = ()) -> Query:
    """Where the latest calls of each account and action are: see `touched`. From the counts.

    Rows: account, action, platform, the last quarter of an hour in which a call worked (0: none), and the NEWEST
    quarters with a call, each in one number with how many: as pairs or by a window, they take two or three times as
    long of thousands of accounts.
    """
    return Query(
        "SELECT account, action, any(platform), toUnixTimestamp(maxIf(at, good > 0)),"  # noqa: S608
        f" groupArraySorted({NEWEST})(-(toInt64(toUnixTimestamp(at)) * {NEWEST + 1} + least(n, {NEWEST})))"
        f" FROM (SELECT assumeNotNull({_IDS[side]}) AS account, action, any(ifNull(platform, '')) AS platform, at,"
        f" sum(entries) AS n, sumIf(entries, NOT {_BAD}) AS good FROM counts"
        f" WHERE at >= toDateTime({{since:Int64}}, 'UTC') AND {_of(side, accounts)}"
        " GROUP BY account, action, at HAVING n > 0) GROUP BY account, action",
        {"since": micros(since) // QUARTER * QUARTER // 1_000_000, "accounts": list(accounts)},
    )


def touched(rows: Sequence[Sequence[Any]]) -> list[int]:
    """The quarters of the answer: the last with a call that worked, and so many of the last as hold NEWEST calls."""
    found = set()
    for *_, worked, recent in rows:
        if worked:
            found.add(worked)
        newer = 0
        for told in recent:
            if newer >= NEWEST:
                break
            quarter, calls = divmod(-told, NEWEST + 1)
            found.add(quarter)
            newer += calls
    return sorted(found)


def latest(side: Side, since: datetime, found: Sequence[int], accounts: Sequence[str] = ()) -> Query:
    """What these quarters tell of each account and action: the last that worked, the last failure, the newest."""
    at = "toUnixTimestamp64Micro(created_at)"
    return Query(
        f"SELECT assumeNotNull({_IDS[side]}) AS account, action,"  # noqa: S608, constants only
        f" maxIf({at}, NOT bad), toString(argMaxIf(id, created_at, NOT bad)),"
        f" maxIf({at}, bad), toString(argMaxIf(id, created_at, bad)),"
        f" arrayMap(one -> bitAnd(-one, 1), groupArraySorted({NEWEST})(-({at} * 2 + bad)))"
        f" FROM (SELECT *, {_BAD} AS bad FROM entries)"
        " WHERE created_at >= fromUnixTimestamp64Micro({since:Int64})"
        " AND toUnixTimestamp(toStartOfFifteenMinutes(toDateTime(created_at, 'UTC'))) IN {quarters:Array(UInt32)}"
        f" AND {_of(side, accounts)} GROUP BY account, action ORDER BY account, action",
        {"since": micros(since), "quarters": list(found), "accounts": list(accounts)},
    )


def last_failures(side: Side, since: datetime, accounts: Sequence[str] = ()) -> Query:
    """Rows: account, action, time and id of the last failure."""
    return Query(
        f"SELECT assumeNotNull({_IDS[side]}) AS account, action, max(toUnixTimestamp64Micro(created_at)),"  # noqa: S608
        " toString(argMax(id, created_at)) FROM failures WHERE created_at >= fromUnixTimestamp64Micro({since:Int64})"
        f" AND {WHOLLY}"
        f" AND {_of(side, accounts)} GROUP BY account, action",
        {"since": micros(since), "accounts": list(accounts)},
    )


def since_day(side: Side, day: datetime, accounts: Sequence[str] = ()) -> Query:
    """Rows: account, action, whether they failed, whether in part, cause, how many calls since then; the most first."""
    source, params = counted(
        _filter(side, day, accounts),
        {
            "account": _IDS[side],
            "action": "action",
            "bad": _BAD,
            "partly": "outcome = 'partial'",
            "cause": "ifNull(cause, '')",
        },
        days=False,
    )
    return Query(
        f"SELECT assumeNotNull(account), action, bad, partly, cause, n FROM ({source})"  # noqa: S608, constants only
        " WHERE account IS NOT NULL ORDER BY n DESC, cause",
        params,
    )


def _filter(side: Side, day: datetime, accounts: Sequence[str]) -> Filter:
    ids = tuple(accounts)
    return Filter(since=day, ec_integration=ids) if side == "ec" else Filter(since=day, shipping_integration=ids)


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


def read(
    rows: Sequence[Sequence[Any]],
    platforms: Mapping[Place, str],
    failures: Sequence[Sequence[Any]],
    counts: Sequence[Sequence[Any]],
) -> list[Activity]:
    """The answers to `latest`, to `quarters` by account and action, to `last_failures` and `since_day`."""
    failed_last = {(account, action): (at, identity) for account, action, at, identity in failures}
    counted_at: dict[Place, list[Sequence[Any]]] = {}
    for account, action, *values in counts:
        counted_at.setdefault((account, action), []).append(values)
    found = []
    for account, action, good_at, good_id, bad_at, bad_id, newest in rows:
        place = account, action
        last_bad = max((bad_at, bad_id), failed_last.get(place, (0, "")))
        mine = counted_at.get(place, [])
        found.append(
            Activity(
                account=account,
                action=action,
                platform=platforms.get(place, ""),
                calls=sum(n for *_, n in mine),
                failed=sum(n for bad, _, _, n in mine if bad),
                partly=sum(n for _, partly, _, n in mine if partly),
                last_success=instant(good_at) if good_at else None,
                success_id=good_id if good_at else "",
                last_failure=instant(last_bad[0]) if last_bad[0] else None,
                failure_id=last_bad[1] if last_bad[0] else "",
                newest=tuple(bool(one) for one in newest),
                causes=tuple(cause for bad, partly, cause, _ in mine if (bad or partly) and cause)[:CAUSES],
            )
        )
    return found


def read_seen(rows: Sequence[Sequence[Any]]) -> list[SeenAccount]:
    """The answer, by id."""
    return [SeenAccount(account, name, instant(day * 1_000_000), platform) for account, name, day, platform in rows]
