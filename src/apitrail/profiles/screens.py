"""Which of a platform's rules can hold of an answer at all, told by one look at the fields that they need.

Most calls succeed, and of a platform's twenty signs of failure none holds. Asking each was a fifth of what deriving
costs, so what each needs (a field that is there, a form of the body) is written out as one function; only the rules
whose needs are met are then asked in full. As in `walks`, nothing of a profile's text enters the source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct

from apitrail.profiles.facts import Facts

T = TypeVar("T")

Test = Literal["says", "there", "element"]
"""`says`: the field is neither missing nor null, false, 0, "" or empty. `there`: neither missing nor null. `element`:
the same, and no empty list."""


class Need(Struct, frozen=True):
    """What must be so of an answer for a rule to hold; that it is so is not enough."""

    fields: tuple[str, ...] = ()
    """The way from the top of the body, by plain fields."""
    test: Test = "there"
    forms: frozenset[str] = frozenset()
    """The body's form is one of these; no field is asked for then."""


_TESTS: dict[Test, str] = {"says": "{0}", "there": "{0} is not None", "element": "{0} is not None and {0} != []"}


class _Field:
    __slots__ = ("below", "name")

    def __init__(self) -> None:
        self.below: dict[str, _Field] = {}
        self.name = ""


class _Screen(Generic[T]):
    """Writes the function. `v3` is a field's value, `c7` a constant, `r2` a rule."""

    def __init__(self) -> None:
        self._scope: dict[str, Any] = {}
        self._fields = 0

    def function(self, rules: Sequence[tuple[T, Iterable[Need]]]) -> Callable[[Facts], list[T]]:
        top = _Field()
        asked: list[str] = []
        for number, (rule, needs) in enumerate(rules):
            self._scope[f"r{number}"] = rule
            tests = [self._test(need, top) for need in needs]
            asked.append(f"    if {' and '.join(tests)}:" if tests else "    if True:")
            asked.append(f"        out.append(r{number})")
        reading: list[str] = []
        self._read(top, "data", 1, reading)
        lines = ["def screen(facts):", "    form, data = facts.response_parsed or facts.response()"]
        if self._fields:
            lines.append("    " + " = ".join(f"v{number}" for number in range(self._fields)) + " = None")
        lines += [*reading, "    out = []", *asked, "    return out"]
        exec(compile("\n".join(lines), "<screen>", "exec"), self._scope)  # noqa: S102 - made of the names above alone
        screen: Callable[[Facts], list[T]] = self._scope["screen"]
        return screen

    def _constant(self, value: object) -> str:
        name = f"c{len(self._scope)}"
        self._scope[name] = value
        return name

    def _test(self, need: Need, top: _Field) -> str:
        if need.forms:
            return f"form in {self._constant(need.forms)}"
        field = top
        for step in need.fields:
            field = field.below.setdefault(step, _Field())
            if not field.name:
                field.name = f"v{self._fields}"
                self._fields += 1
        return _TESTS[need.test].format(field.name)

    def _read(self, field: _Field, value: str, depth: int, lines: list[str]) -> None:
        if not field.below:
            return
        lines.append("    " * depth + f"if type({value}) is dict:")
        for name, below in field.below.items():
            lines.append("    " * (depth + 1) + f"{below.name} = {value}.get({self._constant(name)})")
            self._read(below, below.name, depth + 1, lines)


def screen(rules: Sequence[tuple[T, Iterable[Need]]]) -> Callable[[Facts], list[T]]:
    """A function that tells, in their order, the rules whose needs an exchange's answer meets."""
    return _Screen[T]().function(rules)
