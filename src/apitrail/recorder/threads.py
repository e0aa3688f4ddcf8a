"""Threads, locks and waiting as the operating system has them, whatever stands in their place by now.

gevent and eventlet replace those of the standard library by greenlets, in which our work would stop the host's loop.
They do so before we are imported, or after (gunicorn's `-k gevent --preload`): then one half of what we hold is the
system's and the other theirs, and a greenlet that waits for the system's queue stops the whole process. So what runs
in the background takes everything from here, and never from `threading`, `queue` and `time`.

Who waits in a thread of the host's (`flush`) waits as the host does: `waited`.
"""

from __future__ import annotations

import _queue
import _thread
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

Empty = _queue.Empty
SimpleQueue = _queue.SimpleQueue
POLL_S = 0.005
"""How often a host's greenlet looks whether what it waits for has come."""
STOP_S = 0.5
"""How long a thread is waited for that has been told to end: it may be waiting for the server."""


def _original(module: str, name: str) -> Any:
    """A part of the standard library as it was before anybody replaced it."""
    gevent, eventlet = sys.modules.get("gevent.monkey"), sys.modules.get("eventlet.patcher")
    if gevent is not None:
        return gevent.get_original(module, name)
    if eventlet is not None:
        return getattr(eventlet.original(module), name)
    return getattr(sys.modules[module], name)


# Once, here: who replaces them later does not change what we have.
Lock = _original("_thread", "allocate_lock")
RLock = _original("_thread", "RLock")
sleep = _original("time", "sleep")
_begin = _original("_thread", "start_new_thread")


def start(work: Callable[[], None], name: str) -> Callable[[float], None]:
    """Run it in a thread that the interpreter's end does not wait for. Returns what waits for its end, for so many
    seconds at most: until the interpreter holds nothing of it any more, which no event could say."""
    if _thread.start_new_thread is _begin:
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        return thread.join
    over = Event()

    def working() -> None:
        try:
            work()
        finally:
            over.set()

    def join(seconds: float) -> None:
        over.wait(seconds)

    _begin(working, ())
    return join


class Event:
    """As threading.Event, of the locks above."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._is_set = False
        self._waiting: list[Any] = []
        """A locked lock for each who waits."""

    def is_set(self) -> bool:
        """Whether it has happened."""
        return self._is_set

    def set(self) -> None:
        """It has happened: let go all who wait."""
        with self._lock:
            self._is_set = True
            waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.release()

    def clear(self) -> None:
        """It has not happened."""
        with self._lock:
            self._is_set = False

    def wait(self, timeout: float) -> bool:
        """Until it happens; False after so many seconds."""
        mine = Lock()
        mine.acquire()
        with self._lock:
            if self._is_set:
                return True
            self._waiting.append(mine)
        if mine.acquire(True, max(timeout, 0)):
            return True
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
            return self._is_set


def waited(event: Event, timeout: float) -> bool:
    """The same for a thread of the host's, whose other greenlets go on meanwhile where it has any."""
    if time.sleep is sleep:
        return event.wait(timeout)
    deadline = time.monotonic() + timeout
    while not event.is_set():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_S)
    return True
