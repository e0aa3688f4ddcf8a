"""The crash-safe queue on the local disk, shared by all processes of one host.

Who calls: the worker (`add`), the shipper (`lease`, `ack`, `release`), `flush` (`newest`, `holds_until`). All calls
of one process go through one connection under one lock; none runs on a caller's thread.

What survives: all that `add` returned for, when any process is killed at any moment (SQLite, WAL). A power cut may take
the last moments with it, and never the file; not even those where it is `durable` (synchronous=FULL).

Leases: `lease` gives the oldest exchanges that nobody else holds, so two processes never send the same one at once.
A lease that is neither acknowledged nor released ends when its holder's process is gone, or after LEASE_S seconds
where that cannot be told. Then an exchange may be sent twice, and is stored once.

Cap: past `limit` bytes the oldest unleased exchanges are dropped, and counted in the spool as `spool_full`.

Disk: its last SPARE bytes are left alone (`spool_file`), for what is sent and deleted takes some for a while.

Damage: a file that is no longer a database is set aside, counted as `spool_damaged`, and a new one is begun
(`spool_file`). Anything else that goes wrong (disk nearly full, no right to write) raises SpoolUnusable; the worker
keeps what it has and tries again.
"""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from apitrail.recorder.spool_file import SpoolFile

VERSION = 2
LEASE_S = 30.0
SPARE_PAGES = 2048
ROWS = 16
DELETED_AT_ONCE = 500

SCHEMA = """
CREATE TABLE IF NOT EXISTS waiting (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    size INTEGER NOT NULL,
    holder TEXT NOT NULL DEFAULT '',
    until REAL NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS held ON waiting (holder, until) WHERE holder != '';
CREATE TABLE IF NOT EXISTS payload (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS loss (
    recorder TEXT NOT NULL,
    host TEXT NOT NULL,
    process TEXT NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_ns INTEGER NOT NULL,
    last_ns INTEGER NOT NULL,
    text TEXT NOT NULL,
    holder TEXT NOT NULL DEFAULT '',
    until REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (recorder, reason, holder)
);
CREATE TABLE IF NOT EXISTS shipping (
    service TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    failure TEXT NOT NULL,
    since REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS total (one INTEGER PRIMARY KEY CHECK (one = 1), bytes INTEGER NOT NULL);
INSERT OR IGNORE INTO total VALUES (1, 0);
"""
# `waiting` is apart from `payload` so that leasing, counting and choosing what to drop never touch the bodies.

HOLDERS = """
SELECT holder, until FROM waiting WHERE holder != '' UNION SELECT holder, until FROM loss WHERE holder != ''
"""
LOSS_COLUMNS = "recorder, host, process, reason, count, first_ns, last_ns, text"
ADD_LOSS = """
INSERT INTO loss (recorder, host, process, reason, count, first_ns, last_ns, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (recorder, reason, holder) DO UPDATE SET
    count = count + excluded.count,
    first_ns = min(first_ns, excluded.first_ns),
    last_ns = max(last_ns, excluded.last_ns)
"""


class SpoolLoss(NamedTuple):
    """A loss as the spool keeps it: those of one recorder and reason are one row. Times in ns since 1970."""

    recorder: str
    host: str
    process: str
    reason: str
    count: int  # type: ignore[assignment]  # the name it has on its way, beside tuple.count
    first_ns: int
    last_ns: int
    text: str


class Lease(Struct, frozen=True):
    """Exchanges and losses that their holder alone may send."""

    holder: str
    seqs: list[int]
    payloads: list[bytes]
    losses: list[SpoolLoss]


class Shipping(NamedTuple):
    """How sending from this spool goes for one program of the host."""

    service: str
    url: str
    failure: str
    """What the last attempt met, since then; empty where it worked. Holds no secret."""
    since: float
    """Seconds since 1970."""


class Held(NamedTuple):
    """What the spool holds."""

    exchanges: int
    bytes: int


class Spool:
    """One file. `owner` says who we are in losses that the spool itself finds: (recorder, host, process)."""

    def __init__(
        self,
        path: Path,
        limit: int,
        owner: tuple[str, str, str],
        clock: Callable[[], float] = time.time,
        *,
        durable: bool = False,
        file: SpoolFile | None = None,
    ) -> None:
        self.path = path
        self._limit = limit
        self._owner = owner
        self._clock = clock
        self._file = file or SpoolFile(path, SCHEMA, VERSION, durable=durable)
        self._leases = 0

    @property
    def there(self) -> bool:
        """Whether anything was ever added to it."""
        return os.path.exists(self.path)  # noqa: PTH110 - Path.exists raises where the folder may not be read

    def add(self, payloads: Iterable[bytes], losses: Iterable[SpoolLoss] = ()) -> int:
        """Keep these, in order, all or none. Returns how many were dropped to stay under the cap.

        Raises SpoolUnusable.
        """
        payloads = list(payloads)
        losses = list(losses)
        with self._transaction() as db:
            if payloads:
                self._file.keep_spare(db)
            for at in range(0, len(payloads), ROWS):
                self._insert(db, payloads[at : at + ROWS])
            db.executemany(ADD_LOSS, losses)
            db.execute("UPDATE total SET bytes = bytes + ?", (sum(map(len, payloads)),))
            return self._drop_oldest(db)

    def lease(self, most_bytes: int, most: int, *, newest: bool = False) -> Lease | None:
        """The oldest exchanges that nobody holds, or the newest, up to so many bytes but never less than one, and all
        losses. In the order in which they were added.

        None where there is nothing to send. Raises SpoolUnusable.
        """
        with self._transaction() as db:
            now = self._clock()
            self._end_old_leases(db, now)
            seqs: list[int] = []
            size = 0
            order = "DESC" if newest else "ASC"
            free = f"SELECT seq, size FROM waiting WHERE holder = '' ORDER BY seq {order} LIMIT ?"  # noqa: S608
            for seq, length in db.execute(free, (most,)):
                if seqs and size + length > most_bytes:
                    break
                seqs.append(seq)
                size += length
            self._leases += 1
            holder = f"{self._owner[1]}:{os.getpid()}:{self._owner[0]}:{id(self):x}:{self._leases}"
            until = now + LEASE_S
            if seqs:
                seqs.sort()
                # All that is free between the first and the last is what was chosen.
                db.execute(
                    "UPDATE waiting SET holder = ?, until = ? WHERE holder = '' AND seq BETWEEN ? AND ?",
                    (holder, until, seqs[0], seqs[-1]),
                )
            db.execute("UPDATE loss SET holder = ?, until = ? WHERE holder = ''", (holder, until))
            losses = db.execute(
                f"SELECT {LOSS_COLUMNS} FROM loss WHERE holder = ? ORDER BY first_ns",  # noqa: S608 - no values in it
                (holder,),
            ).fetchall()
            mine = "SELECT bytes FROM waiting JOIN payload USING (seq) WHERE holder = ? ORDER BY seq"
            payloads = [payload for (payload,) in db.execute(mine, (holder,))]
        if not seqs and not losses:
            return None
        return Lease(holder, seqs, payloads, [SpoolLoss(*row) for row in losses])

    def ack(self, lease: Lease, losses: Iterable[SpoolLoss] = ()) -> None:
        """The server has these: delete them. `losses` are what it refused. Raises SpoolUnusable."""
        losses = list(losses)
        with self._transaction() as db:
            self._delete(db, lease.seqs)
            db.execute("DELETE FROM loss WHERE holder = ?", (lease.holder,))
            db.executemany(ADD_LOSS, losses)
            # A spool that filled up while the server was away gives its disk back, a little at a time.
            if db.execute("PRAGMA freelist_count").fetchone()[0] > SPARE_PAGES:
                db.execute(f"PRAGMA incremental_vacuum({SPARE_PAGES})").fetchall()

    def release(self, lease: Lease) -> None:
        """Not sent: give them back. Raises SpoolUnusable."""
        with self._transaction() as db:
            self._give_back(db, lease.holder)

    def newest(self) -> int:
        """A mark: all exchanges added so far have at most this number. Raises SpoolUnusable."""
        with self._transaction(reading=True) as db:
            row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'waiting'").fetchone()
            return row[0] if row else 0

    def oldest(self) -> bytes | None:
        """The exchange that waits longest, as it was added. Raises SpoolUnusable."""
        with self._transaction(reading=True) as db:
            row = db.execute("SELECT bytes FROM waiting JOIN payload USING (seq) ORDER BY seq LIMIT 1").fetchone()
            return row[0] if row else None

    def holds_until(self, mark: int) -> bool:
        """Whether anything up to that mark still waits. Raises SpoolUnusable."""
        with self._transaction(reading=True) as db:
            return db.execute("SELECT 1 FROM waiting WHERE seq <= ? LIMIT 1", (mark,)).fetchone() is not None

    def is_empty(self) -> bool:
        """Whether neither exchange nor loss waits. Raises SpoolUnusable."""
        with self._transaction(reading=True) as db:
            query = "SELECT EXISTS (SELECT 1 FROM waiting) OR EXISTS (SELECT 1 FROM loss)"
            return not db.execute(query).fetchone()[0]

    def held(self) -> Held:
        """How much waits, leased or not. Raises SpoolUnusable."""
        with self._transaction(reading=True) as db:
            (count,) = db.execute("SELECT count(*) FROM waiting").fetchone()
            (size,) = db.execute("SELECT bytes FROM total").fetchone()
            return Held(count, size)

    def note(self, url: str, failure: str) -> None:
        """How sending goes for this program from now on, for `apitrail doctor` to read. Raises SpoolUnusable."""
        with self._transaction() as db:
            row = (self._owner[2].partition(" ")[2], url, failure[:500], self._clock())
            db.execute("INSERT OR REPLACE INTO shipping VALUES (?, ?, ?, ?)", row)

    def notes(self) -> list[Shipping]:
        """Who sends from here, and how that goes, latest first. Raises SpoolUnusable."""
        with self._transaction(reading=True) as db:
            rows = db.execute("SELECT service, url, failure, since FROM shipping ORDER BY since DESC").fetchall()
            return [Shipping(*row) for row in rows]

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        self._file.close()

    def before_fork(self) -> None:
        """Close, and let nobody in until `after_fork`."""
        self._file.before_fork()

    def after_fork(self) -> None:
        """In the parent."""
        self._file.after_fork()

    @contextmanager
    def _transaction(self, *, reading: bool = False) -> Iterator[sqlite3.Connection]:
        with self._file.transaction(reading=reading) as db:
            told = [] if reading else self._file.damages[:]
            for damage in told:
                db.execute(ADD_LOSS, self._loss("spool_damaged", 1, damage))
            yield db
        del self._file.damages[: len(told)]

    # Inside a transaction

    def _insert(self, db: sqlite3.Connection, payloads: list[bytes]) -> None:
        # Many rows by one statement: each statement lets go of the interpreter lock and has to wait for it again.
        count = len(payloads)
        sizes = f"INSERT INTO waiting (size) VALUES {', '.join(['(?)'] * count)}"  # noqa: S608 - no values in it
        last = db.execute(sizes, [len(payload) for payload in payloads]).lastrowid
        assert last is not None
        # One statement's rows are numbered without holes: nobody else writes inside a transaction.
        rows = zip(range(last - count + 1, last + 1), payloads, strict=True)
        bodies = f"INSERT INTO payload VALUES {', '.join(['(?, ?)'] * count)}"  # noqa: S608 - no values in it
        db.execute(bodies, [value for row in rows for value in row])

    def _drop_oldest(self, db: sqlite3.Connection) -> int:
        (size,) = db.execute("SELECT bytes FROM total").fetchone()
        if size <= self._limit:
            return 0
        self._end_old_leases(db, self._clock())
        doomed = []
        for seq, length in db.execute("SELECT seq, size FROM waiting WHERE holder = '' ORDER BY seq"):
            if size <= self._limit:
                break
            doomed.append(seq)
            size -= length
        self._delete(db, doomed)
        if doomed and (told := self._told_full(len(doomed))):
            db.execute(ADD_LOSS, told)
        return len(doomed)

    def _told_full(self, count: int) -> SpoolLoss | None:
        return self._loss("spool_full", count, f"over spool_limit, {self._limit} bytes")

    def _delete(self, db: sqlite3.Connection, seqs: list[int]) -> None:
        # By number and not by holder: a lease that ended meanwhile may be another's now, and is stored all the same.
        for at in range(0, len(seqs), DELETED_AT_ONCE):
            some = seqs[at : at + DELETED_AT_ONCE]
            these = f"WHERE seq IN ({', '.join('?' * len(some))})"
            (freed,) = db.execute(f"SELECT coalesce(sum(size), 0) FROM waiting {these}", some).fetchone()  # noqa: S608
            db.execute(f"DELETE FROM waiting {these}", some)  # noqa: S608 - no values in the text
            db.execute(f"DELETE FROM payload {these}", some)  # noqa: S608
            db.execute("UPDATE total SET bytes = bytes - ?", (freed,))

    def _end_old_leases(self, db: sqlite3.Connection, now: float) -> None:
        for holder, until in db.execute(HOLDERS).fetchall():
            # A lease further ahead than one can be was given before the clock was set back.
            if not now <= until <= now + LEASE_S or self._is_gone(holder):
                self._give_back(db, holder)

    def _is_gone(self, holder: str) -> bool:
        """Whether the holder's process has ended, as far as can be told: only of this host, and not on Windows."""
        host, pid, *_ = holder.split(":")
        if host != self._owner[1] or os.name != "posix":
            return False
        try:
            os.kill(int(pid), 0)
            # A process whose parent has not asked for its end is still listed.
            state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
        except ProcessLookupError:
            return True
        except (OSError, ValueError, IndexError):
            return False
        return state in (b"Z", b"X")

    def _give_back(self, db: sqlite3.Connection, holder: str) -> None:
        db.execute("UPDATE waiting SET holder = '' WHERE holder = ?", (holder,))
        self._give_back_losses(db, holder)

    def _give_back_losses(self, db: sqlite3.Connection, holder: str) -> None:
        rows = db.execute(
            f"DELETE FROM loss WHERE holder = ? RETURNING {LOSS_COLUMNS}",  # noqa: S608 - no values in the text
            (holder,),
        ).fetchall()
        db.executemany(ADD_LOSS, rows)

    def _loss(self, reason: str, count: int, text: str) -> SpoolLoss:
        now = time.time_ns()
        return SpoolLoss(*self._owner, reason, count, now, now, text)


def spool_path(folder: Path, url: str | None) -> Path:
    """The file for one server: exchanges meant for different servers never mix."""
    name = f"{zlib.crc32(url.encode()):08x}" if url else "unaddressed"
    return folder / f"spool-{name}.db"
