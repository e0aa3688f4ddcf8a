"""What the whole log covers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apitrail.store.engine import Query
from apitrail.store.model import Span
from apitrail.store.times import instant

# Answered from the parts' own records (`created_at` is what the partitions are made of): no row is read.
SPAN = Query(
    "SELECT count(), toUnixTimestamp64Micro(min(created_at)), toUnixTimestamp64Micro(max(created_at)) FROM entries"
)


def read(rows: Sequence[Sequence[Any]]) -> Span:
    """The answer; an empty log has neither end."""
    count, oldest, newest = rows[0]
    return Span(count, instant(oldest), instant(newest)) if count else Span(0, None, None)
