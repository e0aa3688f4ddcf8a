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
    status  method  action  host  path    of the exchange

A place may end in ` ~ regex`: what the pattern finds (its first group, if it has one) is taken instead of the whole.

Steps of a body path: `.name`, `["odd name"]`, `[]` each element, `[type=error|fatal]` and `[type!=note]` each element
whose field says so, `[first]` and `[last]` one element, `[newest date,time]` the one whose fields say the latest time,
`[,]` each piece of a comma list, `.*` each value of an object, `.(json)` and `.(xml)` read a text as such, `.(first)`
the first text inside, `.(keys)` an object's names, `.(html)` what an HTML page says in its heading or title.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from apitrail.profiles.facts import Facts, decoded
from apitrail.profiles.steps import BadLocator, Steps, as_text, compile_walk, leaves, parse_steps, special

PLACES: Final = ("host", "path", "query", "request-header", "response-header", "request", "response")


class Locator:
    """A compiled place: `every(subject)` gives all values there, `first(subject)` the first."""

    __slots__ = ("every", "field", "first", "pattern", "place", "single", "steps", "text")

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
        only = self.steps[0] if relative and len(self.steps) == 1 and self.pattern is None else "["
        self.field = "" if special(only) else only.removeprefix(".")
        """The one field of an item that this is, if it is no more than that."""
        self.every, self.first = _functions(reach, self.steps)
        if self.pattern is not None:
            self.every, self.first = _cut(self.every, self.pattern)


def _place(text: str) -> tuple[str, Callable[[Any], Any], Steps]:
    if text in ("status", "method", "action", "host"):
        return text, _attribute(text), ()
    if text == "path":
        return text, _path, ()
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


def _path(facts: Facts) -> str:
    return decoded(facts.path)


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
    return _answer


def _answer(facts: Facts) -> Any:
    return (facts.response_parsed or facts.response())[1]


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
        if reach is _answer and 1 <= len(keys) <= 2:
            return _singly(_in_answer(keys))
        if len(keys) == 1:
            return _top(reach, keys[0])

        def first(subject: Any) -> Any:
            value = reach(subject)
            for key in keys:
                if type(value) is not dict:
                    return None
                value = value.get(key)
            return value

        return _singly(first)
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

    return _singly(first)


def _in_answer(keys: Steps) -> Callable[[Any], Any]:
    """A field of the answer, at the top or one below: most rules ask for no other, so these two are written out."""
    top = keys[0]
    if len(keys) == 1:

        def field(facts: Facts) -> Any:
            data = (facts.response_parsed or facts.response())[1]
            return data.get(top) if type(data) is dict else None

        return field
    below = keys[1]

    def inner(facts: Facts) -> Any:
        data = (facts.response_parsed or facts.response())[1]
        if type(data) is dict:
            data = data.get(top)
            if type(data) is dict:
                return data.get(below)
        return None

    return inner


def _singly(first: Callable[[Any], Any]) -> tuple[Callable[[Any], list[Any]], Callable[[Any], Any]]:
    """All values where there can be one at most."""

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


def first_text(locators: tuple[Locator, ...], subject: Any) -> str | None:
    """The first text at any of the places that says something."""
    for locator in locators:
        value = locator.first(subject)
        if value is None:
            continue
        if type(value) is dict or type(value) is list:
            value = next(leaves(value), None)
        text = as_text(value)
        if text:
            text = text.strip()
            if text:
                return text
    return None
