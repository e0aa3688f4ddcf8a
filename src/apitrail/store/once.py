"""Rows of entries, each once: an entry can stand twice for a while (see `twins`), and a failure's row at any time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from apitrail.store.engine import Engine, Query

Rows = list[Sequence[Any]]


def once(engine: Engine, ask: Callable[[int], Query], limit: int) -> Rows:
    """The first `limit` rows, each id (which stands first) once, of a question that is asked for at most so many."""
    asked = limit
    while True:
        rows = engine.select(ask(asked)).rows
        found: Rows = list({row[0]: row for row in rows}.values())
        if len(found) >= limit or len(rows) < asked:
            return found[:limit]
        asked *= 2
