"""How many entries there are, by whatever one may choose: from the tables of counts where these know, else from the
entries themselves. Never more than half an hour of entries is read for a filter of fields alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from apitrail.store.engine import Param
from apitrail.store.model import Filter
from apitrail.store.queries.pieces import Piece, pieces
from apitrail.store.queries.where import ANYTIME, FIELDS, Times, Where, by_entries, chosen, told_by_entries, within
from apitrail.store.times import QUARTER, micros

SIDES = {"ec_integration": "ec", "shipping_integration": "shipping"}
"""A choice of accounts, and what `account_totals` and `account_names` call their side."""


def counted(
    which: Filter,
    columns: Mapping[str, str],
    times: Times = ANYTIME,
    *,
    days: bool = True,
    quarters: bool = True,
    fields: Mapping[str, str] = FIELDS,
    ends: bool = True,
) -> tuple[str, dict[str, Param]]:
    """A subquery of `columns` (their SQL by name, in which TIME stands for the row's time) and `n`, grouped by them.

    `times`: where what it asks for can be. `fields`: the choices that narrow it. `ends`: without them, what is left at
    the ends of the range is not counted (see `ends_of`).
    """
    parts, params = [], dict[str, Param]()
    if told_by_entries(which):
        sources = [("entries", "created_at", "toInt64(1)", within(which, times))]
    else:
        if not quarters:
            found = [_raw(which)]
        elif totals := _totals(which, columns, fields):
            found = [
                structs.replace(piece, table=totals) if piece.table == "counts" else piece
                for piece in pieces(which, days=False)
            ]
        else:
            found = list(pieces(which, days=days))
        if not ends:
            found = [piece for piece in found if piece.table != "entries"]
        sources = [(*source, where) for source, where in _by_table(found).items()]
    named = ", ".join(f"{{{name}}} AS {name}" for name in columns)
    for table, time, count, where in sources:
        if table == "account_totals":
            side = _side(which)
            where = Where((f"side = '{SIDES[side]}'", *where.conditions), where.params)
            whole = chosen(where, which, {**fields, side: "account"})
        else:
            whole = chosen(where, which, fields)
        if table == "entries":
            whole = by_entries(whole, which, brief=times.little)
        params |= whole.params
        select = named.format_map({name: sql.replace("TIME", time) for name, sql in columns.items()})
        # What is said need not be found out by the planner: a tenth of a small question.
        read = "WHERE" if told_by_entries(which) else "PREWHERE"
        number = f"sum({count})" if len(sources) == 1 else count
        parts.append(f"SELECT {select}, {number} AS n FROM {table} {read} {whole.text}")  # noqa: S608, constants only
    names = ", ".join(columns)
    if len(parts) == 1:  # without a subquery, which takes a tenth of a small question
        return f"{parts[0]} GROUP BY {names}", params
    text = " UNION ALL ".join(parts) or f"SELECT {', '.join(f'NULL AS {name}' for name in columns)}, 0 AS n WHERE 0"
    return f"SELECT {names}, sum(n) AS n FROM ({text}) GROUP BY {names}", params  # noqa: S608, constants only


def touched(which: Filter) -> Where:
    """Rows of `counts` of the quarters of an hour that the range touches, each as a whole: for what is judged by them,
    and need not be exact at the ends, which take twice as long as all the rest.
    """
    where = Where()
    if which.since is not None:
        first = max(micros(which.since), 0) // QUARTER * QUARTER // 1_000_000
        where = where.also("at >= toDateTime({first:Int64}, 'UTC')", first=first)
    if which.until is not None:
        where = where.also("at <= toDateTime({last:Int64}, 'UTC')", last=max(micros(which.until), 0) // 1_000_000)
    return where


def ends_of(which: Filter) -> tuple[list[Piece], bool]:
    """What is left at the ends of the range, within a quarter of an hour, and whether there is more to count than that.
    For a filter of fields alone.
    """
    found = list(pieces(which, days=False))
    ends = [piece for piece in found if piece.table == "entries"]
    return ends, len(ends) < len(found)


def totals_of(which: Filter, fields: Mapping[str, str] = FIELDS) -> tuple[str, str]:
    """The table of totals that knows all entries which the filter lets through, by time and outcome, and the side of
    which accounts are chosen; empty where there is none.
    """
    unwanted = {field for field, _ in which.without}
    asked = {field for field in fields if getattr(which, field)} | unwanted
    if asked <= {"outcome"}:
        return "totals", ""
    side = _side(which)
    return ("account_totals", side) if side and asked <= {"outcome", side} and side not in unwanted else ("", "")


def _totals(which: Filter, columns: Mapping[str, str], fields: Mapping[str, str]) -> str:
    """The table of totals that knows all that is asked; empty where none does."""
    if any(column in columns for column in FIELDS.values() if column != "outcome"):
        return ""
    return totals_of(which, fields)[0]


def _side(which: Filter) -> str:
    """Of which side accounts are chosen; empty where of none, or of both."""
    chosen_of = [field for field in SIDES if getattr(which, field)]
    return chosen_of[0] if len(chosen_of) == 1 else ""


def _by_table(found: Sequence[Piece]) -> dict[tuple[str, str, str], Where]:
    """The pieces of each table as one, for to plan a read of two columns takes longer than the read: the table, a row's
    time and how many it stands for, and where.
    """
    grouped: dict[tuple[str, str, str], list[tuple[str, dict[str, Param]]]] = {}
    for number, piece in enumerate(found):
        grouped.setdefault((piece.table, piece.time, piece.count), []).append(piece.condition(f"piece{number}"))
    return {
        source: Where(
            (" OR ".join(f"({text})" for text, _ in conditions),),
            {name: value for _, params in conditions for name, value in params.items()},
        )
        for source, conditions in grouped.items()
    }


def _raw(which: Filter) -> Piece:
    first = None if which.since is None else micros(which.since)
    end = None if which.until is None else micros(which.until) + 1
    return Piece("entries", first, end)
