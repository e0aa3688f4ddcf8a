"""One entry, whole."""

from __future__ import annotations

from uuid import UUID

from apitrail.store.block import ID_SLACK_MS
from apitrail.store.engine import Query
from apitrail.store.rows import BINARY, ENTRY_SELECT


def entry(entry_id: UUID) -> Query:
    """Few granules: the id's own time (a UUIDv7's first 48 bits) bounds the sort key to milliseconds."""
    made = entry_id.int >> 80
    return Query(
        f"SELECT {ENTRY_SELECT} FROM entries"  # noqa: S608, constants only
        " WHERE created_at >= fromUnixTimestamp64Milli({first:Int64})"
        " AND created_at < fromUnixTimestamp64Milli({end:Int64}) AND id = {id:UUID} LIMIT 1",
        {"first": made - ID_SLACK_MS, "end": made + ID_SLACK_MS + 1, "id": str(entry_id)},
        BINARY,
    )
