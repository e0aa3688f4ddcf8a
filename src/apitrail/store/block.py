"""Entries as a block of the table `entries`: all that an insert takes, and what is needed to look for duplicates.

`apitrail.store.encoding` makes them.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from apitrail.store import native
from apitrail.store.model import StoreError
from apitrail.store.native import BYTES, FLOAT64, MICROSECONDS, TEXT, UINT16, UINT64, UUID, array, nullable
from apitrail.store.shelves import FILES, REQUEST, RESPONSE
from apitrail.store.times import QUARTER

_FEW = native.low_cardinality(TEXT)
_FEW_OR_NONE = native.low_cardinality(TEXT, none=True)

COLUMNS: native.Columns = {
    "id": UUID,
    "created_at": MICROSECONDS,
    "received_at": nullable(MICROSECONDS),
    "direction": _FEW,
    "platform": _FEW_OR_NONE,
    "action": _FEW,
    "method": _FEW,
    "ec_id": _FEW_OR_NONE,
    "ec_name": _FEW,
    "shipping_id": _FEW_OR_NONE,
    "shipping_name": _FEW,
    "merchant": _FEW_OR_NONE,
    "source_type": _FEW_OR_NONE,
    "source_id": nullable(TEXT),
    "reference_types": array(_FEW),
    "reference_ids": array(TEXT),
    "status": nullable(UINT16),
    "outcome": _FEW,
    "cause": _FEW_OR_NONE,
    "code": nullable(TEXT),
    "message": nullable(TEXT),
    "duration_ms": FLOAT64,
    "recorder_id": _FEW_OR_NONE,
    "recorder_sequence": UINT64,
    "row": BYTES,
    "request": BYTES,
    "request_size": UINT64,
    REQUEST: BYTES,
    "response": BYTES,
    "response_size": UINT64,
    **dict.fromkeys(RESPONSE, BYTES),
    FILES: BYTES,
}
"""The columns that an insert fills, in its order."""
LOSS_COLUMNS: native.Columns = {
    "recorder": TEXT,
    "host": TEXT,
    "process": TEXT,
    "reason": _FEW,
    "count": UINT64,
    "first_at": MICROSECONDS,
    "last_at": MICROSECONDS,
    "text": TEXT,
}

ID_SLACK_MS = 1
"""How far an id's time may lie from `created_at`: whole milliseconds taken from a float are at times one too low."""
LATEST = datetime(2105, 12, 31, tzinfo=UTC)
"""The engine's DateTime, in which counts and mentions are kept, ends in the year after."""

Key = tuple[bytes, int]
"""An entry's id as the engine holds it (16 bytes: each half of the UUID with its last byte first), and its
`created_at` in microseconds since 1970."""


class BadEntry(StoreError):
    """An entry that cannot be a row. The text names the field, the value and what it must be."""


Tally = tuple[int, str, str | None, str | None, int]
"""A quarter of an hour by its number since 1970, an outcome, the ids of the platform's and the carrier's account, and
how many entries there are of these."""

_write_tally = msgspec.msgpack.Encoder().encode
_read_tally = msgspec.msgpack.Decoder(list[Tally]).decode


def tally(
    times: Iterable[int], outcomes: Iterable[str], ec: Iterable[str | None], shipping: Iterable[str | None]
) -> bytes:
    """How many of a block's entries are of which quarter, outcome and accounts. `times`: in microseconds."""
    counted = Counter(zip([at // QUARTER for at in times], outcomes, ec, shipping, strict=True))
    return _write_tally([(*key, count) for key, count in counted.items()])


def read_tally(told: bytes) -> list[Tally]:
    """What `tally` said."""
    return _read_tally(told)


class Block(Struct, frozen=True):
    """Encoded entries."""

    ids: bytes
    """16 bytes each, as in `Key`."""
    times: bytes
    """Eight bytes each, little-endian, as in `Key`."""
    data: bytes
    """What the engine takes, in its Native format."""
    tally: bytes
    """See `tally`."""

    def __len__(self) -> int:
        return len(self.ids) // 16

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.ids) + len(self.times) + len(self.data) + len(self.tally)

    @property
    def first(self) -> int:
        """The time of its first entry."""
        return int.from_bytes(self.times[:8], "little")

    def identities(self) -> list[Key]:
        """One for each entry, in order."""
        return list(zip(self._ids(), struct.unpack(f"<{len(self)}q", self.times), strict=True))

    def fresh(self, seen: set[bytes]) -> tuple[int, bytes]:
        """How many of its entries were not seen, and the data of these. Adds them to what was seen."""
        ids = self._ids()
        new = set(ids)
        if len(new) == len(ids) and seen.isdisjoint(new):
            seen |= new
            return len(ids), self.data
        keep = []
        for one in ids:
            keep.append(one not in seen)
            seen.add(one)
        return sum(keep), native.without(COLUMNS, self.data, keep) if any(keep) else b""

    def _ids(self) -> Sequence[bytes]:
        return struct.unpack("16s" * len(self), self.ids)
