"""Registered integrations. A row is never changed: a registration that is put again has one more, of a higher version.

The whole of it is one JSON document, so that a field that `Registration` gains later needs no migration.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from apitrail.registration import Registration
from apitrail.store.engine import Query

COLUMNS = ("side", "id", "document", "version")
REGISTRATIONS = Query("SELECT document FROM integrations FINAL ORDER BY side, id")
LATEST = Query("SELECT max(version) FROM integrations")

_write = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(Registration).decode
_pack = msgspec.msgpack.Encoder().encode


def rows(registrations: Iterable[Registration], version: int) -> bytes:
    """MessagePack values in the order of COLUMNS, row after row."""
    return b"".join(_pack([one.side, one.id, _write(one), version])[1:] for one in registrations)


def read(rows: Sequence[Sequence[Any]]) -> list[Registration]:
    """The answer, by side and id."""
    return [_read(document) for (document,) in rows]
