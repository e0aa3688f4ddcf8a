"""The choices of each filter, with counts: each field is counted under all filters but its own.

Either the engine says how many entries each combination of values has, and these are counted here: a sixth less of a
processor for some hundred or thousand combinations. Or it counts itself: with many accounts there are so many that they
would keep Python for a quarter of a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from apitrail.store.engine import Param, Query
from apitrail.store.model import Facets, Filter, Option
from apitrail.store.queries.counting import SIDES, counted
from apitrail.store.queries.ends import Known
from apitrail.store.queries.narrowed import COUNTED, Narrowed
from apitrail.store.queries.where import ANYTIME, FIELDS, Times, told_by_entries

NAMES = Query("SELECT kind, id, argMax(name, at) FROM account_names GROUP BY kind, id")
"""The latest name of every account. Asked apart, at the same time: joined to the counts it took twice as long."""

MOST = 4000
"""Combinations that are counted here."""

_COLUMNS = {FIELDS[field]: FIELDS[field] for field in COUNTED}
_OTHERS = {name: column for name, column in FIELDS.items() if name not in COUNTED}

Counted = list[dict[str | None, int]]
"""How many entries have a value of each field of COUNTED."""


def combinations(which: Filter, times: Times = ANYTIME, *, ends: bool = True) -> Query:
    """How many entries have each combination of values, whatever is chosen of these fields; of one more than MOST
    combinations at most. `times`, `ends`: see `counting.counted`.

    Rows: the values in the order of COUNTED, and the count (perhaps 0), in any order.
    """
    source, params = counted(which, _COLUMNS, times, fields=_OTHERS, ends=ends)
    return Query(f"{source} LIMIT {MOST + 1}", params, wide=times.seconds is None and told_by_entries(which))


def counted_here(which: Filter, rows: Iterable[Sequence[Any]], known: Iterable[Known]) -> Counted:
    """From the answer to `combinations`, and entries at the ends of the range."""
    narrowed = Narrowed.of(which)
    counts: Counted = [{} for _ in COUNTED]
    every = list(enumerate(counts))
    for row in (*rows, *((*one.values, one.count) for one in known)):
        missed = [one.place for one in narrowed if not one.passes(row)]
        if len(missed) > 1:
            continue
        count = row[-1]
        for place, found in every if not missed else [(missed[0], counts[missed[0]])]:
            value = row[place]
            found[value] = found.get(value, 0) + count
    return counts


def facets(which: Filter, times: Times = ANYTIME) -> Query:
    """Each field counted by the engine, in one pass. `times`: see `counting.counted`.

    Rows: field (its number in COUNTED), value (NULL for those that have none, or are not let through), count (perhaps
    0), and of how many combinations. To leave such rows out here takes longer than to read them.
    """
    source, params = counted(which, _COLUMNS, times, fields=_OTHERS)
    values = []
    for field in COUNTED:
        others: list[str] = []
        for other in COUNTED:
            if other != field:
                others += _narrowed(which, other, params)
        values.append(f"if({' AND '.join(others)}, {FIELDS[field]}, NULL)" if others else FIELDS[field])
    return Query(
        f"SELECT field, value, sum(n) AS total, count() FROM ({source})"  # noqa: S608, constants only
        f" ARRAY JOIN {list(range(len(COUNTED)))} AS field, [{', '.join(values)}] AS value"
        " GROUP BY field, value",
        params,
        wide=times.seconds is None and told_by_entries(which),
    )


def counted_by_engine(rows: Sequence[Sequence[Any]]) -> tuple[Counted, int]:
    """The answer to `facets`, and how many combinations there are."""
    counts: Counted = [{} for _ in COUNTED]
    for place, value, count, _ in rows:
        counts[place][value] = count
    return counts, sum(row[3] for row in rows if row[0] == 0)


def named(counts: Counted, names: Sequence[Sequence[str]]) -> Facets:
    """The choices by field, from their counts and the answer to NAMES."""
    latest = {(kind, identity): name for kind, identity, name in names}
    options: dict[str, list[Option]] = {}
    for field, found in zip(COUNTED, counts, strict=True):
        side = SIDES.get(field, "")
        told = sorted((-count, value) for value, count in found.items() if value is not None and count > 0)
        options[field] = [Option(value, latest.get((side, value)) or value, -count) for count, value in told]
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
