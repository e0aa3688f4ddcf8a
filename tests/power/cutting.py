"""A command of ours during which the power of the disk is cut."""

from __future__ import annotations

import os
import subprocess
import threading
from itertools import count

from tests.power.mounted import PowerDisk
from tests.server.conftest import APITRAIL


def cut_during(disk: PowerDisk, *words: str, after: float, patience: float, operations: int, killed: bool) -> None:
    """Begin the command, cut the power `after` so many seconds, and so many writes and flushes of the disk later, and
    bring it back. `patience`: seconds until others write, so that the cut comes even if the command does not. `killed`:
    the command is, before that.
    """
    with subprocess.Popen([*APITRAIL, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        threading.Event().wait(after)
        if killed:
            running.kill()
            running.wait()
        others = threading.Timer(patience, _write_until_it_is_dark, [disk])
        others.start()
        disk.cut(operations)
        running.kill()
    others.join()
    disk.restore()


def _write_until_it_is_dark(disk: PowerDisk) -> None:
    for number in count():
        try:
            with (disk.place / f"other-{number}").open("w") as file:
                file.write("other")
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            return
