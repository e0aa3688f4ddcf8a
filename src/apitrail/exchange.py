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
    """An account at a platform (EC) or carrier (shipping), on whose behalf a call is made."""

    id: Name
    name: Name = ""
    """The display name, frozen at call time: accounts are renamed."""


class Source(Struct, frozen=True, omit_defaults=True, gc=False):
    """The one object that owns the call."""

    type: Name
    """`ec_account`, `shipping_account`, `order`, `shipment`, `product`, `merchant`, …"""
    id: Name
    name: Name = ""
    link: Annotated[str, Meta(max_length=2000)] = ""
    """The object's page in the host system; only http and https links are shown as links."""


class Reference(Struct, frozen=True, order=True, gc=False):
    """An identifier of the trade that the exchange touched."""

    type: Name
    """`order`, `tracking`, `sku`, `shipment`, `product`, `request`, …"""
    id: Name


class Stated(Struct, frozen=True, omit_defaults=True, gc=False):
    """What the caller said of the call. It wins over what is derived, and both are kept."""

    action: Name | None = None
    platform: Name | None = None
    ec_integration: Integration | None = None
    shipping_integration: Integration | None = None
    merchant: Name | None = None
    source: Source | None = None
    references: list[Reference] = []
    not_sent: str | None = None
    """The reason, where the call was decided against before it was sent. Such an exchange has no answer."""


class Message(Struct, omit_defaults=True, gc=False):
    """One side of the exchange: header fields and body bytes.

    `body` holds the bytes after content-decoding (gzip, br, zstd undone), with secrets masked and nothing else
    altered. A body over the recorder's limit keeps its first bytes in `body` and its last in `tail`, and says
    so: `truncated`, with the true `size` in bytes and the `sha256` (hex) of all of it.
    """

    headers: Headers = []
    body: bytes = b""
    text: str | None = None
    """For senders that have text and no bytes: taken as UTF-8, in place of `body`."""
    tail: bytes = b""
    size: int | None = None
    """True size in bytes after content-decoding; None means: the length of `body`."""
    sha256: str | None = None
    truncated: bool = False
    incomplete: bool = False
    """The body was not read to its end: the caller closed the stream, or the connection broke."""


class Failure(Struct, frozen=True, gc=False):
    """Why there was no (whole) answer: the exception's class and its text, secrets masked."""

    type: Name
    """Qualified class name, such as `httpx.ConnectTimeout`."""
    text: str


class Recorder(Struct, frozen=True, omit_defaults=True, gc=False):
    """Who captured it. `id` and `sequence` together make gaps visible."""

    id: Name
    """One per process and start."""
    sequence: int = 0
    """1, 2, 3, … without holes within one `id`."""
    host: Name = ""
    process: Name = ""
    """Process id and program name, such as `4711 gunicorn`."""
    version: Name = ""
    client: Name = ""
    """What was hooked: `httpx`, `requests`, `asgi`, `har`, …"""


class Exchange(Struct, kw_only=True, omit_defaults=True, gc=False):
    """The raw facts of one HTTP call."""

    schema: int = SCHEMA
    id: str = ""
    """UUIDv7 (RFC 9562 §5.7) whose time is that of `created_at`. Left empty, the server makes one from the
    content, so that the same exchange sent twice is still stored once."""
    created_at: datetime
    """When the call began: with an offset, microseconds kept."""
    direction: Direction = "outbound"
    method: Annotated[str, Meta(min_length=1, max_length=40)]
    url: Annotated[str, Meta(min_length=1)]
    """The full URL as sent, secrets masked."""
    request: Message = field(default_factory=Message)
    response: Message | None = None
    """None where no answer came."""
    status: Annotated[int, Meta(ge=100, le=999)] | None = None
    """None where no answer came; never 0."""
    duration_ms: Annotated[float, Meta(ge=0)] = 0.0
    """Milliseconds from the start of sending until the answer's last byte was read, or the call failed."""
    error: Failure | None = None
    http_version: Annotated[str, Meta(max_length=20)] = ""
    attempt: Annotated[int, Meta(ge=1)] = 1
    call: str = ""
    """Shared by exchanges of one logical call (redirects, retries); empty when there is but one."""
    trace: str | None = None
    """W3C `traceparent` that the request carried."""
    stated: Stated | None = None
    recorder: Recorder | None = None


class Loss(Struct, frozen=True, kw_only=True, gc=False):
    """Exchanges that a recorder had to give up, told to the server with the next batch."""

    recorder: Name
    host: Name = ""
    process: Name = ""
    reason: Name
    """`in_flight_full`, `spool_full`, `spool_damaged`, `capture_failed`, `refused`, …"""
    count: Annotated[int, Meta(ge=1)]
    first_at: datetime
    last_at: datetime
    text: str = ""
