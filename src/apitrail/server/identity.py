"""The id of an exchange: a UUIDv7 (RFC 9562 §5.7) whose time is that of `created_at`.

The store finds an entry, and a duplicate, by this time, so an id whose time differs is refused. An exchange without
an id gets one from its content: sent twice, it is the same.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from msgspec.msgpack import Encoder

from apitrail.exchange import Exchange

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_encoder = Encoder(order="deterministic")


def milliseconds(at: datetime) -> int:
    """Whole milliseconds since 1970, as the id holds them."""
    return (at - EPOCH) // _MILLISECOND


def time_of(identifier: str) -> int:
    """The milliseconds since 1970 that a UUIDv7 in its canonical form holds."""
    return int(identifier[:8] + identifier[9:13], 16)


class Namer:
    """Gives ids to the exchanges of one batch or one file.

    Two exchanges that are alike in all they hold are told apart by their order, so that a file with the same call
    twice keeps both, and the same file read again brings the same ids.
    """

    def __init__(self) -> None:
        self._seen: Counter[bytes] = Counter()

    def name(self, exchange: Exchange) -> str:
        """The id of an exchange that has none, masked already: an id must not tell anything of a secret."""
        digest = sha256(_encoder.encode(exchange)).digest()
        ordinal = self._seen[digest]
        self._seen[digest] += 1
        if ordinal:
            digest = sha256(digest + ordinal.to_bytes(8, "big")).digest()
        bits = milliseconds(exchange.created_at) << 80 | int.from_bytes(digest[:10], "big")
        bits = bits & ~(0xF << 76) | 0x7 << 76  # version
        bits = bits & ~(0x3 << 62) | 0x2 << 62  # variant
        return str(UUID(int=bits))
