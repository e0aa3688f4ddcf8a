"""*Orders* and *Shipments*: asks the store for those that were mentioned last, or for numbers in all of the log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Generic, Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from apitrail.entry import Entry
from apitrail.profiles import Profiles
from apitrail.server.boards.orders import Order, last_seen, orders, twin_numbers
from apitrail.server.boards.parcels import (
    ABOUT_LABELS,
    COUNTED,
    DELIVERY,
    PACKAGE,
    SIGHTINGS,
    TYPES,
    Node,
    Parcel,
    Seen,
    Sighted,
    alone,
    numbers,
    parcels,
    still_making,
)
from apitrail.server.boards.signs import both_ways, signed
from apitrail.server.boards.span import Span, bounded
from apitrail.server.guided.missing import written
from apitrail.server.pasted import Numbers, same
from apitrail.store import Store
from apitrail.store.model import Filter
from apitrail.store.trade import Latest, Mention, Mentioned, Subject

Row = TypeVar("Row")
LONGEST = timedelta(days=31)
ROWS = 25
"""Orders or parcels of one page; more where one call is the last that named them."""
TOGETHER = 500
"""So many more at the most."""
MENTIONS = 2000
"""Entries that are looked at for one page: the latest."""
MOST_BESIDE = 200
"""Other numbers of the same parcels that are looked for."""
HOPS = 2
"""So often they are: what refers to a number may name others."""
TURNS = 8
"""Pages that are looked through for one page of those that are asked for alone."""
Only = Literal["", "open", "label_failed", "no_number"]
ONLY: dict[Subject, tuple[Only, ...]] = {"orders": ("open",), "parcels": ("label_failed", "no_number")}
"""What can be asked for alone. `open`: orders for which the latest call of some action failed. `label_failed`: parcels
whose label's chain is broken. `no_number`: parcels for which a label was asked, and that have no tracking number.
"""
NARROWED_BY = ("action", "ec_integration", "shipping_integration", "platform", "cause", "outcome", "direction")


class OrdersAnswer(Struct, frozen=True, kw_only=True):
    """Orders, those mentioned last first."""

    orders: list[Order]
    since: datetime | None
    """Null where numbers were looked for: in all of the log."""
    until: datetime | None
    cut: bool
    """The range that was asked is longer than 31 days: the latest of it was looked at."""
    next_before: datetime | None
    """Give it as `before` for the next page; null on the last."""
    more_calls: bool
    """More calls refer to these than the 2,000 latest that were looked at: what is told of the oldest is not whole."""
    not_found: tuple[str, ...]
    """Numbers that were looked for and that no call refers to."""


class ShipmentsAnswer(Struct, frozen=True, kw_only=True):
    """Parcels, those mentioned last first."""

    shipments: list[Parcel]
    since: datetime | None
    """Null where numbers were looked for: in all of the log."""
    until: datetime | None
    cut: bool
    """The range that was asked is longer than 31 days: the latest of it was looked at."""
    next_before: datetime | None
    """Give it as `before` for the next page; null on the last."""
    more_calls: bool
    """More calls refer to these than the 2,000 latest that were looked at: what is told of the oldest is not whole."""
    not_found: tuple[str, ...]
    """Numbers that were looked for and that no call refers to."""


class Asked(Struct, frozen=True, kw_only=True):
    """Which of them."""

    filter: Filter = Filter()
    """Its range, and what it chooses of NARROWED_BY: those that such a call mentions."""
    numbers: Numbers = Numbers()
    """In place of a range: these, in all of the log."""
    failed: bool = False
    """Those alone that a failed call mentions."""
    only: Only = ""
    """One of ONLY."""
    before: datetime | None = None


class _Turn(Struct, Generic[Row]):
    """One page as it is looked at, before what was not asked for is left out."""

    rows: list[Row]
    mentions: list[Mention]
    span: Span | None
    next_before: datetime | None
    more_calls: bool
    not_found: tuple[str, ...]


def find_orders(store: Store, profiles: Profiles, asked: Asked, now: datetime) -> OrdersAnswer:
    """Raises QueryTooLarge, StoreError."""

    def ask(part: Asked) -> _Turn[Order]:
        wanted, span, after = _wanted(store, "orders", part, now)
        found, wanted, missing = _mentions(store, part, both_ways(wanted))
        found = replace(found, mentions=signed(found.mentions))
        found = _with_twins(store, found, {one.id for one in wanted})
        mentions = signed(found.mentions)
        rows = orders(wanted, mentions, lambda one: not span or _asked_for(one, part, span))
        return _Turn(rows, mentions, span, after, found.more, missing)

    told = _turns(asked, ask, lambda one: one.open, lambda one: (one.number, one.ec_integration))
    return OrdersAnswer(
        orders=_with_places(store, profiles, told.rows, told.mentions),
        since=told.span.since if told.span else None,
        until=told.span.until if told.span else None,
        cut=bool(told.span and told.span.cut),
        next_before=told.next_before,
        more_calls=told.more_calls,
        not_found=told.not_found,
    )


def find_shipments(store: Store, profiles: Profiles, asked: Asked, now: datetime) -> ShipmentsAnswer:
    """Raises QueryTooLarge, StoreError."""
    told = _turns(
        asked,
        lambda part: _sighted(store, part, now),
        lambda one: one.parcel.label == "failed" if asked.only == "label_failed" else _numberless(one.parcel),
        lambda one: (one.parcel.tracking, one.parcel.shipments, one.parcel.packages, one.parcel.orders),
    )
    return ShipmentsAnswer(
        shipments=_with_labels(store, profiles, told.rows, _located(store, profiles, told.rows)),
        since=told.span.since if told.span else None,
        until=told.span.until if told.span else None,
        cut=bool(told.span and told.span.cut),
        next_before=told.next_before,
        more_calls=told.more_calls,
        not_found=told.not_found,
    )


def _asked_for(one: Mention, asked: Asked, span: Span) -> bool:
    """Whether a call is one of those that choose what is listed: of a number that several accounts have, too, those
    alone are shown that such a call mentions.
    """
    return (
        span.since <= one.at <= span.until
        and (one.failed or not asked.failed)
        and all(getattr(one, field) in chosen for field in NARROWED_BY if (chosen := getattr(asked.filter, field)))
    )


def _with_twins(store: Store, found: Mentioned, wanted: Collection[str]) -> Mentioned:
    """With the calls that name an order by its other number alone."""
    others = {other for (_, number), other in twin_numbers(found.mentions).items() if number in wanted} - {*wanted}
    if not others:
        return found
    more = store.mentioned(sorted(others), MENTIONS)
    every = {one.id: one for one in (*found.mentions, *more.mentions)}.values()
    return Mentioned(sorted(every, key=lambda one: (one.at, one.id), reverse=True), found.more or more.more)


def _turns(
    asked: Asked, ask: Callable[[Asked], _Turn[Row]], wanted: Callable[[Row], bool], name: Callable[[Row], object]
) -> _Turn[Row]:
    """One page; where some are asked for alone, as many as it takes to fill one with them."""
    told = turn = ask(asked)
    if not asked.only or asked.numbers:
        return told
    rows = {name(one): one for one in turn.rows if wanted(one)}
    for _ in range(TURNS - 1):
        if len(rows) >= ROWS or turn.next_before is None:
            break
        turn = ask(replace(asked, before=turn.next_before))
        for one in turn.rows:
            if wanted(one):
                rows.setdefault(name(one), one)
        told.mentions += turn.mentions
        told.more_calls = told.more_calls or turn.more_calls
    told.rows, told.next_before = list(rows.values()), turn.next_before
    return told


def _sighted(store: Store, asked: Asked, now: datetime) -> _Turn[Sighted]:
    """One page of parcels."""
    wanted, span, after = _wanted(store, "parcels", asked, now)
    if asked.only == "no_number" and not asked.numbers:
        wanted = [one for one in wanted if one.type != "tracking"]
    found, wanted, _ = _mentions(store, asked, wanted)
    twins: dict[str, str] = {}
    if asked.numbers:
        ids = {one.id for one in wanted}
        found = _with_twins(store, found, ids)
        twins = {number: other for (_, number), other in twin_numbers(found.mentions).items()}
        others = {other for number, other in twins.items() if number in ids} - ids
        wanted += [Latest("order", one, now) for one in sorted(others)]
    # Calls about a label or a parcel's place may name the order alone, and others the numbers alone that came of it.
    about = dict.fromkeys(one.orders[0] for one in found.mentions if len(one.orders) == 1)
    by_order = store.mentioned([one for number in about for one in written(number)], MENTIONS, COUNTED)
    every = {one.id: one for one in (*found.mentions, *by_order.mentions)}
    nearby, more = _beside(store, asked, wanted, every, now)
    if asked.numbers:  # their orders' other parcels are told, too
        wanted = [*wanted, *nearby]
    most = max(len(wanted), ROWS * 2)
    mentions = sorted(every.values(), key=lambda one: (one.at, one.id), reverse=True)
    rows = parcels(wanted, mentions)[:most]
    more = more or found.more or by_order.more
    return _Turn(rows, [], span, after, more, _without_parcel(asked, rows, twins))


def _beside(
    store: Store, asked: Asked, wanted: Sequence[Latest], every: dict[str, Mention], now: datetime
) -> tuple[list[Latest], bool]:
    """The other numbers of the same parcels, and whether there is more than was looked at. What refers to them is put
    to the rest.
    """
    known = {(one.type, one.id) for one in wanted}
    theirs = {(one.id,) for one in wanted if one.type == "order"} if asked.numbers else set()
    nearby: list[Node] = []
    more = False
    for _ in range(HOPS):
        beside = {node for one in every.values() for node in alone(one)}
        # One call may have made all the parcels of an order.
        beside |= {node for one in every.values() if one.orders in theirs for node in numbers(one)}
        new = sorted(beside - known, key=lambda node: (node[0] == PACKAGE, node))
        known |= beside
        more = more or len(new) > MOST_BESIDE
        nearby += new[:MOST_BESIDE]
        # A fetch of many orders names the package of each.
        brief = [identity for kind, identity in new[:MOST_BESIDE] if kind == PACKAGE and not asked.numbers]
        whole = [identity for kind, identity in new[:MOST_BESIDE] if kind != PACKAGE or asked.numbers]
        for part in (store.mentioned(whole, MENTIONS), store.mentioned(brief, MENTIONS, COUNTED)):
            every |= {one.id: one for one in part.mentions}
            more = more or part.more
    return [Latest(kind, identity, now) for kind, identity in nearby], more


def _without_parcel(asked: Asked, rows: Sequence[Sighted], twins: Mapping[str, str]) -> tuple[str, ...]:
    """Numbers that were looked for and that no parcel has: an order may be known well, and no parcel of it. `twins`:
    of an order that has two numbers, the other one.
    """
    parcels = [one.parcel for one in rows]
    orders = {number for one in parcels for number in one.orders}
    shown = orders | {twins[one] for one in orders if one in twins}
    shown |= {number for one in parcels for number in (*one.tracking, *one.shipments, *one.packages)}
    plain = {same(one) for one in shown}
    return asked.numbers.not_in(lambda number: same(number) in plain)


def _numberless(one: Parcel) -> bool:
    """A label was asked for, and there is no tracking number."""
    return not one.tracking and one.label not in ("not_shown", "cancelled")


def _with_places(store: Store, profiles: Profiles, found: list[Order], mentions: list[Mention]) -> list[Order]:
    """With the platform's words of where each order's parcels are."""
    told = store.mentioned([number for one in found for number in one.parcels], MENTIONS, DELIVERY).mentions
    every = sorted({one.id: one for one in (*mentions, *told)}.values(), key=lambda one: (one.at, one.id), reverse=True)
    seen = [last_seen(one, every) for one in found]
    said = iter(_said(store, profiles, [(told, (number,)) for one in seen for number, told in one.items()]))
    return [replace(one, seen={number: next(said) for number in where}) for one, where in zip(found, seen, strict=True)]


def _located(store: Store, profiles: Profiles, found: list[Sighted]) -> list[Parcel]:
    """With the platform's words of where each parcel is."""
    asked = [(one.seen, (*one.parcel.tracking, *one.parcel.shipments)) for one in found if one.seen]
    said = iter(_said(store, profiles, asked))
    return [replace(one.parcel, seen=next(said)) if one.seen else one.parcel for one in found]


def _with_labels(store: Store, profiles: Profiles, found: list[Sighted], parcels: list[Parcel]) -> list[Parcel]:
    """With what the platform said of labels that nothing but its answer tells to be ready: it may still make them."""
    asked = [
        (index, one.ready) for index, one in enumerate(found) if one.ready and profiles.tells_making(one.ready.platform)
    ]
    sought = [(call.id, call.at, _names(parcels[index])) for index, call in asked]
    told = [*parcels]
    for (index, _), word in zip(asked, _words(store, profiles.making, sought), strict=True):
        if word is not None:
            told[index] = still_making(parcels[index], word)
    return told


def _names(one: Parcel) -> tuple[str, ...]:
    """By which an answer about labels may know a parcel: a shop's platform knows it by its order, too."""
    return (*one.tracking, *one.shipments, *one.packages, *one.orders)


def _said(store: Store, profiles: Profiles, asked: list[tuple[tuple[Seen, ...], tuple[str, ...]]]) -> list[Seen]:
    """What is said of parcels with these numbers: the latest that says something, else the latest."""
    said = [seen[0] for seen, _ in asked]
    for turn in range(SIGHTINGS):
        silent = [index for index, (seen, _) in enumerate(asked) if not said[index].status and turn < len(seen)]
        sought = [(asked[index][0][turn], asked[index][1]) for index in silent]
        words = _words(store, profiles.deliveries, [(seen.entry, seen.at, numbers) for seen, numbers in sought])
        for index, (seen, _), status in zip(silent, sought, words, strict=True):
            if status:
                said[index] = replace(seen, status=status)
    return said


def _words(
    store: Store,
    tell: Callable[[Entry, list[tuple[str, ...]]], list[str | None]],
    asked: Sequence[tuple[str, datetime, tuple[str, ...]]],
) -> list[str | None]:
    """What entries (id, time) tell of parcels, each given by its numbers. One that is asked of many is read once.

    Of bodies nothing else is read, and of a few entries only.
    """
    about: dict[str, list[int]] = {}
    for index, (identity, _, _) in enumerate(asked):
        about.setdefault(identity, []).append(index)
    words: list[str | None] = [None] * len(asked)
    for identity, entry in store.entries_at({(identity, at) for identity, at, _ in asked}).items():
        told = tell(entry, [asked[index][2] for index in about[identity]])
        for index, word in zip(about[identity], told, strict=True):
            words[index] = word
    return words


def _mentions(store: Store, asked: Asked, wanted: list[Latest]) -> tuple[Mentioned, list[Latest], tuple[str, ...]]:
    """What refers to these, newest first; these as they are written; and the numbers that nothing refers to."""
    found = store.mentioned([one.id for one in wanted], MENTIONS)
    mentions, part = found.mentions, found
    spelt, missing = _spelt(asked, wanted, mentions)
    while missing and part.more:
        # The latest calls are about others: a number that was called for long ago is not one that the log lacks.
        part = store.mentioned([one for number in missing for one in written(number)], MENTIONS)
        if not part.mentions:
            break
        mentions = [*mentions, *part.mentions]
        spelt, missing = _spelt(asked, wanted, mentions)
    return Mentioned(mentions, found.more), spelt, missing


def _spelt(asked: Asked, wanted: list[Latest], mentions: Sequence[Mention]) -> tuple[list[Latest], tuple[str, ...]]:
    """Numbers that were looked for, as they are written in the log, in the order in which they were pasted; and those
    that are not in it.
    """
    if not asked.numbers:
        return wanted, ()
    sought = {(one.type, one.id.lower()) for one in wanted}
    known: dict[str, dict[tuple[str, str], None]] = {}
    for one in mentions:
        for kind, identity in one.references:
            if (kind, identity.lower()) in sought:
                known.setdefault(same(identity), {})[kind, identity] = None

    def found(number: str) -> bool:
        return same(number) in known

    whole = asked.numbers.whole
    shown = (whole,) if whole and found(whole) else asked.numbers.each
    nodes = dict.fromkeys(node for number in shown for node in known.get(same(number), ()))
    return [Latest(kind, identity, mentions[0].at) for kind, identity in nodes], asked.numbers.not_in(found)


def _wanted(
    store: Store, subject: Subject, asked: Asked, now: datetime
) -> tuple[list[Latest], Span | None, datetime | None]:
    """The ids to tell of, the range in which they were looked for, and where the next page begins."""
    if asked.numbers:
        types: Sequence[str] = ("order",) if subject == "orders" else (*TYPES, PACKAGE, "order")
        sought = [one for number in asked.numbers.candidates for one in written(number)]
        return [Latest(kind, one, now) for kind in types for one in sought], None, None
    span = bounded(asked.filter.since, asked.filter.until, now, LONGEST)
    which = replace(asked.filter, since=span.since, until=span.until)
    if asked.only in ONLY["parcels"]:
        which = replace(which, action=which.action or ABOUT_LABELS)
    # A parcel has two numbers as a rule.
    limit = ROWS if subject == "orders" else ROWS * 2
    found, after = _latest(store, subject, which, limit, asked, now)
    return found, span, after


def _latest(
    store: Store, subject: Subject, which: Filter, limit: int, asked: Asked, now: datetime
) -> tuple[list[Latest], datetime | None]:
    """One page of ids, and where the next begins."""

    def ask(part: Filter, most: int, before: datetime | None) -> list[Latest]:
        failed = asked.failed or asked.only in ("open", "label_failed")
        return store.latest(subject, part, most, before, failed=failed, now=now)

    found = ask(which, limit + 1, asked.before)
    if len(found) <= limit:
        return found, None
    last = found[limit - 1].last
    if found[limit].last < last:
        return found[:limit], last
    # One fetch named them, and the next page begins before its time: those that are left would be on neither.
    found = ask(replace(which, since=last), limit + TOGETHER, asked.before)
    return found, last if ask(which, 1, last) else None
