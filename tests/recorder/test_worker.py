"""The queue's promise to its callers, and what the worker does with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import apitrail
from apitrail.exchange import Exchange
from apitrail.recorder import capture
from apitrail.recorder.capture import Capture
from apitrail.recorder.process import ProcessRecorder
from apitrail.recorder.worker import WEIGHT, Queue


def test_an_exchange_larger_than_the_limit_is_taken_when_there_is_room_without_it(
    configured: Callable[..., ProcessRecorder], server: Any
) -> None:
    configured(in_flight_limit=10_000, body_limit=100_000, body_edge=10)
    made = Capture("test", "POST", "http://x/")
    made.sends(b"x" * 50_000)
    made.finish()
    assert apitrail.flush(10)
    (stored,) = server.stored.values()
    assert stored.request.body == b"x" * 50_000


def test_a_body_over_its_limit_leaves_the_memory_to_calls_beside_it(
    configured: Callable[..., ProcessRecorder], server: Any
) -> None:
    recorder = configured(in_flight_limit=200_000, body_limit=50_000, body_edge=1_000)
    upload = Capture("test", "PUT", "http://x/picture")
    upload.sends(b"x" * 10_000_000)
    assert recorder.gauge.bytes <= 2_000
    Capture("test", "GET", "http://x/order").finish()
    upload.finish()
    assert apitrail.flush(10)
    beside, stored = server.stored.values()
    assert (beside.url, stored.request.size) == ("http://x/order", 10_000_000)
    assert stored.request.sha256 == hashlib.sha256(b"x" * 10_000_000).hexdigest()
    assert apitrail.stats().losses == {}


def test_what_was_spooled_is_no_longer_held_in_memory(configured: Callable[..., ProcessRecorder], server: Any) -> None:
    recorder = configured()
    made = Capture("test", "POST", "http://x/")  # which a response may refer to, that the host keeps
    made.sends(b"x" * 50_000)
    made.answered(200, [])
    made.received(b"y" * 1_000)
    made.finish()
    assert recorder.gauge.bytes == 51_000
    assert apitrail.flush(10)
    assert recorder.gauge.bytes == 0
    del made
    assert recorder.gauge.bytes == 0


def test_what_was_dropped_is_no_longer_held_in_memory(configured: Callable[..., ProcessRecorder], server: Any) -> None:
    recorder = configured(in_flight_limit=10_000, linger=30)
    kept = [Capture("test", "POST", f"http://x/{number}") for number in range(9)]
    for made in kept:
        made.sends(b"x" * 5_000)
        made.finish()
    dropped = apitrail.stats().losses["in_flight_full"]
    assert recorder.gauge.bytes == (9 - dropped) * 5_000


def test_the_queue_counts_what_an_exchange_weighs_beside_its_bodies() -> None:
    queue = Queue(limit=5 * WEIGHT)
    one = Exchange(created_at=datetime.now(UTC), method="GET", url="x")
    assert [queue.put(one) for _ in range(8)] == [True] * 6 + [False] * 2


def test_a_capture_is_handed_over_once(configured: Callable[..., ProcessRecorder], server: Any) -> None:
    configured()
    made = Capture("test", "GET", "http://x/")
    made.finish()
    made.finish(incomplete=True)
    made.failed(ValueError("late"))
    assert apitrail.flush(10)
    (stored,) = server.stored.values()
    assert stored.error is None
    assert apitrail.stats().spooled == 1


def test_a_name_of_an_error_is_as_its_users_import_it() -> None:
    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    assert capture.described(ValueError("why")) == ("ValueError", "why")
    assert capture.described(TimeoutError()) == ("TimeoutError", "TimeoutError()")
    assert capture.described(Silent())[1] == ""
