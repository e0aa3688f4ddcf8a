"""The recorder of a process: the way from a call to the server, limits, and what never fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.recorder.conftest import until

import apitrail
from apitrail.exchange import Exchange, Message
from apitrail.recorder import assembly, lifetime, shipper, spool, threads, worker
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


def test_where_no_thread_can_begin_the_next_exchange_tries_again(
    configured: Configuring, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured()
    tried = []

    def start(work: Any, name: str) -> None:
        tried.append(name)
        if len(tried) in (1, 3):  # of the shipper's, too, once the worker's has begun
            raise RuntimeError("can't start new thread")
        threads.start(work, name)

    monkeypatch.setattr(worker, "start", start)
    monkeypatch.setattr(shipper, "start", start)
    for number in range(3):
        apitrail.record(exchange(number))
    assert tried == ["apitrail-worker", "apitrail-worker", "apitrail-shipper", "apitrail-shipper"]
    assert apitrail.flush(10)
    assert (numbers(server), apitrail.stats().losses) == ([0, 1, 2], {})


def test_a_child_of_a_fork_that_python_is_not_told_of_records_on_its_own(
    configured: Configuring, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So uWSGI makes its workers, from an application that may have made calls already: the threads stay behind.
    recorder = configured()
    apitrail.record(exchange(0))
    assert apitrail.flush(10)
    parent, before = recorder.identity.id, recorder._worker
    monkeypatch.setattr(lifetime, "_pid", 0)  # as the child finds it
    apitrail.record(exchange(1))
    assert apitrail.flush(10)
    assert (apitrail.stats().spooled, numbers(server)) == (1, [0, 1])
    told = {one.recorder.id: one.recorder.sequence for one in server.stored.values()}
    assert told == {parent: 1, recorder.identity.id: 1}
    assert (len(told), recorder._worker is before) == (2, False)


def test_sequence_numbers_of_one_recorder_have_no_holes(configured: Configuring, server: Any) -> None:
    recorder = configured()
    calling = [
        threading.Thread(target=lambda: [apitrail.record(exchange(number)) for number in range(50)]) for _ in range(4)
    ]
    for thread in calling:
        thread.start()
    for thread in calling:
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


@pytest.mark.parametrize("url", [True, False], ids=["sent", "spooled"])
def test_flush_says_yes_while_other_threads_go_on_recording(configured: Configuring, server: Any, url: bool) -> None:
    configured(**({} if url else {"url": None}))
    ended = threading.Event()

    def going_on() -> None:
        while not ended.wait(0.0005):
            apitrail.record(exchange())

    others = [threading.Thread(target=going_on) for _ in range(2)]
    for other in others:
        other.start()
    try:
        assert [apitrail.flush(30) for _ in range(20)] == [True] * 20
    finally:
        ended.set()
        for other in others:
            other.join()


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
    configured(url=None, spool_limit=50_000)  # what is being sent is not dropped
    for number in range(20):
        apitrail.record(exchange(number, size=10_000))
    assert apitrail.flush(10)
    assert apitrail.stats().losses == {"spool_full": 20 - apitrail.stats().waiting}
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


def test_while_the_spool_cannot_be_written_exchanges_are_sent_from_memory(
    configured: Configuring, server: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spool").write_text("in the way")
    configured()
    for number in range(3):
        apitrail.record(exchange(number))
        assert apitrail.flush(10)
    assert numbers(server) == [0, 1, 2]
    [said] = [one.getMessage() for one in caplog.records]
    assert apitrail.stats().losses == {}
    assert f"spool is '{tmp_path / 'spool'}', set it by configure(spool=…) or APITRAIL_SPOOL" in said


def test_flush_waits_for_what_is_sent_from_memory_beside_a_spool_that_another_user_has_made(
    configured: Configuring, server: Any, tmp_path: Path
) -> None:
    settings = configured().settings
    spool.spool_path(tmp_path / "spool", settings.url).mkdir(parents=True)  # as little to be opened as theirs
    server.replies.append((503, b"", {}))
    apitrail.record(exchange(1))
    assert not apitrail.flush(20)  # what is in the spool is not known
    assert numbers(server) == [1]


def test_what_waits_in_memory_goes_to_the_spool_once_that_can_be_written(
    configured: Configuring, tmp_path: Path, wait: Waiting
) -> None:
    (tmp_path / "spool").write_text("in the way")
    configured(url=None)
    apitrail.record(exchange(1))
    assert not apitrail.flush(5)
    assert (apitrail.stats().in_flight, apitrail.stats().spooled) == (1, 0)
    (tmp_path / "spool").unlink()
    wait(lambda: apitrail.flush(5))
    stats = apitrail.stats()
    assert (stats.in_flight, stats.spooled, stats.waiting) == (0, 1, 1)


def test_memory_in_place_of_the_spool_is_bounded_and_what_goes_is_told_to_the_server(
    configured: Configuring, server: Any, tmp_path: Path, wait: Waiting
) -> None:
    (tmp_path / "spool").write_text("in the way")
    server.replies += [(503, b"", {})] * 2
    recorder = configured(in_flight_limit=40_000)
    for number in range(20):
        apitrail.record(exchange(number, size=1000))
        wait(recorder.queue.items.empty)
    wait(lambda: apitrail.flush(10))
    assert 0 < len(server.stored) < 20
    # A flush waits for exchanges: the last that went may be told a moment later, by itself.
    wait(lambda: sum(loss.count for loss in server.losses) == 20 - len(server.stored))
    assert {loss.reason for loss in server.losses} == {"spool_unusable"}
    assert numbers(server) == list(range(20 - len(server.stored), 20))


def test_configuring_again_loses_nothing_and_leaves_no_thread(configured: Configuring, server: Any) -> None:
    others = set(threading.enumerate())
    configured(linger=30)
    apitrail.record(exchange(1))
    begun = {thread for thread in set(threading.enumerate()) - others if thread.name.startswith("apitrail-")}
    configured()
    apitrail.record(exchange(2))
    assert apitrail.flush(10)
    assert numbers(server) == [1, 2]
    until(lambda: not any(thread.is_alive() for thread in begun))
    assert len(begun) == 2


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
    configured: Configuring, server: Any, monkeypatch: pytest.MonkeyPatch, wait: Waiting, name: str
) -> None:
    from apitrail.recorder.shipper import Shipper

    def broken(*_: object, **__: object) -> Any:
        raise RuntimeError("ours")

    configured()
    with monkeypatch.context() as patched:
        patched.setattr(Shipper, name, broken)
        apitrail.record(exchange(1))
        assert not apitrail.flush(0.3)
        wait(lambda: apitrail.stats().losses.get("ship_failed"))
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
