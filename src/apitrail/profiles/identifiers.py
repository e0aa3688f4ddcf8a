"""Which identifiers an exchange touched: all places of one side's body are walked in one pass."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from apitrail.exchange import Reference
from apitrail.profiles.facts import Facts
from apitrail.profiles.locators import Locator, Steps, Walk, found_in, step_walk

MOST = 1_000
"""References kept of one exchange."""
LONGEST = 200
"""Characters; what is longer is no identifier."""

Found = tuple[str, str]
"""(type, id)."""
Collector = Callable[[Facts, list[Any]], None]


class Place:
    """Where identifiers of one type sit."""

    __slots__ = ("emit", "kind", "locator")

    def __init__(self, kind: str, text: str) -> None:
        """Raises BadLocator, and re.error for a pattern that cannot be read."""
        self.kind = kind
        self.locator = Locator(text)
        self.emit = _emit(kind, self.locator.pattern)


def _emit(kind: str, pattern: re.Pattern[str] | None) -> Walk:
    def emit(value: Any, out: list[Any]) -> None:
        if type(value) is str:
            text = value.strip()
        elif type(value) is int and value:
            text = str(value)
        else:
            return
        if pattern is not None:
            text = found_in(pattern, text) or ""
        if text and len(text) <= LONGEST:
            out.append((kind, text))

    return emit


class _Branch:
    """A tree of steps, shared by the places that begin alike."""

    __slots__ = ("emits", "next")

    def __init__(self) -> None:
        self.emits: list[Walk] = []
        self.next: dict[str, _Branch] = {}

    def add(self, steps: Steps, emit: Walk) -> None:
        branch = self
        for step in steps:
            branch = branch.next.setdefault(step, _Branch())
        branch.emits.append(emit)

    def walk(self) -> Walk:
        walks = [*self.emits, *(step_walk(step, branch.walk()) for step, branch in self.next.items())]
        if len(walks) == 1:
            return walks[0]
        several = tuple(walks)

        def fork(value: Any, out: list[Any]) -> None:
            for walk in several:
                walk(value, out)

        return fork


def collector(places: list[Place]) -> Collector:
    """One function that finds all identifiers of an exchange; what it appends are `Found`s."""
    request, response = _Branch(), _Branch()
    others: list[Place] = []
    for place in places:
        locator = place.locator
        if locator.text.startswith("request:$"):
            request.add(locator.steps, place.emit)
        elif locator.text.startswith("response:$"):
            response.add(locator.steps, place.emit)
        else:
            others.append(place)
    walk_request = request.walk() if request.next else None
    walk_response = response.walk() if response.next else None
    singles = tuple((place.locator.every, _emit(place.kind, None)) for place in others)

    def collect(facts: Facts, out: list[Any]) -> None:
        for every, emit in singles:
            for value in every(facts):
                emit(value, out)
        if walk_request is not None and facts.request_payload.body:
            walk_request(facts.request()[1], out)
        if walk_response is not None and facts.response_payload is not None:
            walk_response(facts.response()[1], out)

    return collect


def references(stated: list[Reference], found: list[Found]) -> list[Reference]:
    """Stated ones first, then what was found: each once, at most `MOST`."""
    unique = dict.fromkeys(found)
    if not stated:
        out = []
    else:
        out = list(dict.fromkeys(stated))
        for reference in out:
            unique.pop((reference.type, reference.id), None)
    for kind, text in unique:
        if len(out) >= MOST:
            break
        out.append(Reference(kind, text))
    return out[:MOST]
