"""Which numbers of each recorder the log has: a recorder counts 1, 2, 3, … and a hole is an entry that did not arrive.

A recorder's id is a UUIDv7 of its start. One that began within the range is expected from 1 on, an older one from the
first number that the range holds. Its newest numbers may still be on their way; a hole between two that came is a gap.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apitrail.store.engine import Query
from apitrail.store.model import EPOCH, Drop, LossRow, RecorderRow
from apitrail.store.times import instant, micros

MOST = 1000
"""Recorders in one answer: those seen last."""
GAPS = 20
"""Gaps told of one recorder; all are counted."""
NEWEST_GAPS = 1000
"""The same, where the newest are asked for."""

_NUMBERED = (
    "recorder_id IS NOT NULL AND recorder_sequence > 0 AND created_at >= fromUnixTimestamp64Micro({since:Int64})"
)


_IN_ORDER = "(ORDER BY recorder_sequence ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"


def recorders(since: datetime, *, only_missing: bool = False) -> Query:
    """One row per recorder that made an entry since then, the one seen last first; or of those alone that may miss a
    number.
    """
    having = " HAVING numbers <= max(recorder_sequence) - low OR low > 1"
    return Query(
        "SELECT assumeNotNull(recorder_id) AS recorder, count(), groupBitmap(recorder_sequence) AS numbers,"  # noqa: S608, constants only
        " min(recorder_sequence) AS low, max(recorder_sequence),"
        " toUnixTimestamp64Micro(min(created_at)), toUnixTimestamp64Micro(max(created_at))"
        f" FROM entries WHERE {_NUMBERED} GROUP BY recorder{having if only_missing else ''}"
        " ORDER BY max(created_at) DESC LIMIT {most:UInt32}",
        {"since": micros(since), "most": MOST},
    )


def newest(since: datetime) -> Query:
    """The newest entry of each, as it is listed (only that says host, process and version), and when it was taken."""
    return Query(
        "SELECT assumeNotNull(recorder_id) AS recorder, any(row),"  # noqa: S608, constants only
        " toUnixTimestamp64Micro(min(ifNull(received_at, created_at))) FROM entries"
        f" WHERE {_NUMBERED} AND (recorder_id, created_at) IN"
        f" (SELECT recorder_id, max(created_at) FROM entries WHERE {_NUMBERED} GROUP BY recorder_id)"
        " GROUP BY recorder",
        {"since": micros(since)},
    )


def gaps(since: datetime, recorder: str, low: int, *, newest: bool = False) -> Query:
    """The holes in one recorder's numbers from `low` on, oldest first, or newest first."""
    return Query(
        "SELECT before + 1, number - 1, after_at, before_at FROM ("  # noqa: S608, constants only
        " SELECT recorder_sequence AS number, toUnixTimestamp64Micro(created_at) AS before_at,"
        f" lagInFrame(toUnixTimestamp64Micro(created_at)) OVER {_IN_ORDER} AS after_at,"
        f" greatest({{low:UInt64}} - 1, lagInFrame(recorder_sequence) OVER {_IN_ORDER}) AS before"
        f" FROM entries WHERE {_NUMBERED} AND recorder_id = {{recorder:String}}"
        " AND recorder_sequence >= {low:UInt64})"
        f" WHERE number > before + 1 ORDER BY number{' DESC' if newest else ''} LIMIT {{most:UInt32}}",
        {"since": micros(since), "recorder": recorder, "low": low, "most": NEWEST_GAPS if newest else GAPS},
    )


def read(
    rows: Sequence[Sequence[Any]], listed: Sequence[Sequence[Any]], since: datetime, losses: Iterable[LossRow]
) -> list[RecorderRow]:
    """The answer, without the places of gaps. Recorders that only told losses are in it too, without a number."""
    told: dict[str, list[LossRow]] = {}
    for loss in losses:
        told.setdefault(loss.recorder, []).append(loss)
    found = []
    said: dict[str, tuple[str, int]] = {recorder: (row, taken) for recorder, row, taken in listed}
    for recorder, entries, numbers, first, last, first_at, last_at in rows:
        began = _began(recorder)
        low = 1 if began is not None and began >= since else first
        row, taken = said.get(recorder, ("{}", last_at))
        who = json.loads(row).get("recorder") or {}
        found.append(
            RecorderRow(
                id=recorder,
                host=who.get("host", ""),
                process=who.get("process", ""),
                version=who.get("version", ""),
                began_at=began,
                first_at=instant(first_at),
                last_seen=instant(last_at),
                ahead_s=max(last_at - taken, 0) / 1_000_000,
                entries=entries,
                first_sequence=low,
                last_sequence=last,
                missing=last - low + 1 - numbers,
                drops=_drops(told.pop(recorder, [])),
            )
        )
    for recorder, only in told.items():
        newest = max(only, key=lambda loss: loss.last_at)
        found.append(
            RecorderRow(
                id=recorder,
                host=newest.host,
                process=newest.process,
                began_at=_began(recorder),
                last_seen=newest.last_at,
                drops=_drops(only),
            )
        )
    return sorted(found, key=lambda one: one.last_seen, reverse=True)


def _drops(losses: Iterable[LossRow]) -> list[Drop]:
    return [Drop(loss.reason, loss.count, loss.first_at, loss.last_at, loss.text) for loss in losses]


def _began(recorder: str) -> datetime | None:
    """The time in a UUIDv7; None for an id of another kind."""
    try:
        identity = UUID(recorder)
    except ValueError:
        return None
    return EPOCH + timedelta(milliseconds=identity.int >> 80) if identity.version == 7 else None
