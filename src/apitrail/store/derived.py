"""The tables that are made from `entries` (see migrations 4, 7 and 10), kept true to it.

The engine fills them by views as rows come in, but has no transactions: a process that dies within an insert may
leave an entry that is not counted, or not found by its ids. So

- before an insert, the days and times that it touches are noted in a file (`Note`);
- whoever opens the log after a death, and the same process after a failed insert, looks at these times again:
  mentions and names are made anew (to have one twice does no harm), and what is counted of a day is compared with the
  entries of that day, and the difference is added.

The same fills the tables from a log that is older than they are, and takes away what retention has dropped. Counts are
exact whenever no insert is under way: the writer lets no entry in twice, and a difference is zero the second time.
A day of failures that are not as many as are counted is made anew as a whole. Totals follow the counts by themselves,
and are compared with them.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from apitrail.store.engine import Engine, Param, Query, failure
from apitrail.store.partitions import drop_day, parts
from apitrail.store.times import DAY

T = TypeVar("T")

SETTLE_S = 2.0
"""How long a difference must stand on a cluster before it is one."""
REMOVED_S = 600
"""How long after a row was taken off the counts it may still be there, on a cluster."""
COUNTS = ("counts", "counts_by_day")
COPIES = ("mentions", "account_names", "failures")
TOTALS = {
    "totals": ("at, outcome", "1"),
    "account_totals": ("side, account, at, outcome", "((ec_id IS NOT NULL) + (shipping_id IS NOT NULL))"),
}
"""What is made of counts: the key, and how many rows a row of counts becomes, as SQL."""
FAILED = "outcome IN ('request_error', 'platform_error', 'partial')"
"""As SQL: what the view `failures_from_entries` lets through."""

Ranges = list[tuple[int, int]]
"""First and last time, in microseconds, both included."""


class Note:
    """What the last insert touched, in a file; None where no file can be kept."""

    def __init__(self, path: Path | None, *, durable: bool) -> None:
        self._path = path
        self._durable = durable

    def read(self) -> Ranges:
        """What is noted. A file that cannot be read (a power cut) says nothing."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Ranges) if self._path else []
        except (OSError, msgspec.MsgspecError):
            return []

    def write(self, ranges: Ranges) -> None:
        """Note it, on the disk where the store is durable. Raises StoreUnavailable where the disk does not take it."""
        if self._path is None:
            return
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.write(descriptor, msgspec.json.encode(ranges))
                if self._durable:
                    os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise failure(str(self._path.parent), error) from error

    def clear(self) -> None:
        """Nothing is under way."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def ranges(times: Sequence[int]) -> Ranges:
    """The first and last of the times of each day."""
    if not times:
        return []
    first, last = min(times), max(times)
    if first // DAY == last // DAY:
        return [(first, last)]
    found: dict[int, tuple[int, int]] = {}
    for at in times:
        first, last = found.get(at // DAY, (at, at))
        found[at // DAY] = (min(first, at), max(last, at))
    return list(found.values())


def repair(engine: Engine, suspect: Ranges) -> None:
    """Bring the tables to what `entries` holds: all days by their counts, and the suspect times in full."""
    if not _made(engine, COUNTS[0], "entries"):
        return
    for first, last in suspect:
        for table in COPIES:
            copy(engine, table, first, last)
    wrong = _standing(engine, ("entries", *COUNTS), _wrong)
    for day, (held, counted) in sorted(wrong.items()):
        if held and not any(counted):
            for table in COPIES:
                copy(engine, table, day * DAY, (day + 1) * DAY - 1)
        for table, count in zip(COUNTS, counted, strict=True):
            if count != held:
                _recount(engine, table, day)
    _total(engine)
    _gather_failures(engine)


def _standing(engine: Engine, tables: Iterable[str], ask: Callable[[Engine], dict[int, T]]) -> dict[int, T]:
    """The days that `ask` finds wrong. On a cluster other servers write meanwhile, and replicas follow one another:
    there only what stands still is a difference, and not what is about to be removed (see `twins`)."""
    wrong = ask(engine)
    if wrong and engine.topology.cluster:
        for table in tables:
            for statement in engine.topology.caught_up(table):
                engine.run(Query(statement))
        time.sleep(SETTLE_S)
        later = ask(engine)
        query = Query(
            "SELECT DISTINCT toUInt16(toDate(created_at)) FROM twins WHERE found_at > now() - {seconds:UInt32}",
            {"seconds": REMOVED_S},
        )
        going = {day for (day,) in engine.select(query).rows}
        wrong = {day: found for day, found in wrong.items() if later.get(day) == found and day not in going}
    return wrong


def _total(engine: Engine) -> None:
    """Add to the totals of each day what its counts are more, or fewer."""
    for table, (key, _) in TOTALS.items():
        made = _made(engine, table, "counts")
        if not made:
            continue
        wrong = _standing(engine, (table,), partial(_ill_totalled, table))
        if wrong:
            _add_difference(engine, table, key, made, {"days": sorted(wrong)})


def _add_difference(engine: Engine, table: str, key: str, made: str, params: dict[str, Param]) -> None:
    """Add to a table of counts, on some days, what its view would make and it does not have, or has too much."""
    engine.run(
        Query(
            f"INSERT INTO {table} SELECT {key}, toInt64(sum(n)) AS total FROM ("  # noqa: S608, constants only
            f"SELECT {key}, entries AS n FROM ({made})"
            f" UNION ALL SELECT {key}, -entries AS n FROM {table} WHERE {_OF_DAYS}"
            f") GROUP BY {key} HAVING total != 0 {_GENTLY}",
            params,
        )
    )


def _ill_totalled(table: str, engine: Engine) -> dict[int, tuple[int, int]]:
    """The days whose totals are not what is counted: how many they say, and how many are counted."""
    totalled, told = _counted_by_day(engine, table), _counted_by_day(engine, "counts", TOTALS[table][1])
    return {
        day: (totalled.get(day, 0), told.get(day, 0))
        for day in {*totalled, *told}
        if totalled.get(day, 0) != told.get(day, 0)
    }


def _gather_failures(engine: Engine) -> None:
    """Make each day of failures anew that holds other than as many as are counted."""
    if not _made(engine, "failures", "entries"):
        return
    wrong = _standing(engine, ("failures",), _ill_gathered)
    for day, (gathered, told) in sorted(wrong.items()):
        if gathered:
            drop_day(engine, "failures", day)
        if told:
            copy(engine, "failures", day * DAY, (day + 1) * DAY - 1)


def _ill_gathered(engine: Engine) -> dict[int, tuple[int, int]]:
    """The days whose failures are not as many as are counted: how many there are, and how many are counted."""
    query = Query(f"SELECT toUInt16(toDate(at)) AS day, sum(entries) FROM counts_by_day WHERE {FAILED} GROUP BY day")  # noqa: S608
    told = _by_day(engine.select(query).rows)
    rows = rows_by_day(engine, "failures")
    unlike = sorted(day for day in {*told, *rows} if told.get(day, 0) != rows.get(day, 0))
    if not unlike:
        return {}
    # A row that is there twice counts once.
    exact = Query(
        "SELECT toUInt16(toDate(created_at)) AS day, count() FROM failures FINAL"
        " WHERE toUInt16(toDate(created_at)) IN {days:Array(UInt16)} GROUP BY day",
        {"days": unlike},
    )
    held = _by_day(engine.select(exact).rows)
    return {day: (held.get(day, 0), told.get(day, 0)) for day in unlike if held.get(day, 0) != told.get(day, 0)}


def _wrong(engine: Engine) -> dict[int, tuple[int, tuple[int, ...]]]:
    """The days that are not counted right: how many entries they hold, and how many each of COUNTS says."""
    days = rows_by_day(engine, "entries")
    counted = [_counted_by_day(engine, table) for table in COUNTS]
    found = {}
    for day in set(days).union(*counted):
        held, told = days.get(day, 0), tuple(table.get(day, 0) for table in counted)
        if any(count != held for count in told):
            found[day] = held, told
    return found


def copy(engine: Engine, table: str, first: int, last: int) -> None:
    """Make the rows of these times of a table of COPIES once more."""
    made = _made(engine, table, "entries")
    engine.run(Query(f"INSERT INTO {table} {made} {_GENTLY}", {"first": first, "last": last}))


def _recount(engine: Engine, table: str, day: int) -> None:
    """Add to the table what the entries of that day are more, or fewer."""
    key = "at, outcome, direction, platform, action, ec_id, shipping_id, cause"
    times: dict[str, Param] = {"first": day * DAY, "last": (day + 1) * DAY - 1, "days": [day]}
    _add_difference(engine, table, key, _made(engine, table, "entries"), times)


_GENTLY = "SETTINGS max_threads = 1, max_insert_threads = 1, max_block_size = 8192, max_execution_time = 0"
_OF_DAYS = "toUInt16(toDate(at)) IN {days:Array(UInt16)}"
_SOME = {
    "entries": "(SELECT * FROM entries WHERE created_at >= fromUnixTimestamp64Micro({first:Int64}, 'UTC')"
    " AND created_at <= fromUnixTimestamp64Micro({last:Int64}, 'UTC'))",
    "counts": f"(SELECT * FROM counts WHERE {_OF_DAYS})",  # noqa: S608, constants only
}
"""The rows of a table that are looked at again."""


def _made(engine: Engine, table: str, source: str) -> str:
    """How the table's view makes its rows of `source`, of those alone that are looked at again (`first` and `last`, or
    `days`); empty without a view.
    """
    view = f"{table}_from_{source}"
    text = _view(engine, view)
    if not text:
        return ""
    made, count = re.subn(rf"FROM (?:\S+\.)?{source}\b", lambda _: f"FROM {_SOME[source]} AS {source}", text)
    if count != 1:
        raise AssertionError(f"{view} reads {source} {count} times: {text}")
    return made


def _view(engine: Engine, name: str) -> str:
    """What the view selects; empty without one."""
    query = Query(
        f"SELECT as_select FROM system.tables WHERE database = {engine.topology.home} AND name = {{view:String}}",  # noqa: S608
        {"view": name},
    )
    return "".join(text for (text,) in engine.select(query).rows)


def rows_by_day(engine: Engine, table: str) -> dict[int, int]:
    """How many rows each day (since 1970) of a table has, from the parts' own records: no row is read."""
    query = Query(
        f"SELECT toUInt16(toDate(partition)), sum(rows) FROM {parts(engine)}"  # noqa: S608
        " AND table = {table:String} GROUP BY partition",
        {"table": table},
    )
    return _by_day(engine.select(query).rows)


def _counted_by_day(engine: Engine, table: str, times: str = "1") -> dict[int, int]:
    query = Query(f"SELECT toUInt16(toDate(at)) AS day, sum(entries * {times}) FROM {table} GROUP BY day")  # noqa: S608
    return _by_day(engine.select(query).rows)


def _by_day(rows: Sequence[Sequence[int]]) -> dict[int, int]:
    return {day: count for day, count in rows}  # noqa: C416, a row is a tuple of any length to the type checker
