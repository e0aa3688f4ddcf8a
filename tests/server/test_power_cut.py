"""What is acknowledged is there after a power cut, on a real file system (ext4) over a disk that loses what was not
flushed: see `fault_disk.py`.

The power goes in the middle of what is being written. `make test-faults` cuts it 100 times; the suite by itself, a few
times.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.server.fault_disk import NAME
from tests.server.test_faults import SEED, Senders, recount

from apitrail.store import open_store
from apitrail.store.engine import Query

CUTS = int(os.environ.get("APITRAIL_FAULT_CUTS", "3"))
SIZE = 1 << 30
PROGRAM = Path(__file__).with_name("fault_disk.py")
MOUNTING_S = 30


class PowerDisk:
    """An ext4 on such a disk, mounted at `place`. Linux, by root."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.place = folder / "mounted"
        self._served = folder / "served"
        for made in (self.place, self._served):
            made.mkdir()
        self._program = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(self._served), str(SIZE), str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._device = ""
        self.lost = 0
        """Sectors, by all cuts."""

    def make(self) -> None:
        """A new file system. Raises OSError with the reason where that is not possible here."""
        until = time.monotonic() + MOUNTING_S
        while not (self._served / NAME).exists():
            if self._program.poll() is not None or time.monotonic() > until:
                raise OSError("FUSE serves no file here (it takes libfuse3 and /dev/fuse)")
            time.sleep(0.05)
        self._attach()
        _run("mkfs.ext4", "-q", self._device)
        _run("mount", self._device, str(self.place))

    def cut(self, operations: int) -> None:
        """Wait for so many more writes and flushes, in the middle of which the power goes: nothing is read or written
        from then on.
        """
        self.lost += int(self._told(f"cut {operations}").split()[0])

    def restore(self) -> None:
        """The power is back, and the file system mounted again, as after any such start."""
        self._detach()
        assert self._told("restore") == "restored"
        self._attach()
        _run("mount", self._device, str(self.place))

    def end(self) -> None:
        """Whatever state it is in."""
        self._detach()
        subprocess.run(["umount", "-l", str(self._served)], check=False, capture_output=True)
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.close()
        self._program.wait(MOUNTING_S)
        self._program.stdout.close()

    def _attach(self) -> None:
        self._device = _run("losetup", "--find", "--show", str(self._served / NAME)).strip()

    def _detach(self) -> None:
        if not self._device:
            return
        until = time.monotonic() + MOUNTING_S
        while self.place.is_mount():
            # The processes that the killed server had started end a moment after it.
            done = subprocess.run(["umount", str(self.place)], check=False, capture_output=True, text=True)
            if done.returncode and time.monotonic() > until:
                raise OSError(done.stderr.strip())
            time.sleep(0.05 if done.returncode else 0)
        _run("losetup", "--detach", self._device)
        self._device = ""

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


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[PowerDisk]:
    """Mounted."""
    made = PowerDisk(tmp_path, SEED)
    try:
        try:
            made.make()
        except OSError as error:
            pytest.skip(f"a disk of this kind cannot be mounted here: {error}")
        yield made
    finally:
        made.end()


def test_nothing_acknowledged_is_lost_or_doubled_by_power_cuts_at_any_moment(serve: Any, disk: PowerDisk) -> None:
    dice = random.Random(SEED)
    folder = disk.place / "data"
    server = serve("--workers", "2", folder=folder)
    senders = Senders(server.token(), SEED)
    for _ in range(CUTS):
        senders.go_to(server.url)
        senders.wait(dice.randrange(1, 12))
        disk.cut(dice.randrange(200))
        server.stop(signal.SIGKILL)
        senders.go_to(None)
        disk.restore()
        server = serve("--workers", "2", folder=folder)
    senders.go_to(server.url)
    sent = senders.end()
    assert server.stop() == 0
    print(  # noqa: T201
        f"seed {SEED}: {CUTS} power cuts, {disk.lost} sectors lost, {len(sent)} entries in {senders.batches} batches"
    )
    recount(folder, sent)


def test_what_is_not_synced_is_lost_by_a_power_cut(serve: Any, disk: PowerDisk) -> None:
    """So the disk does cut, and the test before this one can fail."""
    folder = disk.place / "data"
    server = serve("--no-durable", folder=folder)
    senders = Senders(server.token(), SEED)
    senders.go_to(server.url)
    senders.wait(20)
    disk.cut(0)
    server.stop(signal.SIGKILL)
    senders.go_to(None)
    disk.restore()
    try:
        server = serve(folder=folder)
    except AssertionError:
        return  # not even what the engine needs to start is there
    left = len(senders.acknowledged)
    assert server.stop() == 0
    store = open_store(folder)
    [[rows]] = store.engine.select(Query("SELECT count() FROM entries")).rows
    store.close()
    assert rows < left
