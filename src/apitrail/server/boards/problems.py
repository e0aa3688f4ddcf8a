"""*Problems*: failures by platform, account, action and code, whether they go on, and what ended them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from apitrail.exchange import Integration
from apitrail.profiles.catalogue import Actor, actor
from apitrail.profiles.work import Work
from apitrail.server.boards.span import Span, bounded
from apitrail.server.boards.work import of_work
from apitrail.store import Store
from apitrail.store.failures import Ending, Group, Unanswered
from apitrail.store.model import Filter

LONGEST = timedelta(days=31)
MOST = 100
"""Problems of one answer: those that failed last."""
NARROWED_BY = ("action", "ec_integration", "shipping_integration", "outcome", "platform", "cause", "direction")
"""The choices of a filter that narrow it."""

ANSWERED = Unanswered("", "")

State = Literal["going_on", "over"]


class Trouble(Struct, frozen=True, kw_only=True):
    """Failures with the same platform, account, action and code."""

    platform: str
    """Empty if it is not known."""
    action: str
    direction: str
    ec_integration: Integration | None
    shipping_integration: Integration | None
    merchant: str
    """That of the latest call; empty if none is known."""
    code: str
    """The platform's own code, unchanged."""
    status: int | None
    """The HTTP status, if there is no code; null if there was no response."""
    cause: str
    acts: Actor
    """Who must act first, by the cause."""
    outcome: str
    """Of the latest failure; so is the next."""
    message: str
    """The first 500 characters of the platform's own message, unchanged."""
    not_sent: str
    """Why the call was not sent; empty if it was sent."""
    error: str
    """The client's error if there was no response; otherwise empty."""
    count: int
    calls: int | None
    """How many calls of the same platform, account, direction and action were made within the range, these failures
    among them; null if it is not known."""
    first_seen: datetime
    """Within the range."""
    first_entry: str
    last_seen: datetime
    last_entry: str
    orders: int
    """How many orders these calls referred to."""
    parcels: int
    """How many shipments these calls referred to; for calls that name none, how many tracking numbers or packages."""
    products: int
    """How many products calls referred to that are about neither, by SKU if they have one."""
    some_orders: tuple[str, ...]
    """Up to five of them."""
    some_parcels: tuple[str, ...]
    """Up to five of them."""
    some_products: tuple[str, ...]
    """Up to five of them."""
    state: State
    """`over` if a call of the same platform, account, direction and action worked after the last failure."""
    ended_at: datetime | None
    """The time of the first such call."""
    ended_by: str
    """The id of that call; empty if there is none."""


class ProblemsAnswer(Struct, frozen=True, kw_only=True):
    """The problems of a range: first those that are still going on, then by the latest failure."""

    problems: list[Trouble]
    since: datetime
    until: datetime
    cut: bool
    """True if the range is longer than 31 days: only its latest 31 days were read."""
    more: bool
    """True if there are more than 100; the list then has those that failed last."""


def problems(store: Store, which: Filter, now: datetime | None = None, work: Work | None = None) -> ProblemsAnswer:
    """Of a filter's range and NARROWED_BY, and of one kind of work alone where one is given.

    Raises QueryTooLarge, StoreError.
    """
    span = bounded(which.since, which.until, now or datetime.now(UTC), LONGEST)
    which = replace(which, since=span.since, until=span.until)
    groups = store.failures(which if work is None else of_work(store, which, work)[0], MOST + 1)
    return _answer(store, groups, span)


def _answer(store: Store, groups: list[Group], span: Span) -> ProblemsAnswer:
    """What the groups are, and what became of them. Raises QueryTooLarge, StoreError."""
    shown = groups[:MOST]
    endings, calls = store.both(
        lambda: store.endings(shown), lambda: store.calls(Filter(since=span.since, until=span.until), shown)
    )
    names = store.account_names(
        dict.fromkeys(
            one for group in shown for one in (group.kind.ec_integration, group.kind.shipping_integration) if one
        )
    )
    silent = store.unanswered((one.last_id, one.last) for one in shown if not one.kind.code and one.kind.status is None)
    found = [
        _trouble(group, endings.get(number), calls.get(group.kind.way), names, silent.get(group.last_id, ANSWERED))
        for number, group in enumerate(shown)
    ]
    return ProblemsAnswer(
        problems=sorted(found, key=lambda one: one.state),  # "going_on" comes before "over"
        since=span.since,
        until=span.until,
        cut=span.cut,
        more=len(groups) > MOST,
    )


def _trouble(
    group: Group, ending: Ending | None, calls: int | None, names: dict[tuple[str, str], str], silent: Unanswered
) -> Trouble:
    kind = group.kind

    def account(side: str, identity: str) -> Integration | None:
        return Integration(identity, names.get((side, identity), "")) if identity else None

    return Trouble(
        platform=kind.platform,
        action=kind.action,
        direction=kind.direction,
        ec_integration=account("ec", kind.ec_integration),
        shipping_integration=account("shipping", kind.shipping_integration),
        merchant=group.merchant,
        code=kind.code,
        status=kind.status,
        cause=kind.cause,
        acts=actor(kind.cause, kind.direction),
        outcome=group.outcome,
        message=group.message,
        not_sent=silent.not_sent,
        error=silent.error,
        count=group.count,
        # Counts of a cluster may be behind for half a minute: then nothing is said.
        calls=calls if calls is not None and calls >= group.count else None,
        first_seen=group.first,
        first_entry=group.first_id,
        last_seen=group.last,
        last_entry=group.last_id,
        orders=group.orders,
        parcels=group.parcels,
        products=group.products,
        some_orders=group.some_orders,
        some_parcels=group.some_parcels,
        some_products=group.some_products,
        state="going_on" if ending is None else "over",
        ended_at=ending.at if ending else None,
        ended_by=ending.id if ending else "",
    )
