"""Backups: whole, since a whole one, of a log that is written meanwhile; and what comes back is what was there."""

from __future__ import annotations

import errno
import random
import shutil
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from apitrail.entry import Entry, Payload
from apitrail.exchange import Reference
from apitrail.store import Filter, Store, StoreError, open_store
from apitrail.store.backup import Bucket, Folder, begin, place, prepare, progress
from apitrail.store.engine import Query
from apitrail.store.model import BadPlace
from apitrail.store.restore import listed, restore

Make = Callable[..., Entry]


def taken(store: Store, where: Folder, *, full: bool = False, at: datetime | None = None) -> str:
    identity, name = store.begin_backup(where, full=full, at=at)
    while not store.backup_progress(identity, name).done:
        time.sleep(0.01)
    return name


def entries(store: Store) -> list[Entry | None]:
    return [store.entry(row.id) for row in store.page(Filter(), 1000).entries]


@pytest.fixture
def where(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "backups")


def some(make: Make, count: int, first: float = 0) -> list[Entry]:
    return [
        make(
            first + number * 3600.0,
            references=[Reference("order", f"A-{number}")],
            request=Payload(body=b"\x00\xff" * number, headers=[("A", "1"), ("A", "2")]),
        )
        for number in range(count)
    ]


def test_a_log_comes_back_as_it_was(folder: Path, where: Folder, make: Make, tmp_path: Path) -> None:
    store = open_store(folder, durable=False)
    store.write(some(make, 50))
    kept = entries(store)
    told = store.tell()
    name = taken(store, where)
    store.close()
    span = restore(tmp_path / "again", where, name)
    again = open_store(tmp_path / "again", durable=False)
    assert span.entries == 50
    assert entries(again) == kept
    # Its blocks are counted anew, so that what is known of its days says nothing.
    assert again.tell() == told > 0
    again.close()


def test_the_second_backup_holds_only_what_is_new(folder: Path, where: Folder, make: Make, tmp_path: Path) -> None:
    dice = random.Random(1)
    store = open_store(folder, durable=False)
    store.write([make(n / 10, request=Payload(body=dice.randbytes(500))) for n in range(2000)])
    full = taken(store, where, at=datetime(2026, 1, 1, tzinfo=UTC))
    store.write(some(make, 5, first=90 * 86400.0))
    since = taken(store, where, at=datetime(2026, 1, 2, tzinfo=UTC))
    kept = entries(store)
    assert full == "20260101T000000Z-full"
    assert since == "20260102T000000Z-since-20260101T000000Z"
    assert listed(where) == [full, since]
    assert size(where.path / since) < size(where.path / full) / 3
    store.close()
    assert restore(tmp_path / "again", where, since).entries == 2005
    again = open_store(tmp_path / "again", durable=False)
    assert entries(again) == kept
    again.close()


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_a_backup_of_a_log_in_use_holds_what_was_acknowledged_before_it_and_nothing_in_part(
    folder: Path, where: Folder, make: Make, tmp_path: Path
) -> None:
    store = open_store(folder, durable=False)
    stop = threading.Event()
    acknowledged = [0]

    def write() -> None:
        while not stop.is_set():
            store.write(some(make, 20))
            acknowledged[0] += 20

    writer = threading.Thread(target=write)
    writer.start()
    while acknowledged[0] < 100:
        time.sleep(0.01)
    before = acknowledged[0]
    name = taken(store, where)
    stop.set()
    writer.join()
    store.close()
    found = restore(tmp_path / "again", where, name).entries
    assert before <= found <= acknowledged[0]
    assert found % 20 == 0


def test_a_log_is_never_overwritten(folder: Path, where: Folder, make: Make) -> None:
    store = open_store(folder, durable=False)
    store.write(some(make, 3))
    name = taken(store, where)
    store.close()
    with pytest.raises(StoreError, match="not overwritten"):
        restore(folder, where, name)
    again = open_store(folder, durable=False)
    assert again.span().entries == 3
    again.close()


def test_a_restore_that_was_killed_is_no_log_and_can_be_run_again(
    folder: Path, where: Folder, make: Make, tmp_path: Path
) -> None:
    store = open_store(folder, durable=False)
    store.write(some(make, 3))
    name = taken(store, where)
    store.close()
    again = tmp_path / "again"
    shutil.copytree(folder / "clickhouse", again / "clickhouse.part", symlinks=True)
    with pytest.raises(StoreError, match=r"a restore into this folder broke off. Run it again, or delete"):
        open_store(again)
    assert restore(again, where, name).entries == 3
    assert sorted(path.name for path in again.iterdir() if path.is_dir()) == ["clickhouse"]


def test_a_backup_that_is_not_there_is_named_with_those_that_are(folder: Path, where: Folder, tmp_path: Path) -> None:
    store = open_store(folder, durable=False)
    name = taken(store, where)
    store.close()
    with pytest.raises(StoreError, match=name):
        restore(tmp_path / "again", where, "20200101T000000Z-full")
    assert not (tmp_path / "again" / "clickhouse").exists()


@pytest.mark.parametrize("durable", [False, True])  # parts of many files, and of one
@pytest.mark.parametrize("short", [False, True])
def test_a_damaged_backup_is_refused_and_leaves_nothing(
    folder: Path, where: Folder, make: Make, tmp_path: Path, durable: bool, short: bool
) -> None:
    store = open_store(folder, durable=durable)
    store.write([make(n, request=Payload(body=f"{n}".encode() * 100)) for n in range(200)])
    name = taken(store, where)
    store.close()
    largest = max((where.path / name / "data").rglob("data.*"), key=lambda file: file.stat().st_size)
    assert largest.name == ("data.packed" if durable else "data.bin")
    kept = largest.read_bytes()[:-100]
    largest.write_bytes(kept if short else kept + bytes(100))
    with pytest.raises(StoreError):
        restore(tmp_path / "again", where, name)
    assert not (tmp_path / "again" / "clickhouse").exists()


def test_a_backup_that_broke_off_is_not_listed_and_not_built_upon(store: Store, where: Folder) -> None:
    name = taken(store, where, at=datetime(2026, 1, 1, tzinfo=UTC))
    (where.path / name).rename(where.path / f"{name}.part")
    assert listed(where) == []
    assert taken(store, where).endswith("-full")


def test_a_backup_is_kept_although_nobody_asks_how_far_it_is(store: Store, where: Folder) -> None:
    _, name = store.begin_backup(where)
    deadline = time.monotonic() + 60
    while listed(where) != [name]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert [path.name for path in where.path.iterdir()] == [name]


def test_a_backup_that_cannot_be_kept_is_not_done(store: Store, where: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("apitrail.store.backup.sync", fails)
    with pytest.raises(BadPlace, match=r"-full: the backup cannot be kept \(Input/output error\)"):
        taken(store, where)
    assert listed(where) == []


def test_what_a_backup_is_based_on_is_named_where_it_cannot_be_read(store: Store, where: Folder) -> None:
    name = taken(store, where, at=datetime(2026, 1, 1, tzinfo=UTC))
    (where.path / name / ".backup").write_bytes(b"")
    with pytest.raises(BadPlace, match=r"20260101T000000Z-full: the backup is not whole.*--full"):
        taken(store, where)


def test_what_a_backup_needs_is_named_where_it_is_not_beside_it(
    store: Store, where: Folder, make: Make, tmp_path: Path
) -> None:
    full = taken(store, where, at=datetime(2026, 1, 1, tzinfo=UTC))
    store.write(some(make, 3))
    since = taken(store, where)
    store.close()
    shutil.rmtree(where.path / full)
    with pytest.raises(StoreError, match=f"{since}' needs {full}, which is not there"):
        restore(tmp_path / "again", where, since)


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("https://s3.example", "k", "not the address of a bucket"),
        ("s3://bucket/x", "k", "not the address of a bucket"),
        ("https://u:p@s3.example/bucket", "k", "not the address of a bucket"),
        ("https://s3.example/bucket", "", "AWS_ACCESS_KEY_ID"),
    ],
)
def test_a_place_that_cannot_be_is_refused(text: str, key: str, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        place(text, key, key)


def test_a_place_is_a_folder_or_a_bucket() -> None:
    assert place("/var/backups/log") == Folder(Path("/var/backups/log"))
    assert place("https://s3.example/bucket/log/", "k", "s") == Bucket("https://s3.example/bucket/log", "k", "s")


def test_writes_go_on_while_a_bucket_does_not_answer(store: Store, make: Make) -> None:
    failed: list[StoreError] = []

    def back_up(port: int) -> None:
        try:
            store.begin_backup(place(f"http://127.0.0.1:{port}/bucket/log", "key", "secret"))
        except StoreError as error:
            failed.append(error)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        backing = threading.Thread(target=back_up, args=(silent.getsockname()[1],), daemon=True)
        backing.start()
        asked, _ = silent.accept()
        writing = threading.Thread(target=store.write, args=([make()],), daemon=True)
        writing.start()
        writing.join(30)
        held_up = writing.is_alive()
        asked.close()
    backing.join(60)
    writing.join(60)
    assert not held_up
    [error] = failed
    assert isinstance(error, BadPlace)
    assert "/bucket/log: this bucket does not say which backups it has" in str(error)
    assert "secret" not in str(error)


def test_a_backup_may_take_longer_than_a_question(folder: Path, where: Folder, make: Make) -> None:
    """At half a megabyte a second, of more than one megabyte, where a question may take one second."""
    dice = random.Random(1)
    store = open_store(folder, durable=False, max_seconds=1)
    store.write([make(n / 10, request=Payload(body=dice.randbytes(2000))) for n in range(700)])
    ready = prepare(store.engine, where, full=True, at=None)
    slowed = Query(f"{ready.statement.sql}, max_backup_bandwidth = 500000", ready.statement.params)
    identity = begin(store.engine, structs.replace(ready, statement=slowed))
    while not progress(store.engine, identity, ready.name).done:
        time.sleep(0.1)
    store.close()
