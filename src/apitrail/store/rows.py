"""An entry as the documents of a row, and a row's answer as an entry: what went in comes out.

What a list shows travels in one JSON document, so that a field that `EntryRow` gains later needs no migration, and
rows without it decode to its default. Its fields follow the rules of `apitrail.exchange`: never renamed, never retyped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, structs

from apitrail.entry import Entry, EntryRow, Payload
from apitrail.exchange import Headers, Reference, Stated
from apitrail.store import bodies, files
from apitrail.store.folding import unfold
from apitrail.store.shelves import FILES, REQUEST, RESPONSE_WHOLE
from apitrail.store.times import instant

# Times are read as numbers: exact, and under no name that would hide the column from the rest of a query.
LIST_SELECT = "id, toUnixTimestamp64Micro(created_at), duration_ms, reference_types, reference_ids, row"
"""What a list reads. Headers and bodies are not in it."""
ENTRY_SELECT = f"{LIST_SELECT}, request, {REQUEST} AS sent, response, {RESPONSE_WHOLE} AS answered, {FILES} AS files"
BINARY = ("sent", "answered", "files")

_LACKING = '{"id":"","created_at":"1970-01-01T00:00:00Z",'
"""Stands before a row's document to make it a whole row's."""
OF_BODY = "="
"""In place of a hash that the stored body tells."""
SIZED = "#"
"""The same, of a body that tells its size as well. When it has expired, a column does: see `sizes.py`."""
GONE = -1
"""The size of such a body, until that column is asked."""

# EntryRow without what has columns of its own that a list reads too. Required fields come first, as a struct wants, and
# then the source, before whatever else has an id: see `folding`.
_APART = {"id", "created_at", "duration_ms", "references"}
_KEPT = sorted(
    (field for field in structs.fields(EntryRow) if field.name not in _APART),
    key=lambda field: (not field.required, field.name != "source"),
)
_Kept = msgspec.defstruct(
    "_Kept",
    [
        (field.name, field.type)
        if field.required
        else (
            field.name,
            field.type,
            field.default
            if field.default is not msgspec.NODEFAULT
            else msgspec.field(default_factory=field.default_factory),
        )
        for field in _KEPT
    ]
    + [("said", bool, False)],
    omit_defaults=True,
)
_SAID = ('"said":true}', '"said":true} ')
"""Ends the document of an entry whose caller stated its accounts alone: they are in it as the entry's own."""


class _Side(Struct, omit_defaults=True):
    """A payload without its bytes."""

    headers: Headers = []
    content_type: str | None = None
    charset: str | None = None
    size: int = 0
    sha256: str = ""
    """OF_BODY or SIZED for a whole body: it is computed when asked for, because 32 random bytes do not compress."""
    truncated: bool = False
    incomplete: bool = False
    tail: int = 0
    """How many of the body's bytes, counted from their end, are the tail."""
    folded: bool = False
    """Whether the stored body has marks for ids: see `store/bodies.py`."""


_json = msgspec.json.Encoder().encode
_unkeep = msgspec.json.Decoder(EntryRow).decode
_unside = msgspec.json.Decoder(_Side).decode


def row_documents(columns: Mapping[str, Sequence[Any]]) -> list[bytes]:
    """What stands in the column `row` where nothing is folded, by the fields of entries.

    Raises UnicodeEncodeError for a text that is none.
    """
    said = [
        one is not None
        and one.ec_integration is ec
        and one.shipping_integration is shipping
        and one.source is None
        and one.action is None
        and one.platform is None
        and one.merchant is None
        and one.not_sent is None
        and not one.references
        for one, ec, shipping in zip(
            columns["stated"], columns["ec_integration"], columns["shipping_integration"], strict=True
        )
    ]
    stated = [None if brief else one for brief, one in zip(said, columns["stated"], strict=True)]
    kept = (stated if field.name == "stated" else columns[field.name] for field in _KEPT)
    return list(map(_json, map(_Kept, *kept, said)))


def side_documents(columns: Mapping[str, Sequence[Any]], folded: Sequence[bool]) -> list[bytes]:
    """What stands in the column `request` or `response`, by the fields of payloads; `folded`: whether a body was.

    Raises UnicodeEncodeError for a text that is none.
    """
    truncated, sizes = columns["truncated"], columns["size"]
    hashes = [
        digest if cut else SIZED if size and size == len(body) else OF_BODY
        for digest, cut, size, body in zip(columns["digest"], truncated, sizes, columns["body"], strict=True)
    ]
    sides = map(
        _Side,
        *(columns[name] for name in ("headers", "content_type", "charset")),
        [0 if told is SIZED else size for told, size in zip(hashes, sizes, strict=True)],
        hashes,
        truncated,
        columns["incomplete"],
        map(len, columns["tail"]),
        folded,
    )
    return list(map(_json, sides))


def decode_row(values: Sequence[Any]) -> EntryRow:
    """The list's part of an entry, from an answer to LIST_SELECT."""
    identity, at, duration, types, ids, row = values
    # The document with what it lacks, whatever that is: half the time of making the row from what the document has.
    entry = _unkeep(_LACKING + unfold(row, ids)[1:])
    entry.id, entry.created_at = str(identity), instant(at)
    if duration:  # an older row's document has it, and of a failure's from then nothing else
        entry.duration_ms = duration
    entry.references = list(map(Reference, types, ids))
    if row.endswith(_SAID):
        entry.stated = Stated(ec_integration=entry.ec_integration, shipping_integration=entry.shipping_integration)
    return entry


def decode_entry(values: Sequence[Any]) -> Entry:
    """A whole entry, from an answer to ENTRY_SELECT. The size of an expired body may be GONE."""
    ids = values[4]
    request, request_body, response, response_body, taken_out = values[6:]
    return Entry(
        **structs.asdict(decode_row(values[:6])),
        request=_payload(request, request_body, ids),
        response=_payload(response, response_body, ids, taken_out) if response else None,
    )


def _payload(document: str, stored: bytes, ids: Sequence[str], taken_out: bytes = b"") -> Payload:
    """A body that has expired is stored as nothing, and so is its tail. What is left of it is its size."""
    side = _unside(unfold(document, ids))
    if side.folded:
        stored = bodies.unfold(stored, ids, files.apart(taken_out, stored.count(bodies.FILE)))
    cut = len(stored) - side.tail if stored else 0
    return Payload(
        headers=side.headers,
        body=stored[:cut],
        tail=stored[cut:],
        content_type=side.content_type,
        charset=side.charset,
        size=side.size if side.sha256 != SIZED else cut or GONE,
        digest=side.sha256 if side.truncated else "",
        truncated=side.truncated,
        incomplete=side.incomplete,
    )
