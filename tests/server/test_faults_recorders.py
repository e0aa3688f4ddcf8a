"""The whole path under kills: hosts that record, their shared spool, the server. Nothing that was handed over more than
a second before a kill is lost, and nothing is stored twice.

`make test-faults` kills hosts and server 200 times; the suite by itself, a few times.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from apitrail.store import open_store
from apitrail.store.engine import Query

KILLS = int(os.environ.get("APITRAIL_FAULT_KILLS", "4"))
SEED = int(os.environ.get("APITRAIL_FAULT_SEED", str(random.SystemRandom().randrange(10**6))))
HOSTS = 2
PROMISE = 50
"""Moments: a second, of the host's own time. A host that is not let run, as by a machine that has too much to do, has
no time in which to keep a promise, so its own clock counts and not that of the wall."""
HOST = """
import os, sys, threading, time
from datetime import UTC, datetime
import apitrail
from apitrail import Exchange, Message
from apitrail.recorder.capture import begin
apitrail.configure()
name, path = sys.argv[1:]
said = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
number = moments = 0
def live():
    global moments
    while True:
        time.sleep(0.02)
        moments += 1
threading.Thread(target=live, daemon=True).start()
while True:
    number += 1
    body = b"order %d " % number * (number % 200)
    url = f"http://platform.example/{name}/{number}"
    if number % 4:
        call = begin("test", "POST", url, [("Content-Type", "text/plain")])  # as every hook does
        call.sends(body)
        call.answered(200, [("Content-Type", "text/plain")])
        call.received(body)
        call.finish()
    else:
        apitrail.record(Exchange(created_at=datetime.now(UTC), method="POST", url=url, request=Message(body=body)))
    os.write(said, b"%d %d\\n" % (number, moments))
    time.sleep(0.005 if number % 1000 < 900 else 0.0003)  # and at times hardly a pause
"""


class Hosts:
    """Programs that record without end, in a folder of one machine; each start is another host's name."""

    def __init__(self, folder: Path, url: str, token: str) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "APITRAIL_URL": url,
            "APITRAIL_TOKEN": token,
            "APITRAIL_SPOOL": str(folder / "spool"),
        }
        self.running: list[tuple[str, subprocess.Popen[bytes]]] = []
        self.expected: set[str] = set()
        self.told = 0
        self._count = 0

    def start(self) -> None:
        """One more."""
        self._count += 1
        name = f"host{self._count}"
        command = [sys.executable, "-c", HOST, name, str(self.folder / name)]
        self.running.append((name, subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL)))

    def kill(self, dice: random.Random) -> None:
        """End one of them at this moment, and note what it had handed over a second before."""
        name, process = self.running.pop(dice.randrange(len(self.running)))
        process.kill()
        process.wait()
        path = self.folder / name
        told = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        self.told += len(told)
        self.expected |= {f"{name}/{number}" for number, when in told if int(when) < int(told[-1][1]) - PROMISE}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_kills_of_hosts_and_server_lose_and_double_nothing(serve: Any, tmp_path: Path) -> None:
    dice = random.Random(SEED)
    port = free_port()
    flags = ("--port", str(port))
    folder = tmp_path / "data"
    server = serve(*flags, folder=folder)
    hosts = Hosts(tmp_path, server.url, server.token()["Authorization"].removeprefix("Bearer "))
    for _ in range(HOSTS):
        hosts.start()
    for kill in range(KILLS):
        threading.Event().wait(0.5 + dice.random() * 2.5)
        if kill % 2:
            server.stop(signal.SIGKILL)
            threading.Event().wait(dice.random())
            server = serve(*flags, folder=folder)
        else:
            hosts.kill(dice)
            hosts.start()
    threading.Event().wait(1.5)
    while hosts.running:
        hosts.kill(dice)
    drain = "import apitrail, sys; sys.exit(not apitrail.flush(600))"
    subprocess.run([sys.executable, "-c", drain], env=hosts.environment, check=True, timeout=660)
    assert server.stop() == 0

    store = open_store(folder)
    try:
        rows = store.engine.select(Query("SELECT path(JSONExtractString(row, 'url')) FROM entries")).rows
    finally:
        store.close()
    stored = [path.lstrip("/") for (path,) in rows]
    lost = hosts.expected - set(stored)
    print(  # noqa: T201
        f"seed {SEED}: {KILLS} kills, {hosts.told} handed over, {len(hosts.expected)} of them a second before a kill, "
        f"{len(stored)} stored, {len(lost)} lost, {len(stored) - len(set(stored))} doubled"
    )
    assert len(hosts.expected) > 100
    assert not lost
    assert len(stored) == len(set(stored))
