"""Entries and losses, encoded and ready to be written."""

from __future__ import annotations

from collections.abc import Sequence

from apitrail.entry import Entry
from apitrail.exchange import Loss
from apitrail.store.rows import Row, encode, encode_loss


class Batch:
    """What one request brings. Encoding happens here, in the caller's thread. Raises BadEntry."""

    __slots__ = ("losses", "rows", "size")

    def __init__(self, entries: Sequence[Entry], losses: Sequence[Loss] = ()) -> None:
        self.rows: list[Row] = [encode(entry) for entry in entries]
        self.losses: list[bytes] = [encode_loss(loss) for loss in losses]
        self.size = sum(len(row.data) for row in self.rows) + sum(map(len, self.losses))
        """Encoded bytes."""
