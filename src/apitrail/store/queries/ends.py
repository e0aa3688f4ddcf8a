"""The entries of one quarter of an hour, as far as they are counted by."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from apitrail.store.engine import Query
from apitrail.store.queries.narrowed import COUNTED
from apitrail.store.queries.where import FIELDS
from apitrail.store.times import QUARTER


class Kind(Struct, frozen=True, gc=False):
    """The entries of a quarter that have the same values."""

    values: tuple[str | None, ...]
    """Of `COUNTED`."""
    times: array[int]
    """In microseconds, in order."""


class Known(Struct, frozen=True, gc=False):
    """Entries at an end of a range."""

    quarter: int
    """When their quarter of an hour began, in microseconds."""
    values: tuple[str | None, ...]
    count: int


def quarter(number: int, limit: int) -> Query:
    """At most so many entries of the quarter of this number since 1970, by their values."""
    columns = ", ".join(FIELDS[field] for field in COUNTED)
    return Query(
        f"SELECT {columns}, arraySort(groupArray(at)) FROM ("  # noqa: S608, constants only
        f"SELECT {columns}, toUnixTimestamp64Micro(created_at) AS at FROM entries"
        " PREWHERE created_at >= fromUnixTimestamp64Micro({first:Int64})"
        " AND created_at < fromUnixTimestamp64Micro({end:Int64}) LIMIT {limit:UInt32}"
        f") GROUP BY {columns}",
        {"first": number * QUARTER, "end": (number + 1) * QUARTER, "limit": limit},
    )


def read(rows: Sequence[Sequence[Any]]) -> list[Kind]:
    """The answer."""
    return [Kind(tuple(values), array("q", times)) for *values, times in rows]
