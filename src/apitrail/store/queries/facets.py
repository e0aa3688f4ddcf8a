"""The choices of each filter, with counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apitrail.store.engine import Param, Query
from apitrail.store.model import Facets, Filter, Option
from apitrail.store.queries.counting import SIDES, counted
from apitrail.store.queries.where import FIELDS, told_by_entries

COUNTED = ("action", "ec_integration", "shipping_integration", "outcome", "platform", "cause", "direction")


NAMES = Query("SELECT kind, id, argMax(name, at) FROM account_names GROUP BY kind, id")
"""The latest name of every account. Asked apart, at the same time: joined to the counts it took twice as long."""


def facets(which: Filter, seconds: Sequence[int] | None = None) -> Query:
    """Each field counted under all filters but its own, in one pass. `seconds`: see `counted`.

    Rows: field (its number in COUNTED), value (NULL for those that have none, or are not let through), count (perhaps
    0), in any order. To leave such rows out here takes longer than to read them.
    """
    outer = {name: column for name, column in FIELDS.items() if name not in COUNTED}
    source, params = counted(which, {FIELDS[field]: FIELDS[field] for field in COUNTED}, seconds, fields=outer)
    values = []
    for field in COUNTED:
        others: list[str] = []
        for other in COUNTED:
            if other != field:
                others += _narrowed(which, other, params)
        values.append(f"if({' AND '.join(others)}, {FIELDS[field]}, NULL)" if others else FIELDS[field])
    return Query(
        f"SELECT field, value, sum(n) AS total FROM ({source})"  # noqa: S608, constants only
        f" ARRAY JOIN {list(range(len(COUNTED)))} AS field, [{', '.join(values)}] AS value"
        " GROUP BY field, value",
        params,
        wide=seconds is None and told_by_entries(which),
    )


def read(rows: Sequence[Sequence[Any]], names: Sequence[Sequence[str]]) -> Facets:
    """The answer, by field, from the answers to `facets` and NAMES."""
    options: dict[str, list[Option]] = {field: [] for field in COUNTED}
    latest = {(kind, identity): name for kind, identity, name in names}
    told = (row for row in rows if row[1] is not None and row[2] > 0)
    for number, value, count in sorted(told, key=lambda row: (row[0], -row[2], row[1])):
        field = COUNTED[number]
        options[field].append(Option(value, latest.get((SIDES.get(field, ""), value)) or value, count))
    return Facets(**options)


def _narrowed(which: Filter, field: str, params: dict[str, Param]) -> list[str]:
    conditions = []
    values: tuple[str, ...] = getattr(which, field)
    if values:
        params[field] = list(values)
        conditions.append(
            f"has({{{field}:Array(String)}}, ifNull({FIELDS[field]}, '')) AND {FIELDS[field]} IS NOT NULL"
        )
    for number, (other, value) in enumerate(which.without):
        if other == field:
            params[f"not{number}"] = value
            conditions.append(f"ifNull({FIELDS[field]} != {{not{number}:String}}, 1)")
    return conditions
