"""The boards as a plain list of entries tells them: by looking at every entry, from what the guide promises."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from apitrail.entry import Entry

FAILED = ("request_error", "platform_error")
READS = ("order.list", "order.get")
"""What brings orders from a platform, of the calls that are made here."""
About = tuple[str, str]
"""A type of reference and an id."""


def ec(entry: Entry) -> str:
    return entry.ec_integration.id if entry.ec_integration else ""


def shipping(entry: Entry) -> str:
    return entry.shipping_integration.id if entry.shipping_integration else ""


def refused(entry: Entry) -> set[str]:
    """What a call that worked for others failed for; where it is not told, that is all that it names."""
    if entry.outcome != "partial":
        return set()
    items = {one.id.removeprefix("#") for one in entry.items if one.outcome in FAILED}
    return items or {one for _, one in named(entry)}


def went_wrong(entry: Entry) -> bool:
    """As a whole or in part: what *Problems* is of."""
    return entry.outcome in (*FAILED, "partial")


def failed_for(entry: Entry, names: Collection[str]) -> bool:
    """Whether it failed for what is called so."""
    return entry.outcome in FAILED or not refused(entry).isdisjoint(names)


def named(entry: Entry) -> set[About]:
    """What a call names. `#1001` is 1001: so do shops write it."""
    return {(one.type, one.id.removeprefix("#")) for one in entry.references}


def orders(entry: Entry) -> set[str]:
    """Those that a call is about or names."""
    return {one for kind, one in named(entry) if kind == "order"}


def hit(entry: Entry) -> set[About]:
    """What a call that went wrong failed for: orders and parcels or, without those, products."""
    some = refused(entry)
    failed = {one for one in named(entry) if not some or one[1] in some}
    about = {("order", one) for kind, one in failed if kind == "order"}
    about |= {("parcel", one) for kind, one in failed if kind == "tracking"}
    return about or {("product", one) for kind, one in failed if kind == "sku"}


# Problems.


def way(entry: Entry) -> tuple[str, ...]:
    return entry.platform or "", entry.action, entry.direction, ec(entry), shipping(entry)


def kind(entry: Entry) -> tuple[Any, ...]:
    return *way(entry), entry.code or "", None if entry.code else entry.status, entry.cause or ""


def problems(entries: Iterable[Entry]) -> dict[tuple[Any, ...], list[Entry]]:
    """What went wrong, by what it has in common; oldest first."""
    found: dict[tuple[Any, ...], list[Entry]] = {}
    for one in entries:
        if went_wrong(one):
            found.setdefault(kind(one), []).append(one)
    return found


def ended_by(entries: Sequence[Entry], last: Entry) -> Entry | None:
    """The first call of the same kind after it that worked; as a whole, where it failed in part."""
    ends = ("success", "warning") if last.outcome == "partial" else ("success", "warning", "partial")
    return next(
        (one for one in entries if way(one) == way(last) and one.created_at > last.created_at and one.outcome in ends),
        None,
    )


# One number at two shops is two orders; a call that names no shop may be about either.


def shops(entries: Iterable[Entry], number: str) -> set[str]:
    return {ec(one) for one in entries if number in orders(one)} - {""}


def of_order(entries: Iterable[Entry], number: str, shop: str) -> list[Entry]:
    """The calls that name it, of its shop; those that name no shop as well, where only one has the number."""
    usual = {shop, ""} if len(shops(entries, number)) == 1 else {shop}
    return [one for one in entries if number in orders(one) and ec(one) in usual]


def still_open(calls: Sequence[Entry], number: str) -> Entry | None:
    """The latest failure of an action whose latest call failed; not of what had been done already."""
    latest = {one.action: one for one in calls}
    wrong = [one for one in latest.values() if failed_for(one, {number})]
    done = {one.action for one in calls if not failed_for(one, {number})}
    left = [one for one in wrong if not (one.cause == "duplicate" and one.action in done)]
    return max(left, key=lambda one: one.created_at, default=None)


def told(calls: Iterable[Entry], number: str) -> Entry | None:
    """The platform's first word of it."""
    return next(
        (one for one in calls if one.direction == "inbound" or (one.action in READS and not failed_for(one, {number}))),
        None,
    )


# Shipments.


def label_of(entries: Sequence[Entry], tracking: str) -> str:
    """How far the label of a parcel got, as told by the calls that name its number, since it was last cancelled."""
    state = "not_shown"
    for one in entries:
        if not worked_for(one, tracking):
            continue
        if one.action == "label.void":
            state = "cancelled"
        elif one.action == "label.create":
            state = "created"
        elif one.action == "tracking.allocate" and state != "created":
            state = "number_only"
    return state


# Start of shift.


def held(entries: Sequence[Entry], since: datetime) -> dict[tuple[str, str], set[tuple[str, str, str]]]:
    """By cause and direction: the orders, parcels and products (with the shop) for which the same action has not
    worked since it failed.
    """
    recent = [one for one in entries if one.created_at >= since]
    places: dict[About, set[str]] = {}
    found: dict[tuple[str, str], set[tuple[str, str, str]]] = {}
    return _held(entries, recent, places, found)


def _held(
    entries: Sequence[Entry],
    recent: Sequence[Entry],
    places: dict[About, set[str]],
    found: dict[tuple[str, str], set[tuple[str, str, str]]],
) -> dict[tuple[str, str], set[tuple[str, str, str]]]:
    for one in recent:
        if went_wrong(one):
            for about in hit(one):
                places.setdefault(about, set()).update({ec(one)} - {""})
                same = [each for each in recent if each.action == one.action and worked_for(each, about[1])]
                places[about] |= {ec(each) for each in same} - {""}
    latest: dict[tuple[str, About, str], Entry] = {}
    for one in recent:
        for about in hit(one) if went_wrong(one) else ():
            known = places[about]
            shop = ec(one) or (min(known) if len(known) == 1 and about[0] != "product" else "")
            latest[one.action, about, shop] = one
    for (action, about, shop), one in latest.items():
        mine = [
            each
            for each in entries
            if each.action == action
            and worked_for(each, about[1])
            and (not shop or ec(each) == shop or (not ec(each) and about[0] != "product"))
        ]
        healed = any(each.created_at > one.created_at for each in mine)
        if not healed and not (one.cause == "duplicate" and mine):
            found.setdefault((one.cause or "", one.direction), set()).add((*about, shop))
    return found


def worked_for(entry: Entry, name: str) -> bool:
    return any(name == one for _, one in named(entry)) and not failed_for(entry, {name})


# Worked since.


def worked_since(entries: Sequence[Entry], failure: Entry) -> Entry | None:
    """The latest call of the same action after it that worked for the same order (of its shop, as far as both say so),
    else parcel."""
    for type_ in ("order", "tracking"):
        names = {one for kind, one in named(failure) if kind == type_}
        if names:
            break
    else:
        return None
    return max(
        (
            one
            for one in entries
            if (one.action, one.direction) == (failure.action, failure.direction)
            and one.created_at > failure.created_at
            and (ec(one) == ec(failure) or not ec(one) or not ec(failure))
            and any(worked_for(one, name) for name in names)
            and not failed_for(one, names)
        ),
        key=lambda one: one.created_at,
        default=None,
    )


# An order is missing, a label failed, stock is wrong.


def has_arrived(entries: Iterable[Entry], number: str, shop: str) -> bool:
    """Whether the shop's platform told of the order in a notification that was accepted, or in what it gave."""
    return any(
        (one.direction == "inbound" or one.action in READS) and ec(one) == shop and fate(one, number) != "failed"
        for one in entries
        if number in orders(one)
    )


def fate(entry: Entry, name: str) -> str:
    """What came of a call for one that it names: `unclear` where it failed for some, and does not show for which."""
    if entry.outcome == "partial" and not entry.items:
        return "unclear"
    return "failed" if failed_for(entry, {name}) else "worked"


def attempts(entries: Iterable[Entry], number: str) -> dict[str, list[Entry]]:
    """Calls that make labels or their numbers, by shop where several have the number."""
    made = [one for one in entries if number in orders(one) and one.action in ("label.create", "tracking.allocate")]
    apart = len({ec(one) for one in made} - {""}) > 1
    found: dict[str, list[Entry]] = {}
    for one in made:
        found.setdefault(ec(one) if apart else "", []).append(one)
    return found


def has_label(entries: Iterable[Entry], calls: Iterable[Entry], number: str) -> bool:
    """Whether one of these calls made a label or its number that was not cancelled since, by a number of it."""
    voids = [one for one in entries if one.action == "label.void" and one.outcome in ("success", "warning")]
    return any(
        fate(one, number) == "worked"
        and not any(void.created_at > one.created_at and named(void) & named(one) for void in voids)
        for one in calls
    )


def pushes(entries: Iterable[Entry], sku: str) -> dict[str, list[Entry]]:
    """Calls that set its stock, by shop."""
    found: dict[str, list[Entry]] = {}
    for one in entries:
        if one.action == "stock.push" and ("sku", sku) in named(one):
            found.setdefault(ec(one), []).append(one)
    return found
