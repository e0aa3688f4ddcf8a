"""A power cut while a start brings an older log up to now costs nothing: the next start completes it."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests.power.cutting import cut_during
from tests.power.mounted import PowerDisk
from tests.power.test_server import CUTS
from tests.server.test_faults import SEED
from tests.store.conftest import make_entry
from tests.store.conftest import older as older
from tests.store.test_derived import some, whole

from apitrail.store import open_store

UPGRADES = CUTS // 3
PATIENT_S = 0.5
"""How long the cut waits for the server's own writes, before others come."""


def test_a_power_cut_while_an_older_log_is_brought_up_to_now_loses_nothing(
    tmp_path: Path, serve: Any, disk: PowerDisk, older: Callable[[int], AbstractContextManager[None]]
) -> None:
    dice = random.Random(SEED)
    entries = some(make_entry)
    old = tmp_path / "old"
    with older(1):
        store = open_store(old)
        store.write(entries)
        store.close()
    begun = time.monotonic()
    assert serve(folder=shutil.copytree(old, tmp_path / "calm", symlinks=True)).stop() == 0
    length = time.monotonic() - begun
    for cut in range(UPGRADES):
        folder = shutil.copytree(old, disk.place / f"data-{cut}", symlinks=True)
        os.sync()
        words = ("serve", "--data", str(folder), "--port", "0")
        after, operations = dice.random() * length, dice.randrange(100)
        cut_during(disk, *words, after=after, patience=PATIENT_S, operations=operations, killed=False)
        assert serve(folder=folder).stop() == 0
        assert list(folder.glob("clickhouse/store/*/*/detached/broken*")) == [], "nothing was put aside as broken"
        store = open_store(folder)
        whole(store, entries)
        assert [store.entry(one.id) for one in entries] == entries
        store.close()
        shutil.rmtree(folder)
    print(f"seed {SEED}: {UPGRADES} power cuts in upgrades, {disk.lost} sectors lost")  # noqa: T201
