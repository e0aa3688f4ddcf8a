"""Which endpoint a method and path are: literal segments first, then captured ones. Case does not matter."""

from __future__ import annotations

import re
from typing import Generic, TypeVar

from apitrail.profiles.facts import decoded

T = TypeVar("T")

_SEGMENT = re.compile(r"^([^{}]*)\{([a-z_]+)\}([^{}]*)$")
STRIPPED = 4
"""How many leading segments a platform on somebody's own host may be mounted under."""


class BadPath(ValueError):
    """Not a path that an endpoint can have."""


class _Node(Generic[T]):
    __slots__ = ("captured", "literal", "methods", "rest")

    def __init__(self) -> None:
        self.literal: dict[str, _Node[T]] = {}
        self.captured: list[tuple[str, str, str, _Node[T]]] = []
        self.rest: _Node[T] | None = None
        self.methods: dict[str, list[T]] = {}


class Routes(Generic[T]):
    """Endpoints by path. `{name}` is one segment or part of one (`{id}.json`), a last `**` is whatever follows."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        self._whole: dict[str, _Node[T]] = {}
        """Nodes of paths without captures, by the path in lower case."""

    def add(self, methods: str, path: str, value: T) -> None:
        """Register `value` for `GET|POST` or `*`. Raises BadPath."""
        node = self._root
        for segment in segments_of(path):
            if segment == "**":
                node.rest = node.rest or _Node()
                node = node.rest
                continue
            if "{" not in segment:
                node = node.literal.setdefault(segment.lower(), _Node())
                continue
            found = _SEGMENT.match(segment)
            if not found:
                raise BadPath(f'"{segment}" holds no {{name}} that can be read')
            before, name, after = found[1].lower(), found[2], found[3].lower()
            for known in node.captured:
                if known[:3] == (before, name, after):
                    node = known[3]
                    break
            else:
                fresh: _Node[T] = _Node()
                node.captured.append((before, name, after, fresh))
                node.captured.sort(key=lambda one: -len(one[0]) - len(one[2]))
                node = fresh
        if "{" not in path and "**" not in path:
            self._whole["/" + "/".join(segments_of(path.lower()))] = node
        for method in methods.split("|"):
            node.methods.setdefault(method, []).append(value)

    def find(self, method: str, path: str, *, anywhere: bool = False) -> tuple[list[T], dict[str, str]] | None:
        """The endpoints of a call, and what its path captured. `anywhere`: also below leading segments."""
        low = path.lower()
        whole = self._whole.get(low)
        if whole is not None:
            found = self._of(whole, method)
            if found is not None:
                return found, {}
        segments = segments_of(path)
        lowered = segments_of(low)
        for start in range(min(STRIPPED, len(segments)) + 1 if anywhere else 1):
            captures: dict[str, str] = {}
            node = self._walk(self._root, method, segments, lowered, start, captures)
            if node is not None:
                return self._of(node, method) or [], captures
        return None

    def _walk(
        self, node: _Node[T], method: str, segments: list[str], lowered: list[str], at: int, captures: dict[str, str]
    ) -> _Node[T] | None:
        if at == len(segments):
            return node if self._of(node, method) else None
        low = lowered[at]
        then = node.literal.get(low)
        if then is not None:
            found = self._walk(then, method, segments, lowered, at + 1, captures)
            if found is not None:
                return found
        for before, name, after, then in node.captured:
            if not before and not after:
                found = self._walk(then, method, segments, lowered, at + 1, captures)
                if found is not None:
                    captures[name] = decoded(segments[at])
                    return found
            elif low.startswith(before) and low.endswith(after) and len(low) > len(before) + len(after):
                found = self._walk(then, method, segments, lowered, at + 1, captures)
                if found is not None:
                    captures[name] = decoded(segments[at][len(before) : len(segments[at]) - len(after)])
                    return found
        if node.rest is not None and self._of(node.rest, method):
            return node.rest
        return None

    @staticmethod
    def _of(node: _Node[T], method: str) -> list[T] | None:
        methods = node.methods
        return methods.get(method) or methods.get("*") or (methods.get("GET") if method == "HEAD" else None)


def segments_of(path: str) -> list[str]:
    """What stands between the slashes; doubled and trailing slashes are nothing."""
    return [segment for segment in path.split("/") if segment]
