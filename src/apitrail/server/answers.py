"""How every failure is answered: JSON in the one error shape, or for a browser that asked for a page, a plain page.

Nothing of a request but its method and path ever enters our own log: query strings and bodies hold personal data.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from html import escape
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap
from markupsafe import Markup

from apitrail.server.pages import language
from apitrail.server.plain import plain_page
from apitrail.server.problems import FaultAnswer, Problem, shorten
from apitrail.store.model import BadPlace, QueryTooLarge, StoreError

log = logging.getLogger("apitrail.server")

AnyRequest = Request[Any, Any, Any]

STORE_RETRY_S = 5
_MACHINE_PATHS = ("/api/", "/admin/", "/docs/openapi.json", "/healthz", "/readyz")


def wants_page(request: AnyRequest) -> bool:
    """Whether a person's browser asked, and not a program."""
    return not request.scope["path"].startswith(_MACHINE_PATHS) and "text/html" in request.headers.get("accept", "")


def problem_of(error: Exception) -> Problem:
    """Any failure as a Problem."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, QueryTooLarge):
        return Problem(str(error), field="from", fix="Narrow the date range, or add a filter.", status=422)
    if isinstance(error, BadPlace):
        return Problem(str(error), fix="Give another place to back up to.")
    if isinstance(error, StoreError):
        return Problem(
            str(error),
            fix="Try again; if it stays so, see /readyz and the server's log.",
            status=503,
            retry_after=STORE_RETRY_S,
        )
    if isinstance(error, HTTPException):
        if error.status_code == 404:
            return Problem(
                "there is nothing at this address", field="path", fix="/docs lists what there is.", status=404
            )
        if error.status_code == 405:
            return Problem(
                "the method is not allowed here", field="method", fix="/docs lists what there is.", status=405
            )
        return Problem(error.detail or "bad request", fix="See /docs.", status=error.status_code)
    return Problem("something in the server failed", fix="Tell who runs it: the server's log says more.", status=500)


def answer(request: AnyRequest, error: Exception) -> Response[Any]:
    """The answer to a request that failed."""
    problem = problem_of(error)
    if problem.status >= 500:
        place = f"{request.scope['method']} {shorten(request.scope['path'])}"
        # A fault of ours is worth its traceback; a store that is away says all in its message.
        log.error("%s: %s", place, problem, exc_info=error if problem.status == 500 else None)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="apitrail"'
    if wants_page(request):
        page = _page(request, problem)
        return Response(page, status_code=problem.status, headers=headers, media_type=MediaType.HTML)
    return Response(FaultAnswer(problem.fault), status_code=problem.status, headers=headers, media_type=MediaType.JSON)


def _page(request: AnyRequest, problem: Problem) -> str:
    asked = request.query_params.get("lang", "")
    words = language.choose(asked, request.cookies.get(language.COOKIE, ""), request.headers.get("accept-language", ""))
    home = f'<p><a class="button" href="/">{words("error.home")}</a></p>'
    if problem.status == HTTPStatus.NOT_FOUND:
        title, said = words("error.nowhere.title"), f"<p>{words('error.nowhere.text')}</p>"
    else:
        title = Markup(f"{problem.status} {HTTPStatus(problem.status).phrase}")  # noqa: S704, constants only
        said = f"<p>{escape(str(problem))}</p>\n<p>{escape(problem.fault.fix)}</p>"
    body = f"<h2>{title}</h2>\n{said}\n{home}"
    return plain_page(title.unescape(), body, heading=words("title").unescape(), tag=words.language)


def exception_handlers(first: Callable[[AnyRequest, Exception], Response[Any] | None]) -> ExceptionHandlersMap:
    """Litestar's table: everything goes through `answer`, unless `first` has one (the way to the login)."""

    def handle(request: AnyRequest, error: Exception) -> Response[Any]:
        return first(request, error) or answer(request, error)

    # By its own name too: a page's router may answer Exception in its own way, and must not swallow the guard's word.
    return {Problem: handle, Exception: handle}
