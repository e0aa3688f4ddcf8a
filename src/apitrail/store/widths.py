"""The same text in half-width and full-width letters and signs: beside Chinese, both are written, and mixed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import normalize

_APART = 0xFEE0
"""From a letter or sign of ASCII to the full-width one."""
_FULL = {code: code + _APART for code in range(0x21, 0x7F)}
_HALF = {full: code for code, full in _FULL.items()} | {0x3000: 0x20}
_LETTERS = {code: full for code, full in _FULL.items() if chr(code).isalnum()}
_MARKS = {ord(mark): _FULL[ord(mark)] for mark in "!(),:;?"}
"""What a Chinese keyboard writes full-width while letters and digits stay half-width."""
_BRACKETS = {ord(mark): _FULL[ord(mark)] for mark in "()"}
_SMALL = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_CAPITAL = {small: code for code, small in _SMALL.items()}


def half(text: str) -> str:
    """In half width, letter by letter: as long as it was."""
    return text.translate(_HALF)


def folded(text: str) -> str:
    """In half width, and all else that Unicode takes for the same made one (NFKC)."""
    return normalize("NFKC", text)


def lower(text: str) -> str:
    """In small letters, as the engine's `lower` does it: of ASCII alone."""
    return text.translate(_SMALL)


def upper(text: str) -> str:
    """In capitals, of ASCII alone."""
    return text.translate(_CAPITAL)


def forms(text: str) -> Iterator[str]:
    """A text as it is, in half width, with full-width marks, in full width, and a word with full-width letters and
    digits alone; some of these may be the same.
    """
    plain = folded(text)
    yield from (text, plain, plain.translate(_MARKS), plain.translate(_FULL))
    if " " not in plain:
        yield plain.translate(_LETTERS)


def of_id(value: str) -> tuple[str, ...]:
    """An id as it is, in half width, with full-width brackets; mostly these are one."""
    if value.isascii() and "(" not in value and ")" not in value:
        return (value,)
    plain = folded(value)
    return tuple(dict.fromkeys((value, plain, plain.translate(_BRACKETS))))
