"""Shared views. A view's row is never changed: a change or its end is a row of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apitrail.store.engine import Query
from apitrail.store.model import View
from apitrail.store.times import instant, micros

VIEWS = Query(
    "SELECT name, query, toUnixTimestamp64Micro(changed_at) FROM views FINAL WHERE removed_at IS NULL"
    " ORDER BY lower(name), name"
)
LATEST = Query("SELECT max(version) FROM views")


def put(view: View, version: int, removed_at: datetime | None = None) -> Query:
    """A view's state from then on."""
    return Query(
        "INSERT INTO views SELECT {name:String}, {query:String}, fromUnixTimestamp64Micro({changed_at:Int64}, 'UTC'),"
        " if({removed:UInt8} = 1, fromUnixTimestamp64Micro({at:Int64}, 'UTC'), NULL), {version:UInt64}",
        {
            "name": view.name,
            "query": view.query,
            "changed_at": micros(view.changed_at),
            "removed": int(removed_at is not None),
            "at": 0 if removed_at is None else micros(removed_at),
            "version": version,
        },
    )


def read(rows: Sequence[Sequence[Any]]) -> list[View]:
    """The answer, by name."""
    return [View(name, query, instant(at)) for name, query, at in rows]
