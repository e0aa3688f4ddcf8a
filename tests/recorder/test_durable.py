"""`durable`: what a call has returned for is on the disk, whatever happens to the process in the next moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from apitrail.exchange import Exchange
from apitrail.recorder.process import ProcessRecorder
from apitrail.recorder.spool import Spool, spool_path

OWNER = ("r", "h", "p")
HOST = """
import os, sys, threading
import apitrail
from apitrail.recorder.capture import begin
apitrail.configure(spool=sys.argv[1], durable=True)
said = os.open(sys.argv[2], os.O_CREAT | os.O_WRONLY | os.O_APPEND)
def calls(thread):
    for number in range(10**9):
        call = begin("test", "POST", f"http://x/{thread}/{number}", [])
        call.answered(200, [])
        call.finish()
        os.write(said, b"%d/%d\\n" % (thread, number))
for thread in range(3):
    threading.Thread(target=calls, args=(thread,)).start()
"""


def spooled(folder: Path) -> list[str]:
    lease = Spool(spool_path(folder, None), 10**9, OWNER).lease(10**9, 10**6)
    assert lease is not None
    return [msgspec.msgpack.decode(one, type=Exchange).url.removeprefix("http://x/") for one in lease.payloads]


def test_no_call_that_returned_is_lost_by_a_kill(tmp_path: Path) -> None:
    told: list[str] = []
    for start in range(3):
        said = tmp_path / f"said{start}"
        folder = tmp_path / f"spool{start}"
        host = subprocess.Popen([sys.executable, "-c", HOST, folder, said], start_new_session=True)
        while not said.exists() or said.stat().st_size < 300:
            assert host.poll() is None
            threading.Event().wait(0.01)
        threading.Event().wait(random.random() / 5)
        os.killpg(host.pid, signal.SIGKILL)
        host.wait()
        # The last line may be cut by the kill.
        told = said.read_text().split("\n")[:-1]
        found = spooled(folder)
        assert set(told) <= set(found)
        assert len(found) == len(set(found))
    assert len(told) > 20


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
def test_the_disk_is_waited_for_where_it_is_asked_for(tmp_path: Path, durable: bool, level: int) -> None:
    spool = Spool(tmp_path / "spool.db", 10**9, OWNER, durable=durable)
    with spool._file.transaction(reading=True) as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (level,)


def test_a_call_in_an_unusable_spool_is_not_held_up(configured: Callable[..., ProcessRecorder], tmp_path: Path) -> None:
    from apitrail.recorder.capture import begin

    (tmp_path / "file").write_text("")
    configured(spool=str(tmp_path / "file" / "spool"), durable=True, url=None)
    capture = begin("test", "GET", "http://x/", [])
    assert capture is not None
    done = threading.Event()

    def call() -> None:
        capture.finish()
        done.set()

    threading.Thread(target=call).start()
    assert done.wait(3)
