"""Planted secrets, searched for in everything that the store holds: none, whoever sent them.

A recorder masks what it sends; what comes from anybody else, as plain JSON, the server masks before it is stored. What
lies on the disk is compressed, so every column of every table is asked through the engine.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.recorder.planting import BODIES, PLANTED, exchange, recorded_in, searched
from tests.recordings import RECORDINGS
from tests.server.conftest import Running, Serve

from apitrail.exchange import Exchange
from apitrail.store import open_store
from apitrail.store.engine import Engine, Query

HARMLESS = "a.example"
RECORD = """
import sys, msgspec, apitrail
from apitrail.exchange import Exchange
for each in msgspec.msgpack.decode(open(sys.argv[1], "rb").read(), type=list[Exchange]):
    apitrail.record(each)
sys.exit(not apitrail.flush(120))
"""

Sending = Callable[[Running, list[Exchange], Path], None]


def by_recorder(server: Running, exchanges: list[Exchange], folder: Path) -> None:
    """From a program that has secrets, masked by its recorder."""
    file = folder / "exchanges"
    file.write_bytes(msgspec.msgpack.encode(exchanges))
    token = server.token()["Authorization"].removeprefix("Bearer ")
    environment = os.environ | {
        "APITRAIL_URL": server.url,
        "APITRAIL_TOKEN": token,
        "APITRAIL_SPOOL": str(folder / "spool"),
    }
    subprocess.run([sys.executable, "-c", RECORD, str(file)], env=environment, check=True, timeout=180)
    for path in (folder / "spool").iterdir():
        searched(path.read_bytes(), path.name)


def as_json(server: Running, exchanges: list[Exchange], folder: Path) -> None:
    """As they are, from a sender that masks nothing."""
    token = server.token()
    for at in range(0, len(exchanges), 20):
        body = msgspec.json.encode({"exchanges": exchanges[at : at + 20]})
        answer = server.post(
            "/api/v1/exchanges", content=body, headers={**token, "Content-Type": "application/json"}
        ).raise_for_status()
        assert answer.json()["stored"] == len(exchanges[at : at + 20])


def holding(engine: Engine, needles: tuple[str, ...]) -> set[str]:
    """The columns of all tables in which one of these texts stands."""
    columns = engine.select(
        Query("SELECT table, name FROM system.columns WHERE database = currentDatabase() ORDER BY table, position")
    ).rows
    assert len(columns) > 50
    tables: dict[str, list[str]] = {}
    for table, name in columns:
        tables.setdefault(table, []).append(name)
    found = set()
    for table, names in tables.items():
        counts = ", ".join(f"countIf(multiSearchAny(toString(`{name}`), {{needles:Array(String)}}))" for name in names)
        [row] = engine.select(Query(f"SELECT {counts} FROM `{table}`", {"needles": list(needles)})).rows
        found |= {f"{table}.{name}" for name, count in zip(names, row, strict=True) if count}
    return found


def stores_none(serve: Serve, folder: Path, exchanges: list[Exchange], send: Sending, harmless: str) -> None:
    server = serve()
    send(server, exchanges, folder)
    exported = server.get("/api/v1/export.ndjson", timeout=120).raise_for_status().content
    assert exported.count(b"\n") == len(exchanges)
    searched(exported, "an export")
    assert server.stop() == 0
    searched(server.log.read_bytes(), "the server's own log")
    store = open_store(server.folder)
    try:
        assert any(column.startswith("entries.") for column in holding(store.engine, (harmless,)))
        assert not holding(store.engine, PLANTED)
    finally:
        store.close()


@pytest.mark.parametrize("send", [by_recorder, as_json])
def test_no_secret_reaches_the_store_whatever_the_form_of_the_body(serve: Serve, tmp_path: Path, send: Sending) -> None:
    exchanges = [exchange(text.encode(), kind) for kind, text in BODIES.values()]
    stores_none(serve, tmp_path, exchanges, send, HARMLESS)


@pytest.mark.skipif(not RECORDINGS, reason="no recorded traffic is at hand")
@pytest.mark.parametrize("send", [by_recorder, as_json])
def test_no_secret_planted_in_recorded_traffic_reaches_the_store(serve: Serve, tmp_path: Path, send: Sending) -> None:
    exchanges = [each for recording in RECORDINGS for each in recorded_in(recording)]
    stores_none(serve, tmp_path, exchanges, send, "://")
