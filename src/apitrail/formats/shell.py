"""Text as words of a POSIX shell: whatever was recorded, a shell takes it as data and never as a command.

Nothing that is pasted may reach the terminal as a control: an escape sequence in a body could end the terminal's own
paste mode and have the rest run. So what is not printable is written as octal codes, or as base64 by who writes it.
"""

from __future__ import annotations

from unicodedata import category

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,@%+")


def printable(text: str) -> bool:
    """Whether a terminal shows every character of it as it is. Line ends and tabs may stand in it, CR may not."""
    return all(char.isprintable() or char in "\n\t" or category(char) == "Zs" for char in set(text))


def quoted(text: str) -> str:
    """One word that means exactly this printable text."""
    if text and set(text) <= _SAFE:
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def octal(data: bytes) -> str:
    """One word that means exactly these bytes. They must not end in a line end, and hold no NUL."""
    return "\"$(printf '" + "".join(f"\\{byte:03o}" for byte in data) + "')\""
