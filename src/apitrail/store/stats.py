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
from apitrail.store.growth import Growth, Stream, longest
from apitrail.store.model import Pin, Span
from apitrail.store.partitions import parts
from apitrail.store.removals import Removed
from apitrail.store.retention import Keep, Rules, used_bytes
from apitrail.store.shelves import BODIES, LENGTH
from apitrail.store.times import micros

SAMPLE_DAYS = 7
"""How many of the last whole days the forecast goes by, at most."""
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
    keep = rules.default
    sample = _sample(known, keep, now.date())
    if not sample:
        return Forecast(None, None, limit, None)
    # What the other tables take goes with the number of entries, and stays when bodies go.
    beside = (used - sum(one.bytes_on_disk for one in known)) / sum(one.entries for one in known)
    whole = sum(one.bytes_on_disk + one.entries * beside for one in sample)
    bodies = min(_bodies(engine, sample), whole)
    ahead = Growth(_streams(_parts(engine, rules, sample), whole - bodies, bodies, now.date()))
    per_day, settles = ahead.size(1), ahead.settles
    if limit is None or settles <= limit:
        return Forecast(int(per_day), int(settles), limit, None)
    left = max(0, int(ahead.days(limit) - ahead.days(used)))
    held = int(ahead.days(limit)) if rules.disk_budget else None
    return Forecast(int(per_day), int(settles), limit, left, held)


def _sample(known: Sequence[DayUse], keep: Keep, today: date) -> list[DayUse]:
    """The days that a forecast goes by: of the last whole ones those that still have all their bodies, where there are
    any.
    """
    ages = {(today - one.day).days: one for one in known}
    whole = min(SAMPLE_DAYS, keep.success_bodies, keep.failure_bodies, keep.entries)
    for last in (whole, SAMPLE_DAYS):
        if sample := [ages[age] for age in range(1, last + 1) if age in ages]:
            return sample
    return []


class _Part(Struct, frozen=True):
    """Of one day, the entries that are kept equally long."""

    keep: Keep
    day: date
    entries: int
    good: int
    """Bytes of successes' bodies, as they were received."""
    bad: int


def _parts(engine: Engine, rules: Rules, sample: Sequence[DayUse]) -> list[_Part]:
    days, values = _within(sample)
    sides = []
    for side in ("ec", "shipping"):
        values[side] = [identity for owner, identity in rules.accounts if owner == side] or [""]
        sides.append(f"if(has({{{side}:Array(String)}}, ifNull({side}_id, '')), ifNull({side}_id, ''), '')")
    query = Query(
        f"SELECT {', '.join(sides)}, toUInt16(toDate(created_at)) AS day, count(),"  # noqa: S608, constants only
        " sumIf(request_size + response_size, outcome IN ('success', 'warning')),"
        " sumIf(request_size + response_size, outcome NOT IN ('success', 'warning'))"
        f" FROM entries WHERE {days} GROUP BY 1, 2, day",
        values,
    )
    found = []
    for ec, shipping, day, *told in engine.select(query).rows:
        own = [rules.accounts[one] for one in (("ec", ec), ("shipping", shipping)) if one in rules.accounts]
        found.append(_Part(longest(own or [rules.default]), date(1970, 1, 1) + timedelta(days=day), *told))
    return found


def _streams(parts: Sequence[_Part], rows: float, bodies: float, today: date) -> list[Stream]:
    """`rows`, `bodies`: bytes that the sample takes on the disk. Bodies that are gone already take as much as others of
    their size did.
    """
    kept = 0
    for one in parts:
        age = (today - one.day).days
        kept += one.good * (age <= one.keep.success_bodies) + one.bad * (age <= one.keep.failure_bodies)
    row = rows / (sum(one.entries for one in parts) or 1)
    body = bodies / (kept or sum(one.good + one.bad for one in parts) or 1)
    days = {one.day for one in parts}
    streams = []
    for keep in {one.keep for one in parts}:
        same = [one for one in parts if one.keep == keep]
        count = sum((today - day).days <= keep.entries for day in days) or len(days)
        good, bad = sum(one.good for one in same), sum(one.bad for one in same)
        entries = sum(one.entries for one in same)
        streams.append(Stream(row * entries / count, body * good / count, body * bad / count, keep))
    return streams


def _within(sample: Sequence[DayUse]) -> tuple[str, dict[str, Any]]:
    values = {"first": min(one.day for one in sample).isoformat(), "last": max(one.day for one in sample).isoformat()}
    return "toDate(created_at) >= toDate({first:String}) AND toDate(created_at) <= toDate({last:String})", {**values}


def _bodies(engine: Engine, sample: Sequence[DayUse]) -> float:
    """Bytes that the sample's bodies take on the disk."""
    days, within = _within(sample)
    query = Query(
        "SELECT sum(column_bytes_on_disk)"  # noqa: S608, constants only
        f" FROM {engine.topology.system('parts_columns')} WHERE active AND database = {engine.topology.home}"
        " AND table = 'entries' AND column IN {columns:Array(String)}"
        " AND partition >= {first:String} AND partition <= {last:String}",
        {**within, "columns": list(BODIES)},
    )
    [(size,)] = engine.select(query).rows
    return int(size or 0) + _in_one_file(engine, days, within)


def _in_one_file(engine: Engine, days: str, within: dict[str, Any]) -> float:
    """The same bytes, of parts that keep all columns in one file, as those of small days are: of these the engine does
    not know what a column takes. So it is taken by their share of what the part holds.
    """
    query = Query(
        f"SELECT name, bytes_on_disk, data_uncompressed_bytes FROM {parts(engine)}"  # noqa: S608, constants only
        " AND table = 'entries' AND part_type = 'Compact'"
        " AND partition >= {first:String} AND partition <= {last:String}",
        within,
    )
    small = engine.select(query).rows
    if not small:
        return 0.0
    lengths = Query(
        f"SELECT sum({LENGTH}) FROM entries WHERE {days} AND _part IN {{names:Array(String)}}",  # noqa: S608
        {**within, "names": [name for name, _, _ in small]},
    )
    [(length,)] = engine.select(lengths).rows
    held = sum(size for _, _, size in small)
    return sum(size for _, size, _ in small) * min(1.0, length / held) if held else 0.0
