"""The read API: entries, the choices of each filter, what the log covers, and its gaps. Nothing here writes.

Handlers are plain functions on worker threads, because the store's answers block.
"""

from __future__ import annotations

from typing import get_args
from uuid import UUID

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from apitrail.entry import Cause, Entry, Outcome
from apitrail.exchange import Direction
from apitrail.server.answers import AnyRequest
from apitrail.server.filters import (
    FILTER_PARAMETERS,
    LIMIT_DEFAULT,
    LIMIT_MAX,
    parse,
    read_bars,
    read_filter,
    read_page,
)
from apitrail.server.media import body_response
from apitrail.server.openapi import Operation, Parameter
from apitrail.server.problems import Problem
from apitrail.server.shapes import EntriesAnswer, EntryAnswer, LossesAnswer, entry_answer
from apitrail.store import STEPS, Store
from apitrail.store.model import Facets, Histogram, Span

FILTERS = (
    Parameter(
        name="from",
        about="The earliest `created_at`: a date (in UTC) or a time with its offset.",
        example="2026-03-09T14:30:00+08:00",
    ),
    Parameter(
        name="to",
        about="The latest `created_at`, inclusive: a date means all of that day, a time without a fraction all of "
        "that second.",
        example="2026-03-09",
    ),
    Parameter(name="action", about="Action ids; repeat it for alternatives.", repeated=True, example=["order.list"]),
    Parameter(name="ec_integration", about="Ids of EC integrations.", repeated=True),
    Parameter(name="shipping_integration", about="Ids of shipping integrations.", repeated=True),
    Parameter(name="outcome", about="Outcomes.", repeated=True, choices=get_args(Outcome)),
    Parameter(name="platform", about="Platforms.", repeated=True),
    Parameter(name="cause", about="Why calls failed.", repeated=True, choices=get_args(Cause)),
    Parameter(name="direction", about="Who called.", repeated=True, choices=get_args(Direction)),
    Parameter(name="merchant", about="Merchants.", repeated=True),
    Parameter(
        name="source",
        about="Ids of owning objects; `type:id` for one of that type only.",
        repeated=True,
        example=["order:A-1001"],
    ),
    Parameter(name="method", about="HTTP methods, in capitals.", repeated=True, example=["POST"]),
    Parameter(
        name="status",
        about="HTTP statuses: `404`, `4xx`, or `none` for calls without an answer.",
        repeated=True,
        example=["4xx"],
    ),
    Parameter(
        name="path",
        about="Parts of the address after its host, parameters too, whatever their case.",
        repeated=True,
        example=["/orders/cancel"],
    ),
    Parameter(name="duration_over", about="Only calls that took longer: milliseconds, or like `1.5s`.", example="1.5s"),
    Parameter(
        name="reference",
        about="Ids that entries refer to (order and tracking numbers, SKUs, …), exactly as they are; `type:id` for "
        "those of one type only.",
        repeated=True,
        example=["order:A-1001"],
    ),
    Parameter(
        name="text",
        about="What to look for, as one types it: an id (a whole word, in references and bodies), any other word or "
        '"an exact phrase" (a part of a body or of the platform\'s message), `field:value`, and `-` before what must '
        "not be there. What cannot be understood is refused with the reason.",
        example='260101ABCDEF12 -action:stock.push "not in range"',
    ),
)
_PAGING = (
    Parameter(
        name="limit",
        about=f"How many: 1 to {LIMIT_MAX}, {LIMIT_DEFAULT} if not given.",
        kind="integer",
        least=1,
        most=LIMIT_MAX,
    ),
    Parameter(name="cursor", about="`next_cursor` of the page before."),
)
_ENTRY = Parameter(name="entry_id", where="path", about="The entry's id.", form="uuid", required=True)
_BODY = Operation(
    summary="Get a body's exact bytes",
    media=("application/octet-stream", "image/png", "image/jpeg", "image/gif", "application/pdf"),
    parameters=(
        _ENTRY,
        Parameter(
            name="part",
            about="Of a body that was too large to be kept whole: its first bytes or its last.",
            choices=("head", "tail"),
        ),
    ),
    errors=(400, 401, 403, 404, 503),
)
_READING = (400, 401, 403, 422, 503)


@get(
    "/entries",
    opt={
        "operation": Operation(
            summary="List entries", answer=EntriesAnswer, parameters=(*FILTERS, *_PAGING), errors=_READING
        )
    },
    sync_to_thread=True,
)
def list_entries(request: AnyRequest, store: NamedDependency[Store]) -> EntriesAnswer:
    """Entries newest first, without headers and bodies.

    Several values of one parameter are alternatives; different parameters narrow each other. A value that is not in
    the log matches nothing. An unknown parameter is refused, so that a slip never shows more than was asked for.
    A page is a position (`cursor`): it stays where it is while new entries arrive.
    """
    return entries(store, request.scope["query_string"])


@get(
    "/entries/{entry_id:str}",
    opt={
        "operation": Operation(
            summary="Get one entry", answer=EntryAnswer, parameters=(_ENTRY,), errors=(400, 401, 403, 404, 503)
        )
    },
    sync_to_thread=True,
)
def get_entry(request: AnyRequest, entry_id: FromPath[str], store: NamedDependency[Store]) -> EntryAnswer:
    """A whole entry, with the headers and bodies of both sides."""
    parse(request.scope["query_string"], ())
    return entry_answer(find(store, entry_id))


@get("/entries/{entry_id:str}/request/body", opt={"operation": _BODY}, sync_to_thread=True)
def get_request_body(request: AnyRequest, entry_id: FromPath[str], store: NamedDependency[Store]) -> Response[bytes]:
    """The request's body as it was sent, after content-decoding and with secrets masked."""
    return _body(request, find(store, entry_id), "request")


@get("/entries/{entry_id:str}/response/body", opt={"operation": _BODY}, sync_to_thread=True)
def get_response_body(request: AnyRequest, entry_id: FromPath[str], store: NamedDependency[Store]) -> Response[bytes]:
    """The response's body as it was received, after content-decoding and with secrets masked."""
    return _body(request, find(store, entry_id), "response")


@get(
    "/facets",
    opt={
        "operation": Operation(
            summary="List the choices of each filter", answer=Facets, parameters=FILTERS, errors=_READING
        )
    },
    sync_to_thread=True,
)
def get_facets(request: AnyRequest, store: NamedDependency[Store]) -> Facets:
    """The values that are in the log, with counts.

    Each filter is counted under all others and the dates, so that a count says what one would get by choosing it.
    """
    return store.facets(read_filter(parse(request.scope["query_string"], FILTER_PARAMETERS)))


@get(
    "/histogram",
    opt={
        "operation": Operation(
            summary="Count entries by time and outcome",
            answer=Histogram,
            parameters=(
                *FILTERS,
                Parameter(
                    name="step",
                    about="How long a bar is; by itself so that there are about a hundred.",
                    choices=tuple(STEPS),
                ),
                Parameter(
                    name="tz", about="The time zone at whose midnight bars of a day begin: UTC.", example="Asia/Taipei"
                ),
            ),
            errors=_READING,
        )
    },
    sync_to_thread=True,
)
def get_histogram(request: AnyRequest, store: NamedDependency[Store]) -> Histogram:
    """The bars of the range, or of all that the log holds where it is open, those without entries too."""
    asked = read_bars(request.scope["query_string"])
    try:
        return store.histogram(asked.filter, asked.step, asked.zone)
    except ValueError as error:
        raise Problem(
            str(error), field="step", value=asked.step, fix="Choose a longer step, or leave it out."
        ) from None


@get(
    "/span",
    opt={"operation": Operation(summary="See what the log covers", answer=Span, errors=_READING)},
    sync_to_thread=True,
)
def get_span(request: AnyRequest, store: NamedDependency[Store]) -> Span:
    """How many entries there are, and the times of the oldest and newest."""
    parse(request.scope["query_string"], ())
    return store.span()


@get(
    "/losses",
    opt={"operation": Operation(summary="See the gaps", answer=LossesAnswer, errors=_READING)},
    sync_to_thread=True,
)
def get_losses(request: AnyRequest, store: NamedDependency[Store]) -> LossesAnswer:
    """Exchanges that recorders had to give up, with the reason, the number and the times."""
    parse(request.scope["query_string"], ())
    return LossesAnswer(store.losses())


routes = Router(
    "/api/v1",
    route_handlers=[
        list_entries,
        get_entry,
        get_request_body,
        get_response_body,
        get_facets,
        get_histogram,
        get_span,
        get_losses,
    ],
)


def entries(store: Store, query_string: bytes) -> EntriesAnswer:
    """A page of entries. Raises Problem, StoreError."""
    query = read_page(query_string)
    page = store.page(query.filter, query.limit, query.after)
    return EntriesAnswer(page.entries, page.next_cursor.encode() if page.next_cursor else None)


def find(store: Store, identifier: str) -> Entry:
    """The entry of that id. Raises Problem where it is no id, or there is none."""
    try:
        wanted = str(UUID(identifier))
    except ValueError:
        raise Problem(
            "is not an id", field="id", value=identifier, fix="Ids look like 019cd1f6-7c3a-7b42-8d0e-4f5a6b7c8d9e."
        ) from None
    entry = store.entry(wanted)
    if entry is None:
        raise Problem(
            "there is no such entry",
            field="id",
            value=wanted,
            fix="It was never recorded here, or it is older than what is kept.",
            status=404,
        )
    return entry


def _body(request: AnyRequest, entry: Entry, side: str) -> Response[bytes]:
    [part] = parse(request.scope["query_string"], ("part",)).get("part", ["head"])[:1]
    if part not in ("head", "tail"):
        raise Problem("is not a part", field="part", value=part, fix="One of: head, tail.")
    payload = entry.request if side == "request" else entry.response
    if payload is None:
        raise Problem(
            "there was no answer", field="id", value=entry.id, fix="See the entry's `error` for why.", status=404
        )
    return body_response(payload, "tail" if part == "tail" else "head", f"{entry.id}-{side}")
