"""The bytes by which a text may stand in a body: bodies are kept as they came, so the text is looked for as it may be
written, in its charsets, escapes and forms of letters. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from urllib.parse import quote

from apitrail.store import widths

MOST = 200
"""The engine looks for at most 255 at once."""

RARE = 3
"""Bytes of a piece that few bodies have by chance."""
_NO_LETTER = re.compile(rb"[^A-Za-z]+")
_ONE_LETTER = re.compile(rb"(?=([^A-Za-z]*[A-Za-z]?[^A-Za-z]*))")

_SAME = {"台": "台臺", "臺": "臺台"}
"""Characters that people use for each other."""
_CHARSETS = ("big5", "gb18030", "shift_jis")


def needles(text: str) -> list[bytes]:
    """Every way to write it, the plainest first; at most MOST."""
    found: dict[bytes, None] = {}
    for form in _forms(text):
        for written in _written(form):
            found.setdefault(written)
            if len(found) == MOST:
                return list(found)
    return list(found)


def windows(needle: bytes) -> list[bytes]:
    """Of what is looked for in any case of letters: pieces of which one, as it is, is in every text that it is in.

    None where they would be too short to be rare. One letter at most is in them, so two of them do.
    """
    plain = max(_NO_LETTER.findall(needle), key=len, default=b"")
    piece = max(_ONE_LETTER.findall(needle), key=len, default=b"")
    if len(plain) + 1 >= len(piece) and not plain.isdigit():
        piece = plain
    return sorted({piece.lower(), piece.upper()}) if len(piece) >= RARE else []


def _forms(text: str) -> Iterator[str]:
    """In each width, then each of these with 台 and 臺."""
    forms = dict.fromkeys(widths.forms(text))
    yield from forms
    for form in forms:
        choices = [_SAME.get(char, char) for char in form]
        if sum(len(choice) > 1 for choice in choices) <= 4:
            yield from map("".join, product(*choices))


def _written(text: str) -> Iterator[bytes]:
    yield text.encode("utf-8", "replace")
    if '"' in text or "\\" in text or "/" in text:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        yield escaped.encode("utf-8", "replace")
        yield escaped.replace("/", "\\/").encode("utf-8", "replace")
    if text.isascii():
        if not text.isalnum():
            yield quote(text, safe="").encode()
            yield quote(text, safe="").replace("%20", "+").encode()
        return
    yield _escaped(text, upper=False)
    yield _escaped(text, upper=True)
    yield quote(text, safe="", errors="replace").encode()
    for charset in _CHARSETS:
        try:
            yield text.encode(charset)
        except UnicodeEncodeError:
            continue


def _escaped(text: str, *, upper: bool) -> bytes:
    """As JSON in ASCII writes it."""
    units = text.encode("utf-16-be", "surrogatepass")
    written = []
    for high, low in zip(units[::2], units[1::2], strict=True):
        code = high << 8 | low
        written.append(chr(code) if code < 128 else f"\\u{code:04X}" if upper else f"\\u{code:04x}")
    return "".join(written).encode()
