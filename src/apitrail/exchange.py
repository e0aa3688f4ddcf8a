"""The one data type that travels: what was captured of one HTTP call.

An `Exchange` is made by a recorder (or an importer), encoded as MessagePack or JSON, and never changed on its
way. Rules that keep old bytes readable for good:

1. a new field has a default;
2. a field is never renamed, retyped or reused;
3. `schema` rises only when a reader must know, and the encoded samples in `tests/schema/` are decoded for ever;
4. nothing derived lives here: what a platform's answer means is the server's business (`apitrail.entry`).

These structs hold data alone, so no cycle can form: the garbage collector need not follow them (`gc=False`).

Field names that mean the same as in an entry are the same as in an entry.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

SCHEMA = 1
"""The version that this code writes."""

Direction = Literal["outbound", "inbound"]

Headers = list[tuple[str, str]]
"""Header fields as sent: in order, repeated ones repeated, names in the case they had (RFC 9110 §5)."""

Name = Annotated[str, Meta(max_length=200)]


class Integration(Struct, frozen=True, omit_defaults=True, gc=False):
    """An account at a platform (EC) or a carrier (shipping). The call is made on its behalf."""

    id: Name
    name: Name = ""
    """The display name at the time of the call, because accounts are renamed."""


class Source(Struct, frozen=True, omit_defaults=True, gc=False):
    """The one object that owns the call."""

    type: Name
    """`ec_account`, `shipping_account`, `order`, `shipment`, `product`, `merchant`, …"""
    id: Name
    name: Name = ""
    link: Annotated[str, Meta(max_length=2000)] = ""
    """The object's page in the host system. Only http and https addresses are shown as links."""


class Reference(Struct, frozen=True, order=True, gc=False):
    """A business identifier in the exchange."""

    type: Name
    """`order`, `tracking`, `sku`, `shipment`, `product`, `request`, …"""
    id: Name


class Stated(Struct, frozen=True, omit_defaults=True, gc=False):
    """What the caller stated about the call. It takes precedence over what is derived, and both are kept."""

    action: Name | None = None
    platform: Name | None = None
    ec_integration: Integration | None = None
    shipping_integration: Integration | None = None
    merchant: Name | None = None
    source: Source | None = None
    references: list[Reference] = []
    not_sent: str | None = None
    """Why the call was not sent, if the program decided against it. Such an exchange has no response."""


class Message(Struct, omit_defaults=True, gc=False):
    """The request or the response: header fields and body bytes.

    `body` has the bytes after decompression (gzip, br, zstd), with secrets masked and nothing else changed. Of a body
    over the recorder's limit, `body` has the first bytes and `tail` the last; `truncated` is true, and `size` (in
    bytes) and `sha256` (in hex) are those of the whole body.
    """

    headers: Headers = []
    body: bytes = b""
    text: str | None = None
    """Instead of `body`, for senders that have text and not bytes; it is stored as UTF-8."""
    tail: bytes = b""
    size: int | None = None
    """The size of the decompressed body in bytes; null means the length of `body`."""
    sha256: str | None = None
    truncated: bool = False
    incomplete: bool = False
    """The body was not read to its end: the caller closed the stream, or the connection broke."""


class Failure(Struct, frozen=True, gc=False):
    """Why there was no complete response: the class and the text of the exception, with secrets masked."""

    type: Name
    """Qualified class name, such as `httpx.ConnectTimeout`."""
    text: str


class Recorder(Struct, frozen=True, omit_defaults=True, gc=False):
    """The recorder that captured the exchange. Gaps become visible by `id` and `sequence`."""

    id: Name
    """Each start of each process has its own."""
    sequence: int = 0
    """1, 2, 3, … without gaps for each `id`."""
    host: Name = ""
    process: Name = ""
    """Process id and program name, such as `4711 gunicorn`."""
    version: Name = ""
    client: Name = ""
    """The client library or source: `httpx`, `requests`, `asgi`, `har`, …"""


class Exchange(Struct, kw_only=True, omit_defaults=True, gc=False):
    """The raw facts of one HTTP call."""

    schema: int = SCHEMA
    id: str = ""
    """A UUIDv7 (RFC 9562 §5.7) whose time is that of `created_at`. If it is empty, the server makes one from the
    content, so the same exchange sent twice is still stored once."""
    created_at: datetime
    """When the call began, with a UTC offset. Microseconds are kept."""
    direction: Direction = "outbound"
    method: Annotated[str, Meta(min_length=1, max_length=40)]
    url: Annotated[str, Meta(min_length=1)]
    """The full URL as sent, with secrets masked."""
    request: Message = field(default_factory=Message)
    response: Message | None = None
    """Null if there was no response."""
    status: Annotated[int, Meta(ge=100, le=999)] | None = None
    """Null if there was no response; never 0."""
    duration_ms: Annotated[float, Meta(ge=0)] = 0.0
    """Milliseconds from the start of sending until the last byte of the response was read, or until the call failed."""
    error: Failure | None = None
    http_version: Annotated[str, Meta(max_length=20)] = ""
    attempt: Annotated[int, Meta(ge=1)] = 1
    call: str = ""
    """The same value in all exchanges of one logical call (redirects, retries); empty if there is only one exchange."""
    trace: str | None = None
    """The W3C `traceparent` of the request."""
    stated: Stated | None = None
    recorder: Recorder | None = None


class Loss(Struct, frozen=True, kw_only=True, gc=False):
    """Exchanges that a recorder had to discard, reported to the server with the next batch."""

    recorder: Name
    host: Name = ""
    process: Name = ""
    reason: Name
    """`in_flight_full`, `spool_full`, `spool_damaged`, `capture_failed`, `refused`, …"""
    count: Annotated[int, Meta(ge=1)]
    first_at: datetime
    last_at: datetime
    text: str = ""
