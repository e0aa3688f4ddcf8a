"""The choices of each filter, with counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apitrail.store.engine import Query
from apitrail.store.model import Facets, Filter, Option
from apitrail.store.queries.counting import SIDES, counted
from apitrail.store.queries.narrowed import COUNTED, Narrowed
from apitrail.store.queries.where import FIELDS, told_by_entries

NAMES = Query("SELECT kind, id, argMax(name, at) FROM account_names GROUP BY kind, id")
"""The latest name of every account. Asked apart, at the same time: joined to the counts it took twice as long."""


def facets(which: Filter, seconds: Sequence[int] | None = None, *, ends: bool = True) -> Query:
    """How many entries have each combination of values, whatever is chosen of these fields. `seconds`, `ends`: see
    `counted`.

    Rows: the values in the order of COUNTED, and the count (perhaps 0), in any order.
    """
    outer = {name: column for name, column in FIELDS.items() if name not in COUNTED}
    source, params = counted(
        which, {FIELDS[field]: FIELDS[field] for field in COUNTED}, seconds, fields=outer, ends=ends
    )
    return Query(source, params, wide=seconds is None and told_by_entries(which))


def read(which: Filter, rows: Sequence[Sequence[Any]], names: Sequence[Sequence[str]]) -> Facets:
    """Each field counted under all filters but its own, from the answers to `facets` and NAMES.

    The combinations are some hundred, or some thousand with many accounts. To count them here is quicker than to have
    the engine do it, up to some five thousand.
    """
    narrowed = Narrowed.of(which)
    counts: list[dict[str | None, int]] = [{} for _ in COUNTED]
    every = list(enumerate(counts))
    for row in rows:
        missed = [one.place for one in narrowed if not one.passes(row)]
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
