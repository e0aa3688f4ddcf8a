"""A row's document without the ids of items that are among its references: most are, and digits that come twice take
twice the room. It unfolds to the very same bytes, whatever they are.
"""

from __future__ import annotations

import string
from collections.abc import Sequence

from apitrail.entry import Item

_NAMED = '"id":"'
_MARK = "\x7f"
_NAMED_BYTES, _MARK_BYTES = _NAMED.encode(), _MARK.encode()
_NUMBERS = string.digits + string.ascii_letters
_PLACES = [f"{_MARK}{number}".encode() for number in _NUMBERS]
"""What stands for the id of each of the first references, still JSON."""
_LONG = 8
FOLDED = " "
"""Stands behind a document that refers to references by their number."""


def fold(plain: bytes, items: Sequence[Item], kinds: Sequence[str], ids: Sequence[bytes]) -> bytes:
    """The document of an entry with these items, one at least; `kinds` and `ids` are those of its references."""
    if _MARK_BYTES in plain:
        return plain
    kind = items[0].type
    places = {
        one: place
        for place, other, one in zip(_PLACES, kinds, ids, strict=False)
        if other == kind and len(one) >= _LONG
    }
    pieces = plain.split(_NAMED_BYTES)
    folded = False
    for number in range(1, len(pieces)):
        piece = pieces[number]
        end = piece.find(b'"')
        place = places.get(piece[:end])
        if place is not None:
            pieces[number] = place + piece[end:]
            folded = True
    return _NAMED_BYTES.join(pieces) + FOLDED.encode() if folded else plain


def unfold(document: str, ids: Sequence[str]) -> str:
    """The document as it was, with the ids of the entry's references."""
    if not document.endswith(FOLDED):
        return document
    first, *rest = document.split(_NAMED + _MARK)
    return first + "".join(f"{_NAMED}{ids[_NUMBERS.index(part[0])]}{part[1:]}" for part in rest)
