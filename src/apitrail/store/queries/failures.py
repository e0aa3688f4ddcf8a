"""Failures by what they have in common, and the calls that ended them. From the table of failures, which are few."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from apitrail.store.engine import Param, Query
from apitrail.store.failures import Ending, Group, Kind, Way
from apitrail.store.model import Filter
from apitrail.store.queries.counting import counted
from apitrail.store.queries.ends import Known
from apitrail.store.queries.narrowed import Narrowed
from apitrail.store.queries.where import chosen, within
from apitrail.store.times import QUARTER, instant, micros

GOOD = "outcome NOT IN ('request_error', 'platform_error')"
_ENDS = f"{GOOD} AND NOT (outcome = 'partial' AND way_partly)"
"""What fails in part ends what failed as a whole, and not what fails in part."""
SOME = 5
"""Orders, parcels and products of a group that are named."""

_KIND = (
    "ifNull(platform, '') AS of_platform, action, direction, ifNull(ec_id, '') AS of_ec,"
    " ifNull(shipping_id, '') AS of_shipping, ifNull(code, '') AS of_code,"
    " if(code IS NULL, status, NULL) AS of_status, ifNull(cause, '') AS of_cause"
)
_BY_KIND = "of_platform, action, direction, of_ec, of_shipping, of_code, of_status, of_cause"
ORDERS = (
    "if(ifNull(source_type, '') = 'order' AND countEqual(reference_types, 'order') < 3, [assumeNotNull(source_id)],"
    " arrayFilter((id, type) -> type = 'order', reference_ids, reference_types))"
)
"""The order that a call is about, else those that it names: a platform may have two numbers for one order."""
PARCELS = (
    "arrayFilter((id, type) -> type = multiIf(has(reference_types, 'shipment'), 'shipment',"
    " has(reference_types, 'tracking'), 'tracking', 'package'), reference_ids, reference_types)"
)
"""One id for each parcel: a call may name a shipment and its tracking number."""
PRODUCTS = (
    "if(hasAny(reference_types, ['order', 'shipment', 'tracking', 'package']) OR ifNull(source_type, '') = 'order', [],"
    " arrayFilter((id, type) -> type = multiIf(has(reference_types, 'sku'), 'sku', has(reference_types, 'variant'),"
    " 'variant', has(reference_types, 'stock_item'), 'stock_item', 'product'), reference_ids, reference_types))"
)
"""One id for each product, of calls that are about neither orders nor parcels: it may be named by several."""


def groups(which: Filter, limit: int) -> Query:
    """Those that happened last, first."""
    where = chosen(within(which), which)
    at = "toUnixTimestamp64Micro(created_at)"
    return Query(
        f"SELECT {_KIND}, count(), min({at}), toString(argMin(id, created_at)),"  # noqa: S608, constants only
        f" max({at}) AS last, toString(argMax(id, created_at)),"
        " argMax(outcome, created_at), argMax(message, created_at), argMax(ifNull(merchant, ''), created_at),"
        f" uniqExactArray({ORDERS}), uniqExactArray({PARCELS}), uniqExactArray({PRODUCTS}),"
        f" groupUniqArrayArray({SOME})({ORDERS}), groupUniqArrayArray({SOME})({PARCELS}),"
        f" groupUniqArrayArray({SOME})({PRODUCTS})"
        f" FROM failures FINAL WHERE {where.text}"
        f" GROUP BY {_BY_KIND} ORDER BY last DESC, {_BY_KIND} LIMIT {{limit:UInt32}}",
        {**where.params, "limit": limit},
    )


def unanswered(ids: Sequence[str], moments: Sequence[int]) -> Query:
    """Of these, made at these times (microseconds), those without a status: id, why it was not sent, and the error."""
    return Query(
        "SELECT toString(id), JSONExtractString(row, 'not_sent'), JSONExtractString(row, 'error', 'text') FROM failures"
        " WHERE created_at >= fromUnixTimestamp64Micro({first:Int64})"
        " AND created_at <= fromUnixTimestamp64Micro({last:Int64})"
        " AND id IN {ids:Array(UUID)} AND status IS NULL",
        {"first": min(moments), "last": max(moments), "ids": list(ids)},
    )


def refused(ids: Sequence[str], moments: Sequence[int]) -> Query:
    """Of these calls that failed in part, made at these times (microseconds): id, and what they failed for."""
    return Query(
        "SELECT toString(id), reference_ids FROM failures"
        " WHERE created_at >= fromUnixTimestamp64Micro({first:Int64})"
        " AND created_at <= fromUnixTimestamp64Micro({last:Int64}) AND outcome = 'partial' AND id IN {ids:Array(UUID)}",
        {"first": min(moments), "last": max(moments), "ids": list(ids)},
    )


def read(rows: Sequence[Sequence[Any]]) -> list[Group]:
    """The answer."""
    return [_group(*row) for row in rows]


def _group(*row: Any) -> Group:
    kind, (count, first, first_id, last, last_id, outcome, message, merchant, *hit) = row[:8], row[8:]
    orders, parcels, products, some_orders, some_parcels, some_products = hit
    return Group(
        kind=Kind(*kind),
        count=count,
        first=instant(first),
        first_id=first_id,
        last=instant(last),
        last_id=last_id,
        outcome=outcome,
        message=message,
        merchant=merchant,
        orders=orders,
        parcels=parcels,
        products=products,
        some_orders=tuple(sorted(some_orders)),
        some_parcels=tuple(sorted(some_parcels)),
        some_products=tuple(sorted(some_products)),
    )


def quarters(found: Sequence[Group]) -> Query:
    """For each group by its number: the first quarter of an hour after that of its last failure in which a call of its
    way worked, as a number since 1970. From the counts.
    """
    first = min(micros(one.last) for one in found) // QUARTER * QUARTER
    return Query(
        f"SELECT number, toUnixTimestamp(min(at)) FROM (SELECT number, at FROM counts INNER JOIN {_WAYS} AS ways"  # noqa: S608
        f" ON {_SAME_WAY} WHERE at > toDateTime({{first:Int64}}, 'UTC') AND {_ENDS}"
        " AND toUnixTimestamp(at) > intDiv(after, 900000000) * 900"
        " GROUP BY number, at HAVING sum(entries) > 0) GROUP BY number",
        {**_ways(found), "first": first // 1_000_000},
    )


def endings(found: Sequence[Group], later: dict[int, int]) -> Query:
    """For each group by its number: the first call of its way after its last failure that worked, and when it was.

    Within the quarter of that failure and the one that `later` has for the group alone.
    """
    within_quarters = {micros(one.last) // QUARTER * 900 for one in found} | set(later.values())
    first = min(micros(one.last) for one in found)
    return Query(
        "SELECT number, toUnixTimestamp64Micro(min(created_at)), toString(argMin(id, created_at))"  # noqa: S608
        f" FROM entries INNER JOIN {_WAYS} AS ways ON {_SAME_WAY}"
        " WHERE created_at > fromUnixTimestamp64Micro({first:Int64})"
        " AND toStartOfFifteenMinutes(toDateTime(created_at, 'UTC')) IN {quarters:Array(UInt32)}"
        f" AND {_ENDS} AND action IN {{actions:Array(String)}} AND toUnixTimestamp64Micro(created_at) > after"
        " GROUP BY number",
        {**_ways(found), "first": first, "quarters": sorted(within_quarters)},
    )


def read_endings(rows: Sequence[Sequence[Any]]) -> dict[int, Ending]:
    """The answer, by the group's number."""
    return {number: Ending(instant(at), identity) for number, at, identity in rows}


WAY = ("platform", "action", "direction", "ec_id", "shipping_id")
"""The columns of a way, in the order of its values."""


def calls(which: Filter, *, ends: bool) -> Query:
    """How many calls the filter lets through, by way. From the counts; without `ends`, see `counting.counted`."""
    return Query(*counted(which, {name: name for name in WAY}, ends=ends))


def read_calls(rows: Sequence[Sequence[Any]], ends: Iterable[Known], which: Filter) -> dict[Way, int]:
    """The answer, with what was counted of the range's ends elsewhere."""
    narrowed = Narrowed.of(which)
    found: dict[Way, int] = {}
    for platform, action, direction, ec, shipping, count in (
        *rows,
        *((*_way(one), one.count) for one in ends if all(each.passes(one.values) for each in narrowed)),
    ):
        way = (platform or "", action, direction, ec or "", shipping or "")
        found[way] = found.get(way, 0) + count
    return found


def _way(one: Known) -> tuple[str | None, ...]:
    action, ec, shipping, _, platform, _, direction = one.values
    return platform, action, direction, ec, shipping


_WAYS = (
    "(SELECT way.1 AS number, way.2 AS way_platform, way.3 AS way_action, way.4 AS way_direction, way.5 AS way_ec,"
    " way.6 AS way_shipping, way.7 AS after, way.8 AS way_partly"
    " FROM (SELECT arrayJoin(arrayZip(range(length({actions:Array(String)})),"
    " {platforms:Array(String)}, {actions:Array(String)}, {directions:Array(String)}, {ecs:Array(String)},"
    " {shippings:Array(String)}, {afters:Array(Int64)}, {partly:Array(UInt8)})) AS way))"
)
_SAME_WAY = (
    "ifNull(platform, '') = way_platform AND action = way_action AND direction = way_direction"
    " AND ifNull(ec_id, '') = way_ec AND ifNull(shipping_id, '') = way_shipping"
)


def _ways(found: Sequence[Group]) -> dict[str, Param]:
    names = ("platforms", "actions", "directions", "ecs", "shippings")
    ways: dict[str, Param] = {name: [one.kind.way[place] for one in found] for place, name in enumerate(names)}
    partly = [int(one.outcome == "partial") for one in found]
    return {**ways, "afters": [micros(one.last) for one in found], "partly": partly}
