"""The addresses of the guide, and of the questions that are answered step by step."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from apitrail.server.known import Known
from apitrail.server.pages import errors, guide, guided
from apitrail.server.pages.handlers.asked import Asked, asked, drawn
from apitrail.store import Store


@get("/help/guide", sync_to_thread=True)
def guide_page(request: Asked, known: NamedDependency[Known]) -> Response[str]:
    """The guide for people who never saw an API."""
    query, reader = asked(request, known)
    return drawn("guide.html", guide.page(query, reader), reader, query)


@get("/help/guide/images/{name:str}", sync_to_thread=True)
def guide_picture(name: FromPath[str]) -> Response[bytes]:
    """A picture of it."""
    found = guide.picture(name)
    if found is None:
        raise errors.Missing(name)
    return Response(found.read_bytes(), media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


@get("/help/order-missing", sync_to_thread=True)
def order_missing_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[str]:
    """What the log says of an order that is not there."""
    query, reader = asked(request, known)
    page = guided.order_missing(store, request.query_params.dict(), query, reader)
    return drawn("guided.html", page, reader, query)


@get("/help/stock-wrong", sync_to_thread=True)
def stock_wrong_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[str]:
    """What the log says of a product's stock."""
    query, reader = asked(request, known)
    page = guided.stock_wrong(store, request.query_params.dict(), query, reader)
    return drawn("guided.html", page, reader, query)


@get("/help/label-failed", sync_to_thread=True)
def label_failed_page(request: Asked, store: NamedDependency[Store], known: NamedDependency[Known]) -> Response[str]:
    """What the log says of a label that was not made."""
    query, reader = asked(request, known)
    page = guided.label_failed(store, request.query_params.dict(), query, reader)
    return drawn("guided.html", page, reader, query)


HANDLERS: list[ControllerRouterHandler] = [
    guide_page,
    guide_picture,
    order_missing_page,
    stock_wrong_page,
    label_failed_page,
]
