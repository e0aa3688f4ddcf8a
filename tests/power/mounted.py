"""A real file system (ext4) on a disk whose power can be cut: see `disk.py`."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.power.disk import NAME

SIZE = 1 << 30
PROGRAM = Path(__file__).with_name("disk.py")
MOUNTING_S = 30


class PowerDisk:
    """An ext4 on such a disk, mounted at `place`. Linux, by root."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.place = folder / "mounted"
        self._served = folder / "served"
        for made in (self.place, self._served):
            made.mkdir()
        self._file = self._served / NAME
        self._program = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(self._served), str(self.place), str(SIZE), str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lost = 0
        """Sectors, by all cuts."""

    def make(self) -> None:
        """A new file system. Raises OSError with the reason where that is not possible here."""
        until = time.monotonic() + MOUNTING_S
        while not self._file.exists():
            if self._program.poll() is not None or time.monotonic() > until:
                raise OSError("FUSE serves no file here (it takes libfuse3 and /dev/fuse)")
            time.sleep(0.05)
        _run("mkfs.ext4", "-q", "-F", str(self._file))
        self._mount()

    def cut(self, operations: int) -> int:
        """Wait for so many more writes and flushes, in the middle of which the power goes, and answer when that was, by
        `time.monotonic_ns`: from then on nothing is written or read.
        """
        at, lost = map(int, self._told(f"cut {operations}").split())
        self.lost += lost
        return at

    def restore(self) -> None:
        """The power is back, and the file system mounted again, as after any such start."""
        until = time.monotonic() + MOUNTING_S
        while self.place.is_mount():
            # The processes that the killed server had started end a moment after it.
            done = subprocess.run(["umount", str(self.place)], check=False, capture_output=True, text=True)
            assert not done.returncode or time.monotonic() < until, done.stderr
            time.sleep(0.05)
        assert self._told("restore") == "restored"
        self._mount()

    def end(self) -> None:
        """Whatever state it is in."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.close()
        self._program.wait(MOUNTING_S)
        self._program.stdout.close()

    def _mount(self) -> None:
        _run("mount", "-o", "loop", str(self._file), str(self.place))

    def _told(self, command: str) -> str:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(f"{command}\n")
        self._program.stdin.flush()
        return self._program.stdout.readline().strip()


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=MOUNTING_S)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
