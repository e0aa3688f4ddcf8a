"""Apitrail's server on a folder, with a load that goes on while it is asked."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from apitrail.exchange import Exchange
from bench.ingest.load import demand_free, get, memory_mb, post_all, wait_until

PORT = 18711
BATCH = 1000
KEPT = [f"--{name}=36500" for name in ("keep-success-bodies", "keep-failure-bodies", "keep-entries")]
"""The log's times are fixed, so it is older than what is kept by default."""
STARTING_S = 600
"""An older folder is brought up to date first."""


class Server:
    """One that runs."""

    def __init__(self, process: subprocess.Popen[bytes], token: str) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{PORT}"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/msgpack"}

    def entries(self) -> int:
        """How many the log holds."""
        return int(json.loads(get(f"{self.url}/api/v1/span"))["entries"])

    def post(self, exchanges: Sequence[Exchange]) -> float:
        """Entries per second, from the first byte sent until the last entry is counted."""
        before = self.entries()
        bodies = [_body(exchanges[at : at + BATCH]) for at in range(0, len(exchanges), BATCH)]
        begun = time.perf_counter()
        post_all(f"{self.url}/api/v1/exchanges", bodies, self._headers)
        while self.entries() < before + len(exchanges):
            time.sleep(0.01)
        return len(exchanges) / (time.perf_counter() - begun)

    @contextmanager
    def arriving(self, exchanges: Sequence[Exchange], rate: float) -> Iterator[list[int]]:
        """Send so many a second for as long as the block lasts; yields a list that grows by each batch's size."""
        bodies = [_body(exchanges[at : at + BATCH]) for at in range(0, len(exchanges), BATCH)]
        over = threading.Event()
        sent: list[int] = []

        def send() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
            due = time.monotonic()
            for body in bodies:
                if over.wait(max(0.0, due - time.monotonic())):
                    return
                due += BATCH / rate
                connection.request("POST", "/api/v1/exchanges", body, self._headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    sent.append(BATCH)

        thread = threading.Thread(target=send)
        thread.start()
        try:
            yield sent
        finally:
            over.set()
            thread.join()

    def memory_mb(self) -> float:
        """The most that the server ever held, with its worker processes, in MB."""
        return memory_mb(self.process.pid)


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """The server on this folder."""
    demand_free(PORT)
    command = [sys.executable, "-m", "apitrail.cli"]
    process = subprocess.Popen(
        [*command, "serve", "--data", str(folder), "--port", str(PORT), *KEPT], stdout=subprocess.DEVNULL
    )
    try:
        wait_until(f"http://127.0.0.1:{PORT}/readyz", STARTING_S)
        made = subprocess.run(
            [*command, "token", "create", "--data", str(folder)], check=True, capture_output=True, text=True
        )
        yield Server(process, made.stdout.strip().splitlines()[-1])
    finally:
        process.terminate()
        process.wait(60)


def _body(exchanges: Sequence[Exchange]) -> bytes:
    return msgspec.msgpack.encode({"exchanges": exchanges, "losses": []})
