"""Suggestions for what is being typed into the search box: filters, and values that the log has.

Values come from what is counted beforehand, of the last days alone, so that each keystroke costs a few milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from markupsafe import Markup
from msgspec import Struct

from apitrail.server import search
from apitrail.server.pages import names
from apitrail.server.pages.reader import Reader
from apitrail.store import Store
from apitrail.store.model import Facets, Filter

MOST = 8
BACK = timedelta(days=30)
LEAST = 2
"""Characters before values are suggested that begin with no filter."""
FIELDS = ("action", "platform", "ec", "shipping", "outcome", "cause")
"""Under the shorter of their names, in the order in which their values are suggested."""
_OTHERS = ("direction", "merchant", "source", "method", "status", "path", "code", "duration")
_LAST = re.compile(r'(?:^|\s)(-?(?:[^\s":]+:"[^"]*|[^\s"]*))$')


class Suggestion(Struct, frozen=True):
    """One line of the list."""

    line: str
    """What the box holds once it is taken."""
    field: Markup | str
    label: str
    written: str
    """What is put in, as one types it."""


class Suggestions(Struct, frozen=True):
    items: list[Suggestion]


def suggest(store: Store, line: str, reader: Reader) -> Suggestions:
    """What the last word of the line may become. Raises StoreError."""
    found = _LAST.search(line[: search.TEXT_MAX])
    if found is None or not found[1].lstrip("-"):
        return Suggestions([])
    word = found[1].lstrip("-")
    before = line[: found.start(1)] + "-" * (len(found[1]) - len(word))
    field, colon, wanted = word.partition(":")
    items = _values(store, field, wanted, reader) if colon else _any(store, word, reader)
    return Suggestions([Suggestion(before + one.line, one.field, one.label, one.written) for one in items][:MOST])


def _any(store: Store, word: str, reader: Reader) -> Iterator[Suggestion]:
    begun = [name for name in (*FIELDS, *_OTHERS) if name.startswith(word.lower())]
    for name in begun:
        yield Suggestion(f"{name}:", reader.words("find.filter"), str(_title(name, reader)), f"{name}:")
    if len(word) >= LEAST:
        facets = _facets(store, reader.clock.now)
        for name in FIELDS:
            yield from _matching(name, word, facets, reader)


def _values(store: Store, field: str, wanted: str, reader: Reader) -> Iterable[Suggestion]:
    short = {"ec_integration": "ec", "shipping_integration": "shipping"}.get(field.lower(), field.lower())
    if short not in (*FIELDS, "direction"):
        return ()
    return _matching(short, wanted.strip('"'), _facets(store, reader.clock.now), reader)


def _facets(store: Store, now: datetime) -> Facets:
    return store.facets(Filter(since=now - BACK))


def _matching(name: str, wanted: str, facets: Facets, reader: Reader) -> Iterator[Suggestion]:
    field = search.FIELDS[name]
    labels: dict[str, Callable[[str], str]] = {
        "action": lambda one: names.action(one, reader.words),
        "platform": reader.platform,
        "cause": lambda one: names.cause_label(one, reader.words),
        "outcome": lambda one: str(reader.words(f"outcome.any.{one}")),
        "direction": lambda one: str(reader.words(f"direction.{one}")),
    }
    low = wanted.lower()
    for option in getattr(facets, field):
        label = labels[field](option.id) if field in labels else option.name or option.id
        if low in label.lower() or low in option.id.lower():
            value = f'"{option.id}"' if re.search(r"\s", option.id) else option.id
            yield Suggestion(f"{name}:{value} ", _title(name, reader), label, f"{name}:{value}")


def _title(name: str, reader: Reader) -> Markup:
    return reader.words("filter.duration_over" if name == "duration" else f"filter.{search.FIELDS[name]}")
