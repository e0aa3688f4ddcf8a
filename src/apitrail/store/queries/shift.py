"""What failed since a time: by cause, whom it hit and what of that has worked since, what the failures have in common,
and how each platform fared by the hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apitrail.store.engine import Query
from apitrail.store.failures import Affected, CauseTotal, Common, Failed, Failing, Hour
from apitrail.store.model import Filter
from apitrail.store.queries.counting import touched
from apitrail.store.queries.failures import GOOD, ORDERS, PARCELS, PRODUCTS
from apitrail.store.queries.where import Where, chosen, within
from apitrail.store.times import QUARTER, instant

SHARED = ("sku", "product", "variant", "store", "location")
"""Types of reference that failures may have in common."""
_SHARED = ", ".join(f"'{one}'" for one in SHARED)
THEIRS = ("platform_outage", "timeout", "network")
"""Causes that are no setting of an account."""
_CAUSES = ", ".join(f"'{one}'" for one in THEIRS)
FAILED = f"ifNull(cause IN ({_CAUSES}), 0) AND NOT ({GOOD})"
"""By the platform's own fault, or without an answer."""
_PLAIN_ORDERS = f"arrayMap(id -> substring(id, 1 + startsWith(id, '#')), {ORDERS})"
"""Without the sign that a shop writes before a number, and a carrier does not."""
VALUES = 2
"""Values of a feature that are told, the most frequent first."""


def _asked(which: Filter) -> Where:
    """Its range, and what it chooses of all that is counted."""
    return chosen(within(which), which)


def _each(ids: str) -> str:
    """How many: by account those of calls that name one, and those that no such call refers to."""
    named = "ifNull(ec_id, '') != ''"
    pairs = f"arrayMap(id -> (id, ifNull(ec_id, '')), {ids})"
    return f"uniqExactArrayIf({pairs}, {named}) + uniqExactArray({ids}) - uniqExactArrayIf({ids}, {named})"


def totals(which: Filter) -> Query:
    """By cause."""
    where = _asked(which)
    return Query(
        "SELECT ifNull(cause, '') AS why, direction, count() AS n,"  # noqa: S608, constants only
        f" {_each(_PLAIN_ORDERS)}, {_each(PARCELS)},"
        f" uniqExactArray(arrayMap(id -> (id, ifNull(ec_id, '')), {PRODUCTS})),"
        " groupUniqArray(20)(ifNull(platform, ''))"
        f" FROM failures FINAL WHERE {where.text} GROUP BY why, direction ORDER BY n DESC, why, direction",
        where.params,
    )


def affected(which: Filter, limit: int) -> Query:
    """At most so many orders, parcels and products each: those that were hit last, first."""
    where = _asked(which)
    return Query(
        "SELECT ifNull(cause, '') AS why, direction, action, any(ifNull(platform, '')), hit.1 AS kind, hit.2 AS one,"  # noqa: S608
        " ifNull(ec_id, '') AS of_ec, max(toUnixTimestamp64Micro(created_at)) AS last FROM ("
        f"SELECT *, arrayJoin(arrayConcat(arrayMap(id -> ('order', id), {ORDERS}),"
        f" arrayMap(id -> ('parcel', id), {PARCELS}), arrayMap(id -> ('product', id), {PRODUCTS}))) AS hit"
        f" FROM failures FINAL WHERE {where.text})"
        " WHERE hit.2 != '' GROUP BY why, direction, action, kind, one, of_ec ORDER BY last DESC, one"
        " LIMIT {limit:UInt32} BY kind",
        {**where.params, "limit": limit},
    )


def worked(hit: Sequence[Affected], which: Filter) -> Query:
    """When a call of the same action last worked for each of them, within the range: rows of action, id, shop account,
    time, and the entry where it worked in part.
    """
    where = within(which)
    return Query(
        "SELECT action, one, ifNull(ec_id, '') AS of_ec, max(toUnixTimestamp64Micro(created_at)),"  # noqa: S608
        " if(outcome = 'partial', toString(id), '') AS partly FROM entries ARRAY JOIN reference_ids AS one"
        f" WHERE {where.text} AND {GOOD} AND action IN {{actions:Array(String)}} AND one IN {{ids:Array(String)}}"
        " GROUP BY action, one, of_ec, partly",
        {
            **where.params,
            "actions": sorted({one.action for one in hit}),
            "ids": sorted({one.id for one in hit}),
        },
    )


def by_account(which: Filter) -> Query:
    """The most frequent accounts and versions of recorders, by cause: rows of cause, direction, feature, value, count,
    and how many failures the cause has.
    """
    where = _asked(which)
    return Query(
        "SELECT why, direction, shared.1 AS feature, shared.2 AS value, sum(n) AS having, any(every) FROM ("  # noqa: S608
        "SELECT why, direction, n, sum(n) OVER (PARTITION BY why, direction) AS every,"
        " arrayJoin([('ec', ec), ('shipping', shipping), ('version', of_version)]) AS shared FROM ("
        "SELECT ifNull(cause, '') AS why, direction, ifNull(ec_id, '') AS ec, ifNull(shipping_id, '') AS shipping,"
        f" version AS of_version, count() AS n FROM failures FINAL WHERE {where.text}"
        " GROUP BY why, direction, ec, shipping, of_version))"
        " WHERE value != '' GROUP BY why, direction, feature, value"
        f" ORDER BY having DESC, value LIMIT {VALUES} BY why, direction, feature",
        where.params,
    )


def frequent(which: Filter) -> Query:
    """What references of a cause's failures may be frequent: rows of cause, direction and (id, count) pairs.

    What one of twenty refer to is among them, with a count that is never too small.
    """
    where = _asked(which)
    return Query(
        "SELECT ifNull(cause, '') AS why, direction, arrayMap(one -> (one.1, one.2), topK(20, 3, 'counts')(id))"  # noqa: S608
        " FROM failures FINAL ARRAY JOIN reference_types AS type, reference_ids AS id"
        f" WHERE {where.text} AND type IN ({_SHARED}) AND id != '' GROUP BY why, direction, type",
        where.params,
    )


def common(which: Filter, ids: Sequence[str]) -> Query:
    """How many failures refer to each of these: rows of cause, direction, type, id and count; the most frequent."""
    where = _asked(which)
    return Query(
        "SELECT ifNull(cause, '') AS why, direction, toString(pair.1) AS feature, pair.2 AS value, count() AS having"  # noqa: S608
        " FROM failures FINAL ARRAY JOIN arrayDistinct(arrayFilter("
        f"pair -> pair.2 IN {{ids:Array(String)}} AND pair.1 IN ({_SHARED}),"
        " arrayZip(reference_types, reference_ids))) AS pair"
        f" WHERE {where.text} AND hasAny(reference_ids, {{ids:Array(String)}}) GROUP BY why, direction, feature, value"
        f" ORDER BY having DESC, value LIMIT {VALUES} BY why, direction, feature",
        {**where.params, "ids": list(ids)},
    )


def newest(which: Filter, actions: Sequence[str], limit: int) -> Query:
    """The latest failures of each cause whose action begins with one of these."""
    where = _asked(which)
    return Query(
        "SELECT ifNull(cause, '') AS why, direction, ifNull(platform, ''), action, toString(id),"  # noqa: S608
        " toUnixTimestamp64Micro(created_at) FROM failures FINAL"
        f" WHERE {where.text} AND arrayExists(one -> startsWith(action, one), {{actions:Array(String)}})"
        " AND direction = 'outbound' ORDER BY created_at DESC, id DESC LIMIT {limit:UInt32} BY why",
        {**where.params, "actions": list(actions), "limit": limit},
    )


def hours(which: Filter, limit: int) -> Query:
    """Calls that we made, by hour, platform, action and the platform's account. From the counts."""
    where = touched(which)
    return Query(
        "SELECT toUnixTimestamp(toStartOfHour(at, 'UTC')) AS hour, assumeNotNull(platform) AS of_platform, action,"  # noqa: S608
        " ifNull(shipping_id, ifNull(ec_id, '')) AS account,"
        f" sum(entries) AS calls, sumIf(entries, {FAILED}) AS failed"
        f" FROM counts PREWHERE {where.text} AND direction = 'outbound' AND ifNull(platform, '') != ''"
        " AND coalesce(shipping_id, ec_id, '') != ''"
        " GROUP BY hour, of_platform, action, account HAVING calls > 0"
        " ORDER BY hour DESC LIMIT {limit:UInt32}",
        {**where.params, "limit": limit},
    )


def failing(which: Filter, limit: int) -> Query:
    """Calls that we made and that failed so, by platform, action and quarter of an hour: the first and the last."""
    where = _asked(which)
    at = "toUnixTimestamp64Micro(created_at)"
    return Query(
        f"SELECT ifNull(platform, '') AS of_platform, action, min({at}), max({at}) AS last FROM failures FINAL"  # noqa: S608
        f" WHERE {where.text} AND direction = 'outbound' AND {FAILED}"
        f" GROUP BY of_platform, action, intDiv({at}, {QUARTER}) ORDER BY last DESC LIMIT {{limit:UInt32}}",
        {**where.params, "limit": limit},
    )


def read_totals(rows: Sequence[Sequence[Any]]) -> list[CauseTotal]:
    return [
        CauseTotal(cause, direction, count, orders, parcels, products, tuple(sorted(one for one in platforms if one)))
        for cause, direction, count, orders, parcels, products, platforms in rows
    ]


def read_affected(rows: Sequence[Sequence[Any]]) -> list[Affected]:
    return [
        Affected(cause, direction, action, platform, kind, identity, ec, instant(last))
        for cause, direction, action, platform, kind, identity, ec, last in rows
    ]


def read_common(rows: Sequence[Sequence[Any]]) -> list[Common]:
    return [Common(*row) for row in rows]


def read_newest(rows: Sequence[Sequence[Any]]) -> list[Failed]:
    return [
        Failed(cause, direction, platform, action, identity, instant(at))
        for cause, direction, platform, action, identity, at in rows
    ]


def read_failing(rows: Sequence[Sequence[Any]]) -> list[Failing]:
    return [Failing(platform, action, instant(first), instant(last)) for platform, action, first, last in rows]


def read_hours(rows: Sequence[Sequence[Any]]) -> list[Hour]:
    return [Hour(instant(row[0] * 1_000_000), *row[1:]) for row in rows]
