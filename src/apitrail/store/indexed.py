"""Which words of bodies can be looked up: letters and digits of ASCII that stand together, as the view
`mentions_from_entries` takes them.
"""

from __future__ import annotations

import re

from apitrail.store.model import Term

LEAST, MIXED, MOST = 6, 24, 36
"""Characters of what is kept as a word; up to `MOST` where its letters are all small, or all capitals."""

_PIECE = re.compile("[0-9A-Za-z]+")


def indexed(word: str) -> str:
    """The part of a word that is surely looked up where the word is in a body; empty where there is none."""
    return max(filter(_kept, _PIECE.findall(word)), key=len, default="")


def in_bodies(number: str) -> Term | None:
    """How a number is looked for in bodies: as a word, where that can be looked up; as a part of a text, which takes
    longer; None where it is so short that it is a part of many.
    """
    if indexed(number):
        return Term(number, whole=True)
    return Term(number) if sum(map(str.isalnum, number)) >= LEAST else None


def _kept(piece: str) -> bool:
    if not LEAST <= len(piece) <= MOST or not any(char in "0123456789" for char in piece):
        return False
    return len(piece) <= MIXED or piece in (piece.lower(), piece.upper())
