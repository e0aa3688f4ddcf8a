"""Writes and removals of a log, for what is kept of it in memory: whether that is still what the log holds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Changes:
    """Those of this process, where no other one writes to the log. Its fields are read under `lock`, with what they are
    to be compared with.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.number = 0
        """How many began or ended. What was read while it stayed the same, and none was under way, is the log's."""
        self.under_way = 0
        """Writes."""
        self._removing = 0
        self._in_doubt = False
        """Whether the last write failed. What it left is put right by the next one, whose times are others."""

    @property
    def uncertain(self) -> bool:
        """Whether nobody can say just now what the log holds."""
        return self._removing > 0 or self._in_doubt

    @contextmanager
    def writing(self, after: Callable[[bool], None]) -> Iterator[None]:
        """To be entered before a write begins, and left when it is over. `after` is then called under the lock: with
        whether what was to be written is what the log has got.
        """
        with self.lock:
            self.number += 1
            self.under_way += 1
        done = False
        try:
            yield
            done = True
        finally:
            with self.lock:
                self.number += 1
                self.under_way -= 1
                after(done and not self._in_doubt)
                self._in_doubt = not done

    @contextmanager
    def removing(self, after: Callable[[], None]) -> Iterator[None]:
        """The same for a removal of any entries."""
        with self.lock:
            self.number += 1
            self._removing += 1
        try:
            yield
        finally:
            with self.lock:
                self.number += 1
                self._removing -= 1
                after()
