"""Pinned references: what refers to them is kept. A pin's row is never changed: its end is a row of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apitrail.store.engine import Query
from apitrail.store.model import Pin
from apitrail.store.times import instant, micros

PINS = Query(
    "SELECT type, id, note, toUnixTimestamp64Micro(pinned_at) FROM pins FINAL WHERE removed_at IS NULL"
    " ORDER BY pinned_at, type, id"
)


def put(pin: Pin, at: datetime, removed: bool) -> Query:
    """A pin's state from `at` on."""
    return Query(
        "INSERT INTO pins SELECT {type:String}, {id:String}, {note:String},"
        " fromUnixTimestamp64Micro({pinned_at:Int64}, 'UTC'),"
        " if({removed:UInt8} = 1, fromUnixTimestamp64Micro({at:Int64}, 'UTC'), NULL), {version:UInt64}",
        {
            "type": pin.type,
            "id": pin.id,
            "note": pin.note,
            "pinned_at": micros(pin.pinned_at),
            "removed": int(removed),
            "at": micros(at),
            "version": micros(at),
        },
    )


def read(rows: Sequence[Sequence[Any]]) -> list[Pin]:
    """The answer, oldest first."""
    return [Pin(kind, identity, note, instant(at)) for kind, identity, note, at in rows]
