"""The boards in the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from litestar import Router, get
from litestar.di import NamedDependency

from apitrail.server.answers import AnyRequest
from apitrail.server.api import FILTERS
from apitrail.server.boards import problems, shift
from apitrail.server.boards.problems import ProblemsAnswer
from apitrail.server.boards.shift import ShiftAnswer
from apitrail.server.filters import parse, read_filter
from apitrail.server.openapi import Operation, Parameter
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


routes = Router("/api/v1", route_handlers=[get_problems, get_shift])
