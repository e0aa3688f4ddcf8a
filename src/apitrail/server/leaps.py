"""Whether the clock is to be believed: retention goes by it, and a clock that is put a year ahead would take the log.

The time of day is compared with the time since the machine started, suspended or not, which nobody can put forward
(clock_gettime(2), CLOCK_BOOTTIME; where there is none, time that is suspended counts as a leap). What the clock was at
the start is believed: there is nothing to compare it with.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

LEAP_S: Final = 86_400.0
"""The clock may go ahead by so much at once: zones, summer time and a correction by hand are less."""
HELD_S: Final = 86_400.0
"""So long nobody has put it back: then it is right."""


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Leaps:
    """Of one process. `wall` and `passed` tell seconds."""

    def __init__(self, wall: Callable[[], float] = time.time, passed: Callable[[], float] = _since_boot) -> None:
        self._wall = wall
        self._passed = passed
        self._apart = wall() - passed()
        self._leapt_at: float | None = None

    def ahead(self) -> float:
        """By how many seconds the clock has leapt ahead and is not believed yet; 0 where it is."""
        passed = self._passed()
        apart = self._wall() - passed
        if apart - self._apart <= LEAP_S:
            # Put right by the network's time, little by little or back.
            self._apart, self._leapt_at = apart, None
            return 0.0
        if self._leapt_at is None:
            self._leapt_at = passed
        if passed - self._leapt_at >= HELD_S:
            self._apart, self._leapt_at = apart, None
            return 0.0
        return apart - self._apart
