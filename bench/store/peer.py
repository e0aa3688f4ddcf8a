"""VictoriaLogs on the same entries, as JSON lines. What Apitrail derives (action, outcome) is handed to it ready made.

The binary is one's own: give its path. A pure-Go build has a slower zstd than the official one: say so beside figures.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from apitrail.exchange import Exchange
from apitrail.profiles import Profiles
from bench.ingest.load import demand_free, get, memory_mb, post_all, wait_until
from bench.ingest.victorialogs import INSERT, STREAMS
from bench.store.direct import chunk, chunks

PORT = 18712
BATCH = 1000


class Loaded(Struct, frozen=True):
    """What loading took."""

    raw: int
    """Bytes of the lines."""
    rate: float
    """Entries a second of the last chunk, until it is counted."""


class Server:
    """One that runs."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{PORT}"

    def entries(self) -> int:
        """How many it holds."""
        return int(json.loads(get(f"{self.url}/select/logsql/query?query=*|count()+n"))["n"])

    def load(self, count: int, days: float) -> Loaded:
        """Send the same log that Apitrail has."""
        profiles = Profiles.load()
        raw, rate = 0, 0.0
        headers = {"Content-Type": "application/stream+json"}
        for number in range(chunks(count)):
            lines = [line(x, profiles) for x in chunk(count, number, days)]
            raw += sum(map(len, lines)) + len(lines)
            bodies = [b"\n".join(lines[at : at + BATCH]) for at in range(0, len(lines), BATCH)]
            last = number == chunks(count) - 1
            before = self.entries() if last else 0
            begun = time.perf_counter()
            post_all(self.url + INSERT + STREAMS, bodies, headers)
            if last:
                get(f"{self.url}/internal/force_flush")
                while self.entries() < before + len(lines):
                    time.sleep(0.01)
                rate = len(lines) / (time.perf_counter() - begun)
        return Loaded(raw, rate)

    def settle(self) -> None:
        """Have it merge what it has, which goes on for a while: see `asking.disk`."""
        get(f"{self.url}/internal/force_merge")

    def memory_mb(self) -> float:
        """The most that it ever held, in MB."""
        return memory_mb(self.process.pid)


def line(x: Exchange, profiles: Profiles) -> bytes:
    """One exchange as a flat JSON object, bodies as text."""
    entry = profiles.entry(x)
    fact = {
        "created_at": x.created_at.isoformat(),
        "id": x.id,
        "action": entry.action,
        "outcome": entry.outcome,
        "ec_integration": entry.ec_integration.id if entry.ec_integration else "",
        "shipping_integration": entry.shipping_integration.id if entry.shipping_integration else "",
        "method": x.method,
        "url": x.url,
        "status": x.status or "",
        "duration_ms": x.duration_ms,
        "request_headers": json.dumps(x.request.headers),
        "request_body": x.request.body.decode(),
        "response_headers": json.dumps(x.response.headers if x.response else []),
        "response_body": x.response.body.decode() if x.response else "",
    }
    return json.dumps(fact, ensure_ascii=False).encode()


@contextmanager
def running(folder: Path, binary: Path) -> Iterator[Server]:
    """The server on this folder."""
    demand_free(PORT)
    command = [str(binary), "-storageDataPath", str(folder), "-httpListenAddr", f"127.0.0.1:{PORT}"]
    options = ["-retentionPeriod", "10y", "-insert.maxLineSizeBytes", "2MB"]
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(f"http://127.0.0.1:{PORT}/health")
        yield Server(process)
    finally:
        process.terminate()
        process.wait(60)
