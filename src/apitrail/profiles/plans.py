"""The parts of a compiled profile: what an endpoint does, signs of failure, lists of results."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from apitrail.profiles.conditions import Condition
from apitrail.profiles.identifiers import Collector
from apitrail.profiles.locators import Locator
from apitrail.profiles.schema import Items, Sign
from apitrail.profiles.screens import Need


class Plan(Struct, frozen=True):
    """What one endpoint (or webhook topic) does, and how its identifiers are found."""

    action: str
    collect: Collector
    lists: tuple[Locator, ...] = ()
    """Where the list that the call fetched may be, as a whole."""
    source: str = ""
    selectors: tuple[tuple[str, bool, frozenset[str] | None], ...] = ()
    """(name, wanted, values): the place says one of the values; None for any; not wanted: it says nothing."""


class CompiledSign(Struct, frozen=True):
    """A sign of failure or warning."""

    holds: Condition
    needs: tuple[Need, ...]
    """What an answer lacks of which the sign cannot hold."""
    rule: Sign
    code: tuple[Locator, ...]
    message: tuple[Locator, ...]
    kind: tuple[Locator, ...]
    field: tuple[Locator, ...]
    reported_by: tuple[Locator, ...]


class CompiledItems(Struct, frozen=True):
    """A list of results."""

    rule: Items
    needs: tuple[Need, ...]
    at: Locator
    never: bool
    """Items that cannot have failed, and whose id needs no cutting."""
    of: tuple[Locator, ...]
    id: Callable[[Any], str]
    """An item's id; empty where it has none."""
    id_match: re.Pattern[str] | None
    failed: Condition
    code: tuple[Locator, ...]
    message: tuple[Locator, ...]
    reported_by: tuple[Locator, ...]


class CompiledParts(Struct, frozen=True):
    """What an answer about several parcels says of each."""

    at: Locator
    id: tuple[Locator, ...]
    says: tuple[Locator, ...]
