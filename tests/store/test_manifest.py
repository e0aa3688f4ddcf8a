"""Whether all of a backup is there: of real ones, on a disk with room for them and on one without."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apitrail.entry import Entry, Payload
from apitrail.store import Store, manifest
from apitrail.store.backup import Folder
from apitrail.store.model import BadPlace
from apitrail.store.restore import listed, restore

Make = Callable[..., Entry]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Folder]:
    """A disk of 200 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run(
            [mount, "-t", "tmpfs", "-o", "size=200k", "none", str(place)], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("only root can mount a small disk")
    try:
        yield Folder(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def written(store: Store, make: Make, first: int) -> None:
    store.write([make(first + n, request=Payload(body=bytes(range(256)) * 2 + f"{n}".encode())) for n in range(200)])


def taken(store: Store, where: Folder) -> str:
    identity, name = store.begin_backup(where)
    while not store.backup_progress(identity, name).done:
        time.sleep(0.01)
    return name


def test_a_backup_that_finds_no_room_is_not_done_and_not_listed(store: Store, make: Make, small: Folder) -> None:
    (small.path / "other").write_bytes(bytes(180 << 10))
    written(store, make, 0)
    with pytest.raises(BadPlace, match=r"whole|kept"):
        taken(store, small)
    assert listed(small) == []


def test_one_that_is_based_on_another_is_whole_beside_it(store: Store, make: Make, tmp_path: Path) -> None:
    where = Folder(tmp_path / "backups")
    written(store, make, 0)
    taken(store, where)
    written(store, make, 1000)
    time.sleep(1)  # their names are of a second
    since = taken(store, where)
    assert "-since-" in since
    manifest.check(where.path / since)
    store.close()
    assert restore(tmp_path / "again", where, since).entries == 400


@pytest.mark.parametrize("how", ["cut", "gone", "list cut"])
def test_a_backup_of_which_something_is_missing_is_told(store: Store, make: Make, tmp_path: Path, how: str) -> None:
    where = Folder(tmp_path / "backups")
    written(store, make, 0)
    made = where.path / taken(store, where)
    manifest.check(made)
    file = max((made / "data").rglob("data.*"), key=lambda one: one.stat().st_size)
    if how == "gone":
        file.unlink()
    else:
        one = made / ".backup" if how == "list cut" else file
        one.write_bytes(one.read_bytes()[:-10])
    with pytest.raises(BadPlace, match="the backup is not whole"):
        manifest.check(made)
    with pytest.raises(BadPlace, match="stands alone: --full"):
        taken(store, where)
