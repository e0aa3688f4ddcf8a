"""The boards in the API."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import Router, get
from litestar.di import NamedDependency

from apitrail.server.answers import AnyRequest
from apitrail.server.api import FILTERS
from apitrail.server.boards import problems
from apitrail.server.boards.problems import ProblemsAnswer
from apitrail.server.filters import parse, read_filter
from apitrail.server.openapi import Operation
from apitrail.store import Store

_READING = (400, 401, 403, 422, 503)
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


routes = Router("/api/v1", route_handlers=[get_problems])
