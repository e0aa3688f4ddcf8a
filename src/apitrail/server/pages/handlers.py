"""The pages' addresses. All of them only read; all work without a script.

One table of what there is, so it is longer than one idea: each handler reads the address, asks its page, and no more.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from litestar import Request, Response, Router, get
from litestar.datastructures import CacheControlHeader, Cookie
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.response import Template
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler

from apitrail.entry import Entry
from apitrail.server.access import OPEN
from apitrail.server.backlogs import Backlogs
from apitrail.server.known import Known
from apitrail.server.media import body_response
from apitrail.server.pages import (
    counts,
    errors,
    filters,
    guide,
    guided,
    handing,
    histogram,
    integrations,
    language,
    links,
    log,
    problems,
    recorders,
    related,
    shift,
    storage,
    suggest,
    templating,
    trade,
)
from apitrail.server.pages.bodies.place import BadPlace, Place
from apitrail.server.pages.headers import guard
from apitrail.server.pages.panel import panel, piece
from apitrail.server.pages.query import PageQuery, canonical
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.rows import EntryView, row
from apitrail.server.settings import Settings
from apitrail.server.usage import storage as storage_answer
from apitrail.store import Store
from apitrail.store.model import BadCursor, Cursor, Facets, StoreError

Asked = Request[Any, Any, Any]

A_YEAR = 365 * 24 * 3600


def _asked(request: Asked, known: Known) -> tuple[PageQuery, Reader]:
    query = PageQuery.read(request.query_params.dict())
    return query, Reader.of(request, query, known)


def _page(name: str, page: object, reader: Reader, query: PageQuery, status: int = 200) -> Template:
    cookies = []
    if query.lang and reader.words.language == query.lang:
        cookies.append(Cookie(key=language.COOKIE, value=query.lang, max_age=A_YEAR, samesite="lax", httponly=True))
    context = {"page": page, "t": reader.words, "clock": reader.clock}
    return Template(name, context=context, cookies=cookies, status_code=status)


def _entry(store: Store, entry_id: str) -> Entry:
    found = store.entry(canonical(entry_id)) if canonical(entry_id) else None
    if found is None:
        raise errors.Missing(entry_id)
    return found


def _position(request: Asked, name: str) -> Cursor:
    try:
        return Cursor.decode(request.query_params.get(name, ""))
    except BadCursor as error:
        raise errors.Missing(name) from error


@get("/", sync_to_thread=True)
def log_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Template:
    """The list with its filters, and one entry expanded where the URL says so."""
    query, reader = _asked(request, known)
    page = log.log(store, query, reader, str(request.base_url).rstrip("/"), known.views.current())
    return _page("log.html", page, reader, query, 400 if query.misread else 200)


@get("/list", sync_to_thread=True)
def log_list(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Template:
    """What of that page changes with its filters: the parts that the script puts in place of what is shown.

    `Content-Location` is the page's own address, in its shortest form.
    """
    query, reader = _asked(request, known)
    page = log.log(store, query, reader, str(request.base_url).rstrip("/"), known.views.current())
    answer = _page("list.html", page, reader, query)  # a browser's console would call 400 a fault of the page
    if not query.misread:
        answer.headers["Content-Location"] = query.url()
    return answer


@get("/rows", sync_to_thread=True)
def more_rows(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Template:
    """Rows alone: those after `cursor`, or those that came before `newer`."""
    query, reader = _asked(request, known)
    if query.misread:
        raise errors.Missing(query.misread[0].field)
    if "newer" in request.query_params:
        return _page("newer.html", log.newer(store, query, _position(request, "newer"), reader), reader, query)
    return _page("rows.html", log.older(store, query, reader), reader, query)


@get("/new", sync_to_thread=True)
def new_entries(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[Any]:
    """How many entries have come before `after`; no content where there are none."""
    query, reader = _asked(request, known)
    found = log.new(store, query, _position(request, "after"), reader)
    return _page("new.html", found, reader, query) if found else Response(None, status_code=204)


@get("/suggest", sync_to_thread=True)
def suggestions(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Template:
    """What the line that is being typed into the search box may become."""
    reader = Reader.of(request, PageQuery.read({**request.query_params.dict(), "text": []}), known)
    line = request.query_params.get("text", "")
    return _page("suggestions.html", suggest.suggest(store, line, reader), reader, PageQuery())


@get("/choices", sync_to_thread=True)
def choices(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Template:
    """The choices of one filter that have the text `wanted`, where there are too many to list."""
    query, reader = _asked(request, known)
    field = request.query_params.get("field", "")
    if query.misread or field not in Facets.__struct_fields__:
        raise errors.Missing(field)
    facets = counts.choices(store, query.filter(reader.clock.now))
    menu = filters.found(query, facets, field, request.query_params.get("wanted", ""), reader)
    return _page("choices.html", menu, reader, query)


@get("/histogram", sync_to_thread=True)
def histogram_table(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Template:
    """The numbers of the histogram above the list, as a table."""
    query, reader = _asked(request, known)
    if query.misread:
        raise errors.Missing(query.misread[0].field)
    found = histogram.read(store, query, reader)
    page = histogram.table(found, query, reader, links.home(query), links.languages(query, reader, "/histogram"))
    return _page("histogram.html", page, reader, query)


@get("/entries/{entry_id:str}", sync_to_thread=True)
def entry_page(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], entry_id: FromPath[str]
) -> Template:
    """One entry by itself: a link for good. `?whole=1` shows bodies to their end."""
    query, reader = _asked(request, known)
    found = _entry(store, entry_id)
    opened = panel(found, query, reader, whole="whole" in request.query_params)
    page = EntryView(
        row=row(found, query, reader),
        panel=opened,
        home_url=links.home(query),
        languages=links.languages(query, reader, f"/entries/{found.id}"),
    )
    return _page("entry.html", page, reader, query)


@get("/entries/{entry_id:str}/panel", sync_to_thread=True)
def entry_panel(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], entry_id: FromPath[str]
) -> Template:
    """One entry expanded, to be put under its row."""
    query, reader = _asked(request, known)
    opened = panel(_entry(store, entry_id), query, reader)
    return _page("panel.html", opened, reader, query)


@get("/entries/{entry_id:str}/related", sync_to_thread=True)
def entry_related(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], entry_id: FromPath[str]
) -> Template:
    """What belongs to the entry: attempts, the last success and what changed since, the account's other calls."""
    query, reader = _asked(request, known)
    found = _entry(store, entry_id)
    languages = links.languages(query, reader, f"/entries/{found.id}/related")
    page = related.related(store, found, query, reader, links.home(query), languages)
    return _page("related.html", page, reader, query)


@get("/entries/{entry_id:str}/support", sync_to_thread=True)
def entry_support(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], entry_id: FromPath[str]
) -> Response[str]:
    """The text that one sends to support."""
    _, reader = _asked(request, known)
    return Response(handing.support(_entry(store, entry_id), reader), media_type=MediaType.TEXT)


@get("/entries/{entry_id:str}/curl", sync_to_thread=True)
def entry_curl(store: NamedDependency[Store], entry_id: FromPath[str]) -> Response[str]:
    """The request as a curl command."""
    return Response(handing.command(_entry(store, entry_id)).text, media_type=MediaType.TEXT)


@get("/entries/{entry_id:str}/command", sync_to_thread=True)
def entry_command(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], entry_id: FromPath[str]
) -> Template:
    """The same with what to know before running it, to be put under its button."""
    query, reader = _asked(request, known)
    return _page("curl.html", handing.curl_view(_entry(store, entry_id), reader), reader, query)


@get("/entries/{entry_id:str}/{side:str}/body", sync_to_thread=True)
def entry_body(
    request: Asked, store: NamedDependency[Store], entry_id: FromPath[str], side: FromPath[str]
) -> Response[bytes]:
    """The bytes of one body; with `part=tail` the end of one that was cut."""
    found = _entry(store, entry_id)
    payload = {"request": found.request, "response": found.response}.get(side)
    if payload is None:
        raise errors.Missing(side)
    part: Literal["head", "tail"] = "tail" if request.query_params.get("part") == "tail" else "head"
    return body_response(payload, part, f"{found.id}-{side}")


@get("/entries/{entry_id:str}/{side:str}/piece", sync_to_thread=True)
def entry_piece(
    request: Asked,
    store: NamedDependency[Store],
    known: NamedDependency[Known],
    entry_id: FromPath[str],
    side: FromPath[str],
) -> Template:
    """The next piece of a body that is shown in part, from the place `at`."""
    query, reader = _asked(request, known)
    found = _entry(store, entry_id)
    payload = {"request": found.request, "response": found.response}.get(side)
    try:
        at = Place.decode(request.query_params.get("at", ""))
    except BadPlace as error:
        raise errors.Missing(side) from error
    more = piece(found, side, payload, at) if payload else None
    if more is None:
        raise errors.Missing(side)
    return _page("piece.html", more, reader, query)


@get("/storage", sync_to_thread=True)
def storage_page(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], settings: NamedDependency[Settings]
) -> Template:
    """What the log takes, and what is kept how long."""
    query, reader = _asked(request, known)
    return _page("storage.html", storage.storage(storage_answer(store, settings), query, reader), reader, query)


@get("/recorders", sync_to_thread=True)
def recorders_page(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], backlogs: NamedDependency[Backlogs]
) -> Template:
    """Who sends, and what did not come."""
    values = request.query_params.dict()
    query = PageQuery.read({name: value for name, value in values.items() if name != "days"})
    reader = Reader.of(request, query, known)
    days = next((one for one in recorders.OFFERED if one in values.get("days", [])), recorders.OFFERED[0])
    rows = backlogs.beside(store.recorders(reader.clock.now - timedelta(days=int(days))))
    return _page("recorders.html", recorders.recorders(rows, days, query, reader), reader, query)


@get("/help/guide", sync_to_thread=True)
def guide_page(request: Asked, known: NamedDependency[Known]) -> Template:
    """The guide for people who never saw an API."""
    query, reader = _asked(request, known)
    return _page("guide.html", guide.page(query, reader), reader, query)


@get("/help/guide/images/{name:str}", sync_to_thread=True)
def guide_picture(name: FromPath[str]) -> Response[bytes]:
    """A picture of it."""
    found = guide.picture(name)
    if found is None:
        raise errors.Missing(name)
    return Response(found.read_bytes(), media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


@get("/help/order-missing", sync_to_thread=True)
def order_missing_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Template:
    """What the log says of an order that is not there."""
    query, reader = _asked(request, known)
    page = guided.order_missing(store, request.query_params.dict(), query, reader)
    return _page("guided.html", page, reader, query)


@get("/help/label-failed", sync_to_thread=True)
def label_failed_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Template:
    """What the log says of a label that was not made."""
    query, reader = _asked(request, known)
    page = guided.label_failed(store, request.query_params.dict(), query, reader)
    return _page("guided.html", page, reader, query)


@get("/integrations/{side:str}", sync_to_thread=True)
def integrations_page(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], side: FromPath[str]
) -> Template:
    """Every account of one side, and how it fares."""
    query, reader = _asked(request, known)
    if side not in ("ec", "shipping"):
        raise errors.Missing(side)
    one: Literal["ec", "shipping"] = "ec" if side == "ec" else "shipping"
    return _page("integrations.html", integrations.integrations(store, one, query, reader), reader, query)


@get("/problems", sync_to_thread=True)
def problems_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Template:
    """Failures by what they have in common."""
    query, reader = _asked(request, known)
    page = problems.view(store, query, request.query_params.get("state", ""), reader)
    return _page("problems.html", page, reader, query, 400 if page.misread else 200)


@get("/shift", sync_to_thread=True)
def shift_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Template:
    """What failed since a time, and who must act."""
    values = request.query_params.dict()
    query = PageQuery.read({name: value for name, value in values.items() if name != "from"})
    reader = Reader.of(request, query, known)
    page = shift.view(store, values, query, reader)
    return _page("shift.html", page, reader, query, 400 if page.misread else 200)


@get("/orders", sync_to_thread=True)
def orders_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Template:
    """The orders that were mentioned last, or one by its number."""
    query, reader = _asked(request, known)
    page = trade.orders(store, request.query_params.dict(), query, reader)
    return _page("orders.html", page, reader, query, 400 if page.misread else 200)


@get("/shipments", sync_to_thread=True)
def shipments_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Template:
    """The parcels that were mentioned last, or those of one number."""
    query, reader = _asked(request, known)
    page = trade.shipments(store, request.query_params.dict(), query, reader)
    return _page("shipments.html", page, reader, query, 400 if page.misread else 200)


def common_sheet() -> bytes:
    """The style of all pages."""
    return templating.common_sheet()


def routes() -> list[ControllerRouterHandler]:
    """Every page, and the files that they need."""
    pages = Router(
        "/",
        route_handlers=[
            log_page,
            log_list,
            more_rows,
            new_entries,
            suggestions,
            choices,
            histogram_table,
            entry_page,
            entry_panel,
            entry_support,
            entry_curl,
            entry_command,
            entry_related,
            entry_body,
            entry_piece,
            recorders_page,
            storage_page,
            guide_page,
            guide_picture,
            order_missing_page,
            label_failed_page,
            integrations_page,
            problems_page,
            shift_page,
            orders_page,
            shipments_page,
        ],
        after_request=guard,
        exception_handlers={errors.Missing: errors.shown, StoreError: errors.shown},
        include_in_schema=False,
    )
    sheet = get(
        f"{templating.static_path()}/common.css",
        media_type="text/css",
        cache_control=CacheControlHeader(public=True, max_age=A_YEAR, immutable=True),
        opt={"access": OPEN},
        include_in_schema=False,
        sync_to_thread=False,
    )(common_sheet)
    files = create_static_files_router(
        path=templating.static_path(),
        directories=[templating.STATIC],
        cache_control=CacheControlHeader(public=True, max_age=A_YEAR, immutable=True),
        opt={"access": OPEN},
    )
    return [pages, sheet, files]
