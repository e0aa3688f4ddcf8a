"""What the log shows of each order: who told of it first, what was done last, what failed, its parcels. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from apitrail.exchange import Integration
from apitrail.profiles.catalogue import Actor, actor
from apitrail.server.boards.parcels import Seen, sightings
from apitrail.server.boards.signs import ways
from apitrail.server.guided.missing import READS
from apitrail.server.repeated import REPEATED
from apitrail.store.trade import Latest, Mention

Way = Literal["webhook", "fetch"]


class Told(Struct, frozen=True):
    """The first word of the platform itself that the log holds of an order."""

    at: datetime
    entry: str
    by: Way


class Last(Struct, frozen=True):
    """The latest call of a kind."""

    at: datetime
    entry: str
    platform: str
    """Empty if it is not known."""
    shipping: bool
    """True if the call was made for a shipping integration alone."""
    action: str
    direction: str
    outcome: str
    cause: str
    kind: str
    """`no_answer` and `not_sent`, of failures; else as the outcome."""
    acts: Actor | None
    """Who must act first; null where it did not fail."""
    message: str
    """The platform's own words, verbatim: their beginning."""


class Order(Struct, frozen=True, kw_only=True):
    """One order of one account, as the log shows it."""

    number: str
    """The one that people use."""
    other_numbers: tuple[str, ...]
    """Under which the platform has the same order: its own id, as a rule."""
    platform: str
    """The platform of the account's calls; empty if none is known."""
    ec_integration: Integration | None
    shared_with: tuple[str, ...] = ()
    """The ids of other accounts that have an order of this number: their calls are not this order's."""
    merchant: str
    told: Told | None
    """Null where the log does not show that the platform mentioned it: by a notification or in what was fetched."""
    mentioned: datetime
    """The first mention of any kind that was looked at."""
    last: Last
    last_failure: Last | None
    open_failure: Last | None
    """The latest failure of an action whose latest call failed; null where there is none. One that the platform refused
    because it had it already is none, if the action had worked before.
    """
    calls: int
    failures: int
    open: bool
    """True if there is such a failure."""
    tracking: tuple[str, ...]
    """Of calls that are about this order alone; so is the next."""
    shipments: tuple[str, ...]
    seen: dict[str, Seen] = {}
    """Of each parcel the latest word of where it is, by its tracking number or, where the order has none, shipment id.
    Parcels of which the log shows none are missing."""

    @property
    def numbers(self) -> tuple[str, ...]:
        """All that it is called."""
        return (self.number, *self.other_numbers)

    @property
    def parcels(self) -> tuple[str, ...]:
        """The numbers that people know its parcels by."""
        return self.tracking or self.shipments


def orders(
    wanted: Sequence[Latest], mentions: Sequence[Mention], asked: Callable[[Mention], bool] = lambda _: True
) -> list[Order]:
    """The orders of these numbers, in the order in which they come, from all that refers to them (newest first).

    `asked`: whether an order is shown that has this call, of several with one number.

    One number at several accounts is several orders. A call without an account belongs to the order where there is
    one account. Two numbers of one order are one.
    """
    twins = twin_numbers(mentions)
    found: dict[tuple[str, frozenset[str]], Order] = {}
    for latest in wanted:
        written = ways(latest.id)
        accounts = dict.fromkeys(
            one.ec_integration for one in mentions if one.ec_integration and any(_names(one, way) for way in written)
        )
        for account in accounts if len(accounts) == 1 else (*accounts, ""):
            usual = (account, "") if len(accounts) == 1 else (account,)
            numbers = {latest.id, twins.get((account, latest.id), latest.id)}
            part = [
                one.told_of(numbers)
                for one in mentions
                if one.ec_integration in usual and any(_names(one, n) for n in numbers)
            ]
            shown = part and (len(accounts) < 2 or any(map(asked, part)))
            if shown and (account, frozenset(numbers)) not in found:
                shared = sorted({*accounts} - {account})
                found[account, frozenset(numbers)] = _order(sorted(numbers, key=_for_people), part, shared)
    return list(found.values())


def twin_numbers(mentions: Sequence[Mention]) -> dict[tuple[str, str], str]:
    """The other number of an order that has two (its name at the shop and its id at the platform), by account and
    number: a call about one order names both, and no call names either beside a third.
    """
    beside: dict[tuple[str, str], set[str]] = {}
    for one in mentions:
        named = one.of("order")
        if one.ec_integration and one.source_type == "order" and one.source_id in named and len(named) == 2:
            for number, other in (named, reversed(named)):
                beside.setdefault((one.ec_integration, number), set()).add(other)
    return {
        (account, number): other
        for (account, number), others in beside.items()
        for other in others
        if len(others) == 1 and len(beside[account, other]) == 1
    }


def _names(one: Mention, number: str) -> bool:
    return number in one.orders or number in one.of("order")


def _for_people(number: str) -> tuple[bool, int, str]:
    """What a shop prints on its receipts sorts before an id."""
    return not number.startswith("#"), len(number), number


def last_seen(one: Order, mentions: Sequence[Mention]) -> dict[str, tuple[Seen, ...]]:
    """Where each parcel of an order was last told to be, by its number, from calls about parcels (newest first)."""
    kind = "tracking" if one.tracking else "shipment"
    about: dict[str, list[Mention]] = {number: [] for number in one.parcels}
    for call in mentions:
        numbers = call.of(kind)
        if not numbers and len(about) == 1 and len(call.orders) == 1 and call.orders[0] in one.numbers:
            numbers = one.parcels
        for number in numbers:
            if number in about:
                about[number].append(call)
    return {number: seen for number, calls in about.items() if (seen := sightings(calls))}


def _order(numbers: Sequence[str], calls: Sequence[Mention], shared: Sequence[str]) -> Order:
    """`calls`: newest first."""
    own = [one for one in calls if len(one.orders) == 1]
    told = next((one for one in reversed(calls) if _told(one)), None)
    shop = next((one for one in calls if one.ec_integration), None)
    failed = next((one for one in calls if one.failed), None)
    latest = {one.action: one for one in reversed(calls)}
    worked = {one.action for one in calls if not one.failed}
    still = next(
        (
            one
            for one in calls
            if one.failed and latest[one.action] is one and not (one.cause == REPEATED and one.action in worked)
        ),
        None,
    )
    return Order(
        number=numbers[0],
        other_numbers=tuple(numbers[1:]),
        platform=(told or shop or calls[-1]).platform,
        ec_integration=Integration(shop.ec_integration, shop.ec_name) if shop else None,
        shared_with=tuple(shared),
        merchant=next((one.merchant for one in calls if one.merchant), ""),
        told=Told(told.at, told.id, "webhook" if told.direction == "inbound" else "fetch") if told else None,
        mentioned=calls[-1].at,
        last=_last(calls[0]),
        last_failure=_last(failed) if failed else None,
        open_failure=_last(still) if still else None,
        calls=len(calls),
        failures=sum(one.failed for one in calls),
        open=still is not None,
        tracking=tuple(dict.fromkeys(identity for one in own for identity in one.of("tracking"))),
        shipments=tuple(dict.fromkeys(identity for one in own for identity in one.of("shipment"))),
    )


def _told(one: Mention) -> bool:
    return one.direction == "inbound" or (one.action in READS and not one.failed)


def _last(one: Mention) -> Last:
    acts = actor(one.cause, one.direction) if one.failed else None
    kind = one.kind or one.outcome
    return Last(
        at=one.at,
        entry=one.id,
        platform=one.platform,
        shipping=bool(one.shipping_integration) and not one.ec_integration,
        action=one.action,
        direction=one.direction,
        outcome=one.outcome,
        cause=one.cause,
        kind=kind,
        acts=acts,
        message=one.message,
    )
