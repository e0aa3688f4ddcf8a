"""Conditions that compose. Their texts are constants; values are parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from msgspec import Struct

from apitrail.store.engine import Param
from apitrail.store.model import Filter
from apitrail.store.times import micros

# A field of Filter, and its column.
FIELDS = {
    "action": "action",
    "ec_integration": "ec_id",
    "shipping_integration": "shipping_id",
    "outcome": "outcome",
    "platform": "platform",
    "cause": "cause",
    "direction": "direction",
}


# The index knows ids alone, so the first condition finds granules and the second is exact.
TOUCHING = (
    "hasAny(reference_ids, {reference_ids:Array(String)})"
    " AND arrayExists((type, id) -> has({reference:Array(String)}, id)"
    " OR has({reference:Array(String)}, concat(type, ':', id)), reference_types, reference_ids)"
)


class Where(Struct, frozen=True):
    """Conditions that must all hold."""

    conditions: tuple[str, ...] = ()
    params: Mapping[str, Param] = {}

    def also(self, condition: str, **params: Param) -> Self:
        """These conditions, and one more."""
        return type(self)((*self.conditions, condition), {**self.params, **params})

    @property
    def text(self) -> str:
        """After WHERE."""
        return " AND ".join(f"({condition})" for condition in self.conditions) or "1"


def within(which: Filter) -> Where:
    """The range of time: inclusive on both sides."""
    where = Where()
    if which.since is not None:
        where = where.also("created_at >= fromUnixTimestamp64Micro({since:Int64})", since=micros(which.since))
    if which.until is not None:
        where = where.also("created_at <= fromUnixTimestamp64Micro({until:Int64})", until=micros(which.until))
    return where


def chosen(where: Where, which: Filter, fields: Mapping[str, str] = FIELDS) -> Where:
    """And the choices of `fields`, and the references. A choice that is not in the log matches nothing."""
    for field, column in fields.items():
        values: tuple[str, ...] = getattr(which, field)
        if values:
            # A list: the client writes a tuple as a tuple, which is no Array.
            where = where.also(f"{column} IN {{{field}:Array(String)}}", **{field: list(values)})
    if which.reference:
        # What follows a colon may be an id whose type comes before it, or there is no type and the id has a colon.
        ids = dict.fromkeys((*which.reference, *(value.partition(":")[2] for value in which.reference)))
        where = where.also(TOUCHING, reference=list(which.reference), reference_ids=[value for value in ids if value])
    return where
