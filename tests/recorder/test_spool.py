"""The queue on disk: order, leases, the cap, damage, and a plain model beside it."""

from __future__ import annotations

import itertools
import os
import random
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from apitrail.recorder import spool as spools
from apitrail.recorder import spool_file
from apitrail.recorder.spool import Spool, SpoolLoss, spool_path
from apitrail.recorder.spool_file import SpoolUnusable

OWNER = ("recorder-1", "host", "1 program")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def spool(tmp_path: Path, clock: Clock) -> Spool:
    return Spool(tmp_path / "spool.db", 1_000_000, OWNER, clock)


def place(payload: bytes) -> int:
    return int(payload.partition(b":")[0])


def loss(reason: str, count: int = 1, at: int = 5) -> SpoolLoss:
    return SpoolLoss(*OWNER, reason, count, at, at, "")


def test_what_was_added_is_leased_in_order(spool: Spool) -> None:
    spool.add([b"one", b"two"])
    spool.add([b"three"])
    lease = spool.lease(1000, 10)
    assert lease is not None
    assert lease.payloads == [b"one", b"two", b"three"]


def test_a_spool_of_an_earlier_version_is_taken_over_with_all_it_holds(spool: Spool, clock: Clock) -> None:
    spool.add([b"one"])
    spool.close()
    with closing(sqlite3.connect(spool.path)) as earlier:
        earlier.executescript("DROP TABLE shipping; PRAGMA user_version = 1;")
    later = Spool(spool.path, 1_000_000, OWNER, clock)
    later.note("http://logs.example", "answer 401")
    assert later.notes() == [("program", "http://logs.example", "answer 401", clock.now)]
    lease = later.lease(1000, 10)
    assert lease is not None
    assert lease.payloads == [b"one"]


def test_a_lease_holds_at_most_so_much_but_never_less_than_one(spool: Spool) -> None:
    spool.add([b"x" * 500, b"y" * 500, b"z"])
    first, second, third = spool.lease(100, 10), spool.lease(501, 10), spool.lease(100, 10)
    assert first is not None
    assert first.payloads == [b"x" * 500]
    assert second is not None
    assert second.payloads == [b"y" * 500, b"z"]
    assert third is None


def test_what_is_leased_is_nobody_elses(spool: Spool, tmp_path: Path, clock: Clock) -> None:
    spool.add([b"one", b"two"])
    other = Spool(tmp_path / "spool.db", 1_000_000, OWNER, clock)
    first, second = spool.lease(3, 10), other.lease(3, 10)
    assert first is not None
    assert second is not None
    assert (first.payloads, second.payloads) == ([b"one"], [b"two"])
    assert other.lease(3, 10) is None


def test_what_is_acknowledged_is_gone_and_frees_its_bytes(spool: Spool) -> None:
    spool.add([b"one", b"two"])
    lease = spool.lease(3, 10)
    assert lease is not None
    spool.ack(lease)
    assert spool.held() == (1, 3)


def test_what_is_released_comes_again_in_its_place(spool: Spool) -> None:
    spool.add([b"one", b"two"], [loss("in_flight_full")])
    lease = spool.lease(3, 10)
    assert lease is not None
    spool.release(lease)
    again = spool.lease(1000, 10)
    assert again is not None
    assert again.payloads == [b"one", b"two"]
    assert again.losses == [loss("in_flight_full")]


def test_a_lease_ends_when_its_holder_is_gone(spool: Spool, clock: Clock) -> None:
    spool.add([b"one"], [loss("refused")])
    assert spool.lease(10, 10) is not None
    assert spool.lease(10, 10) is None
    clock.now += spools.LEASE_S + 1
    again = spool.lease(10, 10)
    assert again is not None
    assert again.payloads == [b"one"]
    assert again.losses == [loss("refused")]


def test_a_lease_ends_when_its_holders_process_was_killed(spool: Spool) -> None:
    spool.add([b"one"])
    spool.close()
    code = """
import sys, time
from pathlib import Path
from apitrail.recorder.spool import Spool
assert Spool(Path(sys.argv[1]), 10**6, ("other", sys.argv[2], "p"), lambda: 1_000_000.0).lease(10, 10)
print("leased", flush=True)
time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", code, spool.path, OWNER[1]], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "leased\n"
    assert spool.lease(10, 10) is None
    holder.kill()
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)  # ended, but still listed for its parent
    assert spool.lease(10, 10) is not None
    holder.communicate()


def test_a_lease_ends_when_the_clock_was_set_back(spool: Spool, clock: Clock) -> None:
    spool.add([b"one"])
    assert spool.lease(10, 10) is not None
    clock.now -= 3600
    assert spool.lease(10, 10) is not None


def test_a_lease_that_ended_is_acknowledged_all_the_same(spool: Spool, clock: Clock) -> None:
    spool.add([b"one"])
    late = spool.lease(10, 10)
    assert late is not None
    clock.now += spools.LEASE_S + 1
    assert spool.lease(10, 10) is not None
    spool.ack(late)
    assert spool.held() == (0, 0)


def test_past_the_cap_the_oldest_are_dropped_and_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", 100, OWNER)
    assert spool.add([b"%02d" % number * 5 for number in range(10)]) == 0
    assert spool.add([b"newer" * 2] * 3) == 3
    assert spool.held() == (10, 100)
    lease = spool.lease(1000, 100)
    assert lease is not None
    assert lease.payloads[0] == b"03" * 5
    assert lease.payloads[-3:] == [b"newer" * 2] * 3
    assert [(found.reason, found.count) for found in lease.losses] == [("spool_full", 3)]


def test_what_is_being_sent_is_not_dropped(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", 100, OWNER)
    spool.add([b"first" * 10])
    lease = spool.lease(1000, 1)
    assert lease is not None
    assert spool.add([b"other" * 10, b"third" * 10]) == 1
    spool.ack(lease)
    left = spool.lease(1000, 10)
    assert left is not None
    assert left.payloads == [b"third" * 10]


def test_losses_of_one_reason_are_one_row(spool: Spool) -> None:
    spool.add([], [loss("refused", 2, at=10), loss("in_flight_full")])
    spool.add([], [loss("refused", 3, at=20)])
    lease = spool.lease(10, 10)
    assert lease is not None
    assert lease.seqs == []
    assert {(found.reason, found.count, found.first_ns, found.last_ns) for found in lease.losses} == {
        ("refused", 5, 10, 20),
        ("in_flight_full", 1, 5, 5),
    }


def test_losses_that_come_while_others_are_sent_are_kept_apart(spool: Spool) -> None:
    spool.add([], [loss("refused", 2)])
    lease = spool.lease(10, 10)
    assert lease is not None
    spool.add([], [loss("refused", 3)])
    spool.ack(lease)
    rest = spool.lease(10, 10)
    assert rest is not None
    assert [found.count for found in rest.losses] == [3]


@pytest.mark.parametrize("damage", [b"this is no database" * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_set_aside_counted_and_begun_anew(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "spool.db"
    path.write_bytes(damage)
    spool = Spool(path, 1000, OWNER)
    spool.add([b"after"])
    lease = spool.lease(1000, 10)
    assert lease is not None
    assert lease.payloads == [b"after"]
    assert [found.reason for found in lease.losses] == ["spool_damaged"]
    (aside,) = tmp_path.glob("spool.db.damaged-*")
    assert aside.read_bytes() == damage
    assert aside.name in lease.losses[0].text


def test_damage_under_an_open_file_is_found_and_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    spool = Spool(path, 1_000_000, OWNER)
    for _ in range(50):
        spool.add([b"x" * 5000])
    spool.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 20)
    with pytest.raises(SpoolUnusable):
        spool.lease(10**9, 1000)
    spool.add([b"after"])
    assert spool.held().exchanges == 1
    assert list(tmp_path.glob("spool.db.damaged-*"))


def test_a_file_that_was_removed_is_begun_anew_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    spool = Spool(path, 1000, OWNER)
    spool.add([b"gone"])
    for part in tmp_path.glob("spool.db*"):
        part.unlink()
    spool.add([b"after"])
    lease = Spool(path, 1000, OWNER).lease(1000, 10)
    assert lease is not None
    assert lease.payloads == [b"after"]
    assert [found.reason for found in lease.losses] == ["spool_damaged"]


def test_a_folder_that_cannot_be_made_is_unusable_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    spool = Spool(tmp_path / "file" / "spool.db", 1000, OWNER)
    with pytest.raises(SpoolUnusable, match=r"spool\.db"):
        spool.add([b"one"])


def test_what_the_disk_has_left_for_sending_is_not_filled(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.add([b"one"])
    monkeypatch.setattr(spool_file, "SPARE", 1 << 60)
    with pytest.raises(SpoolUnusable, match=r"the disk has .* left, of which the spool takes no more"):
        spool.add([b"two"])
    spool.add([], [loss("refused")])
    lease = spool.lease(1000, 10)
    assert lease is not None
    assert (lease.payloads, lease.losses) == ([b"one"], [loss("refused")])
    spool.ack(lease)
    assert spool.is_empty()
    monkeypatch.undo()
    spool.add([b"two"])
    assert spool.held().exchanges == 1


def test_room_that_the_file_has_within_is_used_where_the_disk_has_little_left(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.add([b"x" * 400_000])
    lease = spool.lease(1_000_000, 10)
    assert lease is not None
    spool.ack(lease)
    nearly_full = os.statvfs_result((4096, 4096, 1000, 1, 1, 10, 10, 10, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: nearly_full)
    monkeypatch.setattr(spool_file, "SPARE", 300_000)
    spool.add([b"x" * 200_000])
    with pytest.raises(SpoolUnusable, match=r"the disk has 4\.1 KB left"):
        spool.add([b"x"])


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "folder" / "spool.db", 1000, OWNER)
    spool.add([b"one"])
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700
    for part in (tmp_path / "folder").iterdir():
        assert stat.S_IMODE(part.stat().st_mode) == 0o600, part


def test_different_servers_have_different_files(tmp_path: Path) -> None:
    names = [spool_path(tmp_path, url) for url in (None, "http://a:1", "http://b:1")]
    assert len(set(names)) == 3
    assert spool_path(tmp_path, "http://a:1") == names[1]


def test_many_rows_are_added_and_deleted_whole(spool: Spool) -> None:
    payloads = [b"%d" % number for number in range(1500)]
    spool.add(payloads)
    lease = spool.lease(1_000_000, 2000)
    assert lease is not None
    assert lease.payloads == payloads
    spool.ack(lease)
    assert spool.held() == (0, 0)


def test_what_add_returned_for_survives_a_kill(tmp_path: Path) -> None:
    code = """
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from apitrail.recorder.spool import Spool
spool = Spool(Path(sys.argv[1]), 10**9, ("r", "h", "p"))
number = 0
while True:
    spool.add([b"%d" % number])
    print(number, flush=True)
    number += 1
"""
    path = tmp_path / "spool.db"
    writer = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    last = 0
    for line in writer.stdout:
        last = int(line)
        if last >= 200:
            break
    writer.kill()
    writer.communicate()
    lease = Spool(path, 10**9, OWNER).lease(10**9, 10**6)
    assert lease is not None
    assert lease.payloads[: last + 1] == [b"%d" % number for number in range(last + 1)]


@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_a_plain_model_whatever_is_done(tmp_path: Path, clock: Clock, seed: int) -> None:
    chance = random.Random(seed)
    limit = 300
    path = tmp_path / "spool.db"
    processes = [Spool(path, limit, OWNER, clock) for _ in range(2)]
    free: list[bytes] = []
    leased: list[tuple[spools.Lease, list[bytes]]] = []
    dropped = counted = 0
    numbers = itertools.count()
    for _step in range(300):
        spool = chance.choice(processes)
        match chance.choice(["add", "add", "lease", "ack", "release", "kill", "close"]):
            case "add":
                new = [b"%d:%s" % (next(numbers), b"x" * chance.randrange(40)) for _ in range(chance.randrange(1, 5))]
                free += new
                held = sum(map(len, free)) + sum(len(payload) for _, some in leased for payload in some)
                gone = 0
                while held > limit and free:
                    held -= len(free.pop(0))
                    gone += 1
                assert spool.add(new) == gone
                dropped += gone
            case "lease":
                got = spool.lease(100, 3)
                expected: list[bytes] = []
                while free and len(expected) < 3 and (not expected or sum(map(len, expected)) + len(free[0]) <= 100):
                    expected.append(free.pop(0))
                assert (got.payloads if got else []) == expected
                if got:
                    leased.append((got, expected))
            case "ack" if leased:
                lease, _ = leased.pop(chance.randrange(len(leased)))
                spool.ack(lease)
                counted += sum(found.count for found in lease.losses)
            case "release" if leased:
                lease, some = leased.pop(chance.randrange(len(leased)))
                spool.release(lease)
                free = sorted(free + some, key=place)
            case "kill":
                clock.now += spools.LEASE_S + 1
                free = sorted(free + [payload for _, some in leased for payload in some], key=place)
                leased.clear()
            case "close":
                spool.close()
        model = free + [payload for _, some in leased for payload in some]
        assert spool.held() == (len(model), sum(map(len, model)))
    clock.now += spools.LEASE_S + 1
    rest = processes[0].lease(10**6, 10**6)
    counted += sum(found.count for found in rest.losses) if rest else 0
    assert counted == dropped


def test_a_fork_does_not_wait_for_another_processs_transaction(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.add([b"one"])
    waits = threading.Event()

    def pausing(seconds: float) -> None:
        waits.set()
        time.sleep(seconds)

    monkeypatch.setattr(spool_file, "BUSY_S", 30.0)
    monkeypatch.setattr(spool_file, "sleep", pausing)
    with closing(sqlite3.connect(spool.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        adding = threading.Thread(target=spool.add, args=([b"two"],))
        adding.start()
        assert waits.wait(30)
        spool.before_fork()
        assert adding.is_alive()
        spool.after_fork()
        other.execute("ROLLBACK")
        adding.join()
    lease = spool.lease(1000, 10)
    assert lease is not None
    assert lease.payloads == [b"one", b"two"]


@pytest.mark.parametrize("reading", [False, True])
def test_a_spool_that_another_process_locks_for_too_long_is_not_usable_for_now(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, reading: bool
) -> None:
    spool.add([b"one"])
    spool.close()
    monkeypatch.setattr(spool_file, "BUSY_S", 0.1)
    with closing(sqlite3.connect(spool.path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SpoolUnusable, match="locked"):
            spool.held() if reading else spool.add([b"two"])
    assert spool.held().exchanges == 1
