"""Calls that come to no end by themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import apitrail
from apitrail.recorder import calls, capture, unfinished
from apitrail.recorder.calls import Call
from apitrail.recorder.capture import Capture
from apitrail.recorder.clients.wire import Wire
from apitrail.recorder.process import ProcessRecorder

Configuring = Callable[..., ProcessRecorder]


def stream() -> Capture:
    made = Capture("test", "GET", "http://x/events")
    made.answered(200, [("Content-Type", "text/event-stream")])
    made.streams()
    made.received(b"data: 1\n\n")
    return made


def test_a_stream_that_falls_silent_becomes_an_entry_at_its_time(
    configured: Configuring, server: Any, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "STREAM_NS", 50_000_000)
    configured()
    made = stream()
    wait(lambda: server.stored)
    made.received(b"data: 2\n\n")
    made.finish()
    assert apitrail.flush(10)
    (stored,) = server.stored.values()
    assert (stored.response.body, stored.response.incomplete) == (b"data: 1\n\n", True)


def test_streams_that_have_ended_or_were_dropped_are_not_followed(configured: Configuring, server: Any) -> None:
    configured()
    ended, dropped = stream(), stream()
    assert 0 < (unfinished.end_streams() or 0) <= capture.STREAM_NS / 1e9
    ended.finish()
    del dropped
    assert unfinished.end_streams() is None


def test_a_capture_that_two_threads_finish_is_handed_over_once(configured: Configuring, server: Any) -> None:
    configured()
    for _ in range(50):
        made = stream()
        together = threading.Barrier(2)

        def finishing(made: Capture = made, together: threading.Barrier = together) -> None:
            together.wait(10)
            made.finish()

        threads = [threading.Thread(target=finishing) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert apitrail.flush(10)
    assert apitrail.stats().spooled == 50


def test_what_is_dropped_while_its_call_is_open_waits_for_what_the_host_gets(
    configured: Configuring, server: Any
) -> None:
    recorder = configured()
    call = Call("urllib3", None)
    dropped = Wire("urllib3", "POST", "http://x/", call)
    dropped.sends(b"label")
    del dropped
    calls.closed(call, TimeoutError("too late"))
    assert apitrail.flush(10)
    (stored,) = server.stored.values()
    assert (stored.request.body, stored.error.text) == (b"label", "too late")
    assert recorder.gauge.bytes == 0
