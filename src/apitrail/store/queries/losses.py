"""What recorders said they had to give up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apitrail.store.engine import Query
from apitrail.store.model import LossRow
from apitrail.store.queries.where import Where
from apitrail.store.times import instant, micros

NEWEST = Query("SELECT toUnixTimestamp64Micro(max(last_at)) FROM losses")
"""When the last one ended; 1970 where there are none."""


def losses(since: datetime | None, until: datetime | None) -> Query:
    """Those whose time, from first to last, touches the range; newest first."""
    where = Where()
    if since is not None:
        where = where.also("last_at >= fromUnixTimestamp64Micro({since:Int64})", since=micros(since))
    if until is not None:
        where = where.also("first_at <= fromUnixTimestamp64Micro({until:Int64})", until=micros(until))
    return Query(
        "SELECT recorder, host, process, reason, count, toUnixTimestamp64Micro(first_at),"  # noqa: S608, constants only
        f" toUnixTimestamp64Micro(last_at), text FROM losses FINAL WHERE {where.text}"
        " ORDER BY last_at DESC, first_at DESC, recorder, reason",
        where.params,
    )


def read(rows: Sequence[Sequence[Any]]) -> list[LossRow]:
    """The answer."""
    return [
        LossRow(
            recorder=recorder,
            host=host,
            process=process,
            reason=reason,
            count=count,
            first_at=instant(first_at),
            last_at=instant(last_at),
            text=text,
        )
        for recorder, host, process, reason, count, first_at, last_at, text in rows
    ]
