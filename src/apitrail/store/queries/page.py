"""The newest entries that a filter lets through, from a position on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from apitrail.store.engine import Query
from apitrail.store.model import EPOCH, Cursor, Filter
from apitrail.store.queries.where import (
    ANYTIME,
    BY_ENTRY,
    FIELDS,
    WHOLLY,
    Times,
    by_entries,
    chosen,
    told_by_entries,
    within,
)
from apitrail.store.rows import LIST_SELECT
from apitrail.store.times import micros

# The tuple alone is not used on the primary key; the plain bound beside it is.
AFTER = (
    "created_at <= fromUnixTimestamp64Micro({after:Int64})"
    " AND (created_at, id) < (fromUnixTimestamp64Micro({after:Int64}), {after_id:UUID})"
)

FAILED = {"request_error", "platform_error"}
TOLD = {"merchant", "source", "status", "path", "code"}
"""What failures tell besides FIELDS."""

WINDOWS = (1, 8, 64, 512)
"""Days."""
LONGER = 8
"""Times, at least: a window beside the one before it."""
SCANNED = 1 / 24
"""Before these, where every body is looked at: a text that is everywhere is found within it."""


def page(
    which: Filter,
    limit: int,
    cursor: Cursor | None,
    times: Times = ANYTIME,
    *,
    bodies: bool = True,
    few: bool = False,
    ordered: bool = True,
) -> Query:
    """Newest first; of `times` only, where these are known. `bodies`: see `having`. `few`: not so many are expected as
    fill the page, so that all of the range will be read. Not `ordered`: in no order, where all fit on the page.

    A page is a position, not an offset: entries arrive while one reads.

    Within one microsecond the order is the engine's order of UUIDs (their second halves first), the same in the
    sort and in the bound.
    """
    seconds = times.seconds
    table = "failures" if seconds is None and gathered(which) else "entries"
    where = within(which, times)
    if cursor is not None:
        where = where.also(AFTER, after=micros(cursor.created_at), after_id=cursor.id)
    asked = which
    if table == "failures" and set(which.outcome) == FAILED:
        where, asked = where.also(WHOLLY), structs.replace(which, outcome=())
    where = by_entries(chosen(where, asked), asked, bodies=bodies, brief=times.little)
    settings = {}
    if seconds is not None or few:
        # To read a few granules of many parts in order takes half as long again as to read them all and sort; and what
        # is read in order has less than one processor for each part.
        settings["optimize_read_in_order"] = 0
    plain = not told_by_entries(which) and not any(getattr(which, field) for field in FIELDS) and not which.without
    if table == "failures" or (plain if seconds is None else len(seconds) <= 2 * limit):
        # Nearly all rows that are found are answered, so to read them in a second step saves nothing.
        settings["query_plan_optimize_lazy_materialization"] = 0
    if seconds is None and which.text:
        # What decompresses every body takes a tenth longer by the megabyte.
        settings["preferred_block_size_bytes"] = 4 << 20
    setting = f" SETTINGS {', '.join(f'{name} = {value}' for name, value in settings.items())}" if settings else ""
    # What is said need not be found out by the planner: a tenth of a small question. Bodies are better weighed by it.
    read = "WHERE" if which.text and bodies else "PREWHERE"
    return Query(
        f"SELECT {LIST_SELECT} FROM {table} {read} {where.text}"  # noqa: S608, constants only
        f"{' ORDER BY created_at DESC, id DESC' if ordered else ''} LIMIT {{limit:UInt32}}{setting}",
        {**where.params, "limit": limit},
        wide=seconds is None and table == "entries" and told_by_entries(which),
    )


def in_order(row: Sequence[Any]) -> tuple[int, int, int]:
    """What the engine orders a row of a list by: its time, then the second half of its id, then the first."""
    identity = int(row[0])
    return row[1], identity & (1 << 64) - 1, identity >> 64


def gathered(which: Filter) -> bool:
    """Whether the table of failures knows all that is asked. It can have a row twice."""
    asked = {field for field in (*FIELDS, *BY_ENTRY) if getattr(which, field)} | {field for field, _ in which.without}
    failed = bool(which.outcome) and set(which.outcome) <= FAILED
    return failed and asked <= {*FIELDS, *TOLD} and not which.text and which.duration_over is None


def ends(which: Filter, cursor: Cursor | None) -> datetime | None:
    """Where a page begins at the latest."""
    if cursor is not None and (which.until is None or cursor.created_at < which.until):
        return cursor.created_at
    return which.until


def windows(
    which: Filter, cursor: Cursor | None, now: datetime, scanned: float = SCANNED, first: float = 0
) -> Iterator[Filter]:
    """The filter's range, cut from its end into adjoining parts, each eight times as long as the one before; where it
    has a text, so many days (`scanned`) come first. `first`: how many days should do, if that is known.

    Reading in order begins with opening every part of the table in the range, and a day is a partition: from the
    middle of a log of 930 days, 50 entries took 309 ms in one piece and 12 in windows (chDB 26.9). Most pages end
    within the first; one for which little is found reads no row twice.
    """
    upper = ends(which, cursor)
    lower = now if upper is None or upper > now else upper
    lengths: list[float] = [days for days in WINDOWS if days > first]
    if first > WINDOWS[0]:
        lengths.insert(0, min(first, WINDOWS[-1]))
    for days in (scanned, *lengths) if which.text else lengths:
        if lower - EPOCH <= timedelta(days=days):
            break
        lower -= timedelta(days=days)
        if which.since is not None and lower <= which.since:
            break
        yield structs.replace(which, since=lower, until=upper)
        upper = lower - timedelta(microseconds=1)
    yield structs.replace(which, until=upper)
