"""One process owns a data folder.

The embedded engine would refuse a second process as well, but says so only on stderr. The lock is the kernel's
(`flock`), so it goes with the process however that ends; the file's text is for people and for the message. A
forked child does not keep its parent's lock alive: it closes the descriptor it inherited.
"""

from __future__ import annotations

import fcntl
import os
import socket
import weakref
from datetime import UTC, datetime
from pathlib import Path

from apitrail.store.model import FolderInUse, StoreError

NAME = "lock"


class FolderLock:
    """Held from construction until `release`. Raises FolderInUse, or StoreError where no file can be made."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        try:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"{self.path}: this lock file cannot be opened ({error.strerror}). Make its folder writable"
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 1000).decode(errors="replace").strip() or "an unknown process"
            os.close(self._descriptor)
            raise FolderInUse(
                f"{folder}: this data folder is in use by {holder}. Stop that process, or use another folder"
            ) from None
        except OSError as error:
            os.close(self._descriptor)
            raise StoreError(
                f"{self.path}: the file system cannot lock this file ({error.strerror}). "
                "Move the data folder to a local disk"
            ) from error
        os.ftruncate(self._descriptor, 0)
        text = f"process {os.getpid()} on {socket.gethostname()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n"
        os.pwrite(self._descriptor, text.encode(), 0)
        _held.add(self)

    def release(self) -> None:
        """Let another process have the folder. The file stays: deleting it would let two processes in."""
        if self._descriptor >= 0:
            _held.discard(self)
            os.ftruncate(self._descriptor, 0)
            self.forget()

    def forget(self) -> None:
        """Close the descriptor; a parent that shares it keeps the lock."""
        os.close(self._descriptor)
        self._descriptor = -1


_held: weakref.WeakSet[FolderLock] = weakref.WeakSet()


def _forget_all() -> None:
    for lock in list(_held):
        lock.forget()
    _held.clear()


os.register_at_fork(after_in_child=_forget_all)
