"""The boards in the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from litestar import Router, get
from litestar.di import NamedDependency

from apitrail.profiles.work import WORKS, Work, named
from apitrail.server import pasted
from apitrail.server.answers import AnyRequest
from apitrail.server.api import FILTERS
from apitrail.server.boards import problems, shift, trade
from apitrail.server.boards.problems import ProblemsAnswer
from apitrail.server.boards.shift import ShiftAnswer
from apitrail.server.boards.trade import OrdersAnswer, ShipmentsAnswer
from apitrail.server.filters import parse, read_filter, read_moment
from apitrail.server.known import Known
from apitrail.server.openapi import Operation, Parameter
from apitrail.server.problems import Problem
from apitrail.store import Store
from apitrail.store.trade import Subject

_READING = (400, 401, 403, 422, 503)
SHIFT = timedelta(hours=8)
_NARROWED_BY = ("from", "to", *problems.NARROWED_BY)
_WORK = Parameter(
    name="work",
    about="One kind of work alone. `webhooks`: all that platforms and carriers sent in.",
    choices=WORKS,
)


def _work(found: dict[str, list[str]]) -> Work | None:
    """Taken out of the parameters. Raises Problem."""
    text = found.pop("work", [""])[0]
    work = named(text)
    if text and work is None:
        raise Problem("is not a kind of work", field="work", value=text, fix=f"Use {', '.join(WORKS)}.")
    return work


@get(
    "/problems",
    opt={
        "operation": Operation(
            summary="List problems: failures by what they have in common",
            answer=ProblemsAnswer,
            parameters=(*(one for one in FILTERS if one.name in _NARROWED_BY), _WORK),
            errors=_READING,
        )
    },
    sync_to_thread=True,
)
def get_problems(request: AnyRequest, store: NamedDependency[Store]) -> ProblemsAnswer:
    """Failures by platform, account, action and code: how often, since when, whether they are still going on, and the
    call that ended them. At most the 100 that failed last, within at most 31 days; without dates, the last 31 days.
    """
    found = parse(request.scope["query_string"], (*_NARROWED_BY, "work"))
    work = _work(found)
    return problems.problems(store, read_filter(found), datetime.now(UTC), work)


@get(
    "/shift",
    opt={
        "operation": Operation(
            summary="List what failed since a time, and what it still holds up",
            answer=ShiftAnswer,
            parameters=(
                Parameter(
                    name="from",
                    about="The beginning: a date (in UTC), or a time with its UTC offset. By default the last 8 hours.",
                    example="2026-03-09T18:00:00+08:00",
                ),
                _WORK,
            ),
            errors=_READING,
        )
    },
    sync_to_thread=True,
)
def get_shift(request: AnyRequest, store: NamedDependency[Store]) -> ShiftAnswer:
    """Failures by cause: who must act, the orders and parcels for which the same action has not worked since, what they
    have in common, and the problems they consist of, with whether these are still going on. Also platforms that failed
    for several accounts at once. At most the last seven days.
    """
    now = datetime.now(UTC)
    found = parse(request.scope["query_string"], ("from", "work"))
    work = _work(found)
    since = read_filter(found).since
    return shift.shift(store, now - SHIFT if since is None else since, now, work)


_TRADE = (
    *(one for one in FILTERS if one.name in ("from", "to", *trade.NARROWED_BY)),
    Parameter(
        name="number",
        about=f"Instead of dates: up to {pasted.MOST} numbers, with commas between, searched for in the whole log.",
        example="A-1001",
    ),
    Parameter(name="failed", about="`1`: only those that a failed call mentions.", choices=("1",)),
    Parameter(name="before", about="The `next_before` of the previous page."),
)
_OPEN = Parameter(
    name="only",
    about="`open`: only those for which the latest call of some action failed.",
    choices=trade.ONLY["orders"],
)
_LABELS = Parameter(
    name="only",
    about="`label_failed`: only those whose label failed and was not made since. `no_number`: only those for which a"
    " label was asked, and that have no tracking number.",
    choices=trade.ONLY["parcels"],
)


def _asked(request: AnyRequest, subject: Subject) -> trade.Asked:
    found = parse(request.scope["query_string"], [*(one.name for one in _TRADE), "only"])
    number, failed = found.pop("number", [""])[0], found.pop("failed", [""])[0]
    before = found.pop("before", [""])[0]
    if failed not in ("", "1"):
        raise Problem("is not possible", field="failed", value=failed, fix="Write 1, or leave it out.")
    text = found.pop("only", [""])[0]
    only = next((one for one in trade.ONLY[subject] if one == text), None)
    if text and only is None:
        raise Problem("is not possible", field="only", value=text, fix=f"Use {' or '.join(trade.ONLY[subject])}.")
    numbers = pasted.numbers(number)
    if len(numbers.each) > pasted.MOST:
        reason = f"holds more than {pasted.MOST} numbers"
        raise Problem(reason, field="number", value=number[:40] + "…", fix="Look for fewer at once.")
    return trade.Asked(
        filter=read_filter(found),
        numbers=numbers,
        failed=bool(failed),
        only=only or "",
        before=read_moment(before, "before") if before else None,
    )


@get(
    "/orders",
    opt={
        "operation": Operation(
            summary="List orders that calls referred to",
            answer=OrdersAnswer,
            parameters=(*_TRADE, _OPEN),
            errors=_READING,
        )
    },
    sync_to_thread=True,
)
def get_orders(request: AnyRequest, store: NamedDependency[Store], known: NamedDependency[Known]) -> OrdersAnswer:
    """Orders, those mentioned last first, 25 on a page: whether and how the platform first mentioned each of them, the
    last call, the last failure and whether it is still open, and the parcels named in calls about this order only, with
    the latest status of each. Filters choose the calls that mention the orders. At most the last 31 days, or some
    numbers in the whole log.
    """
    return trade.find_orders(store, known.profiles, _asked(request, "orders"), datetime.now(UTC))


@get(
    "/shipments",
    opt={
        "operation": Operation(
            summary="List parcels that calls referred to", answer=ShipmentsAnswer, parameters=_TRADE, errors=_READING
        )
    },
    sync_to_thread=True,
)
def get_shipments(request: AnyRequest, store: NamedDependency[Store], known: NamedDependency[Known]) -> ShipmentsAnswer:
    """Parcels, those mentioned last first: their numbers, how far the label got (`chain`: number, label, callback,
    download) and where it failed, warnings before another label is paid for, and their latest status. Filters choose
    the calls that mention the parcels. At most the last 31 days, or some numbers in the whole log.
    """
    return trade.find_shipments(store, known.profiles, _asked(request, "parcels"), datetime.now(UTC))


routes = Router("/api/v1", route_handlers=[get_problems, get_shift, get_orders, get_shipments])
