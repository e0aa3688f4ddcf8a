"""The backups of one log that are being made: each is kept (see `backup`) as soon as the engine has made it, whether or
not anybody still asks how far it is.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from msgspec import structs

from apitrail.store import backup
from apitrail.store.backup import Place, Progress
from apitrail.store.engine import Engine
from apitrail.store.model import BadPlace, StoreError

_POLL_S = 0.2


class Backups:
    """Safe to call from many threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: dict[str, Future[None]] = {}

    def begin(
        self, where: Place, *, full: bool, at: datetime | None, writes_off: AbstractContextManager[Any]
    ) -> tuple[str, str]:
        """Its (engine's id, name): see `backup.prepare` and `begin`. Writes go on while the place is looked at."""
        ready = backup.prepare(self._engine, where, full=full, at=at)
        name = ready.name
        with writes_off:
            identity = backup.begin(self._engine, ready)
        kept = self._kept[identity] = Future()
        threading.Thread(
            target=self._keep, args=(where, identity, name, kept), name="apitrail-backup", daemon=True
        ).start()
        return identity, name

    def progress(self, identity: str, name: str) -> Progress:
        """See `backup.progress`. It is done when it is kept. Raises StoreError, too, where that failed."""
        state = backup.progress(self._engine, identity, name)
        kept = self._kept.get(identity)
        if kept is None or not state.done:
            return state
        if kept.done():
            kept.result()
        return structs.replace(state, done=kept.done())

    def _keep(self, where: Place, identity: str, name: str, kept: Future[None]) -> None:
        try:
            while not backup.progress(self._engine, identity, name).done:
                time.sleep(_POLL_S)
            where.keep(name)
        except OSError as error:
            reason = error.strerror or str(error)
            kept.set_exception(BadPlace(f"{where}/{name}: the backup cannot be kept ({reason}). See to that disk"))
        except StoreError as error:
            kept.set_exception(error)
        else:
            kept.set_result(None)
