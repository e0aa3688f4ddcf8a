"""The choices of each filter, with counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apitrail.store.engine import Query
from apitrail.store.model import Facets, Filter, Option
from apitrail.store.queries.where import FIELDS, Where, chosen, within

COUNTED = ("action", "ec_integration", "shipping_integration", "outcome", "platform")
_NAMES = {"ec_integration": "ec_name", "shipping_integration": "shipping_name"}
_NAMELESS = "(fromUnixTimestamp64Micro(0, 'UTC'), '')"


def facets(which: Filter) -> Query:
    """One pass over the range, into a small cube; each field is then counted under the other fields' choices.

    Rows: field (its number in COUNTED), value, count, latest name.
    """
    rest = {field: column for field, column in FIELDS.items() if field not in COUNTED}
    base = chosen(within(which), which, rest)
    choices = {field: chosen(Where(), which, {field: FIELDS[field]}) for field in COUNTED}
    params = dict(base.params)
    for choice in choices.values():
        params |= choice.params
    columns = ", ".join(FIELDS[field] for field in COUNTED)
    others = ", ".join(
        " AND ".join(f"({choices[other].text})" for other in COUNTED if other != field) for field in COUNTED
    )
    named = ", ".join(f"{_NAMES[field]}_latest" if field in _NAMES else _NAMELESS for field in COUNTED)
    latest = ", ".join(f"maxIf((created_at, {name}), {name} != '') AS {name}_latest" for name in _NAMES.values())
    return Query(
        "SELECT field, value, sum(found) AS total, max(named).2"  # noqa: S608, constants only
        f" FROM (SELECT {columns}, count() AS found, {latest} FROM entries WHERE {base.text} GROUP BY {columns})"
        f" ARRAY JOIN range({len(COUNTED)}) AS field, [{columns}] AS value, [{others}] AS wanted, [{named}] AS named"
        " WHERE wanted AND value IS NOT NULL GROUP BY field, value ORDER BY field, total DESC, value",
        params,
    )


def read(rows: Sequence[Sequence[Any]]) -> Facets:
    """The answer, by field."""
    options: dict[str, list[Option]] = {field: [] for field in COUNTED}
    for field, value, count, name in rows:
        options[COUNTED[field]].append(Option(value, name or value, count))
    return Facets(**options)
