"""The orders and parcels that were mentioned last, and what refers to each. Bodies are never read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from apitrail.store.engine import Query
from apitrail.store.model import Filter
from apitrail.store.queries.failures import GOOD, ORDERS
from apitrail.store.queries.where import Where, chosen, near, within
from apitrail.store.times import instant, micros
from apitrail.store.trade import Latest, Mention, Subject
from apitrail.store.widths import lower

MAKING = ("label.create", "return.label.create", "tracking.allocate", "shipment.create", "batch.buy")
"""What makes a label or its number: a parcel without a number is known by its order."""
_MAKING = ", ".join(f"'{one}'" for one in MAKING)
_ORDERS = f"arrayMap(id -> ('order', id), {ORDERS})"
_PARCELS = (
    "arrayFilter(pair -> pair.1 IN ('tracking', 'shipment'),"
    " arrayMap((type, id) -> (toString(type), id), reference_types, reference_ids))"
)
SUBJECTS = {
    "orders": _ORDERS,
    "parcels": f"if(notEmpty({_PARCELS}), {_PARCELS}, if(action IN ({_MAKING}), {_ORDERS}, []))",
}
WINDOWS = (timedelta(minutes=15), timedelta(hours=2), timedelta(hours=16))


def latest(subject: Subject, which: Filter, limit: int, before: datetime | None, *, failed: bool) -> Query:
    """The ids that were mentioned last, by the latest mention of each; with `before`, those last mentioned before it.

    `failed`: by failed calls alone, which have a table of their own.
    """
    where = chosen(within(which), which)
    table = "failures FINAL" if failed else "entries"
    having = ""
    if before is not None:
        having = "HAVING last < {before:Int64}"
        where = Where(where.conditions, {**where.params, "before": micros(before)})
    return Query(
        "SELECT one.1 AS type, one.2 AS id, max(toUnixTimestamp64Micro(created_at)) AS last FROM ("  # noqa: S608
        f"SELECT created_at, arrayJoin({SUBJECTS[subject]}) AS one FROM {table} WHERE {where.text})"
        f" WHERE id != '' GROUP BY type, id {having} ORDER BY last DESC, type, id LIMIT {{limit:UInt32}}",
        {**where.params, "limit": limit},
    )


def windows(which: Filter, before: datetime | None, now: datetime) -> Iterator[Filter]:
    """The filter's range by longer and longer parts of its end: the ids mentioned last in a part are those of the
    whole, where there are enough of them.
    """
    end = before or which.until or now
    for length in WINDOWS:
        if which.since is not None and end - length <= which.since:
            break
        yield structs.replace(which, since=end - length)
    yield which


def mentions(ids: Sequence[str], seconds: Sequence[int], actions: Sequence[str], limit: int) -> Query:
    """Entries of these times (see `near`) that refer to any of the ids, whatever their case, newest first.

    `actions`: of these alone, where given.
    """
    # The plain bounds are used on the primary key before the list of seconds is.
    where = near(Where(), seconds, bounded=True)
    if actions:
        where = where.also("action IN {actions:Array(String)}", actions=list(actions))
    where = where.also(
        "arrayExists(id -> has({ids:Array(String)}, lower(id)), reference_ids)", ids=[lower(one) for one in ids]
    )
    return Query(
        "SELECT toString(id), toUnixTimestamp64Micro(created_at) AS at, direction, ifNull(platform, ''), action,"  # noqa: S608
        " ifNull(ec_id, ''), ec_name, ifNull(shipping_id, ''), shipping_name, ifNull(merchant, ''), outcome,"
        " ifNull(cause, ''), ifNull(code, ''), substringUTF8(ifNull(message, ''), 1, 500),"
        f" if(status IS NULL AND NOT ({GOOD}), 'no_answer', outcome), ifNull(source_type, ''),"
        " ifNull(source_id, ''), arrayMap(type -> toString(type), reference_types), reference_ids"
        f" FROM entries WHERE {where.text} ORDER BY created_at DESC, id DESC LIMIT {{limit:UInt32}}",
        {**where.params, "limit": limit},
    )


def read_latest(rows: Sequence[Sequence[Any]]) -> list[Latest]:
    """The answer."""
    return [Latest(kind, identity, instant(last)) for kind, identity, last in rows]


def read_mentions(rows: Sequence[Sequence[Any]]) -> list[Mention]:
    """The answer."""
    names = Mention.__struct_fields__[2:-3]
    return [
        Mention(
            id=row[0],
            at=instant(row[1]),
            **dict(zip(names, row[2:-2], strict=True)),
            references=tuple(zip(row[-2], row[-1], strict=True)),
        )
        for row in rows
    ]
