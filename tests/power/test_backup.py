"""A backup that is listed is whole, whenever the power of its disk was cut: while it was made, or after that."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from tests.power.cutting import cut_during
from tests.power.mounted import PowerDisk
from tests.power.test_server import CUTS
from tests.server.test_faults import SEED
from tests.store.conftest import make_entry

from apitrail.entry import Entry, Payload
from apitrail.store import Filter, open_store
from apitrail.store.backup import Folder
from apitrail.store.restore import listed, restore

MADE_S = 3.0
"""About as long as a backup of so little takes."""
EACH = 5
"""Entries that are written between two backups."""
LARGE = 300_000
"""Bytes of a body that do not compress."""


def brought_back(where: Folder, name: str, folder: Path) -> list[Entry | None]:
    """What a backup holds, newest first."""
    restore(folder, where, name)
    store = open_store(folder)
    found = [store.entry(row.id) for row in store.page(Filter(), 1000).entries]
    store.close()
    shutil.rmtree(folder)
    return found


def by_size(sent: list[Entry]) -> list[list[Entry]]:
    """What the log held after each of the writes, newest first."""
    return [sent[count - 1 :: -1] for count in range(EACH, len(sent) + 1, EACH)]


def test_what_is_listed_after_a_power_cut_can_be_restored(tmp_path: Path, disk: PowerDisk) -> None:
    dice = random.Random(SEED)
    log, where = tmp_path / "log", Folder(disk.place / "backups")
    sent: list[Entry] = []
    seen: set[str] = set()
    for cut in range(CUTS):
        store = open_store(log)
        fresh = [make_entry(cut * 60 + n, request=Payload(body=dice.randbytes(LARGE))) for n in range(EACH)]
        store.write(fresh)
        sent += fresh
        store.close()
        words = ("backup", str(where.path), "--data", str(log))
        after, patience, operations = dice.random() * MADE_S, dice.random() * MADE_S, dice.randrange(60)
        cut_during(disk, *words, after=after, patience=patience, operations=operations, killed=cut % 3 == 0)
        for name in listed(where):
            if name not in seen or cut == CUTS - 1:
                seen.add(name)
                assert brought_back(where, name, tmp_path / f"{cut}-{name}") in by_size(sent)
    print(f"seed {SEED}: {CUTS} power cuts, {disk.lost} sectors lost, {len(seen)} backups restored")  # noqa: T201
