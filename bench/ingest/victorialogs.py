"""VictoriaLogs: the same facts as JSON lines. It derives nothing and answers before it has written.

The binary is one's own: give its path. A pure-Go build has a slower zstd than the official one; say so beside
the figures.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from apitrail.exchange import Exchange
from bench.ingest.load import cpu_seconds, demand_free, get, memory_mb, post_all, wait_until
from bench.store.asking import disk

PORT = 18702
BATCH = 1000
INSERT = "/insert/jsonline?_time_field=created_at&_msg_field=response_body"
STREAMS = "&_stream_fields=ec_integration,shipping_integration,action"


def line(x: Exchange) -> bytes:
    """One exchange as a flat JSON object, bodies as text."""
    stated = x.stated
    ec = stated.ec_integration.id if stated and stated.ec_integration else ""
    shipping = stated.shipping_integration.id if stated and stated.shipping_integration else ""
    fact = {
        "created_at": x.created_at.isoformat(),
        "id": x.id,
        "action": stated.action if stated else "",
        "ec_integration": ec,
        "shipping_integration": shipping,
        "method": x.method,
        "url": x.url,
        "status": x.status,
        "duration_ms": x.duration_ms,
        "request_headers": json.dumps(x.request.headers),
        "request_body": x.request.body.decode(),
        "response_headers": json.dumps(x.response.headers if x.response else []),
        "response_body": x.response.body.decode() if x.response else "",
    }
    return json.dumps(fact, ensure_ascii=False).encode()


def run(folder: Path, batch: list[Exchange], binary: Path) -> dict[str, float]:
    """Entries per second until the last is counted; the server's CPU time for each in µs; bytes on disk; peak MB."""
    lines = [line(x) for x in batch]
    bodies = [b"\n".join(lines[at : at + BATCH]) for at in range(0, len(lines), BATCH)]
    demand_free(PORT)
    url = f"http://127.0.0.1:{PORT}"
    command = [str(binary), "-storageDataPath", str(folder), "-httpListenAddr", f"127.0.0.1:{PORT}"]
    options = ["-retentionPeriod", "10y", "-insert.maxLineSizeBytes", "2MB"]
    server = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(f"{url}/health")
        before, begun = cpu_seconds(server.pid), time.perf_counter()
        post_all(url + INSERT + STREAMS, bodies, {"Content-Type": "application/stream+json"})
        get(f"{url}/internal/force_flush")
        while json.loads(get(f"{url}/select/logsql/query?query=*|count()+n"))["n"] != str(len(batch)):
            time.sleep(0.01)
        seconds = time.perf_counter() - begun
        cpu = cpu_seconds(server.pid) - before
        memory = memory_mb(server.pid)
        came = disk(folder)
        get(f"{url}/internal/force_merge")
        settled = disk(folder)
    finally:
        server.terminate()
        server.wait(30)
    return {
        "rate": len(batch) / seconds,
        "cpu": cpu / len(batch) * 1e6,
        "disk": came,
        "settled": settled,
        "memory": memory,
    }
