"""Numbers that have not come, remembered: asked of the log again and again, and waited for at most once.

To find them every entry's number is looked at. So it is done beside the pages, and the longer it takes, the more
rarely. A late arrival closes its gap with the next look.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from apitrail.server.backlogs import Backlogs
from apitrail.store import Store
from apitrail.store.model import RecorderRow, StoreError

log = logging.getLogger("apitrail.server")

BACK = timedelta(days=31)
KEPT_LEAST_S = 1.0
SHARE = 20
"""A look takes one part in so many of the time."""
WAIT_S = 0.1


class Missing:
    """The recorders of which numbers are missing. Any thread asks; one looks."""

    def __init__(self, store: Store, backlogs: Backlogs) -> None:
        self._store = store
        self._backlogs = backlogs
        self._known: Sequence[RecorderRow] | None = None
        self._until = 0.0
        self._starting = threading.Lock()
        self._looking: threading.Thread | None = None

    def current(self) -> Sequence[RecorderRow]:
        """Those that are known by now, each with its newest gaps and with what its host has still to send."""
        with self._starting:
            looking = self._looking
            if looking is None and time.monotonic() >= self._until:
                self._looking = looking = threading.Thread(target=self._look, name="apitrail-missing", daemon=True)
                looking.start()
        if looking is not None and self._known is None:
            looking.join(WAIT_S)
        return self._backlogs.beside(self._known or ())

    def _look(self) -> None:
        began = time.monotonic()
        try:
            self._known = self._store.missing(datetime.now(UTC) - BACK)
        except StoreError as error:
            log.warning("which numbers of recorders are missing is not known: %s", error)
        finally:
            now = time.monotonic()
            self._until = now + max(KEPT_LEAST_S, SHARE * (now - began))
            self._looking = None
