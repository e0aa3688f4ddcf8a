"""The entries of one call: its attempts and redirects, each of which is an exchange of its own."""

from __future__ import annotations

from datetime import datetime, timedelta

from apitrail.store.engine import Query
from apitrail.store.rows import LIST_SELECT
from apitrail.store.times import micros

LASTS = timedelta(minutes=15)
"""How far apart a call's attempts may be."""
MOST = 50


def of_call(call: str, at: datetime, most: int = MOST) -> Query:
    """Oldest first, of the minutes around `at` alone: a call's name is no key of the table."""
    return Query(
        f"SELECT {LIST_SELECT} FROM entries"  # noqa: S608, constants only
        " WHERE created_at >= fromUnixTimestamp64Micro({first:Int64})"
        " AND created_at <= fromUnixTimestamp64Micro({last:Int64})"
        " AND position(row, {call:String}) > 0 AND JSONExtractString(row, 'call') = {call:String}"
        " ORDER BY created_at, id LIMIT {most:UInt32}",
        {"first": micros(at - LASTS), "last": micros(at + LASTS), "call": call, "most": most},
    )
