"""The newest entries or failures, with what they are filtered by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from apitrail.store.engine import Query
from apitrail.store.model import Filter
from apitrail.store.queries.where import FIELDS, WHOLLY
from apitrail.store.rows import LIST_SELECT

_LISTED = len(LIST_SELECT.split(", "))
_ENTRY, _REFERENCE = 1200, 90
"""Bytes of what stands around a row, and of one of its references."""


class Listed(Struct, frozen=True, gc=False):
    """One entry."""

    row: Sequence[Any]
    """What a list reads: LIST_SELECT."""
    values: tuple[str | None, ...]
    """Of FIELDS, in their order."""

    at: int
    """`created_at` in microseconds since 1970."""
    size: int
    """Bytes of memory, roughly, as CPython 3.11 needs them."""


def newest(table: str, since: int, limit: int) -> Query:
    """At most so many rows of `since` (microseconds) and later, newest first, in the order of a list. `table`: entries
    or failures.
    """
    only = f" AND {WHOLLY}" if table == "failures" else ""
    return Query(
        f"SELECT {LIST_SELECT}, {', '.join(FIELDS.values())} FROM {table}"  # noqa: S608, constants only
        f" PREWHERE created_at >= fromUnixTimestamp64Micro({{since:Int64}}){only}"
        " ORDER BY created_at DESC, id DESC LIMIT {limit:UInt32}"
        # Every row that is found is answered, so reading them in a second step saves nothing.
        " SETTINGS query_plan_optimize_lazy_materialization = 0",
        {"since": since, "limit": limit},
    )


def read(rows: Sequence[Sequence[Any]]) -> list[Listed]:
    """The answer, each entry once: the table of failures can have a row twice."""
    return list({row[0]: _listed(tuple(row)) for row in rows}.values())


def _listed(row: tuple[Any, ...]) -> Listed:
    size = _ENTRY + len(row[5]) + _REFERENCE * len(row[4])
    return Listed(row[:_LISTED], row[_LISTED:], row[1], size)


Choice = tuple[int, frozenset[str], bool]
"""A place in `Listed.values`, some values, and whether it must have one of them or none."""


def choices(which: Filter) -> list[Choice]:
    """What an entry's `values` must be."""
    given = {field: getattr(which, field) for field in FIELDS}
    wanted = [(place, frozenset(given[field]), True) for place, field in enumerate(FIELDS) if given[field]]
    places = list(FIELDS)
    return wanted + [(places.index(field), frozenset((value,)), False) for field, value in which.without]
