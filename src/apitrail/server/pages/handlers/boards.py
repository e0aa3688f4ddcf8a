"""The boards' addresses: what the log adds up to, by integration, problem, shift, order, parcel, recorder and disk."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from apitrail.server.backlogs import Backlogs
from apitrail.server.known import Known
from apitrail.server.pages import errors, handover, integrations, problems, recorders, shift, storage, trade
from apitrail.server.pages.handlers.asked import Asked, asked, drawn
from apitrail.server.settings import Settings
from apitrail.server.usage import storage as storage_answer
from apitrail.store import Store


@get("/integrations/{side:str}", sync_to_thread=True)
def integrations_page(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], side: FromPath[str]
) -> Response[str]:
    """Every account of one side, and how it fares."""
    query, reader = asked(request, known)
    if side not in ("ec", "shipping"):
        raise errors.Missing(side)
    one: Literal["ec", "shipping"] = "ec" if side == "ec" else "shipping"
    page = integrations.integrations(store, one, request.query_params.dict(), query, reader)
    return drawn("integrations.html", page, reader, query, 400 if page.misread else 200)


@get("/problems", sync_to_thread=True)
def problems_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[str]:
    """Failures by what they have in common."""
    query, reader = asked(request, known)
    page = problems.view(store, request.query_params.dict(), query, reader)
    return drawn("problems.html", page, reader, query, 400 if page.misread else 200)


@get("/shift", sync_to_thread=True)
def shift_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[str]:
    """What failed since a time, and who must act."""
    query, reader = asked(request, known, "from")
    page = shift.view(store, request.query_params.dict(), query, reader)
    return drawn("shift.html", page, reader, query, 400 if page.misread else 200)


@get("/shift/text", sync_to_thread=True)
def shift_text(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[str]:
    """The same as a plain text, for the next shift."""
    query, reader = asked(request, known, "from")
    page = shift.view(store, request.query_params.dict(), query, reader)
    told = handover.plain(page.text) or "\n".join(one.unescape() for one in page.misread)
    return Response(told, media_type=MediaType.TEXT, status_code=400 if page.misread else 200)


@get("/orders", sync_to_thread=True)
def orders_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[str]:
    """The orders that were mentioned last, or one by its number."""
    query, reader = asked(request, known)
    page = trade.orders(store, request.query_params.dict(), query, reader)
    return drawn("orders.html", page, reader, query, 400 if page.misread else 200)


@get("/shipments", sync_to_thread=True)
def shipments_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[str]:
    """The parcels that were mentioned last, or those of one number."""
    query, reader = asked(request, known)
    page = trade.shipments(store, request.query_params.dict(), query, reader)
    return drawn("shipments.html", page, reader, query, 400 if page.misread else 200)


@get("/recorders", sync_to_thread=True)
def recorders_page(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], backlogs: NamedDependency[Backlogs]
) -> Response[str]:
    """Who sends, and what did not come."""
    query, reader = asked(request, known, "days")
    chosen = request.query_params.getall("days", [])
    days = next((one for one in recorders.OFFERED if one in chosen), recorders.OFFERED[0])
    rows = backlogs.beside(store.recorders(reader.clock.now - timedelta(days=int(days))))
    return drawn("recorders.html", recorders.recorders(rows, days, query, reader), reader, query)


@get("/storage", sync_to_thread=True)
def storage_page(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], settings: NamedDependency[Settings]
) -> Response[str]:
    """What the log takes, and what is kept how long."""
    query, reader = asked(request, known)
    return drawn("storage.html", storage.storage(storage_answer(store, settings), query, reader), reader, query)


HANDLERS: list[ControllerRouterHandler] = [
    integrations_page,
    problems_page,
    shift_page,
    shift_text,
    orders_page,
    shipments_page,
    recorders_page,
    storage_page,
]
