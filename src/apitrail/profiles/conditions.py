"""When a rule holds: `place`, `!place`, `place = a|b`, `place != a`, `place ~ regex`, `place > 0`.

A place alone holds where it says something: not missing, null, false, 0, "" or empty. All conditions of a list hold
together. Comparison is by text, so that 1 and "1" are the same; `~` ignores case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from apitrail.profiles.locators import Locator
from apitrail.profiles.screens import Need
from apitrail.profiles.steps import BadLocator, as_text, leading_fields

Condition = Callable[[Any], bool]

_FORM = re.compile(r"^(!?)\s*((?:\[[^\]]*\]|[^\s=~<>!\[])+)\s*(?:(!=|>=|<=|=|~|>|<)\s*(.*))?$", re.DOTALL)


class BadCondition(ValueError):
    """Not a condition that can be read."""


def compile_conditions(texts: Sequence[str], *, relative: bool = False) -> Condition:
    """One function for all of `texts`. Raises BadCondition."""
    conditions = tuple(compile_condition(text, relative=relative) for text in texts)
    if len(conditions) == 1:
        return conditions[0]

    def hold(subject: Any) -> bool:
        for condition in conditions:  # noqa: SIM110 - a generator costs more than the rule
            if not condition(subject):
                return False
        return True

    return hold


def compile_condition(text: str, *, relative: bool = False) -> Condition:
    """One condition as a function. Raises BadCondition."""
    form = _FORM.match(text.strip())
    if not form:
        raise BadCondition(f'"{text}" is not a condition')
    try:
        locator = Locator(form[2], relative=relative)
    except BadLocator as error:
        raise BadCondition(str(error)) from error
    condition = _says(locator) if form[3] is None else _compared(locator, form[3], form[4].strip())
    if form[1]:
        return lambda subject: not condition(subject)
    return condition


def need_of(text: str) -> Need | None:
    """What an answer must have for a condition to hold, if one look at its fields can tell; else None."""
    form = _FORM.match(text.strip())
    if form is None or form[1]:
        return None
    place, sign, wanted = form[2], form[3], form[4]
    if place == "response:form" and sign == "=":
        return Need(forms=frozenset(piece.strip() for piece in wanted.split("|")))
    if not place.startswith("response:$"):
        return None
    locator = Locator(place)
    fields = leading_fields(locator.steps)
    if not fields:
        return None
    return Need(fields, "says" if sign is None and len(fields) == len(locator.steps) else "there")


def _says(locator: Locator) -> Condition:
    if locator.single:
        first = locator.first
        return lambda subject: bool(first(subject))
    every = locator.every
    return lambda subject: any(every(subject))


def _compared(locator: Locator, sign: str, wanted: str) -> Condition:
    every = locator.every
    if sign == "~":
        try:
            search = re.compile(wanted, re.IGNORECASE).search
        except re.error as error:
            raise BadCondition(f'"{wanted}" is not a regular expression: {error}') from error
        if locator.single:
            first = locator.first
            return lambda subject: (text := as_text(first(subject))) is not None and search(text) is not None
        return lambda subject: any(text is not None and search(text) for text in map(as_text, every(subject)))
    if sign in ("=", "!="):
        known = frozenset(piece.strip() for piece in wanted.split("|"))
        if locator.single:
            first = locator.first
            if sign == "=":
                return lambda subject: as_text(first(subject)) in known
            return lambda subject: (value := first(subject)) is not None and as_text(value) not in known
        if sign == "=":
            return lambda subject: any(as_text(value) in known for value in every(subject))
        return lambda subject: any(value is not None and as_text(value) not in known for value in every(subject))
    try:
        bound = int(wanted)
    except ValueError as error:
        raise BadCondition(f'"{wanted}" is not a whole number') from error
    compare = {">": int.__gt__, "<": int.__lt__, ">=": int.__ge__, "<=": int.__le__}[sign]
    return lambda subject: any(number is not None and compare(number, bound) for number in map(_number, every(subject)))


def _number(value: Any) -> int | None:
    text = as_text(value)
    try:
        return int(text) if text is not None and len(text) < 20 else None
    except ValueError:
        return None
