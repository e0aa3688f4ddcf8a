"""A log brought back from a backup, into a folder of its own. Nothing that is there is ever overwritten.

It is the folder's log once all of it is there and on the disk. Until then it is beside that place, and no server starts
on the folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from apitrail.store.backup import Folder, Place, Progress, bring_back, sync, sync_one
from apitrail.store.embedded import EmbeddedEngine
from apitrail.store.engine import failure
from apitrail.store.lock import FolderLock
from apitrail.store.model import Span, StoreError
from apitrail.store.opening import INNER, MAKING, MEMORY_LIMIT, open_store


def listed(where: Place) -> list[str]:
    """The names of the whole backups of a place, oldest first: for whoever has lost the log, too. Raises StoreError."""
    if isinstance(where, Folder):
        return where.held()
    with TemporaryDirectory(prefix="apitrail-") as folder:
        engine = EmbeddedEngine(Path(folder) / "clickhouse", memory_limit=MEMORY_LIMIT, readers=1, max_seconds=0)
        try:
            return where.names(engine)
        finally:
            engine.close()


def restore(
    folder: Path,
    where: Place,
    name: str,
    *,
    memory_limit: int = MEMORY_LIMIT,
    told: Callable[[Progress], None] = lambda _: None,
) -> Span:
    """Make a data folder from the backup `name`, bring it to this version's schema, and say what it covers.

    `told` hears how far it is. Raises FolderInUse, and StoreError where there is a log already or the backup cannot be
    read; then nothing of it is left behind.
    """
    folder = folder.absolute()
    inner, making = folder / INNER, folder / MAKING
    if inner.exists():
        raise StoreError(f"{folder}: this folder already contains a log, which is not overwritten. Use a new folder")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{folder}: this data folder cannot be created ({error.strerror}). Use another folder"
        ) from error
    lock = FolderLock(folder)
    try:
        shutil.rmtree(making, ignore_errors=True)  # what one before this left that was killed
        making.mkdir(mode=0o700)
        engine = EmbeddedEngine(making, memory_limit=memory_limit, readers=1, max_seconds=0)
        try:
            bring_back(engine, where, name, told)
        finally:
            engine.close()
        try:
            sync(folder)
            making.rename(inner)
            sync_one(folder)
        except OSError as error:
            raise failure(str(folder), error) from error
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    finally:
        lock.release()
    store = open_store(folder, memory_limit=memory_limit)
    try:
        return store.span()
    finally:
        store.close()
