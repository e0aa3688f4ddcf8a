"""An entry: one row of the log, an exchange plus what was derived from it. Never changed once written.

The field names are the same in the API, in exports, in page contexts and in the docs. As in `apitrail.exchange`, the
garbage collector need not follow these structs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from itertools import chain, repeat
from typing import Literal

from msgspec import Struct

from apitrail.exchange import (
    Direction,
    Failure,
    Headers,
    Integration,
    Recorder,
    Reference,
    Source,
    Stated,
)

Outcome = Literal["success", "warning", "partial", "request_error", "platform_error"]
"""Green: `success`, and `warning` where a success carries the platform's warnings. `partial`: one call held
several results and some failed. Orange: `request_error`, ours to fix. Red: `platform_error`, theirs, or no
answer at all. For an inbound call the blame turns round."""

Cause = Literal[
    "credentials",
    "token_expired",
    "permission",
    "rate_limit",
    "address",
    "product_mapping",
    "bad_data",
    "not_found",
    "duplicate",
    "state",
    "service_unavailable",
    "redirected",
    "funds",
    "platform_outage",
    "timeout",
    "network",
    "own_failure",
    "unknown",
]


class Item(Struct, frozen=True, omit_defaults=True, gc=False):
    """One result of a call with several results: a SKU of a stock push, a parcel of a batch query."""

    type: str
    id: str
    outcome: Outcome
    code: str | None = None
    message: str | None = None


class Counts(Struct, frozen=True, omit_defaults=True, gc=False):
    """How many objects the call returned or changed. A successful fetch with `returned` 0 may be worth a look."""

    returned: int | None = None
    accepted: int | None = None
    refused: int | None = None


class Overruled(Struct, frozen=True, omit_defaults=True, gc=False):
    """What was derived from a call, if its caller stated something else. Only the fields that differ are present."""

    platform: str | None = None
    action: str | None = None
    ec_integration: Integration | None = None
    shipping_integration: Integration | None = None
    source: Source | None = None


class EntryRow(Struct, kw_only=True, gc=False):
    """An entry without its headers and bodies, as lists show it."""

    id: str
    created_at: datetime
    direction: Direction = "outbound"
    platform: str | None = None
    action: str = "unknown"
    method: str
    url: str
    path: str
    """The URL's path, without the query."""
    ec_integration: Integration | None = None
    shipping_integration: Integration | None = None
    merchant: str | None = None
    source: Source | None = None
    references: list[Reference] = []
    status: int | None = None
    outcome: Outcome
    cause: Cause | None = None
    code: str | None = None
    """The platform's own code, unchanged."""
    message: str | None = None
    """The platform's own message, unchanged."""
    reported_by: str | None = None
    """The platform whose code and message this is. It differs from `platform` if an aggregator passes on a carrier's
    message."""
    advice: str | None = None
    """One sentence: who must act, and how. It is in English; pages translate it by `cause`."""
    retryable: bool | None = None
    duration_ms: float = 0.0
    attempt: int = 1
    call: str = ""
    items: list[Item] = []
    counts: Counts | None = None
    not_sent: str | None = None
    error: Failure | None = None
    http_version: str = ""
    trace: str | None = None
    stated: Stated | None = None
    """What the caller stated about the call; the entry's own fields contain it."""
    derived: Overruled | None = None
    """What was derived, if the caller stated something else; null if the two agree."""
    recorder: Recorder | None = None
    received_at: datetime | None = None
    """When the server received it. If this is much later than `created_at`, the exchange waited in a spool."""


class Payload(Struct, kw_only=True, gc=False):
    """One side of the exchange as kept: bytes after content-decoding, secrets masked, nothing else altered."""

    headers: Headers = []
    body: bytes = b""
    tail: bytes = b""
    content_type: str | None = None
    """As declared, with its parameters."""
    charset: str | None = None
    """As declared or detected (`utf-8`, `big5`, `gb18030`, `shift_jis`, …); None for binary bodies."""
    size: int = 0
    digest: str = ""
    """The recorder's SHA-256 of the whole of a body that was cut, in hex."""
    truncated: bool = False
    incomplete: bool = False

    @property
    def sha256(self) -> str:
        """Of the whole body, in hex: the recorder's where it was cut, else worked out here. Empty where the body is no
        longer kept."""
        if self.truncated:
            return self.digest
        kept = self.body + self.tail
        return sha256(kept).hexdigest() if kept or not self.size else ""


class Entry(EntryRow, kw_only=True, gc=False):
    """A whole entry."""

    request: Payload
    response: Payload | None = None


class Incoming(Struct, gc=False):
    """An entry on its way into the log, with what it refers to as ids, and types of which each is told once for all ids
    of it that follow each other: to make an object of each pair, and take it apart again for the columns, was a
    twentieth of a worker's time.
    """

    entry: Entry
    """Without references."""
    kinds: list[str]
    runs: list[int]
    """How many of the ids, in their order, are of each of `kinds`; never none."""
    ids: list[str]

    @classmethod
    def of(cls, entry: Entry) -> Incoming:
        """A whole entry as one that comes in."""
        references = entry.references
        return cls(entry, [one.type for one in references], [1] * len(references), [one.id for one in references])

    def whole(self) -> Entry:
        """The entry with its references."""
        self.entry.references = list(map(Reference, each(self.kinds, self.runs), self.ids))
        return self.entry


def each(kinds: list[str], runs: list[int]) -> Iterator[str]:
    """The type of each id."""
    return chain.from_iterable(map(repeat, kinds, runs))
