"""Backups of a running server's log: begun and watched by the commands, through the socket in the data folder."""

from __future__ import annotations

from msgspec import Struct

from apitrail.store import Store
from apitrail.store.backup import place


class BackupWish(Struct):
    """Where to, and what."""

    to: str
    """A folder, as an absolute path, or `https://host/bucket/prefix`."""
    full: bool = False
    """Everything, and not only what has come since the last full one there."""
    key: str = ""
    secret: str = ""
    """Of a bucket."""


class BackupAnswer(Struct):
    """A backup, and how far it is."""

    id: str
    name: str
    done: bool
    files: int
    bytes: int
    copied: int
    """Files."""
    written: int
    """Bytes that this backup itself takes, once it is done."""


def begin(store: Store, wish: BackupWish) -> BackupAnswer:
    """Starts one. Raises StoreError."""
    identity, name = store.begin_backup(place(wish.to, wish.key, wish.secret), full=wish.full)
    return look(store, identity, name)


def look(store: Store, identity: str, name: str) -> BackupAnswer:
    """How far it is. Raises StoreError where it failed."""
    state = store.backup_progress(identity, name)
    return BackupAnswer(identity, state.name, state.done, state.files, state.bytes, state.copied, state.written)
