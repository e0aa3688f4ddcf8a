"""The steps of a path through a body, compiled to functions that walk it. See `locators` for what each step is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import Any, Final

from apitrail.profiles.bodies import page_text, parse_json
from apitrail.profiles.markup import parse_xml
from apitrail.profiles.times import newest

Walk = Callable[[Any, Any], None]
Steps = tuple[str, ...]

_NAME = r"[A-Za-z0-9_@#:-]+"
_WAY = rf"{_NAME}(?:\.{_NAME})*"
_LISTED = rf"\[(?:,|first|last)?\]|\[newest {_WAY}(?:,{_WAY})*\]|\[{_WAY}!?=[^\]=]+\]"
_STEP = re.compile(rf'\.(\([a-z]+\)|\*|{_NAME})|\["([^"]+)"\]|({_LISTED})')
_FILTER = re.compile(r"\[([^\]=!]+)(!?)=([^\]]+)\]")
INSIDE: Final = ("(json)", "(xml)", "(first)", "(keys)", "(html)")
_LEAVES = 1_000


class BadLocator(ValueError):
    """Not a place that rules can name."""


def parse_steps(text: str) -> Steps:
    """The steps of `.a.b[].c`. Raises BadLocator."""
    steps: list[str] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        if not found:
            raise BadLocator(f'"{text}" is not a path at "{text[at:]}"')
        step = found[1] or found[2] or found[3]
        if step.startswith("(") and step not in INSIDE:
            raise BadLocator(f'"{step}" is not a step; known are (json), (xml), (first), (keys), (html)')
        steps.append("." + step if found[2] else step)
        at = found.end()
    return tuple(steps)


def special(step: str) -> bool:
    """Whether a step is anything but a field's name."""
    return step[0] in "[(*"


def leading_fields(steps: Steps) -> Steps:
    """The names of the plain fields that a way begins with."""
    return tuple(step.removeprefix(".") for step in takewhile(lambda step: not special(step), steps))


def compile_walk(steps: Steps, last: Callable[[list[Any], Any], None]) -> Walk:
    """A function that walks `steps` from a value and hands what it finds to `last(out, value)`."""
    if not steps:
        return lambda value, out: last(out, value)
    return step_walk(steps[0], compile_walk(steps[1:], last))


def step_walk(step: str, then: Walk) -> Walk:
    """One step, and what follows it."""
    if step == "[]":
        return _each(then)
    if step == "*":
        return _values(then)
    if step == "[,]":
        return _pieces(then)
    if step in ("(json)", "(xml)", "(html)"):
        return _inside({"(json)": parse_json, "(xml)": parse_xml, "(html)": page_text}[step], then)
    if step == "(first)":
        return _first_leaf(then)
    if step == "(keys)":
        return _keys(then)
    if step in ("[first]", "[last]"):
        return _at_end(0 if step == "[first]" else -1, then)
    if step.startswith("[newest "):
        return _newest([name.split(".") for name in step[len("[newest ") : -1].split(",")], then)
    if step.startswith("["):
        return _those(step, then)
    key = step.removeprefix(".")

    def named(value: Any, out: Any) -> None:
        if type(value) is dict:
            found = value.get(key)
            if found is not None:
                then(found, out)

    return named


def _each(then: Walk) -> Walk:
    def each(value: Any, out: Any) -> None:
        if type(value) is list:
            for element in value:
                then(element, out)
        else:
            then(value, out)

    return each


def _those(step: str, then: Walk) -> Walk:
    """The elements of a list, or the lone object, whose field says one of the values; with `!=`, none of them."""
    parts = _FILTER.fullmatch(step)
    if parts is None:
        raise BadLocator(f'"{step}" is not a filter: write [name=value], [name=a|b] or [name!=value]')
    names = tuple(parts[1].split("."))
    wanted = not parts[2]
    values = frozenset(value.strip() for value in parts[3].split("|"))

    def those(value: Any, out: Any) -> None:
        for element in value if type(value) is list else (value,):
            if (as_text(_below(element, names)) in values) is wanted:
                then(element, out)

    return those


def _below(value: Any, names: Iterable[str]) -> Any:
    for name in names:
        value = value.get(name) if type(value) is dict else None
    return value


def _at_end(index: int, then: Walk) -> Walk:
    """One element of a list, or the lone object."""

    def at_end(value: Any, out: list[Any]) -> None:
        if type(value) is not list:
            then(value, out)
        elif value:
            then(value[index], out)

    return at_end


def _newest(ways: Iterable[Iterable[str]], then: Walk) -> Walk:
    """The element whose time is the latest, or the lone object; nothing where that cannot be told."""

    def the_newest(value: Any, out: list[Any]) -> None:
        if type(value) is list and len(value) != 1:
            index = newest([[as_text(_below(element, way)) for way in ways] for element in value])
            if index is not None:
                then(value[index], out)
        else:
            then(value[0] if type(value) is list else value, out)

    return the_newest


def _values(then: Walk) -> Walk:
    def values(value: Any, out: Any) -> None:
        if type(value) is dict:
            for element in value.values():
                if element is not None:
                    then(element, out)

    return values


def _pieces(then: Walk) -> Walk:
    def pieces(value: Any, out: Any) -> None:
        for text in value if type(value) is list else (value,):
            if type(text) is str:
                for piece in text.split(","):
                    if piece.strip():
                        then(piece.strip(), out)
            elif text is not None:
                then(text, out)

    return pieces


def _inside(read: Callable[[str], Any], then: Walk) -> Walk:
    def inside(value: Any, out: Any) -> None:
        if type(value) is str:
            value = read(value)
        if value is not None:
            then(value, out)

    return inside


def _first_leaf(then: Walk) -> Walk:
    def first_leaf(value: Any, out: Any) -> None:
        leaf = next(leaves(value), None)
        if leaf is not None:
            then(leaf, out)

    return first_leaf


def _keys(then: Walk) -> Walk:
    def keys(value: Any, out: Any) -> None:
        if type(value) is dict:
            for key in value:
                then(key, out)

    return keys


def leaves(value: Any) -> Iterator[Any]:
    """The texts and numbers inside a value, in order, without recursion; at most a thousand steps are looked at."""
    stack = [value]
    for _ in range(_LEAVES):
        if not stack:
            return
        top = stack.pop()
        if type(top) is dict:
            stack.extend(reversed(top.values()))
        elif type(top) is list:
            stack.extend(reversed(top))
        elif as_text(top):
            yield top


def as_text(value: Any) -> str | None:
    """A scalar's text, verbatim: integers exact, truth as in JSON. None for nothing, lists and objects."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    return None
