"""Whether work takes as long as its input is, told by growth: a slow machine, or a busy one, stretches both sides."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

SIZES = (5_000, 40_000, 320_000)
"""Characters of input, each eight times the one before. What grows in squares fails at the second, within seconds."""
RUNS = 4
"""Of which the quickest counts: other work can only make one slower."""


def assert_it_grows_as_its_input_does(made: Callable[[int], Callable[[], object]]) -> None:
    """`made(size)` gives the work on an input of that size."""
    gc.disable()
    try:
        for size in SIZES[1:]:
            most = 24 * min(map(_seconds, [made(size // 8)] * RUNS)) + 0.1  # in squares it would be 64 times as long
            assert any(_seconds(work) < most for work in [made(size)] * RUNS), (size, most)
    finally:
        gc.enable()


def _seconds(work: Callable[[], object]) -> float:
    """Processor time, of this thread alone."""
    began = time.thread_time()
    work()
    return time.thread_time() - began
