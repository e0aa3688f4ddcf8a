"""Where in a TOML file a value stands, so that an error can name its line.

`tomli` keeps no positions. This reads only headers and keys, of text that `tomli` has already accepted, and knows
strings and brackets just well enough not to be fooled by what is inside them.
"""

from __future__ import annotations

import re

Where = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY_PART = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|([A-Za-z0-9_-]+))\s*')
_TOKEN = re.compile(r'"""|\'\'\'|"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*|[\[\]{}]')


class Positions:
    """Lines of a TOML text, by the path of keys and indexes that leads to a value."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Where, int] = {(): 1}
        counts: dict[tuple[str, ...], int] = {}
        prefix: Where = ()
        depth = 0
        quote = ""
        for number, line in enumerate(text.splitlines(), 1):
            if quote:
                if quote in line:
                    depth, quote = _after(line.split(quote, 1)[1], depth)
                continue
            if depth == 0:
                header = _HEADER.match(line)
                if header:
                    keys = _keys(header[2])[0]
                    prefix = _resolve(keys[:-1], counts)
                    if header[1] == "[[":
                        index = counts[keys] = counts.get(keys, -1) + 1
                        prefix = (*prefix, keys[-1], index)
                    else:
                        prefix = (*prefix, keys[-1])
                    self._lines.setdefault(prefix, number)
                    continue
                keys, rest = _keys(line)
                if keys and rest.startswith("="):
                    self._lines[(*prefix, *keys)] = number
                    line = rest[1:]
            depth, quote = _after(line, depth)

    def line(self, where: Where) -> int:
        """The line of the value at `where`, or of the closest thing around it."""
        while where not in self._lines:
            where = where[:-1]
        return self._lines[where]


def _keys(text: str) -> tuple[tuple[str, ...], str]:
    """The dotted key that `text` begins with, and what follows it."""
    keys: list[str] = []
    at = 0
    while part := _KEY_PART.match(text, at):
        keys.append(next(group for group in part.groups() if group is not None))
        at = part.end()
        if not text.startswith(".", at):
            break
        at += 1
    return tuple(keys), text[at:]


def _resolve(keys: tuple[str, ...], counts: dict[tuple[str, ...], int]) -> Where:
    """`keys` with the index of the latest element behind each array of tables."""
    out: list[str | int] = []
    for end, key in enumerate(keys, 1):
        out.append(key)
        if keys[:end] in counts:
            out.append(counts[keys[:end]])
    return tuple(out)


def _after(text: str, depth: int) -> tuple[int, str]:
    """Bracket depth behind `text`, and the quote of a multi-line string that is still open."""
    at = 0
    while token := _TOKEN.search(text, at):
        mark = token[0]
        at = token.end()
        if mark in ("[", "{"):
            depth += 1
        elif mark in ("]", "}"):
            depth -= 1
        elif mark in ('"""', "'''"):
            end = text.find(mark, at)
            if end < 0:
                return depth, mark
            at = end + 3
    return depth, ""
