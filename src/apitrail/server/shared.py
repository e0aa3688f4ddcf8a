"""The shared views at hand for each page."""

from __future__ import annotations

import threading
import time

from apitrail.store import Store
from apitrail.store.model import View

REFRESH_S = 1.0
"""How long a view that another server kept may stay unnoticed."""


class SharedViews:
    """The views, read from the store at most once per `REFRESH_S`. Safe to call from many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: list[View] = []
        self._read_at: float | None = None

    def current(self) -> list[View]:
        """All of them. Raises StoreError."""
        with self._lock:
            if self._read_at is None or time.monotonic() - self._read_at > REFRESH_S:
                began = time.monotonic()
                self._known = self._store.views()
                self._read_at = began
            return self._known

    def forget(self) -> None:
        """Read anew on the next use: something was changed here."""
        with self._lock:
            self._read_at = None
