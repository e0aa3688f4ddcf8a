"""Where exchanges wait while the spool on the disk cannot be written: a spool in this process's memory.

The shipper sends from it as from any other, so a host without a folder that it may write still delivers all that it
records while the server takes it. What it has is lost with the process, which is why it is no more than a refuge: the
worker moves all of it to the disk as soon as that can be written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from apitrail.recorder.spool import SCHEMA, VERSION, Lease, Spool, SpoolLoss
from apitrail.recorder.spool_file import SpoolFile

MOVED_BYTES = 1 << 20
MOVED = 256
"""What is moved to the disk in one transaction, at most."""


class Refuge(Spool):
    """Past `limit` bytes the oldest go; `add` says how many, for the worker to count."""

    def __init__(self, limit: int, owner: tuple[str, str, str]) -> None:
        super().__init__(Path(":memory:"), limit, owner, file=_Memory(Path(":memory:"), SCHEMA, VERSION))
        self._used = False

    @property
    def there(self) -> bool:
        """Whether it was ever needed."""
        return self._used

    @property
    def waiting(self) -> int:
        """Exchanges in it."""
        return self.held().exchanges if self._used else 0

    def add(self, payloads: Iterable[bytes], losses: Iterable[SpoolLoss] = ()) -> int:
        """See Spool.add."""
        self._used = True
        return super().add(payloads, losses)

    def is_empty(self) -> bool:
        """See Spool.is_empty."""
        return not self._used or super().is_empty()

    def move_to(self, spool: Spool) -> Iterator[int]:
        """All that nobody is sending, to the disk; how many each time. Raises SpoolUnusable: the rest is still here."""
        while not self.is_empty() and (lease := self.lease(MOVED_BYTES, MOVED)) is not None:
            self._move(lease, spool)
            yield len(lease.seqs)

    def _move(self, lease: Lease, spool: Spool) -> None:
        try:
            spool.add(lease.payloads, lease.losses)
        except BaseException:
            self.release(lease)
            raise
        self.ack(lease)

    def _told_full(self, count: int) -> None:
        return None  # the worker counts it


class _Memory(SpoolFile):
    """A database without a file: it lasts as long as its connection, which is closed with the object alone."""

    def keep_spare(self, db: sqlite3.Connection) -> None:
        return None

    def close(self) -> None:
        return None

    def _opened(self) -> sqlite3.Connection:
        return self._connection or self._open()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        db.executescript(f"BEGIN; {self._schema} COMMIT;")
        self._connection = db
        return db
