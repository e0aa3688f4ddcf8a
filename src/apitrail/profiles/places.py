"""What a profile writes as a text or as several, compiled: places, ids of items, conditions that hold together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from apitrail.profiles.conditions import Condition, compile_conditions
from apitrail.profiles.identifiers import Place
from apitrail.profiles.locators import Locator, first_text
from apitrail.profiles.schema import Places, When
from apitrail.profiles.steps import as_text, leaves

T = TypeVar("T")


def locators(texts: Places, *, relative: bool = False) -> tuple[Locator, ...]:
    """Compiled places, in order. Raises BadLocator."""
    return tuple(Locator(text, relative=relative) for text in as_list(texts))


def places(ids: dict[str, Places]) -> list[Place]:
    """Compiled places of identifiers. Raises BadLocator."""
    return [Place(kind, text) for kind, texts in ids.items() for text in as_list(texts)]


def identities(texts: Places) -> Callable[[Any], str]:
    """A function that tells an item's id: the first place that says something; parts joined by a slash.

    Raises BadLocator, and re.error for a pattern that cannot be read.
    """
    alternatives = [
        tuple(Locator(part.strip(), relative=True) for part in text.split(" + ")) for text in as_list(texts)
    ]
    if len(alternatives) == len(alternatives[0]) == 1:
        place = alternatives[0][0]
        first, field = place.first, place.field

        def told(item: Any) -> str:
            value = item.get(field) if field and type(item) is dict else first(item)
            if type(value) is str:
                return value.strip()
            if type(value) is int:
                return str(value)
            if type(value) is dict or type(value) is list:
                value = next(leaves(value), None)
            return as_text(value) or ""

        return told
    if all(len(parts) == 1 for parts in alternatives):
        places = tuple(parts[0] for parts in alternatives)
        return lambda item: first_text(places, item) or ""

    def identify(item: Any) -> str:
        for parts in alternatives:
            said = [first_text((part,), item) for part in parts]
            if said[0] is not None:
                return "/".join(text for text in said if text is not None)
        return ""

    return identify


def as_list(texts: str | list[T]) -> Sequence[str | T]:
    """What may be written as one text or as several."""
    return [texts] if isinstance(texts, str) else texts


def conditions(when: When, *, relative: bool = False) -> Condition:
    """Compiled conditions that hold together. Raises BadCondition."""
    return compile_conditions(as_list(when), relative=relative)
