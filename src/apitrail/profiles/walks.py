"""A tree of places in a body, walked in one pass by a function that is written out for it.

The places of an endpoint that begin alike share a branch, so that each part of a body is looked at once. The function
is generated source: ids are looked for in every exchange, and calls between closures were half of what that cost
(docs/decisions/0006-deriving.md). Only names and numbers made here enter the source; what a profile says is handed
over as values.
"""

from __future__ import annotations

from typing import Any

from apitrail.profiles.steps import Steps, Walk, special, step_walk

LONGEST = 200
"""Characters; what is longer is no identifier."""
_UNROLLED = 6
"""So many fields are asked for one by one; more are looked up in a table."""


class Branch:
    """What lies at and below one step."""

    __slots__ = ("next", "places")

    def __init__(self) -> None:
        self.places: list[str | Walk] = []
        """A text is the type of a plain identifier, a function takes any other value found here."""
        self.next: dict[str, Branch] = {}

    def add(self, steps: Steps, kind: str, emit: Walk, *, plain: bool) -> None:
        """A place below. `plain`: the whole value is the identifier."""
        branch = self
        for step in steps:
            branch = branch.next.setdefault(step, Branch())
        branch.places.append(kind if plain else emit)

    def walk(self) -> Walk:
        """`walk(value, out)` appends a (type, id) for each identifier below `value`."""
        return _Writer().function(self)

    @property
    def leaf(self) -> str | None:
        """The type of the one plain identifier that sits here, if that is all that is here."""
        if self.next or len(self.places) != 1:
            return None
        only = self.places[0]
        return only if isinstance(only, str) else None


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
        source += "    append = out.append\n" + "\n".join(self._lines or ["    pass"])
        scope: dict[str, Any] = dict(self._constants)
        exec(compile(source, "<walk>", "exec"), scope)  # noqa: S102 - the source is made of the names above alone
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

    def _branch(self, branch: Branch, value: str, depth: int) -> None:
        """What is at `value`, which is not None, and below it."""
        for place in branch.places:
            if isinstance(place, str):
                self._identifier(self._constant(place), value, depth)
            else:
                self._line(depth, f"{self._constant(place)}({value}, out)")
        fields: dict[str, Branch] = {}
        for step, below in branch.next.items():
            if step == "[]":
                element = self._value()
                self._line(depth, f"for {element} in {value} if type({value}) is list else ({value},):")
                self._branch(below, element, depth + 1)
            elif special(step):
                self._line(depth, f"{self._constant(step_walk(step, below.walk()))}({value}, out)")
            else:
                fields[step.removeprefix(".")] = below
        if fields:
            self._line(depth, f"if type({value}) is dict:")
            self._fields(fields, value, depth + 1)

    def _fields(self, fields: dict[str, Branch], value: str, depth: int) -> None:
        leaves = {name: kind for name, below in fields.items() if (kind := below.leaf) is not None}
        if len(leaves) > _UNROLLED:
            key, found, kind = self._value(), self._value(), self._value()
            known = self._constant(leaves.get)
            pairs = self._constant(tuple(leaves.items()))
            self._line(depth, f"if len({value}) < {len(leaves)}:")
            self._line(depth + 1, f"for {key}, {found} in {value}.items():")
            self._line(depth + 2, f"{kind} = {known}({key})")
            self._line(depth + 2, f"if {kind} is not None:")
            self._identifier(kind, found, depth + 3)
            self._line(depth, "else:")
            self._line(depth + 1, f"for {key}, {kind} in {pairs}:")
            self._line(depth + 2, f"{found} = {value}.get({key})")
            self._line(depth + 2, f"if {found}:")
            self._identifier(kind, found, depth + 3)
            fields = {name: below for name, below in fields.items() if name not in leaves}
        for name, below in fields.items():
            found = self._value()
            self._line(depth, f"{found} = {value}.get({self._constant(name)})")
            if name in leaves:
                self._line(depth, f"if {found}:")
                self._identifier(self._constant(leaves[name]), found, depth + 1)
            else:
                self._line(depth, f"if {found} is not None:")
                self._branch(below, found, depth + 1)

    def _identifier(self, kind: str, value: str, depth: int) -> None:
        self._line(depth, f"if type({value}) is str:")
        self._line(depth + 1, f"{value} = {value}.strip()")
        self._line(depth + 1, f"if {value} and len({value}) <= {LONGEST}:")
        self._line(depth + 2, f"append(({kind}, {value}))")
        self._line(depth, f"elif type({value}) is int and {value}:")
        self._line(depth + 1, f"append(({kind}, str({value})))")
