"""Apitrail's server: exchanges by POST /api/v1/exchanges, derived by profiles, durable before the answer."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from apitrail.exchange import Exchange
from bench.ingest.load import cpu_seconds, demand_free, get, memory_mb, post_all, wait_until
from bench.store.asking import disk
from bench.store.direct import apart, settle

PORT = 18701
BATCH = 1000


def run(folder: Path, batch: list[Exchange]) -> dict[str, float]:
    """Entries per second until the last is counted; the server's CPU time for each in µs; bytes on disk; peak MB."""
    demand_free(PORT)
    command = [sys.executable, "-m", "apitrail.cli"]
    bodies = [
        msgspec.msgpack.encode({"exchanges": batch[at : at + BATCH], "losses": []})
        for at in range(0, len(batch), BATCH)
    ]
    server = subprocess.Popen(
        [*command, "serve", "--data", str(folder), "--port", str(PORT)], stdout=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{PORT}"
        wait_until(f"{url}/readyz")
        made = subprocess.run(
            [*command, "token", "create", "--data", str(folder)], check=True, capture_output=True, text=True
        )
        token = made.stdout.strip().splitlines()[-1]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/msgpack"}
        before, begun = cpu_seconds(server.pid), time.perf_counter()
        post_all(f"{url}/api/v1/exchanges", bodies, headers)
        while json.loads(get(f"{url}/api/v1/span"))["entries"] < len(batch):
            time.sleep(0.01)
        seconds = time.perf_counter() - begun
        cpu = cpu_seconds(server.pid) - before
        memory = memory_mb(server.pid)
    finally:
        server.terminate()
        server.wait(30)
    came = disk(folder)
    apart(settle, folder)
    return {
        "rate": len(batch) / seconds,
        "cpu": cpu / len(batch) * 1e6,
        "disk": came,
        "settled": disk(folder),
        "memory": memory,
    }
