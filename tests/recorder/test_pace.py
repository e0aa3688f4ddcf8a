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
from apitrail.recorder.threads import Event


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


class Looks(Event):
    """Counts how often one waits: what does not wait is told by that, not by a clock that other work stretches."""

    def __init__(self) -> None:
        super().__init__()
        self.many = 0
        self.then: Callable[[], None] = lambda: None
        """Done at each look."""

    def wait(self, timeout: float) -> bool:
        self.many += 1
        self.then()
        return super().wait(timeout)


def made(waiting: int = 0, gauge: Gauge | None = None) -> tuple[Pace, Looks]:
    kept, looks = Pace(gauge or Gauge(1000), lambda: waiting), Looks()
    kept._called = looks
    return kept, looks


def waited(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_work_begins_at_once_where_it_is_quiet() -> None:
    kept, looks = made()
    pace.pulse.at = time.perf_counter_ns() - 2 * pace.QUIET_NS
    kept.begins(time.perf_counter_ns())
    assert looks.many == 0


def test_work_waits_for_the_end_of_a_burst(calling: Calling) -> None:
    kept, looks = made()
    threading.Timer(0.1, calling.end).start()
    assert waited(lambda: kept.begins(time.perf_counter_ns())) > 0.05
    assert calling.ended_ns
    assert looks.many > 1


def test_what_waits_is_begun_in_time_though_calls_never_pause(calling: Calling) -> None:
    kept, looks = made()
    over = time.perf_counter_ns()
    kept.begins(over)
    assert (time.perf_counter_ns() - over) / 1e9 > pace.IN_TIME_S - 0.1
    assert looks.many <= pace.IN_TIME_S / pace.LOOK_S + 1


def test_much_that_waits_is_begun_the_earlier(calling: Calling) -> None:
    kept, looks = made(int(pace.IN_TIME_S / pace.COST_S / pace.SLOWER) + 1)
    kept.begins(time.perf_counter_ns())
    assert looks.many <= pace.IN_TIME_S / pace.LOOK_S / 2


def test_somebody_in_a_hurry_ends_every_wait(calling: Calling) -> None:
    kept, looks = made()
    threading.Timer(0.1, kept.hurry, [True]).start()
    kept.begins(time.perf_counter_ns())
    assert 0 < looks.many <= pace.IN_TIME_S / pace.LOOK_S / 2
    before = looks.many
    kept.begins(time.perf_counter_ns())
    assert looks.many == before


def test_only_a_turn_that_was_long_is_interrupted(calling: Calling, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, looks = made()
    calling.ended_ns = 1  # quiet
    kept.begins(time.perf_counter_ns())
    kept.gather(0)
    calling.ended_ns, looks.many = 0, 0
    with monkeypatch.context() as patched:
        patched.setattr(pace, "TURN_S", 60)
        kept.breathe()
    assert looks.many == 0
    time.sleep(2 * pace.TURN_S)
    looks.then = calling.end
    kept.breathe()
    assert looks.many > 0


def test_full_memory_is_a_hurry(calling: Calling) -> None:
    gauge = Gauge(1000)
    gauge.bytes = 501
    kept, looks = made(gauge=gauge)
    kept.begins(time.perf_counter_ns())
    time.sleep(2 * pace.TURN_S)
    kept.breathe()
    assert looks.many == 0
