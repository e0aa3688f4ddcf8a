"""When the recorder's thread works: while no call begins or ends, and in time all the same.

A thread that computes makes the others wait for the interpreter lock each time they come back from the network. Masking
costs ten times what capturing does, so where it happens is what a caller feels of it. Three rules:

- work in turns of some `TURN_S`, and after each let go of the lock for good, not only for a moment;
- work while it is quiet: no call has begun or ended for `QUIET_S`. A call that waits for a platform is quiet, too;
- what was handed over is in the spool `IN_TIME_S` later. A program that calls without a pause is never quiet: then the
  work begins as late as its amount allows, and goes on until it has caught up.

So a burst of calls meets no work of ours, nor do calls with pauses between them; a flood meets it part of the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from apitrail.recorder.body import Gauge
from apitrail.recorder.threads import Event, sleep

TURN_S = 0.000_1
LATE_TURN_S = 0.001
QUIET_NS = 2_000_000
LOOK_S = 0.02
"""How often it is looked whether it is quiet."""
IN_TIME_S = 0.8
CAUGHT_UP_S = 0.1
LETTING_GO_S = 0.000_1
"""So long takes a thread that waits for the lock to awake: after a shorter sleep we would have it again before."""
SLOWER = 1.5
"""Work takes longer while the callers go on."""
COST_S = 0.000_2
"""Of one exchange, until some have been measured."""


class Pulse:
    """When a call last began or ended in this process, by `time.perf_counter_ns`. Set by captures."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = 0


pulse = Pulse()


class Pace:
    """Keeps one worker's turns."""

    def __init__(self, gauge: Gauge, waiting: Callable[[], int]) -> None:
        self._gauge = gauge
        self._waiting = waiting
        """How many exchanges are queued."""
        self._called = Event()
        self._hurry = 0
        self._turn_began = 0.0
        self._began = 0.0
        self._rested = 0.0
        self._cost = COST_S
        self._oldest_ns = 0
        self._late = False

    def hurry(self, on: bool) -> None:
        """Somebody waits for what is queued."""
        self._hurry += 1 if on else -1
        if on:
            self._called.set()

    def gather(self, seconds: float) -> None:
        """Wait so long for more to come, unless somebody is in a hurry, or memory fills up."""
        if not self._pressed():
            self._called.wait(seconds)
        self._called.clear()
        self._turn_began = time.perf_counter()

    def begins(self, over_ns: int) -> None:
        """Work on an exchange begins, whose call was over then; 0 where that is not known."""
        if not self._oldest_ns or over_ns < self._oldest_ns:
            self._oldest_ns = over_ns
        self._until_quiet()
        self._began = time.perf_counter()
        self._rested = 0.0

    def ends(self) -> None:
        """It is done, not yet spooled."""
        self._cost += (time.perf_counter() - self._began - self._rested - self._cost) / 16
        self.breathe()

    def spooled(self) -> None:
        """All that was worked on is in the spool."""
        self._oldest_ns = 0

    def breathe(self) -> None:
        """Rest, where this turn has been long enough. Called by who works for this thread, between pieces."""
        now = time.perf_counter()
        if now - self._turn_began <= (LATE_TURN_S if self._late else TURN_S):
            return
        if self._pressed():
            sleep(0)
        else:
            sleep(LETTING_GO_S)
            self._until_quiet()
        self._turn_began = time.perf_counter()
        self._rested += self._turn_began - now

    def _pressed(self) -> bool:
        """Whether somebody waits, or memory fills up."""
        return self._hurry > 0 or self._gauge.bytes > self._gauge.limit // 2

    def _until_quiet(self) -> None:
        while not self._pressed():
            now = time.perf_counter_ns()
            if now - pulse.at >= QUIET_NS:
                return
            age = (now - self._oldest_ns) / 1e9
            self._late = self._late and age > CAUGHT_UP_S
            # The oldest go first. Should all have come just now, the last of them must be in time, too.
            left = IN_TIME_S - max(age, self._waiting() * self._cost * SLOWER)
            if self._late or left <= 0:
                self._late = True
                return
            if self._called.wait(min(left, LOOK_S)):
                self._called.clear()
            self._turn_began = time.perf_counter()
