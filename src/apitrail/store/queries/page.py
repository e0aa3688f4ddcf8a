"""The newest entries that a filter lets through, from a position on."""

from __future__ import annotations

from apitrail.store.engine import Query
from apitrail.store.model import Cursor, Filter
from apitrail.store.queries.where import chosen, within
from apitrail.store.rows import LIST_SELECT
from apitrail.store.times import micros

# The tuple alone is not used on the primary key; the plain bound beside it is.
AFTER = (
    "created_at <= fromUnixTimestamp64Micro({after:Int64})"
    " AND (created_at, id) < (fromUnixTimestamp64Micro({after:Int64}), {after_id:UUID})"
)


def page(which: Filter, limit: int, cursor: Cursor | None) -> Query:
    """Newest first. A page is a position, not an offset: entries arrive while one reads.

    Within one microsecond the order is the engine's order of UUIDs (their second halves first), the same in the
    sort and in the bound.
    """
    where = chosen(within(which), which)
    if cursor is not None:
        where = where.also(AFTER, after=micros(cursor.created_at), after_id=cursor.id)
    return Query(
        f"SELECT {LIST_SELECT} FROM entries WHERE {where.text}"  # noqa: S608, constants only
        " ORDER BY created_at DESC, id DESC LIMIT {limit:UInt32}",
        {**where.params, "limit": limit},
    )
