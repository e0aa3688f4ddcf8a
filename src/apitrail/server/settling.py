"""The thread that looks for what two servers stored at once, where several write to one log."""

from __future__ import annotations

import logging
import threading

from apitrail.store import Store, StoreError

log = logging.getLogger("apitrail.server")

EVERY_S = 10.0


class Settler:
    """Looks in a thread of its own, until `close`. Where no other server writes to the log there is none."""

    def __init__(self, store: Store, *, every: float = EVERY_S) -> None:
        self._store = store
        self._every = every
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="apitrail-settler", daemon=True)
        if store.shared:
            self._thread.start()

    def close(self) -> None:
        """Ends the thread. What it has not looked at yet is left to the store's own end."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        failed = False
        self._store.look_back()
        while not self._closed.wait(self._every):
            try:
                removed = self._store.settle()
            except StoreError as error:
                if not failed:
                    log.warning("whether entries were stored twice cannot be looked at, and is tried again: %s", error)
                failed = True
                continue
            except Exception:
                log.exception("whether entries were stored twice could not be looked at")
                continue
            failed = False
            if removed:
                log.info("removed %d copies of entries that two servers had stored at once", removed)
