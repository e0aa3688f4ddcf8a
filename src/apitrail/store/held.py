"""What was read of the log, known for as long as nothing is written to it: by this process, where no other one does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Held(Generic[T]):
    """The last answer to one question, which is not None; none that is `kept` where others may write. Safe to call from
    many threads.
    """

    def __init__(self, *, kept: bool) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._writes = 0
        self._writing = 0
        self._answer: tuple[int, T] | None = None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """To be entered before anything is written that may change the answer, and left when it is over or failed."""
        with self._lock:
            self._writes += 1
            self._writing += 1
        try:
            yield
        finally:
            with self._lock:
                self._writing -= 1

    @property
    def known(self) -> T | None:
        """The answer, if nothing was written since."""
        with self._lock:
            return self._answer[1] if self._answer is not None and self._answer[0] == self._writes else None

    def get(self, ask: Callable[[], T]) -> T:
        """What `ask` says, or is known to say."""
        known = self.known
        if known is not None:
            return known
        with self._lock:
            writes, alone = self._writes, not self._writing
        answer = ask()
        with self._lock:
            # What is written while one asks may be in the answer or not.
            if self._kept and alone and self._writes == writes:
                self._answer = writes, answer
        return answer
