"""How long calls usually take, remembered: asked of the log at most every few minutes, and never waited for long."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from datetime import timedelta

from apitrail.store import Store
from apitrail.store.model import StoreError, Usual

log = logging.getLogger("apitrail.server")

KEPT_S = 300.0
WAIT_S = 0.1
BACK = timedelta(hours=24)
"""Of the log, before its newest entry."""


class Durations:
    """What is usual of each platform and action. Any thread asks; one looks."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: Mapping[tuple[str, str], Usual] = {}
        self._until = 0.0
        self._starting = threading.Lock()

    def current(self) -> Mapping[tuple[str, str], Usual]:
        """What is known by now: nothing in the first moments, something of a few minutes ago later."""
        with self._starting:
            if time.monotonic() < self._until:
                return self._known
            self._until = time.monotonic() + KEPT_S
            looking = threading.Thread(target=self._look, name="apitrail-usual", daemon=True)
            looking.start()
        looking.join(WAIT_S)
        return self._known

    def _look(self) -> None:
        try:
            newest = self._store.span().newest
            self._known = {} if newest is None else self._store.usual(newest - BACK)
            if not self._known:
                self._until = 0.0  # a log that has just begun has more to tell soon
        except StoreError as error:
            log.warning("how long calls usually take is not known: %s", error)
