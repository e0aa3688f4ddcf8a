"""What can be said of the log: one sentence, and the entries that prove it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from apitrail.entry import EntryRow
from apitrail.store.model import Filter

GOOD = ("success", "warning", "partial")
BAD = ("request_error", "platform_error")

Mark = Literal["good", "bad", "unknown", "note"]
"""It went well, it did not, the log does not show it, or it only helps to understand the rest."""
Value = str | int | datetime | timedelta
Named = dict[str, Value]


class Finding(Struct, frozen=True, kw_only=True):
    """One sentence of an answer."""

    key: str
    """Worded by `guided.<key>` in the locales; by its `.one` and `.other` where `named` has a `count`."""
    mark: Mark
    named: Mapping[str, Value] = {}
    """What the sentence names. `platform`, `cause` and `action` are ids, for which the page has words."""
    entries: tuple[EntryRow, ...] = ()
    """What proves it."""
    all: Filter | None = None
    """Everything that proves it, where `entries` are only some."""
    acts: EntryRow | None = None
    """The failure whose advice says who acts."""


class Answer(Struct, frozen=True, kw_only=True):
    """What was found, and what follows."""

    findings: tuple[Finding, ...]
    conclusions: tuple[Finding, ...]


def failed(entry: EntryRow) -> bool:
    """Whether the call as a whole went wrong."""
    return entry.outcome in BAD
