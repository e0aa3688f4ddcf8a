"""A log as a plain list: what a store is to answer, worked out by looking at every entry."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from unicodedata import normalize
from uuid import UUID

from msgspec import structs

from apitrail.entry import Entry, Payload
from apitrail.exchange import Integration
from apitrail.store import Cursor, Filter, Histogram, Term
from apitrail.store.failures import Kind
from apitrail.store.model import Choices

OPTIONS = ("action", "ec_integration", "shipping_integration", "outcome", "platform", "cause", "direction")
"""The fields whose choices are listed with counts."""
GOOD = ("success", "warning")
FAILED = ("request_error", "platform_error")

Place = tuple[datetime, int, int]


class PlainLog:
    """Every entry by its id."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}

    def write(self, entries: Iterable[Entry]) -> int:
        """What is not there yet; how many those were."""
        before = len(self.entries)
        for entry in entries:
            self.entries.setdefault(entry.id, entry)
        return len(self.entries) - before

    def remove(self, due: Callable[[Entry], bool], pinned: set[str]) -> None:
        """The entries that are due, but for those that refer to what is pinned."""
        self.entries = {key: one for key, one in self.entries.items() if _pinned(one, pinned) or not due(one)}

    def empty(self, due: Callable[[Entry], bool], pinned: set[str]) -> None:
        """The bodies of those."""
        for key, one in self.entries.items():
            if due(one) and not _pinned(one, pinned):
                self.entries[key] = structs.replace(
                    one, request=_emptied(one.request), response=one.response and _emptied(one.response)
                )

    def found(self, which: Filter, but: str = "") -> list[Entry]:
        """Newest first; `but`: whatever they have of this field."""
        entries = [one for one in self.entries.values() if passes(one, which, but)]
        return sorted(entries, key=order, reverse=True)

    def page(self, which: Filter, limit: int, cursor: Cursor | None) -> list[str]:
        """The ids of a page."""
        after = [one for one in self.found(which) if cursor is None or order(one) < order(cursor)]
        return [one.id for one in after[:limit]]

    def options(self, which: Filter) -> dict[str, dict[str, int]]:
        """How many entries each value of each field would give."""
        return {
            field: dict(Counter(value for one in self.found(which, but=field) if (value := held(one, field))))
            for field in OPTIONS
        }

    def bars(self, which: Filter, of: Histogram) -> list[dict[str, int]]:
        """How many entries of each outcome are in each of these bars."""
        assert of.end is not None
        entries = self.found(which)
        edges = [*(bar.start for bar in of.bars), of.end]
        return [
            dict(Counter(one.outcome for one in entries if begin <= one.created_at < end))
            for begin, end in pairwise(edges)
        ]

    def failures(self, which: Filter) -> dict[Kind, tuple[int, frozenset[str]]]:
        """How many failed, as a whole or in part, and for which orders, by what they have in common. Of the filter,
        what all entries are counted by.
        """
        found: dict[Kind, tuple[int, frozenset[str]]] = {}
        for one in self.found(which.counted):
            if one.outcome not in (*FAILED, "partial"):
                continue
            kind = Kind(
                one.platform or "",
                one.action,
                one.direction,
                held(one, "ec_integration") or "",
                held(one, "shipping_integration") or "",
                one.code or "",
                None if one.code else one.status,
                one.cause or "",
            )
            count, orders = found.get(kind, (0, frozenset[str]()))
            found[kind] = count + 1, orders | failed_for(one)
        return found


def order(entry: Entry | Cursor) -> Place:
    """What a list is sorted by: the engine compares the second half of a UUID first."""
    number = UUID(entry.id).int
    return entry.created_at, number & (1 << 64) - 1, number >> 64


def failed_for(entry: Entry) -> set[str]:
    """The orders that it failed for."""
    refused = {one.id for one in entry.items if one.outcome in FAILED}
    if entry.outcome == "partial" and refused:
        return refused
    if entry.source is not None and entry.source.type == "order":
        return {entry.source.id}
    return {one.id for one in entry.references if one.type == "order"}


def passes(entry: Entry, which: Filter, but: str = "") -> bool:
    """Whether the filter lets it through, but for what it says of one field."""
    return (
        (which.since is None or entry.created_at >= which.since)
        and (which.until is None or entry.created_at <= which.until)
        and (which.duration_over is None or entry.duration_ms > which.duration_over)
        and all(_chosen(entry, field, getattr(which, field)) for field in Choices.__struct_fields__ if field != but)
        and all(field == but or not _has(entry, field, value) for field, value in which.without)
        and all(_mentions(entry, term) != term.excluded for term in which.text)
    )


def held(entry: Entry, field: str) -> str | None:
    """The value of a field that has one."""
    value = getattr(entry, field)
    return value.id if isinstance(value, Integration) else value


def _chosen(entry: Entry, field: str, values: tuple[str, ...]) -> bool:
    return not values or any(_has(entry, field, value) for value in values)


def _has(entry: Entry, field: str, value: str) -> bool:
    if field == "reference":
        return any(value in (one.id, f"{one.type}:{one.id}") for one in entry.references)
    if field == "source":
        return entry.source is not None and value in (entry.source.id, f"{entry.source.type}:{entry.source.id}")
    if field == "status":
        status = entry.status
        return value == "none" if status is None else value in (str(status), f"{status // 100}xx")
    if field == "path":
        return value.lower() in "/" + entry.url.lower().split("/", 3)[3]
    return held(entry, field) == value


def _mentions(entry: Entry, term: Term) -> bool:
    """Of texts in UTF-8."""
    ids = [_lower(one.id) for one in entry.references]
    sides = [entry.request] + ([entry.response] if entry.response else [])
    texts = [*(_lower(side.body.decode()) for side in sides), _lower(entry.message or "")]
    if term.whole:
        ways = [_lower(one) for one in (term.value, normalize("NFKC", term.value))]
        before = r"(?:^|[^0-9a-z]|\\u[0-9a-f]{4}|\\[nrtbf])"
        words = [re.compile(f"{before}{re.escape(one)}(?![0-9a-z])") for one in ways]
        return any(one in ids for one in ways) or any(word.search(text) for text in texts for word in words)
    return any(_lower(one) in text for one in widths(term.value) for text in [*ids, *texts])


def widths(text: str) -> set[str]:
    """A text as it is, in half or full width, with full-width marks; a word also with full-width letters alone."""
    plain = normalize("NFKC", text)
    kinds: list[Callable[[str], bool]] = [lambda char: char in "!(),:;?", lambda char: True]
    kinds += [] if " " in plain else [str.isalnum]
    return {text, plain, *("".join(_wide(char) if wide(char) else char for char in plain) for wide in kinds)}


def _wide(char: str) -> str:
    return chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char


def _lower(text: str) -> str:
    """Letters of ASCII alone."""
    return text.encode().lower().decode()


def _pinned(entry: Entry, pinned: set[str]) -> bool:
    return any(one.id in pinned for one in entry.references)


def _emptied(side: Payload) -> Payload:
    return structs.replace(side, body=b"")


def age(entry: Entry, now: datetime) -> int:
    """Days from the day of the call, as retention counts them."""
    return (now.date() - entry.created_at.date()) // timedelta(days=1)
