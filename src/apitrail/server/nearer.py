"""What else could have been meant by a line that finds nothing: the number in a sentence, one in two halves, a half."""

from __future__ import annotations

import re

from apitrail.server import pasted, search
from apitrail.store.model import Term
from apitrail.store.widths import half

MOST = 4
"""Lines that are proposed at once."""
LEAST = 4
"""Characters of what is taken for a number, or for a part of one."""

_NUMBER = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._/-]*[0-9A-Za-z])?", re.ASCII)


def numbers(line: str) -> list[str]:
    """Each number of the line by itself, and its pieces joined, for they may be one; not what the line is already."""
    looked_for = _looked_for(line)
    words = [half(term.value) for term in looked_for]
    found = [number for word in words for number in _NUMBER.findall(word)]
    pieces = [piece for word in words for piece in re.split("[._/-]", word)]
    if len(pieces) > 1 and all(_is_piece(piece) for piece in pieces):
        found.append("".join(pieces))
    alone = half(only_number(line))
    return [one for one in dict.fromkeys(found) if _is_number(one) and one != alone][:MOST]


def only_number(line: str) -> str:
    """The number that is all of the line; empty where it is anything else."""
    looked_for = search.read(line).text
    return looked_for[0].value if len(looked_for) == 1 and looked_for[0].whole and not looked_for[0].excluded else ""


def several(line: str) -> tuple[str, ...]:
    """The numbers that are all of the line, where there are at least two; empty where it holds anything else."""
    found = pasted.numbers(line)
    alone = len(pasted.pieces(line)) == len(found.each) <= pasted.MOST
    plain = alone and all(_NUMBER.fullmatch(half(one)) and _is_number(one) for one in found.each)
    return found.each if plain and len(found.each) > 1 else ()


def parts(line: str) -> list[str]:
    """Each number of the line as a part of a longer one."""
    found = dict.fromkeys(term.value for term in _looked_for(line) if term.whole and _is_number(term.value))
    return [f"{one}*" for one in found][:MOST]


def _looked_for(line: str) -> list[Term]:
    return [term for term in search.read(line).text if not term.excluded]


def _is_piece(text: str) -> bool:
    return text.isascii() and text.isalnum() and (text.isupper() or not text.isalpha())


def _is_number(text: str) -> bool:
    return len(text) >= LEAST and any(char.isdigit() for char in text)
