"""How long calls of an action usually take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apitrail.store.engine import Query
from apitrail.store.model import Usual
from apitrail.store.times import micros

LEAST = 20
"""Calls from which something usual is told."""


def usual(since: datetime) -> Query:
    """Rows: platform, action, median, the 95th of a hundred. Three columns of the range are read."""
    return Query(
        "SELECT ifNull(platform, ''), action, quantile(0.5)(duration_ms), quantile(0.95)(duration_ms) FROM entries"
        " WHERE created_at >= fromUnixTimestamp64Micro({since:Int64}) AND status IS NOT NULL"
        " GROUP BY platform, action HAVING count() >= {least:UInt32}",
        {"since": micros(since), "least": LEAST},
    )


def read(rows: Sequence[Sequence[Any]]) -> dict[tuple[str, str], Usual]:
    """The answer, by platform (empty for none) and action."""
    return {(platform, action): Usual(median, high) for platform, action, median, high in rows}
