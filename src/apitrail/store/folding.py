"""A row's documents without ids that are among its references: digits that come twice take twice the room. They unfold
to the very same bytes, whatever they are, and stay JSON.

In the document of the row a mark stands for the ids of items, and for the source's id: in the source, and before it in
the address. In the document of a side it stands for the number that the platform gave this one call.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Final

from apitrail.entry import Item
from apitrail.exchange import Source

_NAMED: Final = b'"id":"'
_QUOTE: Final = ord('"')
_MARK: Final = "\x7f"
_MARK_BYTES: Final = _MARK.encode()
_NUMBERS: Final = string.digits + string.ascii_letters
_PLACES: Final = [f"{_MARK}{number}".encode() for number in _NUMBERS]
"""What stands for the id of each of the first references, still JSON."""
_LONG: Final = 8
FOLDED: Final = " "
"""Stands behind a document that refers to references by their number."""
_FOLDED_BYTES: Final = FOLDED.encode()

_ADDRESS = "simpleJSONExtractString(row, 'url')"
_PIECES = f"splitByChar('\\x7f', {_ADDRESS})"
ADDRESS: Final = (
    f"if(endsWith(row, '{FOLDED}') AND position({_ADDRESS}, '\\x7f') > 0, arrayStringConcat(arrayMap((piece, nth) ->"
    f" if(nth = 1, piece, concat(ifNull(source_id, ''), substring(piece, 2))), {_PIECES}, arrayEnumerate({_PIECES}))),"
    f" {_ADDRESS})"
)
"""A row's address, as SQL. Within another value of its document, quotation marks are escaped: no name is."""


def fold(
    plain: bytes,
    items: Sequence[Item],
    kinds: Sequence[str],
    runs: Sequence[int],
    ids: Sequence[bytes],
    source: Source | None,
) -> bytes:
    """The document of an entry with these items and this source, whose id is the first in it. `kinds`, `runs` and `ids`
    tell what it refers to, as in `Incoming`.
    """
    if _MARK_BYTES in plain:
        return plain
    end = 0
    if source is not None and source.type in kinds:
        number = first(source.type, kinds, runs)
        one = ids[number]
        at = plain.find(_NAMED) + len(_NAMED)
        if number < len(_PLACES) and len(one) >= _LONG and plain.startswith(one, at) and plain[at + len(one)] == _QUOTE:
            end = at + len(one)
    if not items:
        if not end:
            return plain
        return b"".join((plain[:end].replace(one, _PLACES[number]), plain[end:], _FOLDED_BYTES))
    kept = _without_items(plain[end:], items[0].type, kinds, runs, ids)
    if end:
        return b"".join((plain[:end].replace(one, _PLACES[number]), kept, _FOLDED_BYTES))
    return kept + _FOLDED_BYTES if len(kept) < len(plain) else plain


def first(kind: str, kinds: Sequence[str], runs: Sequence[int]) -> int:
    """Where the first id is of a kind that is among these."""
    at = kinds.index(kind)
    return sum(runs[:at])


def _without_items(plain: bytes, kind: str, kinds: Sequence[str], runs: Sequence[int], ids: Sequence[bytes]) -> bytes:
    places: dict[bytes, bytes] = {}
    at = 0
    for other, count in zip(kinds, runs, strict=True):
        end = at + count
        if other == kind:
            of_kind = zip(ids[at:end], _PLACES[at:end], strict=False)
            places.update({one: place for one, place in of_kind if len(one) >= _LONG})
        at = end
    pieces = plain.split(_NAMED)
    folded = False
    for number in range(1, len(pieces)):
        piece = pieces[number]
        end = piece.find(b'"')
        place = places.get(piece[:end])
        if place is not None:
            pieces[number] = place + piece[end:]
            folded = True
    return _NAMED.join(pieces) if folded else plain


def fold_one(plain: bytes, number: int, ids: Sequence[bytes]) -> bytes:
    """The document of a side, in whose header fields this reference may be. Its id has no letter that JSON escapes."""
    one = ids[number]
    if len(one) < _LONG or number >= len(_PLACES) or one not in plain or _MARK_BYTES in plain:
        return plain
    return plain.replace(one, _PLACES[number]) + _FOLDED_BYTES


def unfold(document: str, ids: Sequence[str]) -> str:
    """The document as it was, with the ids of the entry's references."""
    if not document.endswith(FOLDED):
        return document
    first, *rest = document.split(_MARK)
    return first + "".join([ids[_NUMBERS.index(part[0])] + part[1:] for part in rest])
