"""Where a value sits in an exchange: the small language of profiles, compiled to functions.

    host:shop                       the part that a host pattern captured
    path:id                         the part that an endpoint's path captured
    query:shop_id                   a query parameter
    request-header:X-Shopify-Topic  a header field (response-header: likewise)
    request:$.order.sn              a field of the request's body
    response:$.orders[].id          each element of a list; a lone object counts as a list of one
    response:root                   the XML root, or the first element of a SOAP body
    response:form                   json, xml, form, pipe, multipart, html, text, csv, binary, large, empty
    request:graphql                 the GraphQL root field (request:operation: its operation's name)
    status  method  action  host    of the exchange

A place may end in ` ~ regex`: what the pattern finds (its first group, if it has one) is taken instead of the whole.

Steps of a body path: `.name`, `["odd name"]`, `[]` each element, `[type=error|fatal]` and `[type!=note]` each element
whose field says so, `[,]` each piece of a comma list, `.*` each value of an object, `.(json)` and `.(xml)` read a text
as such, `.(first)` the first text inside, `.(keys)` an object's names, `.(html)` what an HTML page says in its heading
or title.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from apitrail.profiles.bodies import page_text, parse_json
from apitrail.profiles.facts import Facts
from apitrail.profiles.markup import parse_xml

Walk = Callable[[Any, list[Any]], None]
Steps = tuple[str, ...]

_NAME = r"[A-Za-z0-9_@#:-]+"
_STEP = re.compile(rf'\.(\([a-z]+\)|\*|{_NAME})|\["([^"]+)"\]|(\[,?\]|\[{_NAME}(?:\.{_NAME})*!?=[^\]=]+\])')
_FILTER = re.compile(r"\[([^\]=!]+)(!?)=([^\]]+)\]")
INSIDE: Final = ("(json)", "(xml)", "(first)", "(keys)", "(html)")
PLACES: Final = ("host", "path", "query", "request-header", "response-header", "request", "response")
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
            raise BadLocator(f'"{text}" is no path at "{text[at:]}"')
        step = found[1] or found[2] or found[3]
        if step.startswith("(") and step not in INSIDE:
            raise BadLocator(f'"{step}" is no step; known are (json), (xml), (first), (keys), (html)')
        steps.append("." + step if found[2] else step)
        at = found.end()
    return tuple(steps)


def special(step: str) -> bool:
    """Whether a step is anything but a field's name."""
    return step[0] in "[(*"


class Locator:
    """A compiled place: `every(subject)` gives all values there, `first(subject)` the first."""

    __slots__ = ("every", "first", "pattern", "place", "single", "steps", "text")

    def __init__(self, text: str, *, relative: bool = False) -> None:
        """Compile `text`; a relative one walks from an item instead of from an exchange.

        Raises BadLocator, and re.error for a pattern that cannot be read.
        """
        text, tilde, pattern = text.partition(" ~ ")
        text = text.strip()
        self.text = text
        self.pattern = re.compile(pattern.strip()) if tilde else None
        if relative:
            self.place = "item"
            self.steps = parse_steps(text if text.startswith(("[", ".")) else "." + text) if text != "." else ()
            reach: Callable[[Any], Any] = _itself
        else:
            self.place, reach, self.steps = _place(text)
        self.single = not any(step[0] in "[*" or step == "(keys)" for step in self.steps)
        """Whether there can be one value at most."""
        self.every, self.first = _functions(reach, self.steps)
        if self.pattern is not None:
            self.every, self.first = _cut(self.every, self.pattern)


def _place(text: str) -> tuple[str, Callable[[Any], Any], Steps]:
    if text in ("status", "method", "action", "host"):
        return text, _attribute(text), ()
    place, colon, what = text.partition(":")
    if not colon or place not in PLACES or not what:
        raise BadLocator(f'"{text}" names no place; begin with one of {", ".join(p + ":" for p in PLACES)}')
    if place in ("host", "path"):
        return place, _capture(what), ()
    if place in ("request-header", "response-header"):
        return place, _header(place, what.lower()), ()
    if place == "query":
        return place, _query, parse_steps("." + what)
    if what.startswith("$"):
        return place, _body(place), parse_steps(what[1:])
    if what in ("root", "form") or (place == "request" and what in ("graphql", "operation")):
        return place, _about(place, what), ()
    raise BadLocator(f'"{text}" names nothing; a body path begins with {place}:$')


def _itself(subject: Any) -> Any:
    return subject


def _attribute(name: str) -> Callable[[Facts], Any]:
    return lambda facts: getattr(facts, name)


def _capture(name: str) -> Callable[[Facts], Any]:
    return lambda facts: facts.captures.get(name)


def _header(place: str, name: str) -> Callable[[Facts], Any]:
    if place == "request-header":
        return lambda facts: facts.request_headers().get(name)
    return lambda facts: facts.response_headers().get(name)


def _query(facts: Facts) -> Any:
    return facts.query()


def _body(place: str) -> Callable[[Facts], Any]:
    if place == "request":
        return lambda facts: (facts.request_parsed or facts.request())[1]
    return lambda facts: (facts.response_parsed or facts.response())[1]


def _about(place: str, what: str) -> Callable[[Facts], Any]:
    if what == "root":
        return lambda facts: facts.root(place) or None
    if what == "form":
        return lambda facts: (facts.request() if place == "request" else facts.response())[0]
    index = 0 if what == "operation" else 1
    return lambda facts: facts.graphql()[index] or None


def _functions(reach: Callable[[Any], Any], steps: Steps) -> tuple[Callable[[Any], list[Any]], Callable[[Any], Any]]:
    if not any(special(step) for step in steps):
        keys = tuple(step.removeprefix(".") for step in steps)
        if len(keys) == 1:
            return _top(reach, keys[0])

        def first(subject: Any) -> Any:
            value = reach(subject)
            for key in keys:
                if type(value) is not dict:
                    return None
                value = value.get(key)
            return value

        def every(subject: Any) -> list[Any]:
            value = first(subject)
            return [] if value is None else [value]

        return every, first
    if steps[-1] == "[]" and not any(special(step) for step in steps[:-1]):
        return _listed(_functions(reach, steps[:-1])[1])
    walk = compile_walk(steps, list.append)  # the list is last: list.append(out, value)

    def every_walked(subject: Any) -> list[Any]:
        out: list[Any] = []
        value = reach(subject)
        if value is not None:
            walk(value, out)
        return out

    def first_walked(subject: Any) -> Any:
        out = every_walked(subject)
        return out[0] if out else None

    return every_walked, first_walked


def _listed(container: Callable[[Any], Any]) -> tuple[Callable[[Any], list[Any]], Callable[[Any], Any]]:
    """The elements of one list: as it stands, without a copy."""

    def every(subject: Any) -> list[Any]:
        value = container(subject)
        if type(value) is list:
            return value
        return [] if value is None else [value]

    def first(subject: Any) -> Any:
        value = container(subject)
        if type(value) is list:
            return value[0] if value else None
        return value

    return every, first


def _top(reach: Callable[[Any], Any], key: str) -> tuple[Callable[[Any], list[Any]], Callable[[Any], Any]]:
    """The commonest place, a field at the top, without a loop."""

    def first(subject: Any) -> Any:
        value = reach(subject)
        return value.get(key) if type(value) is dict else None

    def every(subject: Any) -> list[Any]:
        value = first(subject)
        return [] if value is None else [value]

    return every, first


def found_in(pattern: re.Pattern[str], text: str) -> str | None:
    """What the pattern takes out of a text: its first group, if it has one."""
    found = pattern.search(text)
    return None if found is None else found[1] if pattern.groups else found[0]


def _cut(
    every: Callable[[Any], list[Any]], pattern: re.Pattern[str]
) -> tuple[Callable[[Any], list[Any]], Callable[[Any], Any]]:
    def every_cut(subject: Any) -> list[Any]:
        texts = (as_text(value) for value in every(subject))
        return [cut for text in texts if text is not None and (cut := found_in(pattern, text))]

    def first_cut(subject: Any) -> Any:
        return next(iter(every_cut(subject)), None)

    return every_cut, first_cut


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
    if step.startswith("["):
        return _those(step, then)
    key = step.removeprefix(".")

    def named(value: Any, out: list[Any]) -> None:
        if type(value) is dict:
            found = value.get(key)
            if found is not None:
                then(found, out)

    return named


def _each(then: Walk) -> Walk:
    def each(value: Any, out: list[Any]) -> None:
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
        raise BadLocator(f'"{step}" is no filter: write [name=value], [name=a|b] or [name!=value]')
    names = tuple(parts[1].split("."))
    wanted = not parts[2]
    values = frozenset(value.strip() for value in parts[3].split("|"))

    def those(value: Any, out: list[Any]) -> None:
        for element in value if type(value) is list else (value,):
            said = element
            for name in names:
                said = said.get(name) if type(said) is dict else None
            if (as_text(said) in values) is wanted:
                then(element, out)

    return those


def _values(then: Walk) -> Walk:
    def values(value: Any, out: list[Any]) -> None:
        if type(value) is dict:
            for element in value.values():
                if element is not None:
                    then(element, out)

    return values


def _pieces(then: Walk) -> Walk:
    def pieces(value: Any, out: list[Any]) -> None:
        for text in value if type(value) is list else (value,):
            if type(text) is str:
                for piece in text.split(","):
                    if piece.strip():
                        then(piece.strip(), out)
            elif text is not None:
                then(text, out)

    return pieces


def _inside(read: Callable[[str], Any], then: Walk) -> Walk:
    def inside(value: Any, out: list[Any]) -> None:
        if type(value) is str:
            value = read(value)
        if value is not None:
            then(value, out)

    return inside


def _first_leaf(then: Walk) -> Walk:
    def first_leaf(value: Any, out: list[Any]) -> None:
        leaf = next(leaves(value), None)
        if leaf is not None:
            then(leaf, out)

    return first_leaf


def _keys(then: Walk) -> Walk:
    def keys(value: Any, out: list[Any]) -> None:
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


def first_text(locators: tuple[Locator, ...], subject: Any) -> str | None:
    """The first text at any of the places that says something."""
    for locator in locators:
        value = locator.first(subject)
        if type(value) in (dict, list):
            value = next(leaves(value), None)
        text = as_text(value)
        if text is not None:
            text = text.strip()
            if text:
                return text
    return None
