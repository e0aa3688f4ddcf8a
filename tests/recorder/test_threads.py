"""Programs that replace threads, locks and sleeping by their own (gevent, eventlet), before they use us or after."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.recorder.test_exit_and_fork import SAYING, numbers

from apitrail.recorder import threads
from apitrail.recorder.threads import Event, start, waited

REPLACED = """
import _thread, queue, threading, time
slept, natural = [], time.sleep
def theirs(place, name):
    original = getattr(place, name)
    def greenlets(*args, **kwargs):
        assert not sys._getframe(1).f_globals["__name__"].startswith("apitrail."), name
        return original(*args, **kwargs)
    setattr(place, name, greenlets)
def nap(seconds):
    slept.append(threading.get_ident())
    natural(seconds)
def replace():
    for name in ("start_new_thread", "allocate_lock"):
        theirs(_thread, name)
    for name in ("Lock", "RLock", "Event", "Condition", "Thread"):
        theirs(threading, name)
    theirs(queue, "SimpleQueue")
    time.sleep = nap
"""
SWITCHED_ON = SAYING + "apitrail.configure()\n"


@pytest.mark.parametrize(
    "order",
    [
        SWITCHED_ON + REPLACED + "replace()\nsay(1)\n",
        SWITCHED_ON + REPLACED + "say(1)\nreplace()\n",
        SWITCHED_ON
        + REPLACED
        + "import os\nif os.fork(): os._exit(os.waitstatus_to_exitcode(os.wait()[1]))\nreplace()\nsay(1)\n",
    ],
    ids=["before the first call", "after the first call", "in a forked worker"],
)
def test_threads_that_a_program_replaces_are_not_ours(program: Any, server: Any, order: str) -> None:
    program.run(order + "say(2)\nassert apitrail.flush(10)\nassert set(slept) <= {threading.get_ident()}")
    assert numbers(server) == [1, 2]


def test_who_waits_for_a_flush_lets_its_other_greenlets_go_on(program: Any, server: Any) -> None:
    program.run(SWITCHED_ON + REPLACED + "replace()\nsay(1)\nassert apitrail.flush(10)\nassert slept")
    assert numbers(server) == [1]


def test_an_event_lets_go_all_who_wait_for_it() -> None:
    event = Event()
    over: threads.SimpleQueue[bool] = threads.SimpleQueue()
    for _ in range(3):
        start(lambda: over.put(event.wait(10)), "waiting")
    assert not event.wait(0.02)
    event.set()
    assert [over.get(timeout=10) for _ in range(3)] == [True] * 3
    assert waited(event, 0)
    event.clear()
    began = time.monotonic()
    assert not waited(event, 0.02)
    assert time.monotonic() - began >= 0.02
