"""The choices of each filter, with counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apitrail.store.engine import Param, Query
from apitrail.store.model import Facets, Filter, Option
from apitrail.store.queries.counting import counted
from apitrail.store.queries.where import FIELDS

COUNTED = ("action", "ec_integration", "shipping_integration", "outcome", "platform", "cause", "direction")
_KINDS = {"ec_integration": "ec", "shipping_integration": "shipping"}


def facets(which: Filter, seconds: Sequence[int] | None = None) -> Query:
    """Each field counted under all filters but its own, in one pass. `seconds`: see `counted`.

    Rows: field (its number in COUNTED), value, count, latest name.
    """
    outer = {name: column for name, column in FIELDS.items() if name not in COUNTED}
    columns = {FIELDS[field]: f"toString({FIELDS[field]})" for field in COUNTED}
    source, params = counted(which, columns, seconds, fields=outer)
    passes = []
    for number, field in enumerate(COUNTED):
        others = []
        for other in COUNTED:
            if other != field:
                others += _narrowed(which, other, params)
        kept = " AND ".join(others) or "1"
        passes.append(
            f"if(({kept}) AND {FIELDS[field]} IS NOT NULL, ({number}, assumeNotNull({FIELDS[field]})), (255, ''))"
        )
    kinds = ", ".join(f"'{_KINDS.get(field, '')}'" for field in COUNTED)
    return Query(
        "SELECT choice.1 AS field, choice.2 AS value, sum(n) AS total, any(name) FROM ("  # noqa: S608, constants only
        f" SELECT n, arrayJoin([{', '.join(passes)}]) AS choice FROM ({source})) AS choices"
        " LEFT JOIN (SELECT kind, id, argMax(name, at) AS name FROM account_names GROUP BY kind, id) AS names"
        f" ON names.kind = arrayElement([{kinds}], choice.1 + 1) AND names.id = choice.2"
        " WHERE choice.1 != 255 GROUP BY field, value HAVING total > 0 ORDER BY field, total DESC, value",
        params,
    )


def read(rows: Sequence[Sequence[Any]]) -> Facets:
    """The answer, by field."""
    options: dict[str, list[Option]] = {field: [] for field in COUNTED}
    for field, value, count, name in rows:
        options[COUNTED[field]].append(Option(value, name or value, count))
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
