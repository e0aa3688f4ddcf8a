"""What the log takes, by day and by whom, and how that will go on.

Days and sizes on the disk come from the parts' own records; who sends how much is read from three narrow columns of
the range asked for. Nothing here touches a body.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct

from apitrail.store.engine import Engine, Query
from apitrail.store.model import Pin, Span
from apitrail.store.partitions import parts
from apitrail.store.removals import Removed
from apitrail.store.retention import Rules, used_bytes
from apitrail.store.shelves import BODIES
from apitrail.store.times import micros

SAMPLE_DAYS = 7
"""How many of the last whole days the forecast goes by."""
MOST = 20


class DayUse(Struct, frozen=True):
    """One day (UTC) of the log."""

    day: date
    entries: int
    bytes_on_disk: int


class Use(Struct, frozen=True):
    """What one action or account has sent in the range."""

    id: str
    name: str
    entries: int
    bytes: int
    """Of bodies, as they were received."""


class Forecast(Struct, frozen=True):
    """How the disk will fill, by the average of the last complete days; null if there is no complete day yet."""

    bytes_per_day: int | None
    settles_at: int | None
    """The size on the disk in bytes at which new entries and entries removed by age balance."""
    limit: int | None
    """The disk budget, or the log's size plus the free space on the disk; null if the disk is not known."""
    days_left: int | None
    """Days until the limit is reached; null if it will not be."""
    days_held: int | None = None
    """How many days of entries fit into the disk budget, if the budget will be reached; otherwise null."""


class Stats(Struct, frozen=True):
    """How much disk space the log uses, by day and by sender, and how that will go on."""

    span: Span
    bytes_on_disk: int
    days: list[DayUse]
    """Newest first."""
    since: datetime
    """The uses below are counted from this time on."""
    actions: list[Use]
    ec_integrations: list[Use]
    shipping_integrations: list[Use]
    forecast: Forecast
    removed: list[Removed]
    pins: list[Pin]


def days(engine: Engine) -> list[DayUse]:
    """The days of the log, newest first."""
    query = Query(
        f"SELECT partition, sum(rows), sum(bytes_on_disk) FROM {parts(engine)}"  # noqa: S608, constants only
        " AND table = 'entries' GROUP BY partition HAVING sum(rows) > 0"
        " ORDER BY partition DESC"
    )
    return [DayUse(date.fromisoformat(day), rows, size) for day, rows, size in engine.select(query).rows]


def uses(engine: Engine, what: str, name: str, since: datetime) -> list[Use]:
    """The largest senders since then, by column `what`; `name` is an expression. Both are constants of this package."""
    query = Query(
        f"SELECT ifNull(toString({what}), ''), {name}, count(), sum(request_size + response_size) AS size"  # noqa: S608
        f" FROM entries WHERE created_at >= fromUnixTimestamp64Micro({{since:Int64}}, 'UTC') AND {what} IS NOT NULL"
        f" GROUP BY {what} ORDER BY size DESC, {what} LIMIT {MOST}",
        {"since": micros(since)},
    )
    return [Use(one, called or one, entries, size) for one, called, entries, size in engine.select(query).rows]


def forecast(engine: Engine, rules: Rules, known: Sequence[DayUse], free: int | None, now: datetime) -> Forecast:
    """See Forecast. `free`: bytes free on the disk, None where that is not known."""
    used = used_bytes(engine)
    limit = rules.disk_budget or (None if free is None else used + free)
    first, last = now.date() - timedelta(days=SAMPLE_DAYS), now.date() - timedelta(days=1)
    sample = [one for one in known if first <= one.day <= last]
    if not sample:
        return Forecast(None, None, limit, None)
    total = sum(one.bytes_on_disk for one in known)
    # What the other tables take grows with the entries.
    with_others = used / total if total else 1.0
    per_day = sum(one.bytes_on_disk for one in sample) / len(sample) * with_others
    bodies, bad_share = _bodies(engine, sample)
    body = min(bodies / len(sample) * with_others, per_day)
    keep = rules.default
    settles = (
        (per_day - body) * keep.entries
        + body * (1 - bad_share) * min(keep.success_bodies, keep.entries)
        + body * bad_share * min(keep.failure_bodies, keep.entries)
    )
    left = None if limit is None or settles <= limit else max(0, int((limit - used) / per_day))
    held = int(limit / per_day) if left is not None and limit and rules.disk_budget else None
    return Forecast(int(per_day), int(settles), limit, left, held)


def _bodies(engine: Engine, sample: Sequence[DayUse]) -> tuple[int, float]:
    """(bytes that the sample's bodies take on the disk, share of them that belongs to failures)."""
    within: dict[str, Any] = {"first": min(one.day for one in sample).isoformat()}
    within["last"] = max(one.day for one in sample).isoformat()
    query = Query(
        "SELECT sum(column_bytes_on_disk)"  # noqa: S608, constants only
        f" FROM {engine.topology.system('parts_columns')} WHERE active AND database = {engine.topology.home}"
        " AND table = 'entries' AND column IN {columns:Array(String)}"
        " AND partition >= {first:String} AND partition <= {last:String}",
        {**within, "columns": list(BODIES)},
    )
    [(size,)] = engine.select(query).rows
    shares = Query(
        "SELECT sumIf(request_size + response_size, outcome NOT IN ('success', 'warning')),"
        " sum(request_size + response_size) FROM entries"
        " WHERE toDate(created_at) >= toDate({first:String}) AND toDate(created_at) <= toDate({last:String})",
        within,
    )
    [(bad, all_)] = engine.select(shares).rows
    return int(size or 0), bad / all_ if all_ else 0.0
