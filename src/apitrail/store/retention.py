"""What is kept how long: bodies shorter than entries, failures' bodies longer than others', and a bound on the disk.

- A day is the unit. Nothing is taken of a day before all of it is old enough, and what is taken is taken by the
  engine's own means: a day's partition is dropped where all of it goes; where only a part goes (one integration,
  bodies of successes), one mutation rewrites that day's partition, once. Nothing walks over entries.
- An entry that belongs to an integration with a time of its own is kept so long; one that belongs to two, as long as
  the longer says.
- Pinned entries (those that refer to a pinned reference) keep their bodies and stay, whatever their age and whatever
  the disk budget says.
- The disk budget takes whole days, oldest first, and never today. What it counts is what the log's own tables take.
- Each removal is noted (see `removals`); one that broke off is done again. A day whose rules have not changed is looked
  at again only for entries that came in late.

Called by one thread of one server at a time; reads and writes go on meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from typing import Any

from msgspec import Struct

from apitrail.store import derived, shelves
from apitrail.store.engine import Engine, Param, Query
from apitrail.store.partitions import drop, drop_day, parts
from apitrail.store.removals import Noted, Removed, What, begin, count_of, made_good, note, noted

Account = tuple[str, str]
"""(side, id): `("ec", "shop-1")`."""
FOREVER = 100_000
"""Days."""


class Keep(Struct, frozen=True):
    """How long entries are kept, in whole days after the day of the call. Bodies are never kept longer than their
    entries.
    """

    success_bodies: int = 14
    failure_bodies: int = 90
    entries: int = 400


class Rules(Struct, frozen=True):
    """What holds for a log."""

    default: Keep = Keep()
    accounts: Mapping[Account, Keep] = {}
    disk_budget: int = 0
    """Bytes that the log's tables may take; 0: as many as there are."""


class _Due(Struct, frozen=True):
    """Which entries of a day are old enough: all of these accounts or (`others`) all but those that are held."""

    others: bool
    due: tuple[Account, ...]
    held: tuple[Account, ...]

    @property
    def nothing(self) -> bool:
        return not self.others and not self.due

    def condition(self, prefix: str) -> tuple[str, dict[str, Param]]:
        """As SQL, and its values."""
        values: dict[str, Param] = {}

        def of(accounts: tuple[Account, ...], name: str) -> str:
            parts = []
            for side in ("ec", "shipping"):
                ids = [identity for owner, identity in accounts if owner == side]
                if ids:
                    values[f"{prefix}_{name}_{side}"] = ids
                    parts.append(f"has({{{prefix}_{name}_{side}:Array(String)}}, ifNull({side}_id, ''))")
            return f"({' OR '.join(parts)})" if parts else ""

        held = of(self.held, "held")
        parts = [f"NOT {held}"] if held else []
        if not self.others:
            parts.append(of(self.due, "due"))
        return " AND ".join(parts) or "1", values


def tidy(
    engine: Engine,
    rules: Rules,
    pins: list[str],
    *,
    writes_off: Callable[[], AbstractContextManager[Any]],
    now: datetime | None = None,
    stop: Callable[[], bool] = lambda: False,
    broke_off: bool = False,
) -> list[Removed]:
    """Take away what is old enough or too much, and return what that was, oldest day first. Raises StoreError.

    `pins`: ids of pinned references. `writes_off` keeps writes out while counts are brought in line. `stop` is asked
    before each day: true ends it there. `broke_off`: the one before this failed, and may have removed what is still
    counted.
    """
    today = (now or datetime.now(UTC)).date()
    removed = list(made_good(engine))
    applied = noted(engine)
    for day in _days(engine):
        if stop():
            break
        age = (today - day).days
        removed += _of_age(engine, day, age, rules, pins, applied)
    if rules.disk_budget and not stop():
        removed += _over_budget(engine, rules.disk_budget, pins, today)
    gone = any(one.what == "entries" for one in removed)
    # On a cluster, what a server's death left uncounted is found by nobody else.
    if gone or broke_off or engine.topology.cluster:
        with writes_off():
            derived.repair(engine, [])
    if gone:
        _forget_mentions(engine)
    return removed


def _of_age(
    engine: Engine,
    day: date,
    age: int,
    rules: Rules,
    pins: list[str],
    applied: Noted,
) -> Iterator[Removed]:
    entries = _due(rules, age, lambda keep: keep.entries)
    if not entries.nothing:
        condition, values = entries.condition("e")
        yield from _take(engine, day, "entries", condition, values, pins, applied)
    good = _due(rules, age, lambda keep: min(keep.success_bodies, keep.entries))
    bad = _due(rules, age, lambda keep: min(keep.failure_bodies, keep.entries))
    parts, values = [], {}
    for which, sign, outcomes in ((good, "g", "IN"), (bad, "b", "NOT IN")):
        if which.nothing:
            continue
        condition, more = which.condition(sign)
        parts.append(f"(outcome {outcomes} ('success', 'warning') AND {condition})")
        values |= more
    if parts:
        yield from _take(engine, day, "bodies", f"({' OR '.join(parts)})", values, pins, applied)


def _due(rules: Rules, age: int, days: Callable[[Keep], int]) -> _Due:
    due: list[Account] = []
    held: list[Account] = []
    for account, keep in sorted(rules.accounts.items()):
        (due if age > days(keep) else held).append(account)
    return _Due(age > days(rules.default), tuple(due), tuple(held))


def _take(
    engine: Engine,
    day: date,
    what: What,
    condition: str,
    values: dict[str, Param],
    pins: list[str],
    applied: Noted,
) -> Iterator[Removed]:
    """Take `what` of the entries of a day for which `condition` holds, unless that was done and nothing is new."""
    if pins:
        condition += " AND NOT hasAny(reference_ids, {pins:Array(String)})"
        values = {**values, "pins": pins}
    # Its digest: thousands of pins would be written down for each day.
    rule = json.dumps([condition, values], sort_keys=True)
    signature = hashlib.blake2b(rule.encode(), digest_size=16).hexdigest()
    known, looked_at = applied.get((day, what), ("", 0))
    partition: dict[str, Param] = {**values, "day": day.isoformat()}
    late = ""
    if known == signature:
        late = " AND received_at > fromUnixTimestamp64Micro({looked_at:Int64}, 'UTC')"
        partition["looked_at"] = looked_at
    at = datetime.now(UTC)  # before the count: what comes in meanwhile is looked at the next time
    kept = f" AND ({shelves.KEPT})" if what == "bodies" else ""
    count, size = _measured(engine, condition + late + kept, partition)
    if not count:
        if known != signature:
            note(engine, Removed(day, what, "age", 0, 0, at), signature)
        return
    removed = Removed(day, what, "age", count, size, at)
    begin(engine, removed)
    if what == "bodies":
        change = f"UPDATE {shelves.CLEARED} IN PARTITION {{day:String}} WHERE "
        _alter(engine, change + condition, partition)
    else:
        _drop(engine, day, count, condition, partition)
    note(engine, removed, signature)
    yield removed


def _over_budget(engine: Engine, budget: int, pins: list[str], today: date) -> Iterator[Removed]:
    used = used_bytes(engine)
    for day in _days(engine):
        if used <= budget or day >= today:
            return
        at = datetime.now(UTC)
        values: dict[str, Param] = {"day": day.isoformat()}
        condition = "1"
        if pins:
            condition, values = "NOT hasAny(reference_ids, {pins:Array(String)})", {**values, "pins": pins}
        count, size = _measured(engine, condition, values)
        if not count:
            continue
        removed = Removed(day, "entries", "disk_budget", count, size, at)
        begin(engine, removed)
        before = _partition_bytes(engine, day)
        _drop(engine, day, count, condition, values)
        used -= before - _partition_bytes(engine, day)
        note(engine, removed, "")
        yield removed


def _forget_mentions(engine: Engine) -> None:
    """Months of mentions, and of what stood twice, before the oldest entry lead nowhere."""
    query = Query(
        f"SELECT DISTINCT table, partition FROM {parts(engine)} AND table IN ('mentions', 'twins')"  # noqa: S608
        " AND partition < (SELECT toString(toYYYYMM(min(created_at))) FROM entries)"
    )
    for table, month in engine.select(query).rows:
        drop(engine, table, str(month))


def used_bytes(engine: Engine) -> int:
    """What the log's tables take on the disk; on a cluster, on one replica of each shard together."""
    query = Query(f"SELECT sum(bytes_on_disk) FROM {parts(engine)}")  # noqa: S608, constants only
    [(size,)] = engine.select(query).rows
    return int(size)


def _drop(engine: Engine, day: date, count: int, condition: str, values: dict[str, Param]) -> None:
    """The `count` entries of a day for which `condition` holds: the partition as a whole, where that is all of them."""
    if count_of(engine, day, "entries") == count:
        drop_day(engine, "entries", day)
    else:
        _alter(engine, f"DELETE IN PARTITION {{day:String}} WHERE {condition}", values)


def _alter(engine: Engine, change: str, values: dict[str, Param]) -> None:
    known = {name: value for name, value in values.items() if f"{{{name}:" in change}
    engine.run(Query(f"ALTER TABLE {engine.topology.altered('entries')} {change} SETTINGS mutations_sync = 2", known))


def _measured(engine: Engine, condition: str, values: dict[str, Param]) -> tuple[int, int]:
    """(entries of the day for which it holds, their bodies' bytes as received)."""
    query = Query(
        "SELECT count(), sum(request_size + response_size) FROM entries"  # noqa: S608, constants only
        f" WHERE toDate(created_at) = toDate({{day:String}}) AND {condition}",
        values,
    )
    [(count, size)] = engine.select(query).rows
    return count, size


def _days(engine: Engine) -> list[date]:
    query = Query(
        f"SELECT DISTINCT partition FROM {parts(engine)}"  # noqa: S608, constants only
        " AND table = 'entries' AND rows > 0 ORDER BY partition"
    )
    return [date.fromisoformat(str(partition)) for (partition,) in engine.select(query).rows]


def _partition_bytes(engine: Engine, day: date) -> int:
    query = Query(
        f"SELECT sum(bytes_on_disk) FROM {parts(engine)}"  # noqa: S608, constants only
        " AND table = 'entries' AND partition = {day:String}",
        {"day": day.isoformat()},
    )
    [(size,)] = engine.select(query).rows
    return int(size)
