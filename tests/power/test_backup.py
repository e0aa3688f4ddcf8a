"""A backup that is listed is whole, whenever the power of its disk was cut: while it was made, or after that."""

from __future__ import annotations

import random
import subprocess
import threading
from pathlib import Path

from tests.power.mounted import PowerDisk
from tests.power.test_server import CUTS
from tests.power.writes import write_until_it_is_dark
from tests.server.conftest import APITRAIL
from tests.server.test_faults import SEED
from tests.store.conftest import make_entry

from apitrail.entry import Entry, Payload
from apitrail.store import Filter, open_store
from apitrail.store.backup import Folder
from apitrail.store.restore import listed, restore

MADE_S = 3.0
"""About as long as a backup of so little takes."""
LARGE = 300_000
"""Bytes of a body that do not compress."""


def test_what_is_listed_after_a_power_cut_can_be_restored(tmp_path: Path, disk: PowerDisk) -> None:
    dice = random.Random(SEED)
    log, where = tmp_path / "log", Folder(disk.place / "backups")
    sent: list[Entry] = []
    seen = 0
    for cut in range(CUTS):
        store = open_store(log)
        fresh = [make_entry(cut * 60 + n, request=Payload(body=dice.randbytes(LARGE))) for n in range(5)]
        store.write(fresh)
        sent += fresh
        store.close()
        command = [*APITRAIL, "backup", str(where.path), "--data", str(log)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as making:
            threading.Event().wait(dice.random() * MADE_S)
            if cut % 3 == 0:
                making.kill()
                making.wait()
            others = threading.Timer(dice.random() * MADE_S, write_until_it_is_dark, [disk])
            others.start()
            disk.cut(dice.randrange(60))
            making.kill()
        others.join()
        disk.restore()
        for name in listed(where):
            seen += 1
            brought = tmp_path / f"{cut}-{name}"
            assert restore(brought, where, name).entries in range(5, len(sent) + 1, 5)
            store = open_store(brought)
            found = [store.entry(row.id) for row in store.page(Filter(), 1000).entries]
            store.close()
            assert found == sent[len(found) - 1 :: -1]
    print(f"seed {SEED}: {CUTS} power cuts, {disk.lost} sectors lost, {seen} backups restored")  # noqa: T201
