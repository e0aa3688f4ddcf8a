"""One entry, whole."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from apitrail.store.block import ID_SLACK_MS
from apitrail.store.engine import Param, Query
from apitrail.store.rows import BINARY, ENTRY_SELECT
from apitrail.store.shelves import LENGTH


def entry(entry_id: UUID) -> Query:
    """Few granules: the id's own time (a UUIDv7's first 48 bits) bounds the sort key to milliseconds."""
    made = entry_id.int >> 80
    return Query(
        f"SELECT {ENTRY_SELECT} FROM entries"  # noqa: S608, constants only
        " PREWHERE created_at >= fromUnixTimestamp64Milli({first:Int64})"
        " AND created_at < fromUnixTimestamp64Milli({end:Int64}) AND id = {id:UUID}",
        {"first": made - ID_SLACK_MS, "end": made + ID_SLACK_MS + 1, "id": str(entry_id)},
        BINARY,
    )


def sizes(ids: Sequence[UUID]) -> Query:
    """How many bytes of bodies each of these has: lengths are kept apart, so that no body is read."""
    where, params = _among(ids)
    return Query(
        f"SELECT id, {LENGTH} FROM entries"  # noqa: S608, constants only
        f" WHERE {where}",
        params,
    )


def came(ids: Sequence[UUID]) -> Query:
    """How many bytes the bodies of each of these had when they came, whether or not they have expired since."""
    where, params = _among(ids)
    return Query(f"SELECT id, request_size, response_size FROM entries WHERE {where}", params)  # noqa: S608, constants only


def entries(ids: Sequence[UUID]) -> Query:
    """These, whole: in any order."""
    where, params = _among(ids)
    return Query(f"SELECT {ENTRY_SELECT} FROM entries WHERE {where}", params, BINARY)  # noqa: S608, constants only


def at_times(ids: Sequence[UUID], seconds: Sequence[int], most_bytes: int) -> Query:
    """These, whole, wherever they lie in the log: of the seconds in which they are, and with no body larger."""
    return Query(
        f"SELECT {ENTRY_SELECT} FROM entries"  # noqa: S608, constants only
        " WHERE toDateTime(created_at, 'UTC') IN {seconds:Array(UInt32)} AND id IN {ids:Array(UUID)}"
        " AND request_size <= {most:UInt64} AND response_size <= {most:UInt64}",
        {"ids": [str(one) for one in ids], "seconds": list(seconds), "most": most_bytes},
        BINARY,
    )


def _among(ids: Sequence[UUID]) -> tuple[str, dict[str, Param]]:
    """Bounded by the ids' own times, like one entry. Those of a page are neighbours."""
    made = [one.int >> 80 for one in ids]
    return (
        "created_at >= fromUnixTimestamp64Milli({first:Int64})"
        " AND created_at < fromUnixTimestamp64Milli({end:Int64}) AND id IN {ids:Array(UUID)}",
        {"first": min(made) - ID_SLACK_MS, "end": max(made) + ID_SLACK_MS + 1, "ids": [str(one) for one in ids]},
    )
