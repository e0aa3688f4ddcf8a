"""JSON by its paths: every scalar with where it stands, in one pass and without building anything.

A path is `$.buyer.phone`, `$.items[*].note`, `$..email`, `$.items[0]`: keys, indexes, `*` for any one step and `..` for
any number of them. What is cut or is no JSON is walked as far as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from apitrail.recorder.redaction.layers import JSON_STRING, decode

_TOKEN = re.compile(
    r'"((?:[^"\\]++|\\.)*+)("|\\?\Z)([ \t\r\n]*+:)?|([{\[])|([}\]])|(,)|([^\s,:{}\[\]"\ufeff]++)', re.DOTALL
)
_STEP = re.compile(r"\.\.|\.?(\*|[^.\[\]]+)|\[(\*|\d+|'[^']*'|\"[^\"]*\")\]")
ANY = "*"
DEEP = ".."

Path = tuple[str, ...]


class Leaf(NamedTuple):
    """A scalar: where its value stands, and whether in quotes."""

    path: list[str]
    start: int
    end: int
    quoted: bool


def leaves(text: str) -> Iterator[Leaf]:
    """Every scalar. `path` is the walker's own list: look at it at once."""
    path: list[str] = []
    lists: list[bool] = []
    for token in _TOKEN.finditer(text):
        string, _, colon, opened, closed, comma, bare = token.groups()
        if opened:
            lists.append(opened == "[")
            path.append("0" if opened == "[" else "")
        elif closed:
            if lists:
                lists.pop()
                path.pop()
        elif comma:
            if lists and lists[-1]:
                path[-1] = str(int(path[-1]) + 1)
        elif colon is not None:
            if lists and not lists[-1]:
                path[-1] = decode(text, *token.span(1), JSON_STRING).text if "\\" in string else string
        elif bare is not None:
            yield Leaf(path, token.start(), token.end(), False)
        else:
            yield Leaf(path, *token.span(1), True)


def compiled(path: str) -> Path:
    """A path as steps. Raises ValueError saying what is wrong with it."""
    if not path.startswith("$"):
        raise ValueError(f"json_path {path!r} must begin with $, such as $.buyer.phone")
    steps: list[str] = []
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            raise ValueError(
                f"json_path {path!r} cannot be read from {path[at:]!r} on; it may look like $.items[*].note"
            )
        at = step.end()
        if step[0] == DEEP:
            steps.append(DEEP)
        else:
            steps.append(step[1] or step[2].strip("'\""))
    if not steps or steps[-1] == DEEP:
        raise ValueError(f"json_path {path!r} names nothing; it may look like $.buyer.phone")
    return tuple(steps)


def fits(steps: Path, path: list[str]) -> bool:
    """Whether a leaf stands at the path, or anywhere below it: a whole object may be named."""
    reached = {0}
    for part in path:
        after = set()
        for at in reached:
            if at == len(steps):
                return True
            step = steps[at]
            if step == DEEP:
                after.add(at)
                if steps[at + 1] in (ANY, part):
                    after.add(at + 2)
            elif step in (ANY, part):
                after.add(at + 1)
        reached = after
    return len(steps) in reached
