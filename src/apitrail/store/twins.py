"""Entries that stand twice, where several servers write to one log: found, counted once, and removed.

A server looks in the log before it inserts, so an entry is there twice only where another server's insert of it was
under way at that moment. No look before can see that; a look after can: of two inserts the one that ends last is seen,
with the other, by whoever looks then. So each server

- keeps in mind the seconds that its inserts touched (`Watch`), and looks at them some seconds later;
- looks at the last quarter of an hour when it begins, for it may have died between an insert and its look;
- looks each hour, while it has the lease of `tidy`, at the last two hours and at each day that is over and has changed
  since it was last looked at (`sweep`), for one that died and did not come back.

Of an entry's copies the one that was received first stays, whoever looks and however often: no row is removed but for
another one that was seen beside it and stays, so nothing can be lost. What a copy was counted as is taken off the
counts before it is removed, once, because it is written down in the table `twins`, whose views do that. A server that
dies between the two leaves a copy that is written down: it is removed by the next look, and not taken off again.

Until then lists, exports and single entries tell it once (see `once`), and counts tell it twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from msgspec import Struct, structs

from apitrail.store import derived, lease, native
from apitrail.store.engine import Engine, Param, Query
from apitrail.store.model import EPOCH
from apitrail.store.native import MICROSECONDS, TEXT, UINT64, UUID

T = TypeVar("T")

LEASE_S = 30
GAP_S = 60
"""Seconds that are at most so far apart are looked at as one span."""
SPANS = 200
"""In one question."""
SPILL_BYTES = 256 << 20
"""Of memory that one look may take; what is more goes to the disk."""
MOST = 400
"""Entries that are put right at once: a statement for all hosts travels by Keeper, values and all."""
HOUR_S = 3600
DAY_S = 24 * HOUR_S
EPOCH_DAY = date(1970, 1, 1)
BACK_S = HOUR_S // 4
RECENT_S = 2 * HOUR_S
"""What a server that begins looks back at, and what is looked at each hour."""
FEW = 1_000_000
"""Entries of a day that is looked at in one piece."""
SWEPT = 32
"""Days that are looked at in one go, at most."""

Spans = list[tuple[int, int]]
"""First and last second since 1970, both included."""

_FEW = native.low_cardinality(TEXT)
_FEW_OR_NONE = native.low_cardinality(TEXT, none=True)
COLUMNS: native.Columns = {
    "id": UUID,
    "created_at": MICROSECONDS,
    "seal": UINT64,
    "outcome": _FEW,
    "direction": _FEW,
    "platform": _FEW_OR_NONE,
    "action": _FEW,
    "ec_id": _FEW_OR_NONE,
    "shipping_id": _FEW_OR_NONE,
    "cause": _FEW_OR_NONE,
    "copies": UINT64,
}
_COUNTED = ("outcome", "direction", "platform", "action", "ec_id", "shipping_id", "cause")
_SEAL = (
    "cityHash64(id, ifNull(toString(received_at), ''), "
    + ", ".join(f"ifNull(toString({name}), '-')" for name in _COUNTED)
    + ")"
)
"""What tells an entry's copies apart, as SQL: each server took it at a time of its own, by its own clock."""
_ALIKE = f"id, created_at, received_at, {', '.join(_COUNTED)}"
"""The columns of which a seal is made, and those that the engine wants."""


class Watch:
    """The seconds that inserts touched and that are still to be looked at. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._new: set[int] = set()
        self._old: set[int] = set()

    def touched(self, times: Iterable[int]) -> None:
        """An insert of entries of these times (microseconds) has ended, well or not."""
        seconds = {at // 1_000_000 for at in times}
        with self._lock:
            self._new |= seconds

    def due(self, *, every: bool = False) -> Spans:
        """What is to be looked at now: what was touched before the last time that this was asked, so that replicas have
        had the time to follow; `every`: all.
        """
        with self._lock:
            found = self._old
            if every:
                found |= self._new
                self._new = set()
            self._old, self._new = self._new, set()
        return spanned(found)

    def missed(self, spans: Spans) -> None:
        """These could not be looked at after all."""
        with self._lock:
            for first, last in spans:
                self._old.update((*range(first, last, GAP_S), last))


def spanned(seconds: Iterable[int]) -> Spans:
    """The seconds as spans."""
    return joined((second, second) for second in seconds)


def joined(spans: Iterable[tuple[int, int]]) -> Spans:
    """The same as few spans, in their order: what lies close together is one."""
    found: Spans = []
    for first, last in sorted(spans):
        if found and first - found[-1][1] <= GAP_S:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


class Copy(Struct, frozen=True):
    """Rows of one entry that are alike."""

    id: str
    raw: bytes
    """The id as the engine holds it."""
    at: int
    seal: int
    received: int
    """When; in microseconds, 0 where that is not known."""
    rows: int
    counted: tuple[Any, ...]
    """The values of what it is counted by."""


def looks(spans: Iterable[tuple[int, int]], length: int = HOUR_S) -> Iterator[Spans]:
    """The spans as they are looked at: some at a time, of `length` seconds together at most, so that memory does."""
    some: Spans = []
    left = length
    for first, last in spans:
        for start in range(first, last + 1, length):
            end = min(start + length - 1, last)
            if some and (len(some) == SPANS or end - start >= left):
                yield some
                some, left = [], length
            some.append((start, end))
            left -= end - start + 1
    if some:
        yield some


def clear(engine: Engine, spans: Spans, holder: str) -> int | None:
    """Find and remove what stands twice within these spans (see `looks`), and say how many rows that were; None while
    another server does so, and it is to be tried again. Raises StoreError.
    """
    removed = 0
    for part in _portions(_find(engine, spans), MOST):
        if not lease.take(engine, "twins", holder, LEASE_S):
            return None
        surplus = Surplus.of(_copies(engine, spans, part))
        if not surplus.later and not surplus.alike:
            continue  # removed meanwhile
        _note(engine, [*surplus.later, *surplus.alike])
        _remove(engine, surplus)
        _gather(engine, surplus)
        removed += sum(one.rows for one in (*surplus.later, *surplus.alike))
    return removed


def sweep(engine: Engine, holder: str, now: datetime, stop: Callable[[], bool] = lambda: False) -> int:
    """The same of the last hours, and of days that are over, the latest first: of those that hold other than as many
    entries as they did when they were last looked at. Called by one server at a time. Raises StoreError.
    """
    second = int(now.timestamp())
    removed = 0
    for spans in looks([(second - RECENT_S, second)]):
        removed += clear(engine, spans, holder) or 0
    for day, rows in changed(engine, now.date())[:SWEPT]:
        start = (day - EPOCH_DAY).days * DAY_S
        for spans in looks([(start, start + DAY_S - 1)], DAY_S if rows <= FEW else HOUR_S):
            gone = None if stop() else clear(engine, spans, holder)
            if gone is None:
                return removed
            removed += gone
        engine.run(
            Query(
                "INSERT INTO removals SELECT now64(6, 'UTC'), toDate({day:String}), 'twins', 'twins',"
                " toString({rows:UInt64}), 0, 0",
                {"day": day.isoformat(), "rows": rows},
            )
        )
    return removed


def changed(engine: Engine, today: date) -> list[tuple[date, int]]:
    """The days before today that are to be looked at, and how many entries they hold, the latest first."""
    query = Query("SELECT toUInt16(day), argMax(due, at) FROM removals WHERE what = 'twins' GROUP BY day")
    known = {day: int(rows) for day, rows in engine.select(query).rows}
    over = (today - EPOCH_DAY).days
    held = sorted(derived.rows_by_day(engine, "entries").items(), reverse=True)
    return [
        (EPOCH_DAY + timedelta(days=day), rows) for day, rows in held if day < over and rows and known.get(day) != rows
    ]


class Surplus(Struct, frozen=True):
    """What is to go of the copies of entries, so that of each one row stays."""

    later: list[Copy]
    """All of these rows go: one stays that was received before them."""
    alike: list[Copy]
    """So many of these rows go, and one like them stays."""
    unlike: list[Copy]
    """Those of `later` that mean something else than what stays: two servers with different profiles."""

    @classmethod
    def of(cls, copies: Iterable[Copy]) -> Surplus:
        """Of all copies of some entries. Which one stays depends on nothing but these."""
        of_entry: dict[str, list[Copy]] = {}
        for one in copies:
            of_entry.setdefault(one.id, []).append(one)
        found = cls([], [], [])
        for several in of_entry.values():
            first, *later = sorted(several, key=lambda one: (one.received, one.seal))
            found.later.extend(later)
            found.unlike.extend(one for one in later if one.counted != first.counted)
            if first.rows > 1:
                found.alike.append(structs.replace(first, rows=first.rows - 1))
        return found


def _find(engine: Engine, spans: Sequence[tuple[int, int]]) -> list[int]:
    """Hashes of ids that stand twice. Each shard looks by itself, for an entry's shard is that of its id."""
    text, values = _within(spans)
    query = Query(
        f"SELECT cityHash64(id) AS hash FROM entries WHERE {text} GROUP BY hash HAVING count() > 1"  # noqa: S608
        " SETTINGS distributed_group_by_no_merge = 1, max_threads = 1, max_execution_time = 0,"
        f" max_bytes_before_external_group_by = {SPILL_BYTES}",
        values,
    )
    return sorted({hashed for (hashed,) in engine.select(query).rows})


def _copies(engine: Engine, spans: Sequence[tuple[int, int]], hashes: Sequence[int]) -> list[Copy]:
    """All rows of these. What has the same seal is one copy, for by its seal it would be removed."""
    text, values = _within(spans)
    query = Query(
        "SELECT toString(id), reinterpretAsFixedString(id) AS raw, toUnixTimestamp64Micro(created_at) AS at,"  # noqa: S608
        f" {_SEAL} AS seal, any(ifNull(toUnixTimestamp64Micro(received_at), 0)), count(),"
        f" {', '.join(f'any({name})' for name in _COUNTED)} FROM entries"
        f" WHERE {text} AND cityHash64(id) IN {{hashes:Array(UInt64)}} GROUP BY id, at, seal",
        {**values, "hashes": list(hashes)},
        ("raw",),
    )
    return [
        Copy(identity, raw, at, seal, received, rows, tuple(counted))
        for identity, raw, at, seal, received, rows, *counted in engine.select(query).rows
    ]


def _note(engine: Engine, surplus: Sequence[Copy]) -> None:
    """Write down what goes, unless it is already: that takes it off the counts."""
    text, values = _within(spanned(one.at // 1_000_000 for one in surplus))
    query = Query(
        f"SELECT toString(id), seal FROM twins WHERE {text} AND id IN {{ids:Array(UUID)}}",  # noqa: S608
        {**values, "ids": [one.id for one in surplus]},
    )
    noted = {(identity, seal) for identity, seal in engine.select(query).rows}
    # In an order of their own: of two servers that write down the same, the engine takes one.
    new = sorted(
        (one for one in surplus if (one.id, one.seal) not in noted), key=lambda one: (one.at, one.id, one.seal)
    )
    if new:
        counted = zip(*(one.counted for one in new), strict=True)
        columns: list[Sequence[Any]] = [
            [one.raw for one in new],
            [one.at for one in new],
            [one.seal for one in new],
            *counted,
            [one.rows for one in new],
        ]
        engine.insert("twins", COLUMNS, [native.block(COLUMNS, len(new), columns)])


def _remove(engine: Engine, surplus: Surplus) -> None:
    """Take the rows away, on the replica that is asked; the others follow."""
    table = engine.topology.altered("entries")
    for day, gone in _by_day(surplus.later):
        text, values = _within(spanned(one.at // 1_000_000 for one in gone))
        engine.run(
            Query(
                f"ALTER TABLE {table} DELETE IN PARTITION {{day:String}} WHERE {text}"
                f" AND id IN {{ids:Array(UUID)}} AND {_SEAL} IN {{seals:Array(UInt64)}} SETTINGS mutations_sync = 1",
                {**values, "day": day, "ids": [one.id for one in gone], "seals": [one.seal for one in gone]},
            )
        )
    for day, _ in _by_day(surplus.alike):
        # No condition tells them apart, so a merge of the whole day has to.
        engine.run(
            Query(f"OPTIMIZE TABLE {table} PARTITION {{day:String}} FINAL DEDUPLICATE BY {_ALIKE}", {"day": day})
        )


def _gather(engine: Engine, surplus: Surplus) -> None:
    """Make the failures of these entries anew: of several rows of one entry there, any may be the one that is told."""
    table = engine.topology.altered("failures")
    for day, gone in _by_day(surplus.unlike):
        spans = spanned(one.at // 1_000_000 for one in gone)
        text, values = _within(spans)
        engine.run(
            Query(
                f"ALTER TABLE {table} DELETE IN PARTITION {{day:String}} WHERE {text} AND id IN {{ids:Array(UUID)}}"
                " SETTINGS mutations_sync = 1",
                {**values, "day": day, "ids": [one.id for one in gone]},
            )
        )
        for first, last in spans:
            derived.copy(engine, "failures", first * 1_000_000, last * 1_000_000 + 999_999)


def _by_day(copies: Iterable[Copy]) -> list[tuple[str, list[Copy]]]:
    days: dict[str, list[Copy]] = {}
    for one in copies:
        days.setdefault((EPOCH + timedelta(microseconds=one.at)).date().isoformat(), []).append(one)
    return sorted(days.items())


def _within(spans: Sequence[tuple[int, int]]) -> tuple[str, dict[str, Param]]:
    """Times within these spans, as SQL, and its values."""
    parts = []
    values: dict[str, Param] = {}
    for number, (first, last) in enumerate(spans):
        values |= {f"first{number}": first * 1_000_000, f"end{number}": (last + 1) * 1_000_000}
        parts.append(
            f"created_at >= fromUnixTimestamp64Micro({{first{number}:Int64}}, 'UTC')"
            f" AND created_at < fromUnixTimestamp64Micro({{end{number}:Int64}}, 'UTC')"
        )
    return f"({' OR '.join(parts)})", values


def _portions(many: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(many), size):
        yield many[start : start + size]
