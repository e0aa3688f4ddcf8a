"""One entry, whole."""

from __future__ import annotations

from uuid import UUID

from apitrail.store.engine import Query
from apitrail.store.rows import BINARY, ENTRY_SELECT


def entry(entry_id: UUID) -> Query:
    """Few granules: the id's own time (a UUIDv7's first 48 bits) bounds the sort key to one millisecond."""
    return Query(
        f"SELECT {ENTRY_SELECT} FROM entries"  # noqa: S608, constants only
        " WHERE created_at >= fromUnixTimestamp64Milli({ms:Int64})"
        " AND created_at < fromUnixTimestamp64Milli({ms:Int64} + 1) AND id = {id:UUID} LIMIT 1",
        {"ms": entry_id.int >> 80, "id": str(entry_id)},
        BINARY,
    )
