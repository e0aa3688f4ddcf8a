"""Backups, by the engine's own BACKUP and RESTORE: of a log that is in use, to a folder or a bucket.

- A backup is one folder, or one prefix of a bucket, named by its time: `20261125T131900Z-full` stands alone,
  `20261125T140000Z-since-20261125T131900Z` holds what has come since that full one, and needs it to be restored.
- It holds the log as it was at one moment: no write begins until the engine has taken hold of the parts, a matter of
  milliseconds. What is written while it copies is in the next one.
- Of each file the engine keeps size and checksum, and RESTORE checks them.
- While one is made in a folder its name ends in `.part`. It gets its own once all of it is on the disk (see `keep`), so
  one that broke off, for which there was no room, or that a power cut left a half of, is not listed and never built
  upon. In a bucket, one that broke off has no `.backup` file.
- The key of fingerprints is not in it: it lies beside the log, not in it (see the server's folder).

What the engine is like (chDB 26.9): it must be told which folders it may write to (`backups.allowed_path`, set where
it is opened); a backup's own name may be a parameter of the statement, the database's may not.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from apitrail.store import manifest
from apitrail.store.engine import Engine, Param, Query
from apitrail.store.model import BadPlace, StoreError

NAME = re.compile(r"\d{8}T\d{6}Z-(?:full|since-(\d{8}T\d{6}Z))")
_POLL_S = 0.05
_AGAIN = 1
_ANSWER_S = 10
"""How often a bucket that does not answer is asked again what it has, and how long each answer may take; as the engine
tries again in several layers, it is given up after 80 s. By itself it asks 500 times, for half a minute each.
"""
_PATIENT = "async = 1, max_execution_time = 0, backup_restore_s3_retry_attempts = 10"
"""A large log may take hours to copy, which no question may. A bucket that has gone meanwhile is not asked for ever: by
itself the engine asks a thousand times.
"""
_HOLD_S = 60.0
"""How long writes may be held up until the parts are taken hold of; then the backup is given up."""


class Folder(Struct, frozen=True):
    """A folder on a disk that the engine reaches."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def target(self, name: str, prefix: str) -> tuple[str, dict[str, Param]]:
        """The engine's words for one backup, and their values."""
        return f"File({{{prefix}:String}})", {prefix: str(self.path / name)}

    def names(self, _: Engine) -> list[str]:
        """The whole backups there, oldest first."""
        return self.held()

    def held(self) -> list[str]:
        """The same, for whoever has no engine."""
        found = self.path.glob("*/.backup") if self.path.is_dir() else []
        return sorted(file.parent.name for file in found if NAME.fullmatch(file.parent.name))

    def making(self, name: str) -> str:
        """What one is called until it is kept."""
        return f"{name}.part"

    def keep(self, name: str) -> None:
        """Let one that is made survive a power cut, and then be one: the engine syncs nothing of it. Raises OSError,
        and BadPlace where not all of it is there.
        """
        made = self.path / self.making(name)
        manifest.check(made)
        sync(made)
        made.rename(self.path / name)
        sync_one(self.path)

    def check(self, name: str) -> None:
        """Raises BadPlace where not all of a backup is there, OSError where it cannot be looked at."""
        manifest.check(self.path / name)


class Bucket(Struct, frozen=True):
    """A prefix in a bucket of an S3-compatible store."""

    url: str
    """`https://host/bucket/prefix`."""
    key: str
    secret: str

    def __str__(self) -> str:
        return self.url

    def target(self, name: str, prefix: str) -> tuple[str, dict[str, Param]]:
        """See Folder."""
        values: dict[str, Param] = {prefix: f"{self.url}/{name}", f"{prefix}_key": self.key}
        values[f"{prefix}_secret"] = self.secret
        return f"S3({{{prefix}:String}}, {{{prefix}_key:String}}, {{{prefix}_secret:String}})", values

    def names(self, engine: Engine) -> list[str]:
        """See Folder. Raises BadPlace where the bucket does not answer, or not so."""
        query = Query(
            "SELECT DISTINCT _path FROM s3({url:String}, {key:String}, {secret:String}, 'One')"  # noqa: S608, constants
            f" SETTINGS s3_retry_attempts = {_AGAIN}, s3_request_timeout_ms = {_ANSWER_S * 1000}",
            {"url": f"{self.url}/*/.backup", "key": self.key, "secret": self.secret},
        )
        try:
            rows = engine.select(query).rows
        except StoreError as error:
            said = str(error).partition("(")[2].removesuffix(")").split(", Stack trace", 1)[0] or str(error)
            raise BadPlace(
                f"{self.url}: this bucket does not say which backups it has ({said}). "
                "Check the address, the key, and whether the bucket exists"
            ) from error
        found = (str(path).split("/")[-2] for (path,) in rows)
        return sorted(name for name in found if NAME.fullmatch(name))

    def making(self, name: str) -> str:
        """See Folder."""
        return name

    def keep(self, name: str) -> None:
        """What is in a bucket is there."""

    def check(self, name: str) -> None:
        """The same."""


Place = Folder | Bucket


class Progress(Struct, frozen=True):
    """How far a backup or a restoring is."""

    name: str
    done: bool
    files: int
    bytes: int
    """Of all that it will hold, with what it shares with the full one."""
    copied: int
    """Files so far, as the engine counts what it writes or reads."""
    written: int
    """Bytes that this backup itself takes at its place, once it is done: without what the full one holds."""


def place(text: str, key: str = "", secret: str = "") -> Place:
    """Where backups are: a folder, or `https://host/bucket/prefix` with the key's id and secret.

    Raises StoreError for an address without a bucket or without a key, and for none at all.
    """
    if not text.strip():
        raise BadPlace("the place is empty. Name a folder or the address of a bucket")
    if "://" not in text:
        return Folder(Path(text).absolute())
    if not re.fullmatch(r"https?://[^/@\s]+/[^/\s]+(/\S*)?", text):
        shown = re.sub(r"//[^@/]*@", "//", text)
        raise BadPlace(f"{shown}: this is not the address of a bucket. Write it as https://host/bucket/prefix")
    if not key or not secret:
        raise BadPlace(
            f"{text}: the key of this bucket is missing. "
            "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment"
        )
    return Bucket(text.rstrip("/"), key, secret)


class Ready(Struct, frozen=True):
    """A backup that only has to be started."""

    name: str
    where: Place
    statement: Query


def prepare(engine: Engine, where: Place, *, full: bool, at: datetime | None) -> Ready:
    """Look at the place, which may take its time to answer, and say what is to be started.

    It holds what has come since the last full one there, or everything where there is none or `full` asks for it.
    Raises StoreError.
    """
    if engine.topology.cluster:
        raise StoreError(
            f"{engine.place}: `apitrail backup` cannot back up a cluster. Use the cluster's own BACKUP statement, "
            "which covers all shards: docs/cluster-check.md"
        )
    if isinstance(where, Folder):
        try:
            where.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BadPlace(
                f"{where}: the folder cannot be created ({error.strerror}). Name a folder that this user can write to"
            ) from error
    names = where.names(engine)  # a full one needs none, but this shows that the place answers
    base = "" if full else max((name for name in names if name.endswith("-full")), default="")
    stamp = f"{at or datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    name = f"{stamp}-since-{base.partition('-')[0]}" if base else f"{stamp}-full"
    sql, values = where.target(where.making(name), "backup")
    statement = f"BACKUP DATABASE {_database(engine)} TO {sql} SETTINGS {_PATIENT}"
    if base:
        _check_base(where, base)
        more, based = where.target(base, "base")
        statement += f", base_backup = {more}"
        values |= based
    return Ready(name, where, Query(statement, values))


def begin(engine: Engine, ready: Ready) -> str:
    """Start a backup, and return its engine's id once it holds the log's parts: what is written from then on is not in
    it. The caller keeps writes off until then, and keeps it when it is made (see `backups`). Raises StoreError.
    """
    ((identity, _),) = engine.select(ready.statement).rows
    until = time.monotonic() + _HOLD_S
    while True:
        state = progress(engine, str(identity), ready.name)
        if state.done or state.files:
            return str(identity)
        if time.monotonic() > until:
            raise StoreError(f"{ready.where}: the backup did not start within {_HOLD_S:.0f} s. Try again")
        time.sleep(_POLL_S)


def progress(engine: Engine, identity: str, name: str) -> Progress:
    """How far it is. Raises StoreError where it failed, with the engine's words, or is not known."""
    query = Query(
        "SELECT status, num_files, total_size, greatest(files_read, num_entries), compressed_size, error"
        " FROM system.backups WHERE id = {id:String}",
        {"id": identity},
    )
    rows = engine.select(query).rows
    if not rows:
        raise StoreError(f"backup {name}: the engine was restarted and no longer knows this backup. Start a new one")
    ((status, files, size, copied, written, error),) = rows
    if str(status).endswith(("FAILED", "CANCELLED")):
        said = str(error).split("\n", 1)[0].split(" (version ", 1)[0].split(", Stack trace", 1)[0][:600]
        raise StoreError(f"backup {name} failed: {said or status}{_based(name)}")
    return Progress(name, status in ("BACKUP_CREATED", "RESTORED"), files, size, copied, written)


def bring_back(engine: Engine, where: Place, name: str, told: Callable[[Progress], None]) -> None:
    """Restore the backup `name` into an engine whose database is empty, and look at all that it brought. Raises
    StoreError.
    """
    names = where.names(engine)
    if name not in names:
        have = ", ".join(names[-3:]) or "none"
        raise StoreError(
            f"{where}: there is no complete backup {name!r}, only: {have}. Choose one that `apitrail backups` lists"
        )
    sql, values = where.target(name, "backup")
    statement = f"RESTORE DATABASE {_database(engine)} FROM {sql} SETTINGS {_PATIENT}"
    if based := NAME.fullmatch(name)[1]:  # type: ignore[index]  # names() lists no others
        if f"{based}-full" not in names:
            raise StoreError(
                f"{where}: the backup {name!r} needs {based}-full, which is not there. Put it beside this one, or "
                "choose one that stands alone (its name ends in -full)"
            )
        more, base = where.target(f"{based}-full", "base")
        statement += f", base_backup = {more}"
        values |= base
    ((identity, _),) = engine.select(Query(statement, values)).rows
    for state in _until_done(engine, str(identity), name):
        told(state)
    _check(engine, f"{where}: the backup {name!r}")


def _check(engine: Engine, what: str) -> None:
    """Raises StoreError for a part that is not as it was written. By itself the engine looks at sizes, and of parts
    that are one file at nothing.
    """
    tables = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    for (table,) in engine.select(Query(tables)).rows:
        for row in engine.select(Query(f"CHECK TABLE `{table}`")).rows:
            if len(row) == 3 and not int(row[1]):  # an empty table is told by a row of nothing
                raise StoreError(f"{what} is damaged: table {table}, part {row[0]} ({row[2]}). Use an older backup")


def _until_done(engine: Engine, identity: str, name: str) -> Iterator[Progress]:
    while True:
        state = progress(engine, identity, name)
        yield state
        if state.done:
            return
        time.sleep(_POLL_S)


def _check_base(where: Place, base: str) -> None:
    """Raises BadPlace where nothing can be built upon it."""
    try:
        where.check(base)
    except OSError as error:
        raise BadPlace(
            f"{where}/{base}: the backup cannot be read ({error.strerror}). Make a new one that stands alone: --full"
        ) from error


def _database(engine: Engine) -> str:
    """The database's name, as an identifier: the engine takes no parameter in its place."""
    ((name,),) = engine.select(Query("SELECT currentDatabase()")).rows
    if not re.fullmatch(r"\w+", str(name)):
        raise StoreError(
            f"{engine.place}: a database named {name!r} cannot be backed up. "
            "Its name may contain only letters, digits and _"
        )
    return f"`{name}`"


def _based(name: str) -> str:
    """What may be wrong with one that needs another."""
    base = NAME.fullmatch(name)
    if base is None or base[1] is None:
        return ""
    return f". If {base[1]}-full, which it is based on, is damaged, make a new one that stands alone: --full"


def sync(folder: Path) -> None:
    """Make what is in a folder survive a power cut: the engine syncs no backup, and nothing that it restores. Raises
    OSError.
    """
    for root, _, files in os.walk(folder, topdown=False):
        for name in (*files, ""):
            sync_one(Path(root) / name)


def sync_one(path: Path) -> None:
    """The same for a file, or for what a folder says is in it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
