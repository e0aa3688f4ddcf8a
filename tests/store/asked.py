"""What a store asks of its engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from apitrail.store import Store
from apitrail.store.engine import Answer, Query


@contextmanager
def statements(store: Store) -> Iterator[list[Query]]:
    """What is asked meanwhile."""
    asked: list[Query] = []
    select = store.engine.select

    def noting(query: Query) -> Answer:
        asked.append(query)
        return select(query)

    store.engine.select = noting  # type: ignore[method-assign]
    try:
        yield asked
    finally:
        del store.engine.select
