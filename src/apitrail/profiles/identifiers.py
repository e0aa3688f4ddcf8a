"""Which identifiers an exchange touched: all places of one side's body are walked in one pass."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from apitrail.exchange import Reference
from apitrail.profiles.facts import Facts
from apitrail.profiles.locators import Locator, found_in
from apitrail.profiles.steps import Steps, Walk, step_walk
from apitrail.profiles.walks import LONGEST, Branch, Found

MOST = 1_000
"""References kept of one exchange."""

Collector = Callable[[Facts, Found], None]


class Place:
    """Where identifiers of one type sit."""

    __slots__ = ("begins", "emit", "kind", "locator")

    def __init__(self, kind: str, text: str) -> None:
        """Raises BadLocator, and re.error for a pattern that cannot be read."""
        self.kind = kind
        self.locator = Locator(text)
        self.emit = _emit(kind, self.locator.pattern)
        self.begins = _beginning(self.locator.pattern)


def _emit(kind: str, pattern: re.Pattern[str] | None) -> Walk:
    def emit(value: Any, out: Found) -> None:
        if type(value) is str:
            text = value.strip()
        elif type(value) is int and value:
            text = str(value)
        else:
            return
        if pattern is not None:
            text = found_in(pattern, text) or ""
        if text and len(text) <= LONGEST:
            out[kind].append(text)

    return emit


def _beginning(pattern: re.Pattern[str] | None) -> str:
    """The plain text that all that fits begins with: `shp_` of `^shp_\\w+`. Cheaper to ask first than the pattern."""
    found = re.match(r"\^([A-Za-z0-9_#/:-]*)(?![*?{+|])", pattern.pattern) if pattern is not None else None
    return found[1] if found and "|" not in found.string else ""


def _rest(steps: Steps, emit: Walk) -> Walk:
    """What is left to walk of a query parameter; a repeated one is each of its values."""
    walk = emit
    for step in reversed(steps or ("[]",)):
        walk = step_walk(step, walk)
    return walk


def collector(places: list[Place]) -> Collector:
    """One function that finds all identifiers of an exchange."""
    request, response = Branch(), Branch()
    captured: dict[str, list[Walk]] = {}
    queried: dict[str, list[Walk]] = {}
    others: list[Place] = []
    for place in places:
        locator = place.locator
        where, _, name = locator.text.partition(":")
        if locator.text.startswith("request:$"):
            request.add(locator.steps, place.kind if locator.pattern is None else (place.begins, place.emit))
        elif locator.text.startswith("response:$"):
            response.add(locator.steps, place.kind if locator.pattern is None else (place.begins, place.emit))
        elif where == "path" and name:
            captured.setdefault(name, []).append(place.emit)
        elif where == "query":
            queried.setdefault(locator.steps[0], []).append(_rest(locator.steps[1:], place.emit))
        else:
            others.append(place)
    walk_request = request.walk() if request.used else None
    walk_response = response.walk() if response.used else None
    singles = tuple((place.locator.every, _emit(place.kind, None)) for place in others)

    def collect(facts: Facts, out: Found) -> None:
        for name, captured_text in facts.captures.items():
            for emit in captured.get(name, ()):
                emit(captured_text, out)
        if queried and facts.query_text:
            for name, value in facts.query().items():
                for emit in queried.get(name, ()):
                    emit(value, out)
        for every, emit in singles:
            for value in every(facts):
                emit(value, out)
        if walk_request is not None and facts.request_payload.body:
            walk_request(facts.request()[1], out)
        if walk_response is not None and facts.response_payload is not None:
            walk_response(facts.response()[1], out)

    return collect


def deferred(places: list[Place]) -> Collector:
    """A `collector` that is compiled when its endpoint is first called: of thousands, a process meets a few dozen."""
    compiled: Collector | None = None

    def collect(facts: Facts, out: Found) -> None:
        nonlocal compiled
        if compiled is None:
            compiled = collector(places)
        compiled(facts, out)

    return collect


def references(stated: list[Reference], found: Found) -> tuple[list[str], list[int], list[str]]:
    """Stated ones first, then what was found, each once, at most `MOST`: types, how many ids each has, and the ids."""
    kinds: list[str] = []
    runs: list[int] = []
    out: list[str] = []
    told: dict[str, set[str]] = {}
    for reference in dict.fromkeys(stated):
        kinds.append(reference.type)
        runs.append(1)
        out.append(reference.id)
        told.setdefault(reference.type, set()).add(reference.id)
    for kind, ids in found.items():
        if not ids:
            continue
        unique = dict.fromkeys(ids) if len(ids) > 1 else ids
        if kind in told:
            known = told[kind]
            unique = [identifier for identifier in unique if identifier not in known]
            if not unique:
                continue
        out += unique
        kinds.append(kind)
        runs.append(len(unique))
    while len(out) > MOST:
        over = min(len(out) - MOST, runs[-1])
        del out[-over:]
        runs[-1] -= over
        if not runs[-1]:
            del kinds[-1], runs[-1]
    return kinds, runs, out
