"""The one way into the log: a batch is digested, and its rows are handed to the writer.

The same for what comes over HTTP and for a file that a command imports by itself. It blocks: call it on a worker
thread. Safe to call from several at once.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager

from msgspec import Struct

from apitrail.profiles import NOBODY, Registered
from apitrail.server.batch import Refusal
from apitrail.server.digest import Digest, Digester
from apitrail.server.problems import Problem
from apitrail.store import Busy, Writer
from apitrail.store.model import Written


class Accepted(Struct, frozen=True):
    """What happened to a batch. Everything that was not refused is stored durably when this response is sent."""

    stored: int
    duplicates: int
    """The number of exchanges whose id was already in the log."""
    refused: list[Refusal]
    refused_losses: list[Refusal]

    @classmethod
    def of(cls, digest: Digest, written: Written | None) -> Accepted:
        """None where there was nothing to write."""
        stored, duplicates = (written.stored, written.duplicates) if written else (0, 0)
        return cls(stored, duplicates, digest.refused, digest.refused_losses)


class Intake:
    """See the module."""

    def __init__(
        self, writer: Writer, digester: Digester, registered: Callable[[], Registered] = lambda: NOBODY
    ) -> None:
        self._writer = writer
        self._digester = digester
        self._registered = registered

    def expecting(self) -> AbstractContextManager[None]:
        """While a batch waits for `submit`, and is in it."""
        return self._writer.expecting()

    def submit(self, data: bytes, kind: str, coding: str = "") -> tuple[Digest, Future[Written] | None]:
        """What became of the batch, and what tells when it is durable (None where nothing is to be written).

        Raises Problem: 400, 413 and 415 as `Digester`, 429 where the writer is behind; StoreError where it was never
        told which integrations there are. The future raises StoreError.
        """
        try:
            self._writer.demand_room(len(data))  # before the work, which would be in vain
            digest = self._digester.digest(data, kind, coding, self._registered())
            if not digest.rows.size:
                return digest, None
            return digest, self._writer.submit_batch(digest.rows)
        except Busy as busy:
            raise Problem(
                "the store is behind with writing",
                fix="Send it again after Retry-After.",
                status=429,
                retry_after=busy.retry_after,
            ) from busy
