"""A disk whose power can be cut: a program that serves a file as big as the disk by FUSE, for a loop device.

It does what a disk with a cache of its own does. What is written is in the cache, until the file system has it flushed
(`fsync` reaches the disk as a flush). When the power is cut, of what is in the cache any part may have reached the
medium, in whatever order: here each sector does by chance. From that moment on every operation fails, until the power
is back; then the disk has what the medium has.

    python disk.py FOLDER PLACE BYTES SEED

The file is FOLDER/disk. It obeys the lines of its input. When that ends, it unmounts FOLDER and what is mounted at
PLACE, so that nothing is left of it whatever became of who began it.

    cut NUMBER    in the middle of the next writes and flushes, before that of this number; answers then when that was
                  (nanoseconds of `time.monotonic_ns`), and how many sectors of the cache were lost
    restore       answers `restored`
"""

from __future__ import annotations

import errno
import mmap
import os
import random
import stat
import subprocess
import sys
import threading
import time
from typing import Any

from mfusepy import FUSE, FuseOSError, Operations

SECTOR = 4096
NAME = "disk"


class Disk(Operations):  # type: ignore[misc]
    """The only file of a folder. Safe to call from two threads: FUSE's, and who cuts."""

    use_ns = True

    def __init__(self, size: int, seed: int) -> None:
        self._size = size
        self._medium = mmap.mmap(-1, size)
        self._cache: dict[int, bytes] = {}
        """Sectors that no flush has brought to the medium."""
        self._dice = random.Random(seed)
        self._powered = True
        self._left: int | None = None
        """How many writes and flushes are left until the cut."""
        self._turn = threading.Lock()

    def cut(self, operations: int) -> None:
        """After so many more."""
        with self._turn:
            self._left = operations

    def restore(self) -> None:
        """The power is back."""
        with self._turn:
            self._powered, self._left = True, None
        _answer("restored")

    def getattr(self, path: str, _fh: Any = None) -> dict[str, int]:
        """Of the folder, or of the file."""
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o700, "st_nlink": 2}
        if path == f"/{NAME}":
            return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, "st_size": self._size}
        raise FuseOSError(errno.ENOENT)

    def readdir(self, _path: str, _fh: Any) -> list[str]:
        """The file."""
        return [".", "..", NAME]

    def read(self, _path: str, size: int, offset: int, _fh: Any) -> bytes:
        """What was written last, from cache or medium."""
        with self._turn:
            self._demand_power()
            first, end = offset // SECTOR, -(-(offset + size) // SECTOR)
            whole = b"".join(self._sector(number) for number in range(first, end))
            return whole[offset - first * SECTOR :][:size]

    def write(self, _path: str, data: bytes, offset: int, _fh: Any) -> int:
        """Into the cache."""
        with self._turn:
            self._change()
            done = 0
            while done < len(data):
                number, within = divmod(offset + done, SECTOR)
                piece = data[done : done + SECTOR - within]
                old = b"" if len(piece) == SECTOR else self._sector(number)
                self._cache[number] = old[:within] + piece + old[within + len(piece) :]
                done += len(piece)
            return done

    def fsync(self, _path: str, _datasync: int, _fh: Any) -> int:
        """A flush: all of the cache is on the medium when it returns."""
        with self._turn:
            self._change()
            for number in self._cache:
                self._keep(number)
            self._cache.clear()
            return 0

    def _sector(self, number: int) -> bytes:
        return self._cache.get(number) or self._medium[number * SECTOR : (number + 1) * SECTOR]

    def _keep(self, number: int) -> None:
        self._medium[number * SECTOR : (number + 1) * SECTOR] = self._cache[number]

    def _change(self) -> None:
        if self._left is not None and self._powered:
            self._left -= 1
            if self._left < 0:
                self._go_dark()
        self._demand_power()

    def _go_dark(self) -> None:
        """What is in the cache reaches the medium or not, and nothing more does."""
        self._powered = False
        kept = [number for number in sorted(self._cache) if self._dice.random() < 0.5]
        for number in kept:
            self._keep(number)
        _answer(f"{time.monotonic_ns()} {len(self._cache) - len(kept)}")
        self._cache.clear()

    def _demand_power(self) -> None:
        if not self._powered:
            raise FuseOSError(errno.EIO)


def _answer(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """See the module."""
    folder, place, size, seed = sys.argv[1:]
    disk = Disk(int(size), int(seed))

    def obey() -> None:
        for line in sys.stdin:
            command, *number = line.split()
            if command == "cut":
                disk.cut(int(number[0]))
            else:
                disk.restore()
        for mounted in (place, folder):
            subprocess.run(["umount", "-l", mounted], check=False, capture_output=True)
        os._exit(0)

    threading.Thread(target=obey, daemon=True).start()
    FUSE(disk, folder, foreground=True, nothreads=True)


if __name__ == "__main__":
    main()
