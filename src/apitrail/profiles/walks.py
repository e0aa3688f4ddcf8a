"""A tree of places in a body, walked in one pass by a function that is written out for it.

The places of an endpoint that begin alike share a branch, so that each part of a body is looked at once. The function
is generated source: ids are looked for in every exchange, and calls between closures were half of what that cost
(docs/decisions/0006-deriving.md). Only names and numbers made here enter the source; what a profile says is handed
over as values.

What a walk finds goes into a `Found`, by type, so that no pair has to be made of each identifier.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from types import CodeType
from typing import Any

from apitrail.profiles.steps import Steps, Walk, special, step_walk

Found = defaultdict[str, list[str]]
"""Type → its identifiers as they were met, repeated ones too. A type that was asked for and not met may be there."""
LONGEST = 200
"""Characters; what is longer is no identifier."""
_UNROLLED = 6
"""So many fields are asked for one by one; of more, the object's own are looked up in a table."""


class Branch:
    """What lies at and below one step."""

    __slots__ = ("next", "patterns", "places")

    def __init__(self) -> None:
        self.places: list[str] = []
        """Types of plain identifiers: the whole value is one."""
        self.patterns: list[tuple[str, Walk]] = []
        """What all that fits begins with, and the function that takes a value."""
        self.next: dict[str, Branch] = {}

    def add(self, steps: Steps, place: str | tuple[str, Walk]) -> None:
        """A place below: the type of a plain identifier, or one of `patterns`."""
        branch = self
        for step in steps:
            branch = branch.next.setdefault(step, Branch())
        if isinstance(place, str):
            branch.places.append(place)
        else:
            branch.patterns.append(place)

    def walk(self) -> Walk:
        """`walk(value, out)` puts each identifier below `value` into `out`, a `Found`."""
        return _Writer().function(self)

    @property
    def used(self) -> bool:
        """Whether there is anything to walk for."""
        return bool(self.next or self.places or self.patterns)

    @property
    def leaf(self) -> str | None:
        """The type of the one plain identifier that sits here, if that is all that is here."""
        return self.places[0] if len(self.places) == 1 and not self.next and not self.patterns else None


def _fitting(patterns: list[tuple[str, Walk]]) -> Walk:
    """One function that hands a value to those that it can fit by how it begins: ids of one place (`shp_…`, `trk_…`)
    are told apart by that."""
    by_beginning = {
        begins: tuple(emit for other, emit in patterns if begins.startswith(other)) for begins, _ in patterns
    }
    longest_first = sorted(by_beginning, key=len, reverse=True)
    beginning = re.compile(r"\s*(" + "|".join(map(re.escape, longest_first)) + ")").match

    def fitting(value: Any, out: Found) -> None:
        if type(value) is int and value:
            value = str(value)
        if type(value) is str and (found := beginning(value)) is not None:
            for emit in by_beginning[found[1]]:
                emit(value, out)

    return fitting


@lru_cache(maxsize=4096)
def _code(source: str) -> CodeType:
    """Most of the time of a walk that is made; and what a platform says of all its endpoints is the same in each."""
    return compile(source, "<walk>", "exec")


class _Writer:
    """Writes the source of one walk. Variables are numbered: `v3` is a value, `c7` a constant."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._constants: dict[str, Any] = {}
        self._values = 0

    def function(self, branch: Branch) -> Walk:
        self._branch(branch, "v0", 1)
        names = ", ".join(f"{name}={name}" for name in self._constants)
        source = f"def walk(v0, out, {names}):\n" if names else "def walk(v0, out):\n"
        source += "\n".join(self._lines or ["    pass"])
        scope: dict[str, Any] = dict(self._constants)
        exec(_code(source), scope)  # noqa: S102 - the source is made of the names above alone
        walk: Walk = scope["walk"]
        return walk

    def _constant(self, value: Any) -> str:
        name = f"c{len(self._constants)}"
        self._constants[name] = value
        return name

    def _value(self) -> str:
        self._values += 1
        return f"v{self._values}"

    def _line(self, depth: int, text: str) -> None:
        self._lines.append("    " * depth + text)

    def _branch(self, branch: Branch, value: str, depth: int, known: dict[str, str] | None = None) -> None:
        """What is at `value`, which is not None, and below it. `known` has variables that take a type's identifiers."""
        for kind in branch.places:
            self._identifier(self._take(kind, known), value, depth)
        if branch.patterns:
            self._line(depth, f"{self._constant(_fitting(branch.patterns))}({value}, out)")
        fields: dict[str, Branch] = {}
        for step, below in branch.next.items():
            if step == "[]":
                element = self._value()
                inner = self._hoisted(below, depth)
                self._line(depth, f"for {element} in {value} if type({value}) is list else ({value},):")
                self._branch(below, element, depth + 1, inner)
            elif special(step):
                self._line(depth, f"{self._constant(step_walk(step, below.walk()))}({value}, out)")
            else:
                fields[step.removeprefix(".")] = below
        if fields:
            self._line(depth, f"if type({value}) is dict:")
            if len(fields) > _UNROLLED:
                self._table(fields, value, depth + 1)
            else:
                self._fields(fields, value, depth + 1, known)

    def _hoisted(self, below: Branch, depth: int) -> dict[str, str]:
        """Variables, set before a loop, that take what is found of the types that each element may have."""
        kinds = list(below.places)
        if len(below.next) <= _UNROLLED:
            kinds += [leaf.leaf for step, leaf in below.next.items() if leaf.leaf is not None and not special(step)]
        out: dict[str, str] = {}
        for kind in kinds:
            if kind not in out:
                out[kind] = self._value()
                self._line(depth, f"{out[kind]} = out[{self._constant(kind)}].append")
        return out

    def _take(self, kind: str, known: dict[str, str] | None) -> str:
        return (known or {}).get(kind) or f"out[{self._constant(kind)}].append"

    def _fields(self, fields: dict[str, Branch], value: str, depth: int, known: dict[str, str] | None) -> None:
        for name, below in fields.items():
            found = self._value()
            self._line(depth, f"{found} = {value}.get({self._constant(name)})")
            if below.leaf is not None:
                self._line(depth, f"if {found}:")
                self._identifier(self._take(below.leaf, known), found, depth + 1)
            else:
                self._line(depth, f"if {found} is not None:")
                self._branch(below, found, depth + 1)

    def _table(self, fields: dict[str, Branch], value: str, depth: int) -> None:
        """Most objects have few of many fields: what each means is looked up, and what is below it is a function."""
        meaning = {name: below.leaf or below.walk() for name, below in fields.items()}
        get, pairs = self._constant(meaning.get), self._constant(tuple(meaning.items()))
        key, found, meant = self._value(), self._value(), self._value()
        self._line(depth, f"if len({value}) <= {len(meaning)}:")
        self._line(depth + 1, f"for {key}, {found} in {value}.items():")
        self._line(depth + 2, f"{meant} = {get}({key})")
        self._line(depth + 2, f"if {meant} is not None and {found}:")
        self._meant(meant, found, depth + 3)
        self._line(depth, "else:")
        self._line(depth + 1, f"for {key}, {meant} in {pairs}:")
        self._line(depth + 2, f"{found} = {value}.get({key})")
        self._line(depth + 2, f"if {found}:")
        self._meant(meant, found, depth + 3)

    def _meant(self, meant: str, value: str, depth: int) -> None:
        self._line(depth, f"if type({meant}) is not str:")
        self._line(depth + 1, f"{meant}({value}, out)")
        self._line(depth, f"elif type({value}) is str:")
        self._text(f"out[{meant}].append", value, depth + 1)
        self._line(depth, f"elif type({value}) is int:")
        self._line(depth + 1, f"out[{meant}].append(str({value}))")

    def _identifier(self, take: str, value: str, depth: int) -> None:
        self._line(depth, f"if type({value}) is str:")
        self._text(take, value, depth + 1)
        self._line(depth, f"elif type({value}) is int and {value}:")
        self._line(depth + 1, f"{take}(str({value}))")

    def _text(self, take: str, value: str, depth: int) -> None:
        self._line(depth, f"{value} = {value}.strip()")
        self._line(depth, f"if {value} and len({value}) <= {LONGEST}:")
        self._line(depth + 1, f"{take}({value})")
