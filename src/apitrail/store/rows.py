"""An entry as a row of the table `entries`, and back: what went in comes out.

Three things are written otherwise than they came: `Counts()` that counts nothing is none, an id is in lower case,
and a lone surrogate (which is not text, and cannot be stored as such) becomes U+FFFD.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from apitrail.entry import Counts, Entry, EntryRow, Item, Payload
from apitrail.exchange import Failure, Headers, Integration, Loss, Recorder, Reference, Source, Stated
from apitrail.store.model import StoreError
from apitrail.store.times import instant, micros

LIST_COLUMNS = (
    "id",
    "created_at",
    "received_at",
    "direction",
    "platform",
    "action",
    "method",
    "url",
    "path",
    "ec_id",
    "ec_name",
    "shipping_id",
    "shipping_name",
    "merchant",
    "source_type",
    "source_id",
    "source_name",
    "source_link",
    "reference_types",
    "reference_ids",
    "status",
    "outcome",
    "cause",
    "code",
    "message",
    "reported_by",
    "advice",
    "retryable",
    "duration_ms",
    "attempt",
    "call",
    "items",
    "returned",
    "accepted",
    "refused",
    "not_sent",
    "error_type",
    "error_text",
    "http_version",
    "trace",
    "stated",
    "recorder_id",
    "recorder_sequence",
    "recorder_host",
    "recorder_process",
    "recorder_version",
    "recorder_client",
)
"""What a list reads. Headers and bodies are not among them."""

_SIDE = ("headers", "body", "tail", "content_type", "charset", "size", "sha256", "truncated", "incomplete")
PAYLOAD_COLUMNS = (*(f"request_{name}" for name in _SIDE), "answered", *(f"response_{name}" for name in _SIDE))
COLUMNS = LIST_COLUMNS + PAYLOAD_COLUMNS
BINARY = tuple(f"{side}_{name}" for side in ("request", "response") for name in ("body", "tail", "sha256"))
LOSS_COLUMNS = ("recorder", "host", "process", "reason", "count", "first_at", "last_at", "text")

_TIMES = {"created_at", "received_at"}
LIST_SELECT = ", ".join(f"toUnixTimestamp64Micro({name})" if name in _TIMES else name for name in LIST_COLUMNS)
"""Times are read as numbers: exact, and not given names that would hide the columns from the rest of a query."""
ENTRY_SELECT = ", ".join((LIST_SELECT, *PAYLOAD_COLUMNS))

LATEST = datetime(2299, 12, 31, tzinfo=UTC)
"""The engine's DateTime64 ends here."""

_pack = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode
_headers = msgspec.json.Decoder(Headers).decode
_items = msgspec.json.Decoder(list[Item]).decode
_stated = msgspec.json.Decoder(Stated).decode
_NO_PAYLOAD = Payload()


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
    head = len(LIST_COLUMNS)
    sides = values[head:]
    width = len(_SIDE)
    return Entry(
        **_fields(values[:head]),
        request=_payload(sides[:width]),
        response=_payload(sides[width + 1 :]) if sides[width] else None,
    )


def engine_uuid(raw: bytes) -> bytes:
    """UUID bytes (RFC 9562 order) to the engine's, and back: it keeps two little-endian halves."""
    return raw[7::-1] + raw[15:7:-1]


def _encode(entry: Entry) -> Row:
    identity, at = _identity(entry)
    ec, shipping, source = entry.ec_integration, entry.shipping_integration, entry.source
    counts, error, recorder = entry.counts, entry.error, entry.recorder
    values = [
        identity,
        at,
        None if entry.received_at is None else _time(entry.received_at, "received_at", entry.id),
        entry.direction,
        entry.platform,
        entry.action,
        entry.method,
        entry.url,
        entry.path,
        ec.id if ec else None,
        ec.name if ec else "",
        shipping.id if shipping else None,
        shipping.name if shipping else "",
        entry.merchant,
        source.type if source else None,
        source.id if source else "",
        source.name if source else "",
        source.link if source else "",
        [reference.type for reference in entry.references],
        [reference.id for reference in entry.references],
        None if entry.status is None else _whole(entry.status, 16, "status", entry.id),
        entry.outcome,
        entry.cause,
        entry.code,
        entry.message,
        entry.reported_by,
        entry.advice,
        entry.retryable,
        entry.duration_ms,
        _whole(entry.attempt, 32, "attempt", entry.id),
        entry.call,
        _json(entry.items) if entry.items else b"",
        _count(counts.returned, "counts.returned", entry.id) if counts else None,
        _count(counts.accepted, "counts.accepted", entry.id) if counts else None,
        _count(counts.refused, "counts.refused", entry.id) if counts else None,
        entry.not_sent,
        error.type if error else None,
        error.text if error else "",
        entry.http_version,
        entry.trace,
        _json(entry.stated) if entry.stated is not None else b"",
        recorder.id if recorder else None,
        _whole(recorder.sequence, 64, "recorder.sequence", entry.id) if recorder else 0,
        recorder.host if recorder else "",
        recorder.process if recorder else "",
        recorder.version if recorder else "",
        recorder.client if recorder else "",
    ]
    _add_payload(values, entry.request, "request", entry.id)
    values.append(entry.response is not None)
    _add_payload(values, entry.response or _NO_PAYLOAD, "response", entry.id)
    # An array of 16 to 65,535 values has three bytes of header, which the engine's MsgPack format does not take.
    return Row(identity, at, _pack(values)[3:])


def _add_payload(values: list[Any], payload: Payload, side: str, entry: str) -> None:
    try:
        digest = bytes.fromhex(payload.sha256)
    except ValueError:
        digest = b"?"
    if len(digest) not in (0, 32):
        raise BadEntry(f"entry {entry}: {side}.sha256 is {payload.sha256!r}; it must be 64 hex digits, or empty")
    values += (
        _json(payload.headers) if payload.headers else b"",
        payload.body,
        payload.tail,
        payload.content_type,
        payload.charset,
        _whole(payload.size, 64, f"{side}.size", entry),
        digest,
        payload.truncated,
        payload.incomplete,
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
    if int.from_bytes(raw[:6], "big") != at // 1000:
        raise BadEntry(
            f"entry {entry.id}: created_at is {entry.created_at.isoformat()}; it must lie in the millisecond "
            "that the id was made in"
        )
    return engine_uuid(raw), at


def _time(at: datetime, field: str, of: str) -> int:
    if at.tzinfo is None:
        raise BadEntry(f"{of}: {field} is {at.isoformat()}; it must have an offset")
    if not instant(0) <= at <= LATEST:
        raise BadEntry(f"{of}: {field} is {at.isoformat()}; it must lie between 1970 and {LATEST.year}")
    return micros(at)


def _whole(value: int, bits: int, field: str, of: str) -> int:
    if not 0 <= value < 1 << bits:
        raise BadEntry(f"{of}: {field} is {value}; it must be at least 0 and less than 2^{bits}")
    return value


def _count(value: int | None, field: str, of: str) -> int | None:
    return None if value is None else _whole(value, 63, field, of)


def _fields(values: Sequence[Any]) -> dict[str, Any]:
    row = dict(zip(LIST_COLUMNS, values, strict=True))
    counts = (row.pop("returned"), row.pop("accepted"), row.pop("refused"))
    types, ids = row.pop("reference_types"), row.pop("reference_ids")
    items, stated = row.pop("items"), row.pop("stated")
    ec, shipping = _integration(row, "ec"), _integration(row, "shipping")
    source = [row.pop(f"source_{name}") for name in ("type", "id", "name", "link")]
    error = [row.pop(f"error_{name}") for name in ("type", "text")]
    recorder = [row.pop(f"recorder_{name}") for name in ("id", "sequence", "host", "process", "version", "client")]
    received_at = row.pop("received_at")
    return row | {
        "id": str(row["id"]),
        "created_at": instant(row["created_at"]),
        "received_at": None if received_at is None else instant(received_at),
        "ec_integration": ec,
        "shipping_integration": shipping,
        "source": None if source[0] is None else Source(*source),
        "references": [Reference(*pair) for pair in zip(types, ids, strict=True)],
        "items": _items(items) if items else [],
        "counts": None if counts == (None, None, None) else Counts(*counts),
        "error": None if error[0] is None else Failure(*error),
        "stated": _stated(stated) if stated else None,
        "recorder": None if recorder[0] is None else Recorder(*recorder),
    }


def _integration(row: dict[str, Any], kind: str) -> Integration | None:
    identity, name = row.pop(f"{kind}_id"), row.pop(f"{kind}_name")
    return None if identity is None else Integration(identity, name)


def _payload(values: Sequence[Any]) -> Payload:
    side = dict(zip(_SIDE, values, strict=True))
    side["headers"] = _headers(side["headers"]) if side["headers"] else []
    side["sha256"] = side["sha256"].hex()
    return Payload(**side)


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
