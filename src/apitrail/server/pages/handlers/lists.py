"""The list's addresses: as a whole, in parts, and what its filters offer."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler

from apitrail.server.known import Known
from apitrail.server.pages import counts, errors, filters, histogram, links, log, suggest
from apitrail.server.pages.handlers.asked import Asked, asked, drawn
from apitrail.server.pages.query import PageQuery
from apitrail.store import Store
from apitrail.store.model import BadCursor, Cursor, Facets


def _position(request: Asked, name: str) -> Cursor:
    try:
        return Cursor.decode(request.query_params.get(name, ""))
    except BadCursor as error:
        raise errors.Missing(name) from error


@get("/", sync_to_thread=True)
def log_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[str]:
    """The list with its filters, and one entry expanded where the URL says so."""
    query, reader = asked(request, known)
    page = log.log(store, query, reader, str(request.base_url).rstrip("/"), known.views.current())
    return drawn("log.html", page, reader, query, 400 if query.misread else 200)


@get("/list", sync_to_thread=True)
def log_list(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[str]:
    """What of that page changes with its filters: the parts that the script puts in place of what is shown.

    `Content-Location` is the page's own address, in its shortest form.
    """
    query, reader = asked(request, known)
    page = log.log(store, query, reader, str(request.base_url).rstrip("/"), known.views.current())
    answer = drawn("list.html", page, reader, query)  # a browser's console would call 400 a fault of the page
    if not query.misread:
        answer.headers["Content-Location"] = query.url()
    return answer


@get("/rows", sync_to_thread=True)
def more_rows(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[str]:
    """Rows alone: those after `cursor`, or those that came before `newer`."""
    query, reader = asked(request, known)
    if query.misread:
        raise errors.Missing(query.misread[0].field)
    if "newer" in request.query_params:
        return drawn("newer.html", log.newer(store, query, _position(request, "newer"), reader), reader, query)
    return drawn("rows.html", log.older(store, query, reader), reader, query)


@get("/new", sync_to_thread=True)
def new_entries(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[Any]:
    """How many entries have come before `after`; no content where there are none."""
    query, reader = asked(request, known)
    found = log.new(store, query, _position(request, "after"), reader)
    return drawn("new.html", found, reader, query) if found else Response(None, status_code=204)


@get("/suggest", sync_to_thread=True)
def suggestions(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[str]:
    """What the line that is being typed into the search box may become."""
    _, reader = asked(request, known, "text")
    line = request.query_params.get("text", "")
    return drawn("suggestions.html", suggest.suggest(store, line, reader), reader, PageQuery())


@get("/choices", sync_to_thread=True)
def choices(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[str]:
    """The choices of one filter that have the text `wanted`, where there are too many to list."""
    query, reader = asked(request, known)
    field = request.query_params.get("field", "")
    if query.misread or field not in Facets.__struct_fields__:
        raise errors.Missing(field)
    facets = counts.choices(store, query.filter(reader.clock.now))
    menu = filters.found(query, facets, field, request.query_params.get("wanted", ""), reader)
    return drawn("choices.html", menu, reader, query)


@get("/histogram", sync_to_thread=True)
def histogram_table(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[str]:
    """The numbers of the histogram above the list, as a table."""
    query, reader = asked(request, known)
    if query.misread:
        raise errors.Missing(query.misread[0].field)
    found = histogram.read(store, query, reader)
    page = histogram.table(found, query, reader, links.home(query), links.languages(query, reader, "/histogram"))
    return drawn("histogram.html", page, reader, query)


HANDLERS: list[ControllerRouterHandler] = [
    log_page,
    log_list,
    more_rows,
    new_entries,
    suggestions,
    choices,
    histogram_table,
]
