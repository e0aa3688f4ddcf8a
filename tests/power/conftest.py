"""Disks whose power can be cut, and servers to run on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.power.mounted import PowerDisk
from tests.server.conftest import serve as serve
from tests.server.test_faults import SEED


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[PowerDisk]:
    """Mounted."""
    made = PowerDisk(tmp_path, SEED)
    try:
        try:
            made.make()
        except OSError as error:
            pytest.skip(f"a disk of this kind cannot be mounted here: {error}")
        yield made
    finally:
        made.end()
