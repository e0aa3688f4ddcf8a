"""What the log shows of each parcel: its label's chain, link by link, and where it was last seen. Pure.

A parcel is the tracking numbers, shipment ids and the platform's package id that single calls name together. A call
that names an order alone belongs to a parcel where the log knows but one of that order; so does an order's one package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from apitrail.exchange import Integration
from apitrail.server.guided.label import VOIDING
from apitrail.store.queries.trade import MAKING
from apitrail.store.trade import Latest, Mention

LinkName = Literal["number", "label", "callback", "download"]
LINKS: dict[LinkName, tuple[str, ...]] = {
    "number": ("tracking.allocate", "shipment.create"),
    "label": ("label.create", "return.label.create", "batch.buy"),
    "callback": ("webhook.label.ready", "label.status", "webhook.batch.updated", "batch.get"),
    "download": ("label.get",),
}
DELIVERY = ("tracking.get", "webhook.logistics.status", "shipment.get")
"""What tells where a parcel is."""
SHIPPING = ("order.ship", "order.ship.update", "order.ship.cancel")
"""What reports to the shop's platform what was shipped, package by package."""
ABOUT_LABELS = (*(action for actions in LINKS.values() for action in actions), VOIDING)
ABOUT_PARCELS = (*ABOUT_LABELS, *DELIVERY)
COUNTED = (*ABOUT_PARCELS, *SHIPPING)
"""What is counted of the calls that name a parcel's order or package: each fetch of orders names them as well."""

LinkState = Literal["done", "failed", "waiting", "not_shown"]
"""`waiting`: the platform said that it is still making the label."""
LabelStatus = Literal["cancelled", "failed", "downloaded", "ready", "making", "created", "number_only", "not_shown"]
Warned = Literal["number_exists", "made_twice"]


class ChainLink(Struct, frozen=True):
    """One link of a label's chain, by the latest call of its kind."""

    name: LinkName
    state: LinkState
    at: datetime | None = None
    entry: str = ""
    """Empty where the log shows no such call."""
    cause: str = ""
    """Why it failed."""
    message: str = ""
    """The platform's own message or word, unchanged."""
    broken: bool = False
    """Nothing after it happened: it is where the chain broke."""


class Seen(Struct, frozen=True):
    """Where the platform was last asked for the parcel's place, or told it."""

    at: datetime
    entry: str
    alone: bool = True
    """The call is about this parcel and no other."""
    status: str = ""
    """The platform's own words, verbatim; empty where the log does not show them."""


class Parcel(Struct, frozen=True, kw_only=True):
    """One parcel, as the log shows it."""

    tracking: tuple[str, ...]
    shipments: tuple[str, ...]
    """The platform's ids of it."""
    packages: tuple[str, ...]
    """What a shop's platform calls it before it has a number (Shopee, Lazada, TikTok Shop), and after."""
    orders: tuple[str, ...]
    """What single calls name together with it."""
    platform: str
    """Of the latest call about its label or place; empty where none is known."""
    ec_integration: Integration | None
    shipping_integration: Integration | None
    merchant: str
    label: LabelStatus
    chain: tuple[ChainLink, ...]
    warnings: tuple[Warned, ...]
    """A number exists already, though making the label failed; or a label was made more than once."""
    seen: Seen | None
    """The latest word of where it is, or one of the two before where that is without a status; null where the log
    shows none."""
    calls: int
    """The calls that refer to one of `references`, with one of `actions` if there are any."""
    failures: int
    """How many of these failed."""
    references: tuple[str, ...]
    """The parcel's numbers, and its order where calls that name the order alone are about this parcel: as `type:id`, as
    the list of calls is filtered by them."""
    actions: tuple[str, ...]
    last: datetime
    """The latest mention."""


class Sighted(Struct, frozen=True):
    """A parcel, and the latest words of where it is, newest first: not each call that asks is answered with any."""

    parcel: Parcel
    seen: tuple[Seen, ...]
    ready: Mention | None
    """The call that found the label ready, where nothing but that call says so: it may have said the opposite."""


SIGHTINGS = 3
"""So many of the latest words of a parcel's place are looked at."""
Node = tuple[str, str]
TYPES = ("tracking", "shipment")
PACKAGE = "package"


def parcels(wanted: Sequence[Latest], mentions: Sequence[Mention]) -> list[Sighted]:
    """The parcels that the ids are of, in the order in which they come, from all that refers to them (newest first)."""
    groups = _groups(mentions, wanted)
    of_order: dict[str, set[frozenset[Node]]] = {}
    for one in mentions:
        nodes = numbers(one)
        if nodes and len(one.orders) == 1 and len({groups[node] for node in nodes}) == 1:
            of_order.setdefault(one.orders[0], set()).add(groups[nodes[0]])
    for order in _shared(mentions):
        of_order[order] = set()
    groups = _with_packages(groups, of_order)
    calls: dict[frozenset[Node], list[Mention]] = {}
    for one in mentions:
        own = one.orders if len(one.orders) == 1 else ()
        for group in _belongs(one, groups, of_order):
            calls.setdefault(group, []).append(one.told_of({*own, *(identity for _, identity in group)}))
    named: dict[Node, list[Mention]] = {}
    for one in mentions:
        for node in dict.fromkeys(one.references):
            named.setdefault(node, []).append(one)
    found: dict[frozenset[Node], Sighted] = {}
    for latest in wanted:
        node = (latest.type, latest.id)
        if latest.type in TYPES or latest.type == PACKAGE:
            group = groups[node]
        else:
            known = of_order.get(latest.id, set())
            group = next(iter(known)) if len(known) == 1 else frozenset({node})
        if group not in found and (held := calls.get(group)):
            seen = sightings(held)
            parcel = _parcel(group, held, seen, of_order, _counted(group, held, named))
            found[group] = Sighted(parcel, seen, _found_ready(parcel, held))
    return list(found.values())


def _shared(mentions: Iterable[Mention]) -> list[str]:
    """Numbers that orders of several accounts have: of which one a call speaks, it does not say."""
    accounts: dict[str, set[str]] = {}
    for one in mentions:
        for order in one.orders if one.ec_integration else ():
            accounts.setdefault(order, set()).add(one.ec_integration)
    return [order for order, ids in accounts.items() if len(ids) > 1]


def numbers(one: Mention) -> list[Node]:
    """The numbers that a call names. A fetch of many orders tells the package of each, and nothing of them."""
    packages = dict.fromkeys(node for node in one.references if node[0] == PACKAGE)
    about = len(packages) == 1 or one.action in ABOUT_PARCELS or one.action in SHIPPING
    return [node for node in one.references if node[0] in TYPES] + (list(packages) if about else [])


def alone(one: Mention) -> list[Node]:
    """The numbers of the one parcel that a call is about; none where it is about several, or none."""
    nodes = list(dict.fromkeys(numbers(one)))
    if any(sum(kind == each for kind, _ in nodes) > 1 for each in TYPES):
        return []
    packages = [node for node in nodes if node[0] == PACKAGE]
    return nodes if len(packages) < 2 else [node for node in nodes if node[0] != PACKAGE]


def _together(one: Mention) -> Iterator[tuple[Node, Node]]:
    """Numbers of one parcel, in pairs. Of several that a call makes, a platform may give all of them the first one's
    number as their id.
    """
    if nodes := alone(one):
        yield from ((nodes[0], other) for other in nodes[1:])
        return
    tracking = {*one.of("tracking")}
    yield from ((("tracking", each), ("shipment", each)) for each in one.of("shipment") if each in tracking)


def _groups(mentions: Iterable[Mention], wanted: Iterable[Latest]) -> dict[Node, frozenset[Node]]:
    """Each number with those that calls about one parcel name beside it."""
    groups: dict[Node, set[Node]] = {}
    for latest in wanted:
        groups.setdefault((latest.type, latest.id), {(latest.type, latest.id)})
    for one in mentions:
        for node in numbers(one):
            groups.setdefault(node, {node})
        for node, other in _together(one):
            first, group = groups[node], groups[other]
            if group is not first:
                first |= group
                for member in group:
                    groups[member] = first
    return {node: frozenset(group) for node, group in groups.items()}


def _with_packages(
    groups: Mapping[Node, frozenset[Node]], of_order: dict[str, set[frozenset[Node]]]
) -> dict[Node, frozenset[Node]]:
    """The same, with the one package of an order and its one number together, where no call names both. Of an order
    with several packages or numbers it is not known which is whose: what names the order alone is its number's, then.
    """
    joined: dict[frozenset[Node], frozenset[Node]] = {}
    for order, known in of_order.items():
        packages = {group for group in known if all(kind == PACKAGE for kind, _ in group)}
        numbered = known - packages
        if len(packages) == len(numbered) == 1:
            whole = frozenset[Node]().union(*(joined.get(group, group) for group in known))
            parts = known | {group for group, of in joined.items() if of <= whole}  # two orders may be in one parcel
            joined |= dict.fromkeys(parts, whole)
        if numbered:
            of_order[order] = numbered
    for order, known in of_order.items():
        of_order[order] = {joined.get(group, group) for group in known}
    return {node: joined.get(group, group) for node, group in groups.items()}


def _belongs(
    one: Mention, groups: Mapping[Node, frozenset[Node]], of_order: Mapping[str, set[frozenset[Node]]]
) -> set[frozenset[Node]]:
    if nodes := numbers(one):
        return {groups[node] for node in nodes}
    if one.action not in ABOUT_PARCELS or len(one.orders) != 1:
        return set()
    order = one.orders[0]
    known = of_order.get(order, set())
    if len(known) == 1:
        return {next(iter(known))}
    return {frozenset({("order", order)})} if one.action in ABOUT_LABELS else set()


class Counted(Struct, frozen=True):
    """How many calls a parcel has, and by what the list of calls shows them and no others."""

    calls: int
    failures: int
    references: tuple[str, ...]
    actions: tuple[str, ...]


def _counted(group: frozenset[Node], calls: Iterable[Mention], named: Mapping[Node, Sequence[Mention]]) -> Counted:
    """`calls`: of the parcel. `named`: all calls, by what they refer to."""
    nodes = {*group, *(("order", order) for one in calls if not numbers(one) for order in one.of("order"))}
    # As the list finds them: by `#1001`, too, for 1001.
    spelt = [(kind, text) for kind, identity in nodes for text in (identity, f"#{identity}")]
    every = {one.id: one for node in spelt for one in named.get(node, ())}.values()
    about = [one for one in every if one.action in COUNTED] if any(kind not in TYPES for kind, _ in nodes) else []
    ids = {identity for _, identity in nodes}
    told = [one.told_of({*ids, *(one.orders if len(one.orders) == 1 else ())}) for one in about or every]
    return Counted(
        calls=len(told),
        failures=sum(one.failed for one in told),
        references=tuple(f"{kind}:{identity}" for kind, identity in sorted(nodes)),
        actions=tuple(sorted({one.action for one in about})),
    )


def sightings(calls: Iterable[Mention]) -> tuple[Seen, ...]:
    """The latest words of where a parcel is, from all calls about it (newest first)."""
    told = (one for one in calls if one.action in DELIVERY and not one.failed)
    return tuple(Seen(one.at, one.id, alone=bool(alone(one))) for one in islice(told, SIGHTINGS))


def _parcel(
    group: frozenset[Node],
    calls: Sequence[Mention],
    seen: Sequence[Seen],
    of_order: Mapping[str, set[frozenset[Node]]],
    counted: Counted,
) -> Parcel:
    chain = _chain(calls)
    about = next((one for one in calls if one.action in ABOUT_PARCELS), calls[0])
    orders = [order for order, known in of_order.items() if group in known]
    orders += [one.orders[0] for one in calls if len(one.orders) == 1]
    shop = next((one for one in calls if one.ec_integration), None)
    carrier = next((one for one in calls if one.shipping_integration), None)
    return Parcel(
        tracking=tuple(sorted(identity for kind, identity in group if kind == "tracking")),
        shipments=tuple(sorted(identity for kind, identity in group if kind == "shipment")),
        packages=tuple(sorted(identity for kind, identity in group if kind == PACKAGE)),
        orders=tuple(sorted(dict.fromkeys(orders))),
        platform=about.platform,
        ec_integration=Integration(shop.ec_integration, shop.ec_name) if shop else None,
        shipping_integration=Integration(carrier.shipping_integration, carrier.shipping_name) if carrier else None,
        merchant=next((one.merchant for one in calls if one.merchant), ""),
        label=_status(calls, chain),
        chain=chain,
        warnings=tuple(_warnings(calls, chain)),
        seen=seen[0] if seen else None,
        calls=counted.calls,
        failures=counted.failures,
        references=counted.references,
        actions=counted.actions,
        last=calls[0].at,
    )


def _chain(calls: Sequence[Mention]) -> tuple[ChainLink, ...]:
    """Of the calls since the label was last cancelled: what was before, is no more."""
    links = [_link(name, calls[: _voided(calls)]) for name in LINKS]
    reached = max((number for number, link in enumerate(links) if link.state == "done"), default=-1)
    failed = (number for number, link in enumerate(links) if link.state == "failed" and number > reached)
    broken = next(failed, None)
    return tuple(
        ChainLink(link.name, link.state, link.at, link.entry, link.cause, link.message, number == broken)
        for number, link in enumerate(links)
    )


def _voided(calls: Sequence[Mention]) -> int:
    """The place of the latest call that cancelled the label; behind the last call, where none did."""
    return next((n for n, one in enumerate(calls) if one.action == VOIDING and not one.failed), len(calls))


def _link(name: LinkName, calls: Sequence[Mention]) -> ChainLink:
    """By the latest call that worked, else by the latest that failed. `calls`: newest first.

    What asks or tells whether the label is ready speaks of its time alone: there the latest call counts.
    """
    mine = [one for one in calls if one.action in LINKS[name]]
    if name == "callback":
        mine = mine[:1]
    worked = [one for one in (calls if name == "number" else mine) if not one.failed and _serves(name, one)]
    if worked:
        return ChainLink(name, "done", worked[0].at, worked[0].id)
    failed = next((one for one in mine if one.failed), None)
    if failed is None:
        return ChainLink(name, "not_shown")
    return ChainLink(name, "failed", failed.at, failed.id, failed.cause, failed.message)


def _serves(name: LinkName, one: Mention) -> bool:
    """Whether a call that worked made this link. One that made a label and brought its number allocated that, too."""
    if name != "number":
        return True
    return one.action == "tracking.allocate" or (one.action in MAKING and bool(one.of("tracking")))


def _status(calls: Sequence[Mention], chain: Sequence[ChainLink]) -> LabelStatus:
    state = {link.name: link.state for link in chain}
    if any(link.broken for link in chain):
        return "failed"
    if state["download"] == "done":
        return "downloaded"
    if state["callback"] == "done":
        return "ready"
    if state["label"] == "done":
        return "created"
    if state["number"] == "done":
        return "number_only"
    return "cancelled" if _voided(calls) < len(calls) else "not_shown"


def _found_ready(parcel: Parcel, calls: Sequence[Mention]) -> Mention | None:
    if parcel.label != "ready":
        return None
    entry = next(link.entry for link in parcel.chain if link.name == "callback")
    return next(one for one in calls if one.id == entry)


def still_making(parcel: Parcel, word: str) -> Parcel:
    """As the platform says in its own word in the call that found the label ready."""
    chain = tuple(
        replace(link, state="waiting", message=word) if link.name == "callback" else link for link in parcel.chain
    )
    return replace(parcel, label="making", chain=chain)


def _warnings(calls: Sequence[Mention], chain: Sequence[ChainLink]) -> Iterable[Warned]:
    by_name = {link.name: link for link in chain}
    if by_name["number"].state == "done" and by_name["label"].state == "failed":
        yield "number_exists"
    made = [one for one in calls[: _voided(calls)] if one.action in LINKS["label"] and not one.failed]
    if len(made) > 1:
        yield "made_twice"
