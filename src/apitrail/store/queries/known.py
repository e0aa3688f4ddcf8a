"""Which entries of a batch the log has already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apitrail.store.engine import Param, Query
from apitrail.store.rows import Row

DAY = 86_400_000_000
"""Microseconds: a partition of the table."""
IDS_AT_ONCE = 20_000
DAYS_AT_ONCE = 50


def known(rows: Sequence[Row]) -> Iterator[Query]:
    """Questions whose answers are ids. Each looks only between the first and the last of a day's times.

    A live batch spans seconds, of which the log has little; an import may span years, where one range over all
    would read the whole log.
    """
    days: dict[int, list[Row]] = {}
    for row in rows:
        days.setdefault(row.at // DAY, []).append(row)
    parts = [day[start : start + IDS_AT_ONCE] for day in days.values() for start in range(0, len(day), IDS_AT_ONCE)]
    asked: list[list[Row]] = []
    for part in parts:
        if asked and (len(asked) == DAYS_AT_ONCE or sum(map(len, asked)) + len(part) > IDS_AT_ONCE):
            yield _query(asked)
            asked = []
        asked.append(part)
    if asked:
        yield _query(asked)


def _query(parts: Sequence[Sequence[Row]]) -> Query:
    ranges = []
    params: dict[str, Param] = {
        # One text of hex: 20,000 ids as an array of UUIDs took 217 ms to read, this 93 (chDB 26.9).
        "ids": b"".join(row.id for part in parts for row in part).hex(),
        "count": sum(map(len, parts)),
    }
    for number, part in enumerate(parts):
        params[f"first{number}"] = min(row.at for row in part)
        params[f"last{number}"] = max(row.at for row in part)
        ranges.append(
            f"created_at BETWEEN fromUnixTimestamp64Micro({{first{number}:Int64}})"
            f" AND fromUnixTimestamp64Micro({{last{number}:Int64}})"
        )
    return Query(
        f"SELECT reinterpretAsFixedString(id) AS raw FROM entries WHERE ({' OR '.join(ranges)})"  # noqa: S608, constants only
        " AND id IN (SELECT reinterpretAsUUID(substring(unhex({ids:String}), 16 * number + 1, 16))"
        " FROM numbers({count:UInt32}))",
        params,
        ("raw",),
    )
