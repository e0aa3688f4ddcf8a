"""An entry as a row of the table `entries`, and back: what went in comes out.

What a list shows travels in one JSON document, so that a field that `EntryRow` gains later needs no migration, and
rows without it decode to its default. Its fields follow the rules of `apitrail.exchange`: never renamed, never retyped.

Two things are written otherwise than they came: an id is in lower case, and a lone surrogate (which is not text, and
cannot be stored as such) becomes U+FFFD.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, structs

from apitrail.entry import Entry, EntryRow, Payload
from apitrail.exchange import Headers, Loss, Reference
from apitrail.store.model import StoreError
from apitrail.store.times import instant, micros

COLUMNS = (
    "id",
    "created_at",
    "received_at",
    "direction",
    "platform",
    "action",
    "method",
    "ec_id",
    "ec_name",
    "shipping_id",
    "shipping_name",
    "merchant",
    "source_type",
    "source_id",
    "reference_types",
    "reference_ids",
    "status",
    "outcome",
    "cause",
    "code",
    "message",
    "duration_ms",
    "recorder_id",
    "recorder_sequence",
    "row",
    "request",
    "request_size",
    "request_body",
    "response",
    "response_size",
    "response_body",
)
LOSS_COLUMNS = ("recorder", "host", "process", "reason", "count", "first_at", "last_at", "text")

# Times are read as numbers: exact, and under no name that would hide the column from the rest of a query.
LIST_SELECT = "id, toUnixTimestamp64Micro(created_at), reference_types, reference_ids, row"
"""What a list reads. Headers and bodies are not in it."""
ENTRY_SELECT = f"{LIST_SELECT}, request, request_body, response, response_body"
BINARY = ("request_body", "response_body")

ID_SLACK_MS = 1
"""How far an id's time may lie from `created_at`: whole milliseconds taken from a float are at times one too low."""
LATEST = datetime(2299, 12, 31, tzinfo=UTC)
"""The engine's DateTime64 ends here."""
_LATEST = micros(LATEST)

OF_BODY = "="
"""In place of a hash that the stored body tells."""

# EntryRow without what has columns of its own that a list reads too. Required fields come first, as a struct wants.
_APART = {"id", "created_at", "references"}
_KEPT = sorted(
    (field for field in structs.fields(EntryRow) if field.name not in _APART), key=lambda field: not field.required
)
_take = attrgetter(*(field.name for field in _KEPT))
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
    ],
    omit_defaults=True,
)


class _Side(Struct, omit_defaults=True):
    """A payload without its bytes."""

    headers: Headers = []
    content_type: str | None = None
    charset: str | None = None
    size: int = 0
    sha256: str = ""
    """OF_BODY for a whole body: it is computed from that when asked for, because 32 random bytes do not compress."""
    truncated: bool = False
    incomplete: bool = False
    tail: int = 0
    """How many of the stored bytes, counted from their end, are the tail."""


_pack = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode
_unkeep = msgspec.json.Decoder(_Kept).decode
_unside = msgspec.json.Decoder(_Side).decode


class BadEntry(StoreError):
    """An entry that cannot be a row. The text names the field, the value and what it must be."""


class Row(NamedTuple):
    """An encoded entry, with what is needed to tell whether the log has it already."""

    id: bytes
    """The UUID's 16 bytes as the engine holds them: each half with its last byte first."""
    at: int
    """`created_at` in microseconds since 1970."""
    data: bytes
    """MessagePack values in the order of COLUMNS."""


def encode(entry: Entry) -> Row:
    """The entry as a row. Raises BadEntry."""
    try:
        return _encode(entry)
    except UnicodeEncodeError:
        return _encode(_without_surrogates(entry))


def encode_loss(loss: Loss) -> bytes:
    """The loss as a row of `losses`: MessagePack values in the order of LOSS_COLUMNS."""
    values = [
        loss.recorder,
        loss.host,
        loss.process,
        loss.reason,
        _whole(loss.count, 64, "count", loss.recorder),
        _time(loss.first_at, "first_at", loss.recorder),
        _time(loss.last_at, "last_at", loss.recorder),
        loss.text,
    ]
    try:
        return _pack(values)[1:]
    except UnicodeEncodeError:
        return _pack(_clean(values))[1:]


def decode_row(values: Sequence[Any]) -> EntryRow:
    """The list's part of an entry, from an answer to LIST_SELECT."""
    return EntryRow(**_fields(values))


def decode_entry(values: Sequence[Any]) -> Entry:
    """A whole entry, from an answer to ENTRY_SELECT."""
    request, request_body, response, response_body = values[5:]
    return Entry(
        **_fields(values[:5]),
        request=_payload(request, request_body),
        response=_payload(response, response_body) if response else None,
    )


def engine_uuid(raw: bytes) -> bytes:
    """UUID bytes (RFC 9562 order) to the engine's, and back: it keeps two little-endian halves."""
    return raw[7::-1] + raw[15:7:-1]


def _encode(entry: Entry) -> Row:
    identity, at = _identity(entry)
    ec, shipping, source, recorder = entry.ec_integration, entry.shipping_integration, entry.source, entry.recorder
    request, response = entry.request, entry.response
    if not math.isfinite(entry.duration_ms):
        raise BadEntry(f"entry {entry.id}: duration_ms is {entry.duration_ms}; it must be a finite number")
    values = [
        identity,
        at,
        None if entry.received_at is None else _time(entry.received_at, "received_at", entry.id),
        entry.direction,
        entry.platform,
        entry.action,
        entry.method,
        ec.id if ec else None,
        ec.name if ec else "",
        shipping.id if shipping else None,
        shipping.name if shipping else "",
        entry.merchant,
        source.type if source else None,
        source.id if source else None,
        [reference.type for reference in entry.references],
        [reference.id for reference in entry.references],
        None if entry.status is None else _whole(entry.status, 16, "status", entry.id),
        entry.outcome,
        entry.cause,
        entry.code,
        entry.message,
        entry.duration_ms,
        recorder.id if recorder else None,
        _whole(recorder.sequence, 64, "recorder.sequence", entry.id) if recorder else 0,
        _json(_Kept(*_take(entry))),
        _side(request, "request", entry.id),
        request.size,
        request.body + request.tail,
        _side(response, "response", entry.id) if response else b"",
        response.size if response else 0,
        response.body + response.tail if response else b"",
    ]
    # An array of 16 to 65,535 values has three bytes of header, which the engine's MsgPack format does not take.
    return Row(identity, at, _pack(values)[3:])


def _side(payload: Payload, side: str, entry: str) -> bytes:
    _whole(payload.size, 64, f"{side}.size", entry)
    return _json(
        _Side(
            payload.headers,
            payload.content_type,
            payload.charset,
            payload.size,
            OF_BODY if payload.sha256 and not payload.truncated else payload.sha256,
            payload.truncated,
            payload.incomplete,
            len(payload.tail),
        )
    )


def _identity(entry: Entry) -> tuple[bytes, int]:
    """The engine's UUID, and the time. Each narrows the other, when a batch is written and when an entry is opened."""
    at = _time(entry.created_at, "created_at", entry.id)
    try:
        raw = bytes.fromhex(entry.id.replace("-", ""))
    except ValueError:
        raw = b""
    if len(raw) != 16 or raw[6] >> 4 != 7:
        raise BadEntry(f"entry: id is {entry.id!r}; it must be a UUIDv7")
    if abs(int.from_bytes(raw[:6], "big") - at // 1000) > ID_SLACK_MS:
        raise BadEntry(
            f"entry {entry.id}: created_at is {entry.created_at.isoformat()}; it must lie in the millisecond "
            "that the id was made in"
        )
    return engine_uuid(raw), at


def _time(at: datetime, field: str, of: str) -> int:
    if at.tzinfo is None:
        raise BadEntry(f"{of}: {field} is {at.isoformat()}; it must have an offset")
    value = micros(at)
    if not 0 <= value <= _LATEST:
        raise BadEntry(f"{of}: {field} is {at.isoformat()}; it must lie between 1970 and {LATEST.year}")
    return value


def _whole(value: int, bits: int, field: str, of: str) -> int:
    if not 0 <= value < 1 << bits:
        raise BadEntry(f"{of}: {field} is {value}; it must be at least 0 and less than 2^{bits}")
    return value


def _fields(values: Sequence[Any]) -> dict[str, Any]:
    identity, at, types, ids, row = values
    return structs.asdict(_unkeep(row)) | {
        "id": str(identity),
        "created_at": instant(at),
        "references": [Reference(*pair) for pair in zip(types, ids, strict=True)],
    }


def _payload(document: str, stored: bytes) -> Payload:
    """A body that has expired is stored as nothing, and so is its tail. What is left of it is its size."""
    side = _unside(document)
    cut = len(stored) - side.tail if stored else 0
    digest = side.sha256
    if digest == OF_BODY:
        digest = sha256(stored).hexdigest() if stored or not side.size else ""
    return Payload(
        headers=side.headers,
        body=stored[:cut],
        tail=stored[cut:],
        content_type=side.content_type,
        charset=side.charset,
        size=side.size,
        sha256=digest,
        truncated=side.truncated,
        incomplete=side.incomplete,
    )


def _without_surrogates(entry: Entry) -> Entry:
    plain = msgspec.to_builtins(entry, builtin_types=(bytes, datetime))
    return msgspec.convert(_clean(plain), Entry, builtin_types=(bytes, datetime))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return "".join("\N{REPLACEMENT CHARACTER}" if "\ud800" <= char <= "\udfff" else char for char in value)
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
