"""*Start of shift*: what failed since a time, by cause; whom it still holds up, who acts, what has healed by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from apitrail.profiles.catalogue import Actor, actor
from apitrail.profiles.work import Work, is_of
from apitrail.server.boards import problems
from apitrail.server.boards.alike import Alike, alike
from apitrail.server.boards.held import Held, Key, held
from apitrail.server.boards.outages import QUARTERS, Outage, likely, outages, timed
from apitrail.server.boards.problems import Trouble
from apitrail.server.boards.signs import plain
from apitrail.server.boards.silent import Silent, silences
from apitrail.server.boards.span import bounded
from apitrail.server.boards.work import of_work
from apitrail.store import Store
from apitrail.store.failures import CauseTotal, Common, Hour
from apitrail.store.model import Filter

LONGEST = timedelta(days=7)
HIT = 5000
"""Orders, parcels and products each, by cause and action, that are looked at: those that were hit last. One push may
be of thousands of products, and hides no order.
"""
HOURS = 50_000
"""Rows of an hour, platform, action and account; and of a quarter of an hour, platform and action."""
STRETCHES = 50
"""Times in which a platform did not work at all: the latest."""
SOME = 12
"""Orders, parcels and products of a cause that are named."""
COMMON_SHARE, COMMON_LEAST = 0.6, 3
"""Failures have in common what so large a share of them has, where there are so many at least."""


class Feature(Struct, frozen=True):
    """What most failures of a cause have in common."""

    feature: str
    """`ec`, `shipping` (an account's id), `version` (of the recorder), or a type of reference: `sku`, `store`, …"""
    value: str
    name: str
    """The name that people use; empty if there is none."""
    count: int
    """How many of the failures have it."""


class CauseBoard(Struct, frozen=True, kw_only=True):
    """The failures with one cause."""

    cause: str
    direction: str
    acts: Actor
    """Who must act first."""
    failures: int
    platforms: tuple[str, ...]
    orders: int
    """How many orders the calls referred to, counted for each shop account where it is known; so are the next two."""
    parcels: int
    products: int
    """How many products calls referred to that are about neither."""
    orders_held: int
    """For how many of these orders the same action has not worked since its last failure, if that failure had this
    cause. If the platform refused it because it had it already, it must not have worked before either."""
    parcels_held: int
    products_held: int
    held: list[Held]
    """Up to twelve of these, the latest first."""
    common: list[Feature]
    alike: list[Alike]
    """Values that the requests of the latest 24 failures have in common; empty if there are none, or if they are
    masked."""
    problems: list[Trouble]
    """The problems with this cause: see the board of problems."""
    going_on: int
    """How many of these problems are still going on."""


class ShiftAnswer(Struct, frozen=True, kw_only=True):
    """What failed since a time. First the causes that still hold something up or are still going on; within each group,
    those that hold up most come first.
    """

    since: datetime
    until: datetime
    cut: bool
    """True if the range is longer than seven days: only its latest seven days were read."""
    calls: int
    """The number of all entries in this time; of the kind of work that was asked for."""
    failures: int
    causes: list[CauseBoard]
    outages: list[Outage]
    """Those that are certain first."""
    silent: list[Silent]
    """What came regularly and has stopped by now, whatever the range, at most twelve: regular fetches first, then those
    that were missed most often."""
    more_silent: int
    """How many there are beside these."""
    account_names: dict[str, str]
    """The names of the accounts in the outages, by id."""
    more_hit: bool
    """True if more orders, parcels or products were affected than the 5,000 of each that were read. The real numbers of
    those held up may then be higher."""
    more_problems: bool
    """True if there are more than 100 problems; the list then has those that failed last."""


def shift(store: Store, since: datetime, now: datetime, work: Work | None = None) -> ShiftAnswer:
    """Since a time, of one kind of work alone where one is given. Raises QueryTooLarge, StoreError."""
    span = bounded(since, None, now, LONGEST)
    whole = Filter(since=span.since, until=span.until)
    which, calls = of_work(store, whole, work)
    told = problems.problems(store, which, now)
    hit = store.affected(which, HIT + 1)
    # Of all work: what is peculiar to an account is told by the others.
    hours, stretches = store.both(
        lambda: store.hours(whole, HOURS), lambda: store.stretches(whole, QUARTERS, STRETCHES)
    )
    certain = outages(hours)
    broken = [
        one
        for one in (*certain, *likely(stretches, certain))
        if work is None or any(is_of(each, work) for each in one.actions)
    ]
    if broken:
        of = replace(whole, platform=tuple(dict.fromkeys(one.platform for one in broken)))
        broken = timed(broken, store.failing(of, HOURS))
    shared = store.common(which, COMMON_SHARE)
    totals = store.cause_totals(which)
    names = store.account_names(
        dict.fromkeys(
            [one for each in broken for one in each.accounts]
            + [one.value for one in shared if one.feature in ("ec", "shipping")]
            + [one.ec_integration for one in hit if one.ec_integration]
        )
    )
    since_hit = replace(which, since=min((one.last for one in hit), default=span.since))
    stuck = held(store, hit, since_hit, names)
    said = alike(store, which)
    causes = [_board(one, stuck, shared, hours, told.problems, names, said.get(one.cause, [])) for one in totals]
    still = silences(store, now, work)
    return ShiftAnswer(
        since=span.since,
        until=span.until,
        cut=span.cut,
        calls=calls,
        failures=sum(one.count for one in totals),
        causes=sorted(causes, key=urgency),
        outages=broken,
        silent=still.silent,
        more_silent=still.more,
        account_names={
            one: names.get(("ec", one)) or names.get(("shipping", one), "") for each in broken for one in each.accounts
        },
        more_hit=any(count > HIT for count in Counter(one.kind for one in hit).values()),
        more_problems=told.more,
    )


def urgency(one: CauseBoard) -> tuple[bool, int, int]:
    """What must be looked at first, by how many are held up, then by how much failed."""
    return healed(one), -waiting(one), -one.failures


def healed(one: CauseBoard) -> bool:
    """Whether all of it works again, and nothing that it hit is held up."""
    return not (one.going_on or waiting(one))


def waiting(one: CauseBoard) -> int:
    """How many orders, parcels and products are held up."""
    return one.orders_held + one.parcels_held + one.products_held


def _board(
    total: CauseTotal,
    waits: Mapping[Key, list[Held]],
    shared: Sequence[Common],
    hours: Sequence[Hour],
    told: Sequence[Trouble],
    names: Mapping[tuple[str, str], str],
    said: list[Alike],
) -> CauseBoard:
    key = total.cause, total.direction
    stuck = {(one.kind, plain(one.id), one.ec_integration): one for one in reversed(waits.get(key, []))}
    counted = Counter(one.kind for one in stuck.values())
    mine = [one for one in told if (one.cause, one.direction) == key]
    return CauseBoard(
        cause=total.cause,
        direction=total.direction,
        acts=actor(total.cause, total.direction),
        failures=total.count,
        platforms=total.platforms,
        orders=total.orders,
        parcels=total.parcels,
        products=total.products,
        orders_held=counted["order"],
        parcels_held=counted["parcel"],
        products_held=counted["product"],
        held=list(stuck.values())[::-1][:SOME],
        common=[
            Feature(one.feature, one.value, names.get((one.feature, one.value), ""), one.count)
            for one in features(total, shared, hours)
        ],
        alike=said if total.direction == "outbound" else [],
        problems=mine,
        going_on=sum(1 for one in mine if one.state == "going_on"),
    )


def features(total: CauseTotal, shared: Iterable[Common], hours: Sequence[Hour]) -> list[Common]:
    """What most failures of a cause have in common, and calls in general have not.

    An account counts where others called these platforms, too; a recorder's version where failures of that time came
    of more than one.
    """
    every = list(shared)
    found = []
    for one in every:
        if (one.cause, one.direction) != (total.cause, total.direction):
            continue
        if one.count < COMMON_LEAST or one.count < COMMON_SHARE * total.count:
            continue
        if one.feature in ("ec", "shipping"):
            others = {hour.account for hour in hours if hour.platform in total.platforms}
            distinct = len(others | {one.value}) > 1
        elif one.feature == "version":
            distinct = len({other.value for other in every if other.feature == "version"}) > 1
        else:
            distinct = True
        if distinct:
            found.append(one)
    return found
