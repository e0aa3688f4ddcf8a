"""How many pieces a call about stock names for a product, in the call's own words.

Not derived as entries come in: it is asked of the few that somebody looks at. Fields are known by what platforms name
them, and where it is not clear which product a number is of, nothing is said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from msgspec import Struct

from apitrail.entry import Entry
from apitrail.profiles.afterwards import facts_of
from apitrail.profiles.bodies import parse_json
from apitrail.profiles.markup import parse_xml

PRODUCTS = ("sku", "variant", "stock_item", "product")
"""Types of reference that are a product's numbers."""
READS = ("stock.get",)
"""Calls whose answer tells it; of all others it is what was sent."""
DEEPEST = 40
MOST = 5

_PLAIN = re.compile(r"[^a-z]")
_COUNTS = re.compile(r"(quantity|quantities|qty|stock|available|onhand|inventory|inventorylevel)$")
_OTHERS = re.compile(r"min|max|limit|price|safety|reserved|sold|threshold|incoming|alert|step")
"""Of orders, prices and warnings, not of what is there."""
_CHANGES = ("modification",)
"""Parts that hold a count under a bare name (Allegro's offer-quantity-change-commands)."""
_BARE = ("amount", "value")
"""Names that say it only where what they are part of does."""
_IN_PATH = re.compile(r"/([^/]*(?:quantity|quantities|qty))/(\d{1,12})(?=/|$)", re.IGNORECASE)
"""A count that is part of the address (Coupang)."""
_TYPED = ({"#text"}, {"int"}, {"i4"}, {"double"}, {"string"})
"""What XML, and XML-RPC, put a plain value in."""
_NUMBER = re.compile(r"-?\d{1,12}(\.0+)?")


class Quantity(Struct, frozen=True):
    """One number of pieces."""

    field: str
    """As the platform names it; empty where the product's own number is the name."""
    count: str
    """Verbatim."""


class _Found(Struct):
    """What one part of a body holds."""

    seen: bool = False
    """It names the product."""
    named: bool = False
    """It does, and whose counts are the product's is not found yet."""
    counts: list[Quantity] = []
    """Of any product."""
    own: list[Quantity] = []
    """Of this one."""


def named(entry: Entry, numbers: Collection[str]) -> set[str]:
    """What the entry calls the product with these numbers, in lower case: these, and what stands beside one of them,
    such as the platform's id beside a SKU in the answer.
    """
    facts = facts_of(entry)
    found = {one.lower() for one in numbers}
    known = {one.id.lower() for one in entry.references if one.type in PRODUCTS}
    for data in (facts.request()[1], facts.response()[1]):
        for fields in _objects(data, DEEPEST):
            beside = {
                spelling
                for field, value in fields.items()
                if "parent" not in field.lower()
                for spelling in _spellings(value)
            }
            if not found.isdisjoint(beside):
                found |= beside & known
    return found


def quantities(entry: Entry, names: Collection[str]) -> list[Quantity]:
    """What the entry says of the product that it names so (`named`), up to five; none where it does not say, where it
    may be of another product, or where the body is not kept.
    """
    facts = facts_of(entry)
    data = facts.response()[1] if entry.action in READS and entry.direction == "outbound" else facts.request()[1]
    wanted = {one.lower() for one in names}
    found = _look(data, "", wanted, DEEPEST)
    if not found.counts and entry.action not in READS:
        found = _look(facts.query(), "", wanted, DEEPEST)
        if not found.counts:
            found = _Found(counts=[Quantity(*pair) for pair in _IN_PATH.findall(entry.path)])
    others = _others(entry, wanted)
    alone = not others and len(found.counts) == 1 if found.seen else others < 2
    return list(dict.fromkeys(found.counts if alone and not found.own else found.own))[:MOST]


def in_words(found: Iterable[Quantity]) -> str:
    """As people read it: `stock 12, stock 3`."""
    return ", ".join(f"{one.field} {one.count}".strip() for one in found)


def _others(entry: Entry, wanted: Collection[str]) -> int:
    """How many other numbers of products it names, of the type of which it names most. With one of each type it may be
    about this product alone, which has one of each.
    """
    named_too = {(one.type, one.id) for one in entry.references if one.id.lower() not in wanted}
    others = Counter(kind for kind, _ in named_too)
    return max((others[each] for each in PRODUCTS), default=0)


def _objects(value: Any, deeper: int) -> Iterator[dict[str, Any]]:
    if type(value) is dict:
        yield value
    if deeper and type(value) in (dict, list):
        for one in value.values() if type(value) is dict else value:
            yield from _objects(one, deeper - 1)


def _look(value: Any, name: str, wanted: Collection[str], deeper: int) -> _Found:
    """`name`: that of the field which holds it, as far as it says that what is in it is counted."""
    if deeper:
        if type(value) is dict:
            return _in_fields(value, name, wanted, deeper - 1)
        if type(value) is list:
            return _in_list(value, name, wanted, deeper - 1)
        if type(value) is str and value[:1] in ("{", "[", "<"):
            inner = parse_xml(value) if value[0] == "<" else _json(value)
            return _look(inner, name, wanted, deeper - 1)
    here = any(one in wanted for one in _spellings(value))
    return _Found(seen=here, named=here)


def _in_fields(fields: dict[str, Any], name: str, wanted: Collection[str], deeper: int) -> _Found:
    if set(fields) == {"name", "value"} and type(fields["name"]) is str:
        fields = {fields["name"]: fields["value"]}
    elif rows := _rows(fields):
        return _in_list(rows, name, wanted, deeper)
    parts = []
    for field, value in fields.items():
        plain = _PLAIN.sub("", field.lower())
        counted = bool(_COUNTS.search(plain)) and not _OTHERS.search(plain)
        if (count := _count(value)) is not None and (counted or (plain in _BARE and (name or deeper == DEEPEST - 1))):
            parts.append(_Found(counts=[Quantity(field, count)]))
        elif field.lower() in wanted:
            parts.append(_of_name(value, wanted, deeper))
        else:
            inside = plain if counted or plain in _CHANGES else "" if _OTHERS.search(plain) else name
            parts.append(_look(value, inside, wanted, deeper))
    found = _together(parts)
    if found.named and found.counts:
        found.named, found.own = False, [*found.own, *found.counts]
    return found


def _rows(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """What fields with equally many values, parted by commas, say of each (Yahoo! Japan); empty where they do not."""
    lists = {field: value.split(",") for field, value in fields.items() if type(value) is str and "," in value}
    if len(lists) < 2 or len({len(values) for values in lists.values()}) > 1:
        return []
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]


def _of_name(value: Any, wanted: Collection[str], deeper: int) -> _Found:
    """What stands under the product's own number."""
    if (count := _count(value)) is not None:
        return _Found(seen=True, counts=[Quantity("", count)], own=[Quantity("", count)])
    inside = _look(value, "", wanted, deeper)
    return _Found(seen=True, named=not inside.counts, counts=inside.counts, own=inside.counts)


def _in_list(values: list[Any], name: str, wanted: Collection[str], deeper: int) -> _Found:
    """What one of several names and does not count itself may be counted anywhere else in it."""
    found = _together(_look(one, name, wanted, deeper) for one in values)
    if len(values) > 1 and found.counts:
        found.named = False
    return found


def _together(parts: Iterable[_Found]) -> _Found:
    found = _Found()
    for one in parts:
        found.seen = found.seen or one.seen
        found.named = found.named or one.named
        found.counts += one.counts
        found.own += one.own
    return found


def _count(value: Any) -> str | None:
    """The number, as it is written; None of what is none."""
    while type(value) is dict and set(value) in _TYPED:
        [value] = value.values()
    text = str(value).strip() if type(value) in (int, float, str) else ""
    return text if _NUMBER.fullmatch(text) else None


def _spellings(value: Any) -> Iterator[str]:
    """An id, and what GraphQL's global ids end with."""
    if type(value) in (int, str):
        text = str(value).strip().lower()
        yield text
        if "/" in text:
            yield text.rpartition("/")[2]


def _json(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        return None
