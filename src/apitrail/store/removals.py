"""What was removed from each day, as it is noted in `removals`: for those who look for it, and so that the same is not
looked for twice.

The engine has no transactions, and one rewrite of a day can take minutes. So a removal is noted before it begins, too
(`begun`, with what the day held), and with the same time when it is over. One that was begun and is not over when the
next one starts broke off, with its process perhaps: then what the day has lost since is what it removed (`made_good`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec
from msgspec import Struct

from apitrail.store import shelves
from apitrail.store.engine import Engine, Query
from apitrail.store.times import instant, micros

What = Literal["bodies", "entries"]
Why = Literal["age", "disk_budget"]
Noted = Mapping[tuple[date, str], tuple[str, int]]
"""(day, what) → the signature of the rule that was last applied for age, and when: microseconds since 1970."""
_BEGUN = "begun"
"""In place of why. Such a row says of no entries that they were removed, so older versions leave it out."""
_FIRST = date(1970, 1, 1)


class Removed(Struct, frozen=True):
    """What was removed from a day."""

    day: date
    what: What
    why: Why
    entries: int
    bytes: int
    """Of bodies, as they were received."""
    at: datetime


class _Begun(Struct, frozen=True):
    """What was about to be removed, and how many entries the day held, with bodies if these were."""

    why: Why
    entries: int
    bytes: int
    held: int


_read = msgspec.json.Decoder(_Begun).decode


def removals(engine: Engine, limit: int = 100) -> list[Removed]:
    """What was removed, the latest first."""
    query = Query(
        "SELECT toUInt16(day), what, why, entries, bytes, toUnixTimestamp64Micro(at) FROM removals WHERE entries > 0"
        " ORDER BY at DESC LIMIT {limit:UInt32}",
        {"limit": limit},
    )
    return [
        Removed(_day(day), what, why, entries, size, instant(at))
        for day, what, why, entries, size, at in engine.select(query).rows
    ]


def begin(engine: Engine, removed: Removed) -> None:
    """Note what is about to be removed. To be followed by `note`, of the same."""
    begun = _Begun(removed.why, removed.entries, removed.bytes, count_of(engine, removed.day, removed.what))
    due = msgspec.json.encode(begun).decode()
    _insert(engine, removed, _BEGUN, due, 0, 0)


def note(engine: Engine, removed: Removed, signature: str) -> None:
    """Note what was removed by a rule, which the signature tells."""
    _insert(engine, removed, removed.why, signature, removed.entries, removed.bytes)


def noted(engine: Engine) -> Noted:
    """What rules were applied."""
    query = Query(
        "SELECT toUInt16(day), what, argMax(due, at), toUnixTimestamp64Micro(max(at)) FROM removals"
        " WHERE why = 'age' GROUP BY day, what"
    )
    return {(_day(day), what): (due, at) for day, what, due, at in engine.select(query).rows}


def made_good(engine: Engine) -> Iterator[Removed]:
    """Note of each removal that broke off what it removed, and yield those that did remove something."""
    query = Query(
        "SELECT toUInt16(day), what, toUnixTimestamp64Micro(at), anyIf(due, why = {begun:String}) FROM removals"
        " WHERE what IN ('bodies', 'entries') GROUP BY day, what, at HAVING countIf(why != {begun:String}) = 0"
        " ORDER BY at",
        {"begun": _BEGUN},
    )
    for number, what, at, due in engine.select(query).rows:
        begun, day = _read(due), _day(number)
        gone = min(max(begun.held - count_of(engine, day, what), 0), begun.entries)
        size = begun.bytes * gone // begun.entries
        removed = Removed(day, what, begun.why, gone, size, instant(at))
        note(engine, removed, "")
        if gone:
            yield removed


def count_of(engine: Engine, day: date, what: What) -> int:
    """How many entries a day has, or how many of them have bodies."""
    kept = f" AND ({shelves.KEPT})" if what == "bodies" else ""
    query = Query(
        f"SELECT count() FROM entries WHERE toDate(created_at) = toDate({{day:String}}){kept}",  # noqa: S608, constants
        {"day": day.isoformat()},
    )
    [(count,)] = engine.select(query).rows
    return int(count)


def _insert(engine: Engine, removed: Removed, why: str, due: str, entries: int, size: int) -> None:
    engine.run(
        Query(
            "INSERT INTO removals SELECT fromUnixTimestamp64Micro({at:Int64}, 'UTC'), toDate({day:String}),"
            " {what:String}, {why:String}, {due:String}, {entries:UInt64}, {bytes:UInt64}",
            {
                "at": micros(removed.at),
                "day": removed.day.isoformat(),
                "what": removed.what,
                "why": why,
                "due": due,
                "entries": entries,
                "bytes": size,
            },
        )
    )


def _day(number: int) -> date:
    return _FIRST + timedelta(days=number)
