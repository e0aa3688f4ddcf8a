"""What a page says when it cannot be shown: what happened, and what to do next."""

from __future__ import annotations

import logging
from typing import Any

from litestar import Request, Response
from markupsafe import Markup
from msgspec import Struct

from apitrail.server.pages import links, templating
from apitrail.server.pages.headers import guard
from apitrail.server.pages.links import Link
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.store.model import QueryTooLarge, StoreError

log = logging.getLogger("apitrail.server")


class Missing(Exception):
    """There is no such entry, or no such body of it."""


class ErrorView(Struct, frozen=True):
    """The error page."""

    title: Markup
    text: Markup
    detail: str
    """The error's own words, where they help; never a payload."""
    retry_url: str
    home_url: str
    languages: list[Link]


def shown(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The error page for what a handler raised."""
    query = PageQuery.read(request.query_params.dict())
    reader = Reader.of(request, query)
    kind, status = _kind(error)
    if kind == "store":
        log.error("%s: %s", request.url.path, error)
    page = ErrorView(
        title=reader.words(f"error.{kind}.title"),
        text=reader.words(f"error.{kind}.text"),
        detail=str(error) if isinstance(error, StoreError) else "",
        retry_url="" if kind == "missing" else query.url(request.url.path),
        home_url=links.home(query),
        languages=links.languages(query, reader, request.url.path),
    )
    return guard(templating.rendered("error.html", page, reader, status))


def _kind(error: Exception) -> tuple[str, int]:
    if isinstance(error, Missing):
        return "missing", 404
    return ("too_large", 422) if isinstance(error, QueryTooLarge) else ("store", 503)
