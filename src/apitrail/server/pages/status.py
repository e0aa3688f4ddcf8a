"""The status of an entry as people see it: a colour, an icon and a word, beside the raw HTTP status.

The colour comes from the outcome and never from the status alone. An inbound call has words of its own, for there
the blame turns round: a refused notification may well be right, and an error is our own handler's.
"""

from __future__ import annotations

from markupsafe import Markup
from msgspec import Struct

from apitrail.entry import EntryRow
from apitrail.server.pages import party
from apitrail.server.pages.reader import Reader

ICONS = {
    "success": "check",
    "warning": "warning",
    "partial": "half",
    "request_error": "alert",
    "platform_error": "cross",
    "no_answer": "silence",
    "not_sent": "barred",
}


class Pill(Struct, frozen=True):
    """What the Status column shows."""

    kind: str
    """Icon and word: an outcome, or `not_sent`, `no_answer`."""
    tone: str
    """Colour: an outcome."""
    icon: str
    word: Markup
    status: str
    """The raw HTTP status; empty without an answer."""
    code: str
    """The platform's own code where the body says otherwise than the status, or why there was no answer."""


def pill(entry: EntryRow, reader: Reader) -> Pill:
    kind = kind_of(entry)
    code = ""
    if kind == "no_answer" and entry.error:
        code = entry.error.type.rpartition(".")[2]
    elif entry.code and (entry.status is None or expected(entry.status) != entry.outcome):
        code = entry.code
    return Pill(
        kind=kind,
        tone=entry.outcome,
        icon=ICONS[kind],
        word=reader.words.about(party.of_entry(entry, reader), f"outcome.{entry.direction}.{kind}"),
        status="" if entry.status is None else str(entry.status),
        code=code,
    )


def kind_of(entry: EntryRow) -> str:
    if entry.not_sent is not None:
        return "not_sent"
    if entry.status is None and entry.outcome in ("platform_error", "request_error"):
        return "no_answer"
    return entry.outcome


def expected(status: int) -> str:
    """The outcome that the HTTP status alone would suggest."""
    if status < 400:
        return "success"
    return "request_error" if status < 500 else "platform_error"


def said(entry: EntryRow) -> str:
    """The words that explain a status that is not a plain success, verbatim; empty where there are none."""
    if entry.not_sent is not None:
        return entry.not_sent
    if entry.outcome == "success":
        return ""
    if entry.message:
        return entry.message
    return entry.error.text if entry.error else ""
