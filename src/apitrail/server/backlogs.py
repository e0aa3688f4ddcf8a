"""What waits in the spools of hosts, as recorders say with each batch: `Apitrail-Backlog: ID EXCHANGES BYTES`.

Kept in memory, of the recorders heard last: it is true for a moment only, and told again with the next batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import structs

from apitrail.store.model import Backlog, RecorderRow

HEADER = "apitrail-backlog"
MOST = 1000
_ID_MOST = 200
_NUMBER_MOST = 15
"""Digits."""


class Backlogs:
    """What was told last. Used on the event loop and read from threads."""

    def __init__(self) -> None:
        self._told: dict[str, Backlog] = {}

    def hear(self, header: str) -> None:
        """What a recorder says; what is not in the form above is no word of a recorder's, and left alone."""
        recorder, _, numbers = header.strip().partition(" ")
        exchanges, _, size = numbers.partition(" ")
        told = (exchanges, size)
        if (
            not recorder
            or len(recorder) > _ID_MOST
            or not all(one.isascii() and one.isdigit() and len(one) <= _NUMBER_MOST for one in told)
        ):
            return
        self._told.pop(recorder, None)
        self._told[recorder] = Backlog(int(exchanges), int(size), datetime.now(UTC))
        if len(self._told) > MOST:
            del self._told[next(iter(self._told))]

    def beside(self, rows: Sequence[RecorderRow]) -> list[RecorderRow]:
        """The rows, each with what its recorder told."""
        return [structs.replace(one, backlog=self._told.get(one.id)) for one in rows]
