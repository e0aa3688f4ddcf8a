"""The choices of each filter, with counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from apitrail.store.engine import Query
from apitrail.store.model import Facets, Filter, Option
from apitrail.store.queries.counting import SIDES, counted
from apitrail.store.queries.where import FIELDS, told_by_entries

COUNTED = ("action", "ec_integration", "shipping_integration", "outcome", "platform", "cause", "direction")


NAMES = Query("SELECT kind, id, argMax(name, at) FROM account_names GROUP BY kind, id")
"""The latest name of every account. Asked apart, at the same time: joined to the counts it took twice as long."""


def facets(which: Filter, seconds: Sequence[int] | None = None) -> Query:
    """How many entries have each combination of values, whatever is chosen of these fields. `seconds`: see `counted`.

    Rows: the values in the order of COUNTED, and the count (perhaps 0), in any order.
    """
    outer = {name: column for name, column in FIELDS.items() if name not in COUNTED}
    source, params = counted(which, {FIELDS[field]: FIELDS[field] for field in COUNTED}, seconds, fields=outer)
    return Query(source, params, wide=seconds is None and told_by_entries(which))


def read(which: Filter, rows: Sequence[Sequence[Any]], names: Sequence[Sequence[str]]) -> Facets:
    """Each field counted under all filters but its own, from the answers to `facets` and NAMES.

    The combinations are some hundred, or some thousand with many accounts. To count them here is quicker than to have
    the engine do it, up to some five thousand.
    """
    narrowed = [one for one in (_Narrowed.of(which, field) for field in COUNTED) if one.allowed or one.unwanted]
    counts: list[dict[str | None, int]] = [{} for _ in COUNTED]
    every = list(enumerate(counts))
    for row in rows:
        missed = [one.place for one in narrowed if not one.passes(row[one.place])]
        if len(missed) > 1:
            continue
        count = row[-1]
        for place, found in every if not missed else [(missed[0], counts[missed[0]])]:
            value = row[place]
            found[value] = found.get(value, 0) + count
    latest = {(kind, identity): name for kind, identity, name in names}
    options: dict[str, list[Option]] = {}
    for field, found in zip(COUNTED, counts, strict=True):
        side = SIDES.get(field, "")
        told = sorted((-count, value) for value, count in found.items() if value is not None and count > 0)
        options[field] = [Option(value, latest.get((side, value)) or value, -count) for count, value in told]
    return Facets(**options)


class _Narrowed(Struct, frozen=True):
    """What is chosen of one field."""

    place: int
    allowed: tuple[str, ...]
    """Any, where it is empty."""
    unwanted: tuple[str, ...]

    @classmethod
    def of(cls, which: Filter, field: str) -> _Narrowed:
        unwanted = tuple(value for other, value in which.without if other == field)
        return cls(COUNTED.index(field), getattr(which, field), unwanted)

    def passes(self, value: str | None) -> bool:
        return (not self.allowed or value in self.allowed) and value not in self.unwanted
