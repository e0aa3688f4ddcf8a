"""Which entries of a batch the log has already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apitrail.store.engine import Query
from apitrail.store.rows import Row

DAY = 86_400_000_000
"""Microseconds: a partition of the table."""
AT_ONCE = 20_000


def known(rows: Sequence[Row]) -> Iterator[Query]:
    """Questions whose answers are ids. Each looks only between the first and the last of a day's times.

    A live batch spans seconds, of which the log has little; an import may span years, where one range over all
    would read the whole log.
    """
    days: dict[int, list[Row]] = {}
    for row in rows:
        days.setdefault(row.at // DAY, []).append(row)
    for day in days.values():
        for start in range(0, len(day), AT_ONCE):
            part = day[start : start + AT_ONCE]
            yield Query(
                "SELECT reinterpretAsFixedString(id) AS raw FROM entries"
                " WHERE created_at >= fromUnixTimestamp64Micro({first:Int64})"
                " AND created_at <= fromUnixTimestamp64Micro({last:Int64})"
                # One text of hex: 20,000 ids as an array of UUIDs took 217 ms to read, this 93 (chDB 26.9).
                " AND id IN (SELECT reinterpretAsUUID(substring(unhex({ids:String}), 16 * number + 1, 16))"
                " FROM numbers({count:UInt32}))",
                {
                    "first": min(row.at for row in part),
                    "last": max(row.at for row in part),
                    "ids": b"".join(row.id for row in part).hex(),
                    "count": len(part),
                },
                ("raw",),
            )
