"""What a GraphQL document does: its operation's name and first root field. No full parser: it never fails."""

from __future__ import annotations

import re
from functools import lru_cache

_NOISE = re.compile(r'#[^\n\r]*|"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"')
_OPERATION = re.compile(r"\b(query|mutation|subscription)\b\s*([A-Za-z_]\w*)?")
_FIELD = re.compile(r"[\s,]*(?:\.\.\.\s*(?:on\s+\w+)?[^{}]*|([A-Za-z_]\w*)\s*(?::\s*([A-Za-z_]\w*))?)")
LONGEST = 20_000


@lru_cache(maxsize=256)
def operation(document: str, name: str = "") -> tuple[str, str]:
    """(operation's name, root field) of the operation called `name`, else of the first; empty where not told."""
    text = _NOISE.sub(" ", document[:LONGEST])
    start = 0
    found = name
    for begin in _OPERATION.finditer(text):
        if text.count("{", 0, begin.start()) != text.count("}", 0, begin.start()):
            continue
        if not name or begin[2] == name:
            start, found = begin.end(), begin[2] or ""
            break
    at = _selection(text, start)
    if at < 0:
        return found, ""
    field = _FIELD.match(text, at + 1)
    if field is None or field[1] is None:
        return found, ""
    return found, field[2] or field[1]


def _selection(text: str, at: int) -> int:
    """Where the operation's braces open: past variables and directives, whose parentheses may hold braces."""
    depth = 0
    for index in range(at, len(text)):
        letter = text[index]
        if letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
        elif letter == "{" and depth <= 0:
            return index
    return -1
