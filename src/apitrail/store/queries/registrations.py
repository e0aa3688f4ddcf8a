"""Registered integrations. A row is never changed: a registration that is put again has one more, of a higher version.

The whole of it is one JSON document, so that a field that `Registration` gains later needs no migration.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from apitrail.registration import Registration
from apitrail.store import native
from apitrail.store.engine import Query
from apitrail.store.native import BYTES, TEXT, UINT64

COLUMNS: native.Columns = {
    "side": native.low_cardinality(TEXT),
    "id": TEXT,
    "document": BYTES,
    "version": UINT64,
}
REGISTRATIONS = Query("SELECT document FROM integrations FINAL ORDER BY side, id", first=True)
LATEST = Query("SELECT max(version) FROM integrations")

_write = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(Registration).decode


def rows(registrations: Sequence[Registration], version: int) -> bytes:
    """The registrations, one at least, as a block of the table `integrations`."""
    return native.block(
        COLUMNS,
        len(registrations),
        [
            [one.side for one in registrations],
            [one.id for one in registrations],
            [_write(one) for one in registrations],
            [version] * len(registrations),
        ],
    )


def read(rows: Sequence[Sequence[Any]]) -> list[Registration]:
    """The answer, by side and id."""
    return [_read(document) for (document,) in rows]
