"""When entries of a filter were, and whether they went well: the rhythm of calls, without the calls themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apitrail.store.engine import Query
from apitrail.store.model import Filter, Moment
from apitrail.store.queries.where import by_entries, chosen, within
from apitrail.store.rows import LIST_SELECT
from apitrail.store.times import instant


def moments(which: Filter, limit: int) -> Query:
    """The newest of them. Three columns of the range are read."""
    where = by_entries(chosen(within(which), which), which)
    return Query(
        "SELECT toUnixTimestamp64Micro(created_at) AS at, outcome, ifNull(ec_id, '') FROM entries"  # noqa: S608
        f" WHERE {where.text} ORDER BY created_at DESC LIMIT {{limit:UInt32}}",
        {**where.params, "limit": limit},
    )


def oldest(which: Filter) -> Query:
    """The first entry of the range."""
    where = by_entries(chosen(within(which), which), which)
    return Query(
        f"SELECT {LIST_SELECT} FROM entries WHERE {where.text} ORDER BY created_at, id LIMIT 1",  # noqa: S608, constants only
        where.params,
    )


def read(rows: Sequence[Sequence[Any]]) -> list[Moment]:
    """The answer, oldest first."""
    return [Moment(instant(at), outcome, account) for at, outcome, account in reversed(rows)]
