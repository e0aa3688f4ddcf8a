"""Who owns a data folder, and what is said to the others."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from apitrail.entry import Entry
from apitrail.store import Filter, FolderInUse, Store, StoreError, StoreUnavailable, open_store

Make = Callable[..., Entry]

OWNER = """
import sys
from apitrail.store import open_store
store = open_store(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
store.close()
"""


def test_a_second_process_is_told_who_owns_the_folder_and_what_to_do(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdin is not None
        assert owner.stdout is not None
        assert owner.stdout.readline() == "open\n"
        with pytest.raises(FolderInUse) as refused:
            open_store(folder)
        assert str(folder) in str(refused.value)
        assert f"process {owner.pid} on " in str(refused.value)
        assert "Stop that process, or use another folder" in str(refused.value)
        owner.stdin.close()
        assert owner.wait(30) == 0
    open_store(folder).close()


def test_a_folder_whose_owner_was_killed_is_free(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "open\n"
        owner.kill()
        owner.wait(30)
    open_store(folder).close()


def test_one_process_cannot_open_a_folder_twice(store: Store, folder: Path) -> None:
    with pytest.raises(FolderInUse, match=f"process {os.getpid()} "):
        open_store(folder)
    store.check()


def test_a_closed_folder_can_be_opened_again_here(folder: Path, make: Make) -> None:
    entry = make()
    for turn in range(3):
        store = open_store(folder, durable=False)
        assert store.write([entry]).stored == (turn == 0)
        assert store.entry(entry.id) == entry
        store.close()


def test_a_second_folder_in_one_process_is_refused_and_leaves_the_first_alone(store: Store, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with pytest.raises(StoreError, match=r"another data folder open.*Close the other store first"):
        open_store(other)
    store.check()
    store.close()
    open_store(other, durable=False).close()


def test_a_folder_is_for_its_owner_only(store: Store, folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["o dd", "資料", "pct%41", "a&b=c#d", "it's", "*[x]{y}"])
def test_a_folder_may_have_any_name(tmp_path: Path, make: Make, name: str) -> None:
    store = open_store(tmp_path / name, durable=False)
    store.write([make()])
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_folder_with_a_question_mark_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"what\?/clickhouse: the path contains a question mark"):
        open_store(tmp_path / "what?")


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="file: this data folder cannot be opened"):
        open_store(tmp_path / "file")


def test_a_moved_folder_keeps_its_log(folder: Path, tmp_path: Path, make: Make) -> None:
    entry = make()
    store = open_store(folder, durable=False)
    store.write([entry])
    store.close()
    moved = tmp_path / "elsewhere"
    folder.rename(moved)
    store = open_store(moved, durable=False)
    assert store.entry(entry.id) == entry
    store.close()


def test_a_forked_child_neither_uses_the_store_nor_keeps_its_folder(store: Store, make: Make) -> None:
    store.write([make()])
    ask, tell = os.pipe()
    stay, go = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            store.page(Filter())
            said = b"answered"
        except StoreUnavailable:
            said = b"refused"
        os.write(tell, said)
        os.close(go)
        os.read(stay, 1)  # until the parent closes its end
        os._exit(0)
    os.close(stay)
    assert os.read(ask, 100) == b"refused"
    assert store.span().entries == 1
    store.close()
    open_store(Path(store.engine.place).parent, durable=False).close()
    os.close(go)
    assert os.waitpid(child, 0)[1] == 0
    os.close(ask)
    os.close(tell)


def test_the_engine_leaves_stop_signals_and_the_signal_mask_to_the_program(folder: Path) -> None:
    program = """
import os, signal, sys
before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
signal.signal(signal.SIGTERM, lambda *_: (store.close(), print("stopped in order"), sys.exit(0)))
from apitrail.store import open_store
store = open_store(sys.argv[1])
assert signal.getsignal(signal.SIGINT) is before[1]
assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == mask
os.kill(os.getpid(), signal.SIGTERM)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped in order\n", "")
