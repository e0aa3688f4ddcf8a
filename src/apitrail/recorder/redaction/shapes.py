"""Secrets that are known by their shape, wherever they stand: `apitrail.recorder.secrets.SHAPES`.

All but a private key are one long piece of text, without blanks, quotes and commas. So the beginnings of a dozen kinds
of secrets are looked for in the long pieces alone, which are a small part of most bodies.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from apitrail.recorder.redaction.layers import Span
from apitrail.recorder.secrets import SHAPES

CHARACTERS = string.ascii_letters + string.digits + "_-.+/=|"
"""What such a piece is made of."""

AFTER_ESCAPE = r"(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4})"
"""Where a piece begins though a letter or a digit stands before it: that ends `%22`, `\\n` or `\\u0022`."""

_PIECE = 15
_MANY = 8
"""Long pieces that are gathered; where a text has more, all of it is looked through instead."""
_SHORT = 256
"""Characters up to which one search for all marks is quicker than a look for each."""
_FLAT = bytes.maketrans(bytes(range(256)), bytes(97 if chr(code) in CHARACTERS else 32 for code in range(256)))
_RUN = b"a" * _PIECE
_SHAPES = tuple(
    (mark, re.compile(rf"(?:(?<![\w\-])|{AFTER_ESCAPE})(?:{shape})", re.ASCII), shortest)
    for mark, shape, shortest in SHAPES
)
_ANYWHERE = tuple((mark, pattern) for mark, pattern, shortest in _SHAPES if not shortest)
_IN_A_PIECE = tuple((mark, pattern) for mark, pattern, shortest in _SHAPES if shortest)
"""Each begins with its mark."""
_ANY_MARK = re.compile("|".join(re.escape(mark) for mark, _ in _IN_A_PIECE))
assert all(shortest >= _PIECE for _, _, shortest in _SHAPES if shortest)


def pieces(text: str) -> str:
    """The long pieces of a text, one a line: where a secret of any shape stands, its mark stands in them."""
    flat = text.encode("latin-1", "replace").translate(_FLAT)
    found: list[str] = []
    start = flat.find(_RUN)
    while start >= 0:
        if len(found) >= _MANY:
            return text
        end = flat.find(b" ", start)
        if end < 0:
            end = len(flat)
        found.append(text[start:end])
        start = flat.find(_RUN, end)
    return "\n".join(found)


def spans(text: str, long: str) -> list[Span]:
    """Every secret that its shape tells. `long`: the text's long pieces."""
    found: list[Span] = []
    for mark, pattern in _ANYWHERE:
        if mark in text:
            found += [Span(*match.span(), match[0]) for match in pattern.finditer(text)]
    if len(long) > _SHORT or _ANY_MARK.search(long):
        for mark, pattern in _IN_A_PIECE:
            if mark in long:
                found += _beginning_with(mark, pattern, text)
    return found


def _beginning_with(mark: str, pattern: re.Pattern[str], text: str) -> Iterator[Span]:
    """To search for the pattern itself takes ten times as long: it begins with a look back."""
    at = text.find(mark)
    while at >= 0:
        match = pattern.match(text, at)
        if match:
            yield Span(*match.span(), match[0])
        at = text.find(mark, match.end() if match else at + 1)
