"""Secrets that are known by their shape, wherever they stand: `apitrail.recorder.secrets.SHAPES`.

All but a private key are one long piece of text, without blanks, quotes and commas. Whether a text has a piece of such
a length is asked first, which costs a tenth of looking for a dozen beginnings; most bodies have none.
"""

from __future__ import annotations

import re
import string

from apitrail.recorder.redaction.layers import Span
from apitrail.recorder.secrets import SHAPES

CHARACTERS = string.ascii_letters + string.digits + "_-.+/=|"
"""What such a piece is made of."""

AFTER_ESCAPE = r"(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4})"
"""Where a piece begins though a letter or a digit stands before it: that ends `%22`, `\\n` or `\\u0022`."""

_STEPS = (0, 15, 20, 40)
_FLAT = bytes.maketrans(bytes(range(256)), bytes(97 if chr(code) in CHARACTERS else 32 for code in range(256)))
_BY_LENGTH = tuple(
    (
        b"a" * step,
        tuple(
            (mark, re.compile(rf"(?:(?<![\w\-])|{AFTER_ESCAPE})(?:{shape})", re.ASCII))
            for mark, shape, shortest in SHAPES
            if max(length for length in _STEPS if length <= shortest) == step
        ),
    )
    for step in _STEPS
)


def spans(text: str) -> list[Span]:
    """Every secret that its shape tells."""
    found: list[Span] = []
    flat = text.encode("latin-1", "replace").translate(_FLAT)
    for run, shapes in _BY_LENGTH:
        if run not in flat:
            break  # nor is a longer one
        for mark, pattern in shapes:
            if mark in text:
                found += [Span(*match.span(), match[0]) for match in pattern.finditer(text)]
    return found
