"""Entries as CSV (RFC 4180) for spreadsheets: one line an entry, without headers and bodies.

Columns have the names of an entry's fields; what is within a field follows a point (`source.id`). A spreadsheet runs
what looks like a formula and rounds long numbers, so a cell that begins (or, where a spreadsheet may split it, goes on)
like a formula gets an apostrophe before that place, and so does a number that would be rounded or lose its zeros.
Exact values are in NDJSON.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from apitrail.entry import Counts, EntryRow
from apitrail.exchange import Integration, Recorder, Source

Cell = str | int | float | bool | None

_FORMULA = re.compile(r"(^\s*|[;\t\r\n]\s*)(?=[=+\-@＝＋－＠])")
_ROUNDED = re.compile(r"0[0-9]+|[0-9]{16,}|[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]+")
"""Spreadsheets keep fifteen digits, and take 1E5 for a hundred thousand."""
_ON_ONE_LINE = "; "

_NOBODY = Integration("")
_NOTHING = Source("", "")
_NO_RECORDER = Recorder("")

COLUMNS: dict[str, Callable[[EntryRow], Cell]] = {
    "id": lambda one: one.id,
    "created_at": lambda one: _time(one.created_at),
    "direction": lambda one: one.direction,
    "platform": lambda one: one.platform,
    "action": lambda one: one.action,
    "method": lambda one: one.method,
    "url": lambda one: one.url,
    "path": lambda one: one.path,
    "ec_integration.id": lambda one: (one.ec_integration or _NOBODY).id,
    "ec_integration.name": lambda one: (one.ec_integration or _NOBODY).name,
    "shipping_integration.id": lambda one: (one.shipping_integration or _NOBODY).id,
    "shipping_integration.name": lambda one: (one.shipping_integration or _NOBODY).name,
    "merchant": lambda one: one.merchant,
    "source.type": lambda one: (one.source or _NOTHING).type,
    "source.id": lambda one: (one.source or _NOTHING).id,
    "source.name": lambda one: (one.source or _NOTHING).name,
    "references": lambda one: _ON_ONE_LINE.join(f"{reference.type}:{reference.id}" for reference in one.references),
    "status": lambda one: one.status,
    "outcome": lambda one: one.outcome,
    "cause": lambda one: one.cause,
    "code": lambda one: one.code,
    "message": lambda one: one.message,
    "reported_by": lambda one: one.reported_by,
    "advice": lambda one: one.advice,
    "retryable": lambda one: one.retryable,
    "duration_ms": lambda one: one.duration_ms,
    "attempt": lambda one: one.attempt,
    "call": lambda one: one.call,
    "counts.returned": lambda one: (one.counts or Counts()).returned,
    "counts.accepted": lambda one: (one.counts or Counts()).accepted,
    "counts.refused": lambda one: (one.counts or Counts()).refused,
    "not_sent": lambda one: one.not_sent,
    "error.type": lambda one: one.error.type if one.error else None,
    "error.text": lambda one: one.error.text if one.error else None,
    "trace": lambda one: one.trace,
    "recorder.id": lambda one: (one.recorder or _NO_RECORDER).id,
    "recorder.host": lambda one: (one.recorder or _NO_RECORDER).host,
    "received_at": lambda one: _time(one.received_at) if one.received_at else None,
}


def write(entries: Iterable[EntryRow]) -> Iterator[bytes]:
    """A CSV file, line by line, in UTF-8 with the mark by which spreadsheets know it."""
    yield b"\xef\xbb\xbf" + _line(list(COLUMNS))
    for entry in entries:
        yield _line([_cell(take(entry)) for take in COLUMNS.values()])


def _line(cells: list[str]) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue().encode("utf-8", "replace")


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    text = value.replace("\0", "")
    return "'" + text if _ROUNDED.fullmatch(text) else _FORMULA.sub(r"\1'", text)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
