"""Entries and losses, encoded and ready to be written."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from apitrail.entry import Entry, Incoming
from apitrail.exchange import Loss
from apitrail.store.block import Block
from apitrail.store.encoding import encode, encode_losses


class Batch(Struct, frozen=True):
    """What one request brings."""

    blocks: Sequence[Block] = ()
    losses: bytes = b""
    """A block of the table `losses`; empty where there are none."""

    @classmethod
    def of(cls, entries: Sequence[Entry], losses: Sequence[Loss] = ()) -> Batch:
        """Encodes them, in the caller's thread. Raises BadEntry."""
        blocks = (encode(list(map(Incoming.of, entries))),) if entries else ()
        return cls(blocks, encode_losses(losses) if losses else b"")

    @property
    def entries(self) -> int:
        """How many."""
        return sum(map(len, self.blocks))

    @property
    def size(self) -> int:
        """Encoded bytes."""
        return sum(block.size for block in self.blocks) + len(self.losses)
