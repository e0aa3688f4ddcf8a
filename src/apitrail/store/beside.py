"""Two questions at once, where neither needs the other's answer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

One = TypeVar("One")
Other = TypeVar("Other")

THREADS = 4
"""As many second questions at a time. Others wait; none of them waits for another, so all come to their turn."""


class Beside:
    """A few threads, made when they are first needed."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="apitrail-beside")

    def both(self, one: Callable[[], One], other: Callable[[], Other]) -> tuple[One, Other]:
        """What both answer, or raise: the first in this thread, the second meanwhile. Both are over on return."""
        try:
            second = self._threads.submit(other)
        except RuntimeError:  # closed: the store, too, which says so itself
            return one(), other()
        try:
            first = one()
        finally:
            wait([second])
        return first, second.result()

    def close(self) -> None:
        """Wait for what runs."""
        self._threads.shutdown()
