"""The read API: entries, the options of each filter, the time range of the log, and its gaps. Nothing here writes.

Handlers are plain functions on worker threads, because calls of the store block.
"""

from __future__ import annotations

from typing import get_args

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from apitrail.entry import Cause, Entry, Outcome
from apitrail.exchange import Direction
from apitrail.server.answers import AnyRequest
from apitrail.server.entries import entries, find
from apitrail.server.filters import (
    FILTER_PARAMETERS,
    LIMIT_DEFAULT,
    LIMIT_MAX,
    parse,
    read_bars,
    read_filter,
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
        about="Only entries from this `created_at` on: a date (in UTC), or a time with its UTC offset.",
        example="2026-03-09T14:30:00+08:00",
    ),
    Parameter(
        name="to",
        about="Only entries up to this `created_at`, inclusive. A date includes the whole day, a time without a "
        "fraction the whole second.",
        example="2026-03-09",
    ),
    Parameter(
        name="action", about="Action ids. Repeat the parameter for alternatives.", repeated=True, example=["order.list"]
    ),
    Parameter(name="ec_integration", about="Ids of EC integrations.", repeated=True),
    Parameter(name="shipping_integration", about="Ids of shipping integrations.", repeated=True),
    Parameter(name="outcome", about="What came of the call.", repeated=True, choices=get_args(Outcome)),
    Parameter(name="platform", about="Ids of platforms.", repeated=True),
    Parameter(name="cause", about="Causes of failures.", repeated=True, choices=get_args(Cause)),
    Parameter(
        name="direction",
        about="`outbound`: your system called the platform; `inbound`: the platform called you, a webhook.",
        repeated=True,
        choices=get_args(Direction),
    ),
    Parameter(name="merchant", about="Ids of merchants.", repeated=True),
    Parameter(
        name="source",
        about="Ids of the objects that own the calls; `type:id` for one type only.",
        repeated=True,
        example=["order:A-1001"],
    ),
    Parameter(name="method", about="HTTP methods, in upper case.", repeated=True, example=["POST"]),
    Parameter(
        name="status",
        about="HTTP statuses: `404`, `4xx`, or `none` for calls without a response.",
        repeated=True,
        example=["4xx"],
    ),
    Parameter(
        name="path",
        about="Parts of the URL after the host, including the query, in upper or lower case.",
        repeated=True,
        example=["/orders/cancel"],
    ),
    Parameter(
        name="code",
        about="The platforms' own codes, written exactly as in the log; `none` for calls without one.",
        repeated=True,
        example=["product.error_busi"],
    ),
    Parameter(
        name="duration_over",
        about="Only calls that took longer than this: a number of milliseconds, or a value such as `1.5s`.",
        example="1.5s",
    ),
    Parameter(
        name="reference",
        about="Ids that entries refer to (order and tracking numbers, SKUs, …), written exactly as in the log; "
        "`type:id` for one type only.",
        repeated=True,
        example=["order:A-1001"],
    ),
    Parameter(
        name="text",
        about="A search, as typed into the page's search box: an id (a whole word, in references and bodies), any "
        'other word or "an exact phrase" (a part of a body or of the platform\'s message), `field:value`. A `-` before '
        "a term excludes entries that have it. A search that cannot be understood is refused, with the reason.",
        example='260101ABCDEF12 -action:stock.push "not in range"',
    ),
)
_PAGING = (
    Parameter(
        name="limit",
        about=f"How many entries to return: 1 to {LIMIT_MAX}, by default {LIMIT_DEFAULT}.",
        kind="integer",
        least=1,
        most=LIMIT_MAX,
    ),
    Parameter(name="cursor", about="The `next_cursor` of the previous page."),
)
_ENTRY = Parameter(name="entry_id", where="path", about="The entry's id.", form="uuid", required=True)
_BODY = Operation(
    summary="Get the exact bytes of a body",
    media=("application/octet-stream", "image/png", "image/jpeg", "image/gif", "application/pdf"),
    parameters=(
        _ENTRY,
        Parameter(
            name="part",
            about="If the body was too large to be kept completely: its first bytes (`head`) or its last (`tail`).",
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
    """Entries, newest first, without headers and bodies.

    Several values of one parameter are alternatives. An entry must match every parameter that is given. A value that
    is not in the log matches nothing. An unknown parameter is refused, so that a misspelt one never returns more than
    was asked for. A page begins at a position (`cursor`), so it does not move while new entries arrive.
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
    """A complete entry, with the headers and bodies of request and response."""
    parse(request.scope["query_string"], ())
    return entry_answer(find(store, entry_id))


@get("/entries/{entry_id:str}/request/body", opt={"operation": _BODY}, sync_to_thread=True)
def get_request_body(request: AnyRequest, entry_id: FromPath[str], store: NamedDependency[Store]) -> Response[bytes]:
    """The request's body as it was sent, decompressed and with secrets masked."""
    return _body(request, find(store, entry_id), "request")


@get("/entries/{entry_id:str}/response/body", opt={"operation": _BODY}, sync_to_thread=True)
def get_response_body(request: AnyRequest, entry_id: FromPath[str], store: NamedDependency[Store]) -> Response[bytes]:
    """The response's body as it was received, decompressed and with secrets masked."""
    return _body(request, find(store, entry_id), "response")


@get(
    "/facets",
    opt={
        "operation": Operation(
            summary="List the options of each filter", answer=Facets, parameters=FILTERS, errors=_READING
        )
    },
    sync_to_thread=True,
)
def get_facets(request: AnyRequest, store: NamedDependency[Store]) -> Facets:
    """The values that are in the log, with counts.

    The counts of one filter apply all other filters and the dates, so a count says how many entries this value would
    give.
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
                    about="How long a bar is. By default it is chosen so that there are about a hundred bars.",
                    choices=tuple(STEPS),
                ),
                Parameter(
                    name="tz",
                    about="The time zone in which bars of one day begin at midnight; by default UTC.",
                    example="Asia/Taipei",
                ),
            ),
            errors=_READING,
        )
    },
    sync_to_thread=True,
)
def get_histogram(request: AnyRequest, store: NamedDependency[Store]) -> Histogram:
    """The bars of the date range, including those without entries. Without dates, the range is the whole log."""
    asked = read_bars(request.scope["query_string"])
    try:
        return store.histogram(asked.filter, asked.step, asked.zone)
    except ValueError as error:
        raise Problem(
            str(error), field="step", value=asked.step, fix="Choose a longer step, or leave it out."
        ) from None


@get(
    "/span",
    opt={"operation": Operation(summary="Get the time range of the log", answer=Span, errors=_READING)},
    sync_to_thread=True,
)
def get_span(request: AnyRequest, store: NamedDependency[Store]) -> Span:
    """The number of entries, and the times of the oldest and the newest one."""
    parse(request.scope["query_string"], ())
    return store.span()


@get(
    "/losses",
    opt={"operation": Operation(summary="List the gaps of the log", answer=LossesAnswer, errors=_READING)},
    sync_to_thread=True,
)
def get_losses(request: AnyRequest, store: NamedDependency[Store]) -> LossesAnswer:
    """Exchanges that recorders had to discard, with the reason, the number and the times."""
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


def _body(request: AnyRequest, entry: Entry, side: str) -> Response[bytes]:
    [part] = parse(request.scope["query_string"], ("part",)).get("part", ["head"])[:1]
    if part not in ("head", "tail"):
        raise Problem("is not a part", field="part", value=part, fix="Use head or tail.")
    payload = entry.request if side == "request" else entry.response
    if payload is None:
        raise Problem(
            "this call got no response", field="id", value=entry.id, fix="The entry's `error` says why.", status=404
        )
    return body_response(payload, "tail" if part == "tail" else "head", f"{entry.id}-{side}")
