"""How many objects a call brought or moved, in words."""

from __future__ import annotations

from markupsafe import Markup

from apitrail.entry import EntryRow
from apitrail.server.pages.language import Words

_BROUGHT = {
    "order.list": "order",
    "order.list.manual": "order",
    "order.get": "order",
    "product.list": "product",
    "product.get": "product",
    "product.mapping.sync": "product",
    "shipment.list": "shipment",
    "shipment.get": "shipment",
    "return.list": "return",
    "return.get": "return",
}
"""What an action returns, where it has a name that people use: "0 orders" says more than "0 returned"."""


def short(entry: EntryRow, words: Words) -> Markup:
    """For a row: the one number that matters; empty where nothing was counted."""
    held = entry.counts
    if held is None:
        return Markup("")
    if held.refused:
        total = held.refused + (held.accepted or 0)
        return words("row.refused", refused=f"{held.refused:,}", total=f"{total:,}")
    if held.returned is not None:
        return _returned(entry, held.returned, words)
    return Markup("") if held.accepted is None else words("row.accepted", count=f"{held.accepted:,}")


def whole(entry: EntryRow, words: Words) -> Markup:
    """All that was counted."""
    held = entry.counts
    if held is None:
        return Markup("")
    parts = [] if held.returned is None else [_returned(entry, held.returned, words)]
    parts += [
        words(f"tally.{name}", count=f"{number:,}")
        for name, number in (("accepted", held.accepted), ("refused", held.refused))
        if number is not None
    ]
    return Markup(" · ").join(parts)


def nothing(entry: EntryRow) -> bool:
    """A fetch that brought nothing is green, and worth seeing."""
    return entry.counts is not None and entry.counts.returned == 0


def _returned(entry: EntryRow, count: int, words: Words) -> Markup:
    noun = _BROUGHT.get(entry.action)
    return words.count(f"tally.{noun}", count) if noun else words("row.returned", count=f"{count:,}")
