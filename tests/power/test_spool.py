"""What a recorder's spool promises of a power cut: with `durable`, no call is lost that had returned; without, only the
last calls may be, and never the file.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from tests.power.mounted import PowerDisk
from tests.server.test_faults import SEED

from apitrail.exchange import Exchange
from apitrail.recorder.spool import Spool, spool_path

CUTS = 3
HOST = """
import os, sys, threading, time
import apitrail
from apitrail.recorder.capture import begin
apitrail.configure(spool=sys.argv[1], durable=sys.argv[2] == "durable")
said = os.open(sys.argv[3], os.O_CREAT | os.O_WRONLY | os.O_APPEND)
def calls(thread):
    for number in range(10**9):
        call = begin("test", "POST", f"http://x/{thread}/{number}", [])
        call.answered(200, [])
        call.finish()
        os.write(said, b"%d %d %d\\n" % (time.monotonic_ns(), thread, number))
        time.sleep(0.002)
for thread in range(3):
    threading.Thread(target=calls, args=(thread,)).start()
"""
"""Says when each call had returned."""


@pytest.mark.parametrize("kind", ["durable", "as by default"])
def test_after_a_power_cut(disk: PowerDisk, tmp_path: Path, kind: str) -> None:
    dice = random.Random(SEED)
    for start in range(CUTS):
        said, folder = tmp_path / f"said{start}", disk.place / f"spool{start}"
        host = subprocess.Popen([sys.executable, "-c", HOST, folder, kind, said], stderr=subprocess.DEVNULL)
        try:
            while not said.exists() or said.stat().st_size < 3000:
                assert host.poll() is None
                threading.Event().wait(0.01)
            at = disk.cut(dice.randrange(40))
        finally:
            host.kill()
            host.wait()
        returned = [line.split() for line in said.read_text().split("\n")[:-1]]
        told = {f"{thread}/{number}" for when, thread, number in returned if int(when) < at}
        disk.restore()
        found = spooled(folder)
        _in_order(found)
        if kind == "durable":
            assert told <= set(found)


def spooled(folder: Path) -> list[str]:
    """What is in the spool, which is whole."""
    if not folder.exists():
        return []
    lease = Spool(spool_path(folder, None), 10**9, ("r", "h", "p")).lease(10**9, 10**6)
    if lease is None:
        return []
    assert [loss for loss in lease.losses if loss.reason == "spool_damaged"] == []
    return [msgspec.msgpack.decode(one, type=Exchange).url.removeprefix("http://x/") for one in lease.payloads]


def _in_order(found: Sequence[str]) -> None:
    """Of each thread the first calls, none missing and none twice."""
    numbers = defaultdict[str, list[int]](list)
    for one in found:
        thread, number = one.split("/")
        numbers[thread].append(int(number))
    for some in numbers.values():
        assert some == list(range(len(some)))
