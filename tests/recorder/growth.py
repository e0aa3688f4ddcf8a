"""Whether work takes as long as its input is, told by growth: a slow machine, or a busy one, stretches both sides."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

SMALL, LARGE = 40_000, 320_000
"""Characters of input."""
RUNS = 4
"""Of which the quickest counts: other work can only make one slower."""


def assert_it_grows_as_its_input_does(made: Callable[[int], Callable[[], object]]) -> None:
    """`made(size)` gives the work on an input of that size."""
    small, large = made(SMALL), made(LARGE)
    gc.disable()
    try:
        most = 24 * min(_seconds(small) for _ in range(RUNS)) + 0.1  # in squares it would be 64 times as long
        assert any(_seconds(large) < most for _ in range(RUNS)), most
    finally:
        gc.enable()


def _seconds(work: Callable[[], object]) -> float:
    """Processor time, of this thread alone."""
    began = time.thread_time()
    work()
    return time.thread_time() - began
