"""The file that a spool lies in: opened, shared, forked around, and set aside when it is damaged.

Damage: a file that is no longer a database is renamed, with what belongs to it, and a new one is begun in its place.
Rows are never guessed at. `damages` tells what happened, for the spool to count.

Forks: SQLite must not see one process's connection, nor its view of the file's locks, in another. `before_fork`
closes the connection, whoever wants it next opens it again. Who waits for another process's transaction lets go of
our lock between its attempts, so that no fork waits with it. A child that was forked without Python's hooks must not
use its parent's object.
"""

from __future__ import annotations

import math
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from apitrail.recorder.threads import RLock, sleep
from apitrail.size import size

BUSY_S = 5.0
"""How long to wait for another process's transaction."""
SPARE = 16 << 20
"""Bytes of the disk that exchanges may not take: to send and delete them takes some, too."""
ATTEMPT_S = 0.02
"""How long one attempt takes with our lock, and the pause without it before the next."""


class SpoolUnusable(Exception):
    """The spool cannot be written or read now: disk full, no right, locked for too long. Nothing in it is lost."""


class SpoolFile:
    """One connection, used by one thread at a time."""

    def __init__(self, path: Path, schema: str, version: int, *, durable: bool = False) -> None:
        self.path = path
        self._durable = durable
        self.damages: list[str] = []
        self._schema = schema
        self._version = version
        self._lock = RLock()
        self._forking = False
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    @contextmanager
    def transaction(self, *, reading: bool = False) -> Iterator[sqlite3.Connection]:
        """All or nothing of what is done inside. Raises SpoolUnusable."""
        until = time.monotonic() + BUSY_S
        while True:
            with self._lock:
                try:
                    db = self._begun(reading, until)
                    if db is not None:
                        try:
                            yield db
                            db.execute("COMMIT")
                        except BaseException:
                            _undo(db)
                            raise
                        return
                except sqlite3.Error as error:
                    if _is_damage(error):
                        self._set_aside(error)
                    else:
                        self.close()
                    raise SpoolUnusable(f"{self.path}: {error}") from error
                except OSError as error:
                    raise SpoolUnusable(f"{self.path}: {error}") from error
            sleep(ATTEMPT_S)

    def _begun(self, reading: bool, until: float) -> sqlite3.Connection | None:
        """A connection in a transaction; None where another process is in one, which may have ended before `until`."""
        try:
            db = self._opened()
            try:
                db.execute("BEGIN" if reading else "BEGIN IMMEDIATE")
                if reading:
                    db.execute("SELECT 1 FROM sqlite_master").fetchone()  # only now it has begun
            except BaseException:
                _undo(db)
                raise
        except sqlite3.OperationalError as error:
            if _kind(error) == sqlite3.SQLITE_BUSY and time.monotonic() < until:
                return None
            raise
        return db

    def keep_spare(self, db: sqlite3.Connection) -> None:
        """In a transaction that adds. Raises SpoolUnusable where less than `SPARE` is left of the disk and in the file:
        a spool that has filled its disk to the last byte could give nothing back."""
        try:
            disk = os.statvfs(self.path.parent)
        except (OSError, AttributeError):  # Windows has none
            return
        left = disk.f_bavail * disk.f_frsize
        if left < SPARE:
            pages = [db.execute(f"PRAGMA {what}").fetchone()[0] for what in ("freelist_count", "page_size")]
            if left + math.prod(pages) < SPARE:
                raise SpoolUnusable(f"{self.path}: the disk has {size(left)} left, of which the spool takes no more")

    def close(self) -> None:
        """Close; the next transaction opens it again."""
        with self._lock:
            if self._connection is not None:
                try:
                    self._connection.close()
                finally:
                    self._connection = None

    def __del__(self) -> None:
        # Since 3.13 Python warns of a connection that nobody closed, which is an error in a host's own tests.
        if self._connection is not None:
            self._connection.close()

    def before_fork(self) -> None:
        """Close, and let nobody in until `after_fork`."""
        self._forking = self._lock.acquire(timeout=2 * BUSY_S)
        if self._forking:
            self.close()

    def after_fork(self) -> None:
        """In the parent."""
        if self._forking:
            self._lock.release()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None:
            there = _inode(self.path)
            if there == self._inode:
                return self._connection
            # What is written to a file without a name, no other process will ever see. Where it was replaced,
            # another process has set it aside and counted it.
            if not there:
                self.damages.append(f"{self.path.name} was removed while in use, exchanges in it not known")
            self.close()
        try:
            return self._open()
        except sqlite3.Error as error:
            if not _is_damage(error):
                raise
            self._set_aside(error)
            return self._open()

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made here and not by SQLite, so that it is never readable by others, not even for a moment.
        # Never opened where it is there already: to close it again would end SQLite's locks on it
        # (sqlite.org/howtocorrupt.html, 2.2).
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        self._inode = _inode(self.path)
        db = sqlite3.connect(self.path, timeout=ATTEMPT_S, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version != self._version:
                db.executescript(f"BEGIN IMMEDIATE; {self._schema} PRAGMA user_version = {self._version}; COMMIT;")
        except BaseException:
            db.close()
            raise
        self._connection = db
        return db

    def _set_aside(self, error: sqlite3.Error) -> None:
        moved = _inode(self.path) != self._inode
        self.close()
        if moved:
            return  # another process has set it aside already
        mark = f"damaged-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}"
        for suffix in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + suffix)
            if part.exists():
                part.rename(self.path.with_name(f"{self.path.name}.{mark}{suffix}"))
        self.damages.append(f"set aside as {self.path.name}.{mark}, exchanges in it not known: {error}")


def _is_damage(error: sqlite3.Error) -> bool:
    return _kind(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _kind(error: sqlite3.Error) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    # The first byte is the kind; the rest says where it was met (sqlite.org/rescode.html).
    return code if code is None else code & 0xFF


def _undo(db: sqlite3.Connection) -> None:
    if db.in_transaction:
        db.execute("ROLLBACK")


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0
