"""The recorder of a process: the way from a call to the server, limits, and what never fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import apitrail
from apitrail.exchange import Exchange, Message
from apitrail.recorder import assembly, process, spool, worker
from apitrail.recorder.process import ProcessRecorder

Configuring = Callable[..., ProcessRecorder]
Waiting = Callable[..., None]


def exchange(number: int = 0, size: int = 0) -> Exchange:
    return Exchange(
        created_at=datetime.now(UTC),
        method="GET",
        url=f"http://platform.example/{number}",
        request=Message(body=b"x" * size),
    )


def numbers(server: Any) -> list[int]:
    return sorted(int(one.url.rpartition("/")[2]) for one in server.stored.values())


def test_what_is_recorded_is_stored_and_then_gone_from_the_spool(configured: Configuring, server: Any) -> None:
    configured()
    for number in range(20):
        apitrail.record(exchange(number))
    assert apitrail.flush(10)
    assert numbers(server) == list(range(20))
    stats = apitrail.stats()
    assert (stats.spooled, stats.stored, stats.waiting, stats.losses) == (20, 20, 0, {})


def test_sequence_numbers_of_one_recorder_have_no_holes(configured: Configuring, server: Any) -> None:
    recorder = configured()
    threads = [
        threading.Thread(target=lambda: [apitrail.record(exchange(number)) for number in range(50)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert apitrail.flush(10)
    recorders = [one.recorder for one in server.stored.values()]
    assert {one.id for one in recorders} == {recorder.identity.id}
    assert sorted(one.sequence for one in recorders) == list(range(1, 201))


def test_labels_that_hold_are_taken_for_what_is_recorded_by_hand(configured: Configuring, server: Any) -> None:
    configured()
    with apitrail.integration(ec="shop-1"), apitrail.action("order.list"):
        apitrail.record(exchange())
    assert apitrail.flush(10)
    (stored,) = server.stored.values()
    assert stored.stated.action == "order.list"


def test_without_a_url_exchanges_wait_in_the_spool_for_a_process_that_has_one(
    configured: Configuring, server: Any
) -> None:
    configured(url=None)
    apitrail.record(exchange(1))
    assert apitrail.flush(10)
    assert apitrail.stats().waiting == 1
    configured()
    assert apitrail.flush(10)
    assert numbers(server) == [1]


def test_flush_says_no_when_the_server_does_not_take_it(configured: Configuring, server: Any) -> None:
    configured()
    server.replies = [(503, b"", {})] * 1000
    apitrail.record(exchange(1))
    assert not apitrail.flush(0.3)
    server.replies = []
    assert apitrail.flush(10)
    assert numbers(server) == [1]


def test_a_server_that_comes_back_gets_everything(configured: Configuring, server: Any, wait: Waiting) -> None:
    configured()
    server.replies = [(503, b"", {"Retry-After": "0"}), (401, b"", {}), (500, b"", {}), (200, b"garbage", {})]
    apitrail.record(exchange(1))
    wait(lambda: server.requests >= 1)
    assert apitrail.flush(15)
    assert numbers(server) == [1]
    assert len(server.received) == 1


def test_memory_is_bounded_and_what_is_dropped_is_counted_and_told(configured: Configuring, server: Any) -> None:
    recorder = configured(in_flight_limit=40 * worker.WEIGHT, linger=30)
    for number in range(100):
        apitrail.record(exchange(number))
    dropped = apitrail.stats().losses["in_flight_full"]
    assert 0 < dropped <= 60
    assert recorder.queue.items.qsize() <= 41
    assert apitrail.flush(10)
    apitrail.record(exchange(100))
    assert apitrail.flush(10)
    assert len(server.stored) == 101 - dropped
    assert [(loss.reason, loss.count) for loss in server.losses] == [("in_flight_full", dropped)]
    assert server.losses[0].recorder == recorder.identity.id


def test_a_full_spool_drops_the_oldest_and_tells(configured: Configuring, server: Any) -> None:
    configured(spool_limit=50_000)
    server.replies = [(503, b"", {"Retry-After": "300"})]
    for number in range(20):
        apitrail.record(exchange(number, size=10_000))
    recorder = process.recorder()
    recorder.flush(0.5)
    server.replies = []
    recorder.close()
    configured(spool_limit=50_000)
    assert apitrail.flush(10)
    assert len(server.stored) < 20
    assert numbers(server) == list(range(20 - len(server.stored), 20))
    full = [loss for loss in server.losses if loss.reason == "spool_full"]
    assert sum(loss.count for loss in full) == 20 - len(server.stored)


def test_a_damaged_spool_is_set_aside_and_recording_goes_on(
    configured: Configuring, server: Any, tmp_path: Path
) -> None:
    path = spool.spool_path(tmp_path / "spool", server.url)
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    configured()
    apitrail.record(exchange(1))
    assert apitrail.flush(10)
    assert numbers(server) == [1]
    assert [loss.reason for loss in server.losses] == ["spool_damaged"]


def test_while_the_spool_cannot_be_written_exchanges_are_kept_in_memory(
    configured: Configuring, server: Any, tmp_path: Path, wait: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spool").write_text("in the way")
    configured()
    apitrail.record(exchange(1))
    assert not apitrail.flush(0.5)
    assert "cannot be written" in caplog.text
    (tmp_path / "spool").unlink()
    wait(lambda: apitrail.flush(2))
    assert numbers(server) == [1]


def test_configuring_again_loses_nothing(configured: Configuring, server: Any) -> None:
    configured(linger=30)
    apitrail.record(exchange(1))
    configured()
    apitrail.record(exchange(2))
    assert apitrail.flush(10)
    assert numbers(server) == [1, 2]


@pytest.mark.parametrize(
    ("owner", "name", "reason"),
    [
        (ProcessRecorder, "take", "capture_failed"),
        (worker.Queue, "put", "capture_failed"),
        (assembly.Assembler, "exchange", "capture_failed"),
        (assembly.Assembler, "encoded", "capture_failed"),
    ],
)
def test_whatever_of_ours_fails_is_counted_and_never_raised(
    configured: Configuring,
    server: Any,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    reason: str,
) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise RuntimeError("ours")

    configured()
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, broken)
        apitrail.record(exchange(1))
        apitrail.flush(2)
    assert apitrail.stats().losses == {reason: 1}
    apitrail.record(exchange(2))
    assert apitrail.flush(10)
    assert numbers(server) == [2]
    assert [(loss.reason, loss.count) for loss in server.losses] == [(reason, 1)]


@pytest.mark.parametrize("name", ["ship", "_judge"])
def test_a_shipper_that_fails_goes_on(
    configured: Configuring, server: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from apitrail.recorder.shipper import Shipper

    def broken(*_: object, **__: object) -> Any:
        raise RuntimeError("ours")

    configured()
    with monkeypatch.context() as patched:
        patched.setattr(Shipper, name, broken)
        apitrail.record(exchange(1))
        assert not apitrail.flush(0.3)
    assert apitrail.stats().losses["ship_failed"] >= 1
    if name == "ship":
        assert apitrail.flush(10)
        assert numbers(server) == [1]


def test_a_worker_that_fails_goes_on(
    configured: Configuring, server: Any, monkeypatch: pytest.MonkeyPatch, wait: Waiting
) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise RuntimeError("ours")

    configured()
    with monkeypatch.context() as patched:
        patched.setattr(spool.Spool, "add", broken)
        apitrail.record(exchange(1))
        wait(lambda: apitrail.stats().losses.get("worker_failed"))
    assert apitrail.flush(10)
    assert numbers(server) == [1]


def test_the_shippers_own_calls_are_not_recorded(configured: Configuring, server: Any) -> None:
    configured()
    apitrail.instrument("httpx", "requests")
    try:
        apitrail.record(exchange(1))
        assert apitrail.flush(10)
        assert apitrail.flush(10)
        assert apitrail.stats().spooled == 1
    finally:
        apitrail.uninstrument()


def test_the_key_of_fingerprints_is_the_same_for_all_with_one_token_or_one_spool(tmp_path: Path) -> None:
    by_token = {process._fingerprint_key("t0k3n", tmp_path / name) for name in "ab"}
    by_spool = {process._fingerprint_key(None, tmp_path / "c") for _ in range(3)}
    assert len(by_token) == len(by_spool) == 1
    assert by_token != by_spool
    assert process._fingerprint_key(None, tmp_path / "d") not in by_spool


SAYING = """
import apitrail, json, sys
from datetime import datetime, UTC
from apitrail import Exchange
def say(number):
    apitrail.record(Exchange(created_at=datetime.now(UTC), method="GET", url=f"http://platform.example/{number}"))
"""


def test_what_was_recorded_is_sent_at_the_interpreters_exit(program: Any, server: Any) -> None:
    program.run(SAYING + "for number in range(30): say(number)")
    assert numbers(server) == list(range(30))


def test_what_is_recorded_while_the_interpreter_exits_is_not_lost(program: Any, server: Any) -> None:
    program.run("import atexit\n" + SAYING + "atexit.register(say, 2)\nsay(1)")
    program.run("import atexit\natexit.register(lambda: say(4))\n" + SAYING + "say(3)")
    program.run(SAYING + "apitrail.flush(5)")
    assert numbers(server) == [1, 2, 3, 4]


def test_a_server_that_is_away_does_not_hold_up_the_exit_and_loses_nothing(program: Any, server: Any) -> None:
    program.run(
        SAYING
        + f"apitrail.configure(url='http://127.0.0.1:9', spool={str(program.folder / 'away')!r}, flush_at_exit=60)\n"
        + "say(1)"
    )
    again = {"APITRAIL_URL": "http://127.0.0.1:9", "APITRAIL_SPOOL": str(program.folder / "away")}
    program.environment.update(again)
    assert json.loads(program.run(SAYING + "apitrail.flush(0.1); print(apitrail.stats().waiting)")) == 1


def test_an_exit_by_an_exception_is_flushed_too(program: Any, server: Any) -> None:
    started = program.start(SAYING + "say(1); raise SystemExit(3)")
    out, err = started.communicate(timeout=60)
    assert (started.returncode, out, err) == (3, "", "")
    assert numbers(server) == [1]


def test_a_kill_after_a_second_loses_nothing(program: Any, server: Any, tmp_path: Path) -> None:
    # The server is away, so that what is proved is the spool.
    program.environment["APITRAIL_URL"] = ""
    killed = program.start(
        SAYING
        + "import time\nfor number in range(50): say(number)\ntime.sleep(1); print('now', flush=True); time.sleep(60)"
    )
    assert killed.stdout.readline() == "now\n"
    killed.kill()
    killed.communicate()
    program.environment["APITRAIL_URL"] = server.url
    program.run(SAYING + "assert apitrail.flush(10)")
    assert numbers(server) == list(range(50))


def test_two_processes_that_share_a_spool_send_everything_once(program: Any, server: Any) -> None:
    both = [
        program.start(
            SAYING + f"import time\nfor number in range({first}, {first + 100}): say(number); time.sleep(0.001)"
        )
        for first in (0, 100)
    ]
    for one in both:
        _, err = one.communicate(timeout=60)
        assert (one.returncode, err) == (0, "")
    program.run(SAYING + "assert apitrail.flush(10)")
    assert numbers(server) == list(range(200))
    assert len(server.received) == 200


def test_a_forked_child_records_on_its_own_and_its_parent_goes_on(program: Any, server: Any) -> None:
    program.run(
        SAYING
        + """
import os, time
say(0)
assert apitrail.flush(10)
say(1)
child = os.fork()
if child == 0:
    say(2)
    assert apitrail.flush(10)
    assert apitrail.stats().spooled == 1
    sys.exit(0)
say(3)
assert os.waitpid(child, 0)[1] == 0
assert apitrail.flush(10)
"""
    )
    assert numbers(server) == [0, 1, 2, 3]
    assert len(server.received) == 4
    by_recorder: dict[str, list[int]] = {}
    for one in server.stored.values():
        by_recorder.setdefault(one.recorder.id, []).append(one.recorder.sequence)
    assert sorted(sorted(sequences) for sequences in by_recorder.values()) == [[1], [1, 2, 3]]


def test_forking_while_threads_record_neither_hangs_nor_loses(program: Any, server: Any) -> None:
    program.run(
        SAYING
        + """
import os, threading, time
apitrail.configure()
stop = threading.Event()
count = 0
def saying():
    global count
    while not stop.is_set():
        say(count); count += 1
        time.sleep(0.0005)
thread = threading.Thread(target=saying); thread.start()
children = []
for number in range(10):
    child = os.fork()
    if child == 0:
        stop.set()
        say(100000 + number)
        assert apitrail.flush(20)
        os._exit(0)
    children.append(child)
    time.sleep(0.02)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
stop.set(); thread.join()
assert apitrail.flush(20)
say(200000 + count)
"""
    )
    found = numbers(server)
    total = next(number - 200000 for number in found if number >= 200000)
    assert found == [*range(total), *range(100000, 100010), 200000 + total]


def test_a_child_of_multiprocessing_is_flushed_when_it_ends(program: Any, server: Any) -> None:
    program.run(
        SAYING
        + """
import multiprocessing
say(0)
context = multiprocessing.get_context("fork")
workers = [context.Process(target=say, args=(number,)) for number in (1, 2, 3)]
for worker in workers: worker.start()
for worker in workers: worker.join()
"""
    )
    program.run(SAYING + "assert apitrail.flush(10)")
    assert numbers(server) == [0, 1, 2, 3]
