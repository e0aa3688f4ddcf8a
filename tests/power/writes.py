"""Writes of another program on the same disk."""

from __future__ import annotations

import os
from itertools import count

from tests.power.mounted import PowerDisk


def write_until_it_is_dark(disk: PowerDisk) -> None:
    """So that a cut comes, even if nobody else has anything to write."""
    for number in count():
        try:
            with (disk.place / f"other-{number}").open("w") as file:
                file.write("other")
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            return
