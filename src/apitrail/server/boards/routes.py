"""The boards in the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from litestar import Router, get
from litestar.di import NamedDependency

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

_READING = (400, 401, 403, 422, 503)
SHIFT = timedelta(hours=8)
_NARROWED_BY = ("from", "to", *problems.NARROWED_BY)


@get(
    "/problems",
    opt={
        "operation": Operation(
            summary="List problems: failures by what they have in common",
            answer=ProblemsAnswer,
            parameters=tuple(one for one in FILTERS if one.name in _NARROWED_BY),
            errors=_READING,
        )
    },
    sync_to_thread=True,
)
def get_problems(request: AnyRequest, store: NamedDependency[Store]) -> ProblemsAnswer:
    """Failures by platform, account, action and code, with how often, since when, whether they go on, and the call that
    ended them. At most the 100 that failed last, within at most 31 days; the last 31 where no dates are given.
    """
    which = read_filter(parse(request.scope["query_string"], _NARROWED_BY))
    return problems.problems(store, which, datetime.now(UTC))


@get(
    "/shift",
    opt={
        "operation": Operation(
            summary="See what failed since a time, and whom it still holds up",
            answer=ShiftAnswer,
            parameters=(
                Parameter(
                    name="from",
                    about="Since when: a date (in UTC) or a time with its offset; the last 8 hours if not given.",
                    example="2026-03-09T18:00:00+08:00",
                ),
            ),
            errors=_READING,
        )
    },
    sync_to_thread=True,
)
def get_shift(request: AnyRequest, store: NamedDependency[Store]) -> ShiftAnswer:
    """Failures by cause: whose hands they need, the orders and parcels for which the same has not worked since, what
    they have in common, what they consist of and whether that goes on; and platforms that failed for several accounts
    at once. At most the last seven days.
    """
    now = datetime.now(UTC)
    since = read_filter(parse(request.scope["query_string"], ("from",))).since
    return shift.shift(store, now - SHIFT if since is None else since, now)


_TRADE = (
    *(one for one in FILTERS if one.name in ("from", "to", *trade.NARROWED_BY)),
    Parameter(name="number", about="In place of dates: one number, in all of the log.", example="A-1001"),
    Parameter(name="failed", about="`1`: those alone that a failed call mentions.", choices=("1",)),
    Parameter(name="before", about="`next_before` of the page before."),
)


def _asked(request: AnyRequest) -> trade.Asked:
    found = parse(request.scope["query_string"], [one.name for one in _TRADE])
    number, failed = found.pop("number", [""])[0], found.pop("failed", [""])[0]
    before = found.pop("before", [""])[0]
    if failed not in ("", "1"):
        raise Problem("is not possible", field="failed", value=failed, fix="Write 1, or leave it out.")
    return trade.Asked(
        filter=read_filter(found),
        number=pasted.number(number),
        failed=bool(failed),
        before=read_moment(before, "before") if before else None,
    )


@get(
    "/orders",
    opt={
        "operation": Operation(
            summary="List orders that calls referred to", answer=OrdersAnswer, parameters=_TRADE, errors=_READING
        )
    },
    sync_to_thread=True,
)
def get_orders(request: AnyRequest, store: NamedDependency[Store], known: NamedDependency[Known]) -> OrdersAnswer:
    """Orders, those mentioned last first, 25 a page: whether and how the platform first told of them, the last call,
    the last failure and whether it is open, and parcels that calls about one order alone name, with the latest word of
    where each is. Filters choose the calls that mention them; at most the last 31 days, or one number in all of the
    log.
    """
    return trade.find_orders(store, known.profiles, _asked(request), datetime.now(UTC))


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
    """Parcels, those mentioned last first: their numbers, how far the label came (`chain`: number, label, callback,
    download) and where that broke, warnings before another label is paid for, and when their place was last told.
    Filters choose the calls that mention them; at most the last 31 days, or one number in all of the log.
    """
    return trade.find_shipments(store, known.profiles, _asked(request), datetime.now(UTC))


routes = Router("/api/v1", route_handlers=[get_problems, get_shift, get_orders, get_shipments])
