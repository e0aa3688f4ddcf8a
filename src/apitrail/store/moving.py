"""A log moved from one store to another: entries with their bodies day by day, and the small tables beside them.

A day is moved in slices of a few megabytes. Of each slice both sides say how many rows it has and a hash over them;
what the target has already is left out, and after the insert both sides say it again. So a run that broke off is
simply begun again, and what the target holds besides (a server that records there already) does not disturb.

What the engine makes of entries (mentions, counts, names) is made anew on the target, by its views.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from apitrail.store import derived, stats
from apitrail.store.block import COLUMNS
from apitrail.store.engine import Engine, Param, Query
from apitrail.store.log import Store
from apitrail.store.native import BYTES

SLICE_ROWS = 20_000
SLICE_BYTES = 32 << 20
SAMPLES = 5
BESIDE = {
    "losses": ("recorder", "host", "process", "reason", "count", "first_at", "last_at", "text"),
    "tokens": ("id", "name", "scope", "digest", "created_at", "revoked_at", "version"),
    "integrations": ("side", "id", "document", "version"),
    "pins": ("type", "id", "note", "pinned_at", "removed_at", "version"),
    "views": ("name", "query", "changed_at", "removed_at", "version"),
    "removals": ("at", "day", "what", "why", "due", "entries", "bytes"),
}
"""The small tables and their columns."""
_VERSIONED = ("tokens", "integrations", "pins", "views")
"""Of rows with one key the last version stands for all, and the engine drops the others when it likes."""
_NULLABLE = {name for name, kind in COLUMNS.items() if "Nullable(" in kind.name} | {"revoked_at", "removed_at"}


class Moved(Struct, frozen=True):
    """What became of a day, or of a table beside the entries."""

    what: str
    """`2026-08-03`, or a table's name."""
    rows: int
    """Of the source."""
    moved: int
    """By this run."""
    missing: int = 0
    """Rows of the source that the target does not have after all."""
    different: int = 0
    """Rows that both have, but not alike."""
    samples: tuple[str, ...] = ()
    """Ids of a few of those."""

    @property
    def whole(self) -> bool:
        """Whether the target has all of it as the source has it."""
        return not self.missing and not self.different


class _Slice(Struct, frozen=True):
    """Entries of some seconds; of one second with very many, a part by a hash of their ids."""

    first: int
    last: int
    """Microseconds since 1970, both included."""
    rows: int
    part: int = 0
    parts: int = 1

    @property
    def condition(self) -> tuple[str, dict[str, Param]]:
        text = (
            "created_at >= fromUnixTimestamp64Micro({first:Int64}, 'UTC')"
            " AND created_at <= fromUnixTimestamp64Micro({last:Int64}, 'UTC')"
        )
        values: dict[str, Param] = {"first": self.first, "last": self.last}
        if self.parts > 1:
            text += " AND cityHash64(id) % {parts:UInt32} = {part:UInt32}"
            values |= {"part": self.part, "parts": self.parts}
        return text, values


def move(source: Store, target: Store, told: Callable[[str, int], None]) -> Iterator[Moved]:
    """Move all, the oldest day first, and say of each day and table what became of it when it is done.

    `told` hears the day, and how many rows of it are done since it was last told. Raises StoreError where one of the
    two does not answer; what was moved until then stays, and the next run goes on from there.
    """
    for table, columns in BESIDE.items():
        yield _beside(source.engine, target.engine, table, columns)
    for day in reversed(stats.days(source.engine)):
        yield _day(source.engine, target.engine, day.day, told)
    derived.repair(target.engine, [])


def total(source: Store) -> int:
    """How many entries there are to move."""
    return source.span().entries


def _day(source: Engine, target: Engine, day: date, told: Callable[[str, int], None]) -> Moved:
    rows = moved = missing = different = 0
    samples: list[str] = []
    for part in _slices(source, day):
        rows += part.rows
        before, wanted = _summary(target, part), _summary(source, part)
        if before != wanted:
            _copy(source, target, part, before[0])
            after = _summary(target, part)
            moved += after[0] - before[0]
            if after != wanted:
                lost, changed = _compared(_hashes(source, part), _hashes(target, part))
                missing += len(lost)
                different += len(changed)
                samples += [*lost, *changed][: SAMPLES - len(samples)]
        told(day.isoformat(), part.rows)
    return Moved(day.isoformat(), rows, moved, missing, different, tuple(samples))


def _slices(source: Engine, day: date) -> Iterator[_Slice]:
    """A day's seconds, some together, so that each slice is small enough to be held in memory."""
    query = Query(
        "SELECT toUnixTimestamp(created_at) AS second, count(), sum(request_size + response_size) FROM entries"
        " WHERE created_at >= toDateTime64({day:String}, 6, 'UTC')"
        " AND created_at < toDateTime64({next:String}, 6, 'UTC')"
        " GROUP BY second ORDER BY second",
        {"day": day.isoformat(), "next": (day + timedelta(days=1)).isoformat()},
    )
    first = last = rows = size = 0
    for second, count, more in source.select(query).rows:
        if rows and (rows + count > SLICE_ROWS or size + more > SLICE_BYTES):
            yield from _cut(first, last, rows, size)
            rows = size = 0
        if not rows:
            first = second
        last = second
        rows += count
        size += more
    if rows:
        yield from _cut(first, last, rows, size)


def _cut(first: int, last: int, rows: int, size: int) -> Iterator[_Slice]:
    parts = max(-(-rows // SLICE_ROWS), -(-size // SLICE_BYTES), 1)
    for part in range(parts):
        share = rows // parts + (part < rows % parts)  # the parts' own sizes are about even; their sum is exact
        yield _Slice(first * 1_000_000, last * 1_000_000 + 999_999, share, part, parts)


def _copy(source: Engine, target: Engine, part: _Slice, there: int) -> None:
    """What of a slice the target does not have."""
    text, values = part.condition
    if there:
        # An insert that broke off may have left entries that the views have not seen.
        derived.repair(target, [(part.first, part.last)])
        query = Query(f"SELECT hex(reinterpretAsFixedString(id)) FROM entries WHERE {text}", values)  # noqa: S608
        ids = "".join(one for (one,) in target.select(query).rows)
        text += (
            " AND id NOT IN (SELECT reinterpretAsUUID(substring(unhex({ids:String}), 16 * number + 1, 16))"
            " FROM numbers({count:UInt64}))"
        )
        values |= {"ids": ids, "count": len(ids) // 32}
    names = ", ".join(COLUMNS)
    data = source.read(Query(f"SELECT {names} FROM entries WHERE {text} ORDER BY created_at, id", values))  # noqa: S608
    if data:
        target.insert("entries", COLUMNS, [data])


def _beside(source: Engine, target: Engine, table: str, columns: Sequence[str]) -> Moved:
    """A small table, whole. Rows that the target has are not written again."""
    latest = f"{table} FINAL" if table in _VERSIONED else table
    have, wanted = _table(target, table, columns), _table(source, latest, columns)
    lacking = sorted(wanted - have)
    if lacking:
        query = Query(
            f"SELECT {', '.join(columns)} FROM {latest} WHERE {_hash(columns)} IN {{lacking:Array(UInt64)}}",  # noqa: S608
            {"lacking": lacking},
        )
        # A server reads the types in the blocks themselves.
        target.insert(table, dict.fromkeys(columns, BYTES), [source.read(query)])
    left = wanted - _table(target, table, columns)
    missing = 0 if table in _VERSIONED else len(left)  # a newer one at the target may have taken a row's place
    return Moved(table, len(wanted), len(lacking) - len(left), missing)


def _table(engine: Engine, table: str, columns: Sequence[str]) -> set[int]:
    return {one for (one,) in engine.select(Query(f"SELECT {_hash(columns)} FROM {table}")).rows}  # noqa: S608


def _summary(engine: Engine, part: _Slice) -> tuple[int, int]:
    """(rows, the sum of their hashes)."""
    text, values = part.condition
    [(count, hashed)] = engine.select(
        Query(f"SELECT count(), sumWithOverflow({_hash(tuple(COLUMNS))}) FROM entries WHERE {text}", values)  # noqa: S608
    ).rows
    return count, hashed


def _hashes(engine: Engine, part: _Slice) -> dict[str, int]:
    text, values = part.condition
    query = Query(f"SELECT toString(id), {_hash(tuple(COLUMNS))} FROM entries WHERE {text}", values)  # noqa: S608
    return {one: hashed for one, hashed in engine.select(query).rows}  # noqa: C416, a row is of any length to the checker


def _compared(wanted: dict[str, Any], found: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Ids that are missing, and ids of rows that differ."""
    missing = sorted(one for one in wanted if one not in found)
    return missing, sorted(one for one, hashed in wanted.items() if one in found and found[one] != hashed)


def _hash(columns: Sequence[str]) -> str:
    """A row's hash, as SQL. Of a NULL no hash can be made, so whether it is one counts by itself."""
    values = (f"isNull({name}), ifNull(toString({name}), '')" if name in _NULLABLE else name for name in columns)
    return f"cityHash64({', '.join(values)})"
