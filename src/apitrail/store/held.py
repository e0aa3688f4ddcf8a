"""What was read of the log, known for as long as nothing is written to it that changes it: by this process, where no
other one does.
"""

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
        self._answer: T | None = None

    @contextmanager
    def writing(self, after: Callable[[T], T | None] | None = None) -> Iterator[None]:
        """To be entered before anything is written that may change the answer, and left when it is over or failed.

        `after`: what the answer is then, made of the one before, which is given until then; nobody knows it where it
        failed. Without it there is none from the beginning.
        """
        with self._lock:
            self._writes += 1
            self._writing += 1
            if after is None:
                self._answer = None
        done = False
        try:
            yield
            done = True
        finally:
            with self._lock:
                self._writing -= 1
                if self._answer is not None:
                    self._answer = after(self._answer) if done and after is not None else None

    @property
    def known(self) -> T | None:
        """The answer, if it is known."""
        return self._answer

    def get(self, ask: Callable[[], T]) -> T:
        """What `ask` says, or is known to say."""
        with self._lock:
            known, writes, alone = self._answer, self._writes, not self._writing
        if known is not None:
            return known
        answer = ask()
        with self._lock:
            # What is written while one asks may be in the answer or not.
            if self._kept and alone and self._writes == writes:
                self._answer = answer
        return answer
