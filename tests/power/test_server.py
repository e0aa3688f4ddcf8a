"""What a server acknowledged is there after a power cut.

The power goes in the middle of what is being written. `make test-faults` cuts it 100 times; the suite by itself, a few
times.
"""

from __future__ import annotations

import os
import random
import signal
from typing import Any

from tests.power.mounted import PowerDisk
from tests.server.test_faults import SEED, Senders, recount

from apitrail.store import open_store
from apitrail.store.engine import Query

CUTS = int(os.environ.get("APITRAIL_FAULT_CUTS", "3"))


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
    assert list(folder.glob("clickhouse/store/*/*/detached/broken*")) == [], "nothing was put aside as broken"
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


def test_a_disk_that_fails_is_said_and_costs_nothing(serve: Any, disk: PowerDisk) -> None:
    folder = disk.place / "data"
    server = serve(folder=folder)
    senders = Senders(server.token(), SEED)
    senders.go_to(server.url)
    senders.wait(10)
    disk.cut(0)
    said = senders.wait_for_refusal(503)
    assert "the disk cannot be written" in said
    assert "dmesg" in said
    ready = server.get("/readyz")
    assert ready.status_code == 503
    assert "the disk cannot be written" in ready.text
    assert set(senders.refusals) == {503}
    senders.go_to(None)
    server.stop()
    disk.restore()
    server = serve(folder=folder)
    senders.go_to(server.url)
    sent = senders.end()
    assert server.stop() == 0
    recount(folder, sent)
