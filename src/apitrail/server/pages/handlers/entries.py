"""One entry's addresses: by itself, under its row, with what belongs to it, and what of it is handed on."""

from __future__ import annotations

from typing import Literal

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from apitrail.entry import Entry, Payload
from apitrail.server.known import Known
from apitrail.server.media import body_response
from apitrail.server.pages import errors, handing, links, related
from apitrail.server.pages.bodies.place import BadPlace, Place
from apitrail.server.pages.handlers.asked import Asked, asked, drawn, found_entry
from apitrail.server.pages.panel import panel, piece
from apitrail.server.pages.rows import EntryView, row
from apitrail.store import Store


@get("/entries/{entry_id:str}", sync_to_thread=True)
def entry_page(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], entry_id: FromPath[str]
) -> Response[str]:
    """One entry by itself: a link for good. `?whole=1` shows bodies to their end."""
    query, reader = asked(request, known)
    found = found_entry(store, entry_id)
    opened = panel(store, found, query, reader, whole="whole" in request.query_params)
    page = EntryView(
        row=row(found, query, reader),
        panel=opened,
        home_url=links.home(query),
        languages=links.languages(query, reader, f"/entries/{found.id}"),
    )
    return drawn("entry.html", page, reader, query)


@get("/entries/{entry_id:str}/panel", sync_to_thread=True)
def entry_panel(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], entry_id: FromPath[str]
) -> Response[str]:
    """One entry expanded, to be put under its row."""
    query, reader = asked(request, known)
    opened = panel(store, found_entry(store, entry_id), query, reader, later=True)
    return drawn("panel.html", opened, reader, query)


@get("/entries/{entry_id:str}/related", sync_to_thread=True)
def entry_related(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], entry_id: FromPath[str]
) -> Response[str]:
    """What belongs to the entry: attempts, the last success and what changed since, the account's other calls.

    `since=1`: and whether the same has worked since.
    """
    query, reader = asked(request, known, "since")
    found = found_entry(store, entry_id)
    languages = links.languages(query, reader, f"/entries/{found.id}/related")
    told = request.query_params.get("since") == "1"
    page = related.related(store, found, query, reader, links.home(query), languages, told_since=told)
    return drawn("related.html", page, reader, query)


@get("/entries/{entry_id:str}/support", sync_to_thread=True)
def entry_support(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], entry_id: FromPath[str]
) -> Response[str]:
    """The text that one sends to support."""
    _, reader = asked(request, known)
    return Response(handing.support(found_entry(store, entry_id), reader), media_type=MediaType.TEXT)


@get("/entries/{entry_id:str}/curl", sync_to_thread=True)
def entry_curl(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], entry_id: FromPath[str]
) -> Response[str]:
    """The request as a curl command."""
    _, reader = asked(request, known)
    return Response(handing.command(found_entry(store, entry_id), reader), media_type=MediaType.TEXT)


@get("/entries/{entry_id:str}/command", sync_to_thread=True)
def entry_command(
    request: Asked, store: NamedDependency[Store], known: NamedDependency[Known], entry_id: FromPath[str]
) -> Response[str]:
    """The same with what to know before running it, to be put under its button."""
    query, reader = asked(request, known)
    return drawn("curl.html", handing.curl_view(found_entry(store, entry_id), query, reader), reader, query)


@get("/entries/{entry_id:str}/{side:str}/body", sync_to_thread=True)
def entry_body(
    request: Asked, store: NamedDependency[Store], entry_id: FromPath[str], side: FromPath[str]
) -> Response[bytes]:
    """The bytes of one body; with `part=tail` the end of one that was cut."""
    found = found_entry(store, entry_id)
    payload = _payload(found, side)
    part: Literal["head", "tail"] = "tail" if request.query_params.get("part") == "tail" else "head"
    return body_response(payload, part, f"{found.id}-{side}")


@get("/entries/{entry_id:str}/{side:str}/piece", sync_to_thread=True)
def entry_piece(
    request: Asked,
    store: NamedDependency[Store],
    known: NamedDependency[Known],
    entry_id: FromPath[str],
    side: FromPath[str],
) -> Response[str]:
    """The next piece of a body that is shown in part, from the place `at`."""
    query, reader = asked(request, known)
    found = found_entry(store, entry_id)
    payload = _payload(found, side)
    try:
        at = Place.decode(request.query_params.get("at", ""))
    except BadPlace as error:
        raise errors.Missing(side) from error
    more = piece(found, side, payload, at)
    if more is None:
        raise errors.Missing(side)
    return drawn("piece.html", more, reader, query)


def _payload(entry: Entry, side: str) -> Payload:
    """What was sent or answered. Raises Missing for another side, and where no answer came."""
    payload = {"request": entry.request, "response": entry.response}.get(side)
    if payload is None:
        raise errors.Missing(side)
    return payload


HANDLERS: list[ControllerRouterHandler] = [
    entry_page,
    entry_panel,
    entry_related,
    entry_support,
    entry_curl,
    entry_command,
    entry_body,
    entry_piece,
]
