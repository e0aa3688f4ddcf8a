"""How far the downloads are that run, for the page that began them: kept in memory, of the latest alone."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Literal, TypeVar

from msgspec import Struct

KEY = re.compile(r"[A-Za-z0-9-]{8,64}")
"""What names a download: whoever begins it makes it up."""
MOST = 200

Row = TypeVar("Row")


class Export(Struct):
    """One download."""

    entries: int = 0
    """How many entries were read for it so far."""
    state: Literal["unknown", "running", "done", "broken"] = "running"
    """`unknown`: no download with this name was started here. `broken`: either side ended it before it was complete."""


class Exports:
    """Those begun last. Any thread may use it."""

    def __init__(self) -> None:
        self._known: dict[str, Export] = {}
        self._changing = threading.Lock()

    def current(self, key: str) -> Export:
        return self._known.get(key) or Export(0, "unknown")

    def told(self, key: str, rows: Iterator[Row]) -> Iterator[Row]:
        """The rows as they come, counted."""
        export = Export()
        with self._changing:
            self._known.pop(key, None)
            self._known[key] = export
            if len(self._known) > MOST:
                del self._known[next(iter(self._known))]
        return _counted(export, rows)


def _counted(export: Export, rows: Iterator[Row]) -> Iterator[Row]:
    try:
        for row in rows:
            yield row
            export.entries += 1
    except BaseException:  # whoever reads it went away, too
        export.state = "broken"
        raise
    export.state = "done"
