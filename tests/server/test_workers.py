"""Worker processes: what they make is what the server makes by itself, they come back, and they go with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

PATH = "/api/v1/exchanges"
MANY = 200
Make = Callable[..., dict[str, Any]]

# A pool over profiles that are deadly for some exchanges. What it does is printed as a line of JSON.
PROGRAM = """
import json, os, sys
from datetime import UTC, datetime
import msgspec
from apitrail.exchange import Exchange, Stated
from apitrail.profiles import NOBODY, Profiles
from apitrail.recorder.redact import Redactor
from apitrail.server.batch import JSON, MESSAGEPACK
from apitrail.server.digest import Deriver
from apitrail.server.problems import Problem
from apitrail.server.workers import Nursery, Pool, Terms

class Deadly(Profiles):
    def incoming(self, x, **more):
        if "deadly" in x.url:
            os._exit(1)
        return super().incoming(x, **more)

profiles = Deadly.load()
nursery = Nursery.fork(profiles)
at = datetime(2026, 3, 9, tzinfo=UTC)
local = Deriver(profiles, Redactor(b"k" * 32), max_batch=1 << 20, max_exchanges=500, now=lambda: at)
pool = Pool(nursery, 2, Terms(b"k" * 32, 1 << 20, 500), local)

def batch(what, count=300, **more):
    return msgspec.msgpack.encode({"exchanges": [
        Exchange(created_at=at, method="GET", url=f"https://api.example/{what}/{n}?token=s3cr3t-{n}", **more)
        for n in range(count)
    ]})

def told(data, kind=MESSAGEPACK, coding=""):
    try:
        digest = pool.digest(data, kind, coding, NOBODY)
    except Problem as problem:
        return [problem.status, str(problem), problem.fault.fix]
    return [digest.rows.entries, len(digest.refused)]

before = set(pool.pids)
out = {
    "good": told(batch("fine")),
    "same ids": pool.digest(batch("fine"), MESSAGEPACK, "", NOBODY).rows.blocks[0].ids
        == local.digest(batch("fine"), MESSAGEPACK, "", NOBODY).rows.blocks[0].ids,
    "some refused": told(batch("fine", stated=Stated(not_sent="no stock"), status=200)),
    "not whole": told(b"x" * 50_000),
    "too many": told(batch("fine", 501)),
    "not unpacked": told(b"x" * 50_000, JSON, "gzip"),
    "unchanged": set(pool.pids) == before,
    "deadly": told(batch("deadly")),
    "healed": [len(pool.pids), set(pool.pids) == before],
    "after": told(batch("fine")),
}
for pid in pool.pids:
    os.kill(pid, 9)
out["killed while idle"] = told(batch("fine"))
os.kill(nursery.pid, 9)
os.waitpid(nursery.pid, 0)
out["alone"] = told(batch("fine"))
print(json.dumps(out), flush=True)
pool.close()
nursery.close()
"""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What the program said."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_a_worker_makes_of_a_batch_what_the_server_would(told: dict[str, Any]) -> None:
    assert told["good"] == [300, 0]
    assert told["same ids"], "and with the same key of fingerprints, so that a batch sent twice is the same"
    assert told["some refused"] == [0, 300]


def test_a_batch_that_cannot_be_read_is_refused_in_the_same_words(told: dict[str, Any]) -> None:
    assert told["not whole"][0] == 400
    assert "the batch cannot be read" in told["not whole"][1]
    assert told["too many"][0] == 413
    assert "raise the setting max_exchanges" in told["too many"][2]
    assert told["not unpacked"][0] == 400
    assert told["unchanged"], "no worker ended of it"


def test_a_batch_that_two_workers_ended_of_is_refused_and_others_take_their_place(told: dict[str, Any]) -> None:
    status, said, fix = told["deadly"]
    assert status == 413, "a recorder halves such a batch until it finds the exchange"
    assert "two worker processes ended" in said
    assert "fewer exchanges" in fix
    assert told["healed"] == [2, False]
    assert told["after"] == [300, 0]


def test_workers_that_ended_by_themselves_cost_no_batch(told: dict[str, Any]) -> None:
    assert told["killed while idle"] == [300, 0]


def test_without_a_nursery_the_server_does_it_by_itself(told: dict[str, Any]) -> None:
    assert told["alone"] == [300, 0]


def proc(pid: int, name: str) -> str:
    """What a file of a process says (Linux); nothing once that has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""


def below(pid: int) -> set[int]:
    """The process's children and their children."""
    found: set[int] = set()
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, proc(pid, f"task/{task.name}/children").split()):
                found |= {child} | below(child)
    return found


def named(pids: set[int], name: str) -> set[int]:
    return {pid for pid in pids if proc(pid, "comm").strip() == name}


def runs(pid: int) -> bool:
    state = proc(pid, "stat").rpartition(")")[2].split()[:1]
    return bool(state) and state[0] not in "ZX"


linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are found and tied together by Linux's own means")


@linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_the_server_however_that_ends(serve: Any, eventually: Any, number: int) -> None:
    server = serve("--workers", "2")
    others = eventually(lambda: len(named(found := below(server.process.pid), "apitrail-worker")) == 2 and found)
    server.stop(number)
    eventually(lambda: not any(map(runs, others)))


@linux
def test_a_signal_to_the_whole_group_cuts_no_worker_off(serve: Any, an_exchange: Make) -> None:
    server = serve("--workers", "1")
    others = below(server.process.pid)
    for pid in others:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(pid, number)
    batch = {"exchanges": [an_exchange() for _ in range(MANY)]}
    assert server.post(PATH, headers=server.token(), json=batch).json()["stored"] == MANY
    assert below(server.process.pid) == others
    assert server.log.read_text() == ""


@linux
def test_a_batch_whose_worker_is_killed_is_stored_all_the_same(serve: Any, an_exchange: Make, account: str) -> None:
    server = serve("--workers", "2")
    headers = server.token()
    workers = named(below(server.process.pid), "apitrail-worker")
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    answers: list[Any] = []
    batch = {"exchanges": [an_exchange() for _ in range(MANY)]}
    sending = threading.Thread(target=lambda: answers.append(server.post(PATH, headers=headers, json=batch).json()))
    sending.start()
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    sending.join()
    assert [answer["stored"] for answer in answers] == [MANY]
    assert len(named(below(server.process.pid), "apitrail-worker") - workers) >= 1


@linux
def test_no_workers_means_no_other_process(serve: Any, an_exchange: Make) -> None:
    server = serve("--workers", "0")
    assert below(server.process.pid) == set()
    batch = {"exchanges": [an_exchange() for _ in range(MANY)]}
    assert server.post(PATH, headers=server.token(), json=batch).json()["stored"] == MANY


def test_what_is_registered_reaches_the_workers(serve: Any, an_exchange: Make) -> None:
    server = serve("--workers", "1")
    headers = server.token()
    for name in ("Before", "After"):
        shop = {"id": "S1", "side": "ec", "platform": "shopee", "accounts": ["77"], "name": name}
        with server.by_socket() as client:
            client.put("/api/v1/integrations", json={"integrations": [shop]}).raise_for_status()
        url = "https://partner.shopeemobile.com/api/v2/order/get_order_list?shop_id=77"
        batch = {"exchanges": [an_exchange(url=url, stated=None) for _ in range(MANY)]}
        assert server.post(PATH, headers=headers, json=batch).json()["stored"] == MANY
        found = server.get("/api/v1/entries").json()["entries"][0]
        assert found["ec_integration"] == {"id": "S1", "name": name}
