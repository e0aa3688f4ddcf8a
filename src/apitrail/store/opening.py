"""A log is opened: of a folder of this machine, or of a ClickHouse server."""

from __future__ import annotations

from pathlib import Path

from apitrail.store.cluster import ClusterEngine
from apitrail.store.embedded import EmbeddedEngine
from apitrail.store.lock import FolderLock
from apitrail.store.log import Store
from apitrail.store.model import StoreError

INNER = "clickhouse"
"""What the engine keeps, in the data folder."""
MAKING = "clickhouse.part"
"""The same, while a log is brought back from a backup: see `restore`."""
MEMORY_LIMIT = 1_200_000_000
"""Bytes that the embedded engine may use by default; the process around it needs about 300 MB more."""
MAX_SECONDS = 30
"""How long one question may take, by default."""


def open_store(
    target: str | Path,
    *,
    durable: bool = True,
    memory_limit: int = MEMORY_LIMIT,
    readers: int = 4,
    max_seconds: int = MAX_SECONDS,
) -> Store:
    """Open the log at a folder (made where missing, readable by its owner only) or at `clickhouse://…`.

    `durable`: whether a write is synced to the disk before it is acknowledged. `memory_limit`: bytes, for the whole
    embedded engine, or twice what one question may use on a server. `readers`: how many questions an embedded engine
    answers at once. `max_seconds`: how long one question may take; what changes the log may take its time.

    Raises FolderInUse, StoreError (a newer schema, a bad address, no right to write, a restore that broke off, …).
    """
    if isinstance(target, str) and "://" in target:
        return Store(ClusterEngine(target, memory_limit=memory_limit, max_seconds=max_seconds), None, durable)
    folder = Path(target).absolute()
    _made(folder, folder)
    lock = FolderLock(folder)
    try:
        if (folder / MAKING).exists():
            raise StoreError(
                f"{folder}: a restore into this folder broke off. Run it again, or delete {MAKING} in this folder"
            )
        _made(folder, folder / INNER)
        engine = EmbeddedEngine(folder / INNER, memory_limit=memory_limit, readers=readers, max_seconds=max_seconds)
        return Store(engine, lock, durable)
    except BaseException:
        lock.release()
        raise


def _made(folder: Path, path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{folder}: this data folder cannot be opened ({error.strerror}). Use another folder"
        ) from error
