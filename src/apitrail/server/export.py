"""Downloads of all that a filter lets through: HAR and NDJSON with headers and bodies, CSV without.

The log is read a page at a time while the answer is sent, no faster than whoever asked takes it: memory holds one
page, and of whole entries `apitrail.store.log.WHOLE_BYTES`. What fails before the first page is answered as ever; what
fails later breaks the connection off, so that no half file passes for a whole one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from apitrail.entry import Entry, EntryRow
from apitrail.formats import csv, har
from apitrail.server.answers import AnyRequest
from apitrail.server.api import FILTERS
from apitrail.server.exports import KEY, Export, Exports
from apitrail.server.filters import FILTER_PARAMETERS, parse, read_filter, read_limit
from apitrail.server.openapi import Operation, Parameter
from apitrail.server.problems import Problem
from apitrail.server.settings import Settings
from apitrail.server.shapes import entry_answer
from apitrail.store import Store
from apitrail.store.model import Filter

FORMATS = ("har", "csv", "ndjson")

_PAGE = 500
_CHUNK = 128 << 10
"""Bytes that are sent at once, or more."""

Rows = Iterator[EntryRow]

_encode = msgspec.json.Encoder().encode


def _operation(name: str, media: str) -> Operation:
    limit = Parameter(
        name="limit",
        about="How many entries to return: from 1 to the setting `export_limit`, which is also the default.",
        kind="integer",
        least=1,
    )
    key = Parameter(
        name="download",
        about="A name for this download (8 to 64 letters, digits and hyphens), to ask for its progress at "
        "`/api/v1/exports/{key}`.",
    )
    return Operation(
        summary=f"Download entries as {name}",
        media=(media,),
        parameters=(*FILTERS, limit, key),
        errors=(400, 401, 403, 422, 503),
    )


_HAR, _CSV, _NDJSON = "application/json", "text/csv", "application/x-ndjson"


@get("/export.har", opt={"operation": _operation("HAR", _HAR)}, sync_to_thread=True)
def export_har(
    request: AnyRequest,
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
    exports: NamedDependency[Exports],
) -> Stream:
    """Complete entries, newest first, as HAR 1.2: for browsers' developer tools, proxies, and `apitrail import`.

    Values that are derived, or for which HAR has no field, are in fields that begin with an underscore.
    """
    return _answer(request, store, settings, exports, "har", _HAR, lambda rows: har.write(_whole(store, rows)))


@get("/export.csv", opt={"operation": _operation("CSV", _CSV)}, sync_to_thread=True)
def export_csv(
    request: AnyRequest,
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
    exports: NamedDependency[Exports],
) -> Stream:
    """Entries without headers and bodies, newest first, for spreadsheets.

    Values that a spreadsheet would run as a formula, or round, begin with an apostrophe.
    """
    return _answer(request, store, settings, exports, "csv", _CSV, csv.write)


@get("/export.ndjson", opt={"operation": _operation("NDJSON", _NDJSON)}, sync_to_thread=True)
def export_ndjson(
    request: AnyRequest,
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
    exports: NamedDependency[Exports],
) -> Stream:
    """Complete entries, newest first, one on each line, in the form of `/api/v1/entries/{id}`."""
    return _answer(
        request,
        store,
        settings,
        exports,
        "ndjson",
        _NDJSON,
        lambda rows: (_encode(entry_answer(entry)) + b"\n" for entry in _whole(store, rows)),
    )


_KEY = Parameter(name="key", about="The name that was given as `download`.", where="path", required=True)


@get(
    "/exports/{key:str}",
    opt={"operation": Operation(summary="Get the progress of a download", parameters=(_KEY,), errors=(401, 403))},
    sync_to_thread=False,
)
def get_export(key: FromPath[str], exports: NamedDependency[Exports]) -> Export:
    """The state of one of the latest 200 downloads of this server."""
    return exports.current(key)


routes = Router("/api/v1", route_handlers=[export_har, export_csv, export_ndjson, get_export])


def _answer(
    request: AnyRequest,
    store: Store,
    settings: Settings,
    exports: Exports,
    extension: str,
    media: str,
    write: Callable[[Rows], Iterable[bytes]],
) -> Stream:
    parameters = parse(request.scope["query_string"], (*FILTER_PARAMETERS, "limit", "download"))
    key = next(iter(parameters.get("download", ())), "")
    if key and not KEY.fullmatch(key):
        raise Problem(
            "is not a name of a download", field="download", value=key, fix="Give 8 to 64 letters, digits and hyphens."
        )
    limit = read_limit(parameters, settings.export_limit)
    now = datetime.now(UTC)
    rows = _rows(store, read_filter(parameters), limit)
    if key:
        rows = exports.told(key, rows)
    first = next(rows, None)  # what cannot be asked, or not now, is told before the answer begins
    pieces = write(rows if first is None else chain([first], rows))
    return Stream(
        _chunks(pieces),
        media_type=media,
        headers={
            "Content-Disposition": f'attachment; filename="apitrail-{now:%Y%m%dT%H%M%SZ}.{extension}"',
            "Apitrail-Limit": str(limit),
        },
    )


def _rows(store: Store, which: Filter, limit: int) -> Rows:
    """Newest first, so that what arrives meanwhile is of another download."""
    cursor = None
    while limit > 0:
        page = store.page(which, min(limit, _PAGE), cursor)
        yield from page.entries
        limit -= len(page.entries)
        cursor = page.next_cursor
        if cursor is None:
            return


def _whole(store: Store, rows: Iterable[EntryRow]) -> Iterator[Entry]:
    part: list[EntryRow] = []
    for row in rows:
        part.append(row)
        if len(part) == _PAGE:
            yield from store.whole(part)
            part = []
    yield from store.whole(part)


def _chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in larger pieces: each is a turn of a thread."""
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) >= _CHUNK:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
