"""When the recorder's thread works: not while calls begin and end, and in time all the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from apitrail.recorder import pace
from apitrail.recorder.body import Gauge
from apitrail.recorder.pace import Pace


class Calling:
    """Calls that begin and end without a pause, until they are told to end."""

    def __init__(self) -> None:
        self.ended_ns = 0

    @property
    def at(self) -> int:
        return self.ended_ns or time.perf_counter_ns()

    def end(self) -> None:
        self.ended_ns = time.perf_counter_ns()


@pytest.fixture
def calling(monkeypatch: pytest.MonkeyPatch) -> Calling:
    made = Calling()
    monkeypatch.setattr(pace, "pulse", made)
    return made


def made(waiting: int = 0) -> Pace:
    return Pace(Gauge(1000), lambda: waiting)


def waited(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_work_begins_at_once_where_it_is_quiet() -> None:
    pace.pulse.at = time.perf_counter_ns() - 2 * pace.QUIET_NS
    assert waited(lambda: made().begins(time.perf_counter_ns())) < pace.LOOK_S


def test_work_waits_for_the_end_of_a_burst(calling: Calling) -> None:
    threading.Timer(0.1, calling.end).start()
    assert 0.05 < waited(lambda: made().begins(time.perf_counter_ns())) < pace.IN_TIME_S / 2


def test_what_waits_is_begun_in_time_though_calls_never_pause(calling: Calling) -> None:
    over = time.perf_counter_ns()
    made().begins(over)
    assert pace.IN_TIME_S - 0.1 < (time.perf_counter_ns() - over) / 1e9 < pace.IN_TIME_S + 0.15


def test_much_that_waits_is_begun_the_earlier(calling: Calling) -> None:
    many = int(pace.IN_TIME_S / pace.COST_S / pace.SLOWER) + 1
    assert waited(lambda: made(many).begins(time.perf_counter_ns())) < pace.IN_TIME_S / 2


def test_somebody_in_a_hurry_ends_every_wait(calling: Calling) -> None:
    kept = made()
    threading.Timer(0.1, kept.hurry, [True]).start()
    assert waited(lambda: kept.begins(time.perf_counter_ns())) < pace.IN_TIME_S / 2
    assert waited(lambda: kept.begins(time.perf_counter_ns())) < pace.LOOK_S


def test_only_a_turn_that_was_long_is_interrupted(calling: Calling) -> None:
    kept = made()
    calling.ended_ns = 1  # quiet
    kept.begins(time.perf_counter_ns())
    kept.gather(0)
    calling.ended_ns = 0
    assert waited(kept.breathe) < pace.LOOK_S
    threading.Timer(2 * pace.LOOK_S, calling.end).start()
    time.sleep(2 * pace.TURN_S)
    assert waited(kept.breathe) >= pace.LOOK_S


def test_full_memory_is_a_hurry(calling: Calling) -> None:
    gauge = Gauge(1000)
    gauge.bytes = 501
    kept = Pace(gauge, lambda: 0)
    assert waited(lambda: kept.begins(time.perf_counter_ns())) < pace.LOOK_S
    time.sleep(2 * pace.TURN_S)
    assert waited(kept.breathe) < pace.LOOK_S
