"""What one asks the store, and what it answers. Plain data: no engine, no SQL, no HTTP."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct, structs

from apitrail.entry import EntryRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class StoreError(Exception):
    """Something that a person must know about the store: what, where, and what to do."""


class BadPlace(StoreError):
    """Backups cannot be made where it was said."""


class FolderInUse(StoreError):
    """Another process owns the data folder."""


class QueryTooLarge(StoreError):
    """A query met its time or memory limit: narrow the date range."""


class Term(Struct, frozen=True):
    """One thing to look for in text: in both bodies, the platform's message, and references."""

    value: str
    whole: bool = False
    """An id by itself, whatever its case: in references, and where it has six letters and digits together, in bodies
    too. Otherwise any part of a text, of a reference too where it is of letters and digits, which takes longer."""
    excluded: bool = False
    """The entries that do not have it."""


class Choices(Struct, frozen=True, kw_only=True):
    """What may be chosen of an entry's fields. Values within a field are alternatives, fields narrow each other.

    An empty tuple means: not filtered. A value that is not in the log matches nothing; it never widens.
    """

    action: tuple[str, ...] = ()
    ec_integration: tuple[str, ...] = ()
    """Integration ids."""
    shipping_integration: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    platform: tuple[str, ...] = ()
    cause: tuple[str, ...] = ()
    direction: tuple[str, ...] = ()
    merchant: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    """Ids of owning objects; `type:id` for one of that type only."""
    method: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    """HTTP statuses: `404`, `4xx` for all of a hundred, `none` for calls without an answer."""
    path: tuple[str, ...] = ()
    """Parts of an address after its host, whatever their case."""
    code: tuple[str, ...] = ()
    """Platforms' own codes, exactly as they are; `none` for calls without one."""
    reference: tuple[str, ...] = ()
    """Ids that an entry refers to, exactly as they are; `type:id` for one of that type only."""


UNCOUNTED = ("merchant", "source", "method", "status", "path", "code", "reference")
"""Choices that entries alone tell."""


class Filter(Choices, frozen=True, kw_only=True):
    """Which entries: those of the choices, within the range. `since` and `until` are inclusive, to the microsecond.

    Terms narrow each other.
    """

    since: datetime | None = None
    until: datetime | None = None
    duration_over: float | None = None
    """Milliseconds: only calls that took longer."""
    text: tuple[Term, ...] = ()
    without: tuple[tuple[str, str], ...] = ()
    """Values of fields, as (field, value), that no entry may have."""

    @property
    def counted(self) -> Filter:
        """What of it is counted beforehand. Where that is all of it, facets and histograms cost nothing; else the
        entries of the range have to be read for them.
        """
        kept = tuple((field, value) for field, value in self.without if field not in UNCOUNTED)
        given: dict[str, tuple[str, ...]] = dict.fromkeys(UNCOUNTED, ())
        return structs.replace(self, **given, without=kept, duration_over=None, text=())


class BadCursor(ValueError):
    """The cursor was not made by this server."""


class Cursor(Struct, frozen=True):
    """A page is a position: the entries after (older than) this one."""

    created_at: datetime
    id: str

    def encode(self) -> str:
        """A short opaque text for URLs."""
        micros = (self.created_at - EPOCH) // timedelta(microseconds=1)
        raw = micros.to_bytes(8, "big", signed=True) + UUID(self.id).bytes
        return urlsafe_b64encode(raw).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """The cursor that `encode` wrote. Raises BadCursor for anything else."""
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            if len(raw) != 24:
                raise ValueError(f"{len(raw)} bytes")
            at = EPOCH + timedelta(microseconds=int.from_bytes(raw[:8], "big", signed=True))
            return cls(at, str(UUID(bytes=raw[8:])))
        except (ValueError, OverflowError) as error:
            raise BadCursor(text) from error


class Page(Struct, frozen=True):
    """Entries newest first, without headers and bodies."""

    entries: list[EntryRow]
    next_cursor: Cursor | None
    """None on the last page."""


class Option(Struct, frozen=True):
    """A value of a filter that is in the log."""

    id: str
    name: str
    """The latest display name; the id if there never was one."""
    count: int


class Facets(Struct, frozen=True, kw_only=True):
    """The options of each filter, with counts, most frequent first.

    The counts of one field apply all *other* filters and the date range, so a count says how many entries this
    option would give.
    """

    action: list[Option]
    ec_integration: list[Option]
    shipping_integration: list[Option]
    outcome: list[Option]
    platform: list[Option]
    cause: list[Option]
    direction: list[Option]


class Bar(Struct, frozen=True):
    """One bar of a histogram."""

    start: datetime
    outcomes: dict[str, int]
    """The number of entries by outcome; outcomes without entries are left out."""


class Histogram(Struct, frozen=True):
    """The number of entries by time and outcome. Bars without entries are included."""

    step: str
    """How long a bar is: `1m`, `15m`, `6h`, `1d`, … The first and the last may be shorter, at the ends of the range."""
    end: datetime | None
    """When the last bar ends; null for an empty log."""
    bars: list[Bar]


class Span(Struct, frozen=True):
    """The number of entries in the log, and its time range."""

    entries: int
    oldest: datetime | None
    newest: datetime | None


class Moment(Struct, frozen=True):
    """When an entry was, and what came of it."""

    at: datetime
    outcome: str
    ec_integration: str = ""
    """The id of the account that it was made for; empty where it was for none."""


class Activity(Struct, frozen=True, kw_only=True):
    """What an account did of one action within a range, and within its last day."""

    account: str
    action: str
    platform: str
    calls: int
    """Of the last day."""
    failed: int
    """Of these, as a whole."""
    partly: int = 0
    """Of these, in part."""
    last_success: datetime | None
    success_id: str
    last_failure: datetime | None
    failure_id: str
    newest: tuple[bool, ...]
    """Whether each of the latest few failed, newest first."""
    causes: tuple[str, ...]
    """Of the last day's failures, as a whole or in part, most frequent first."""

    @property
    def last(self) -> datetime:
        """The latest of its calls."""
        return max(at for at in (self.last_success, self.last_failure) if at is not None)


class Rhythm(Struct, frozen=True, kw_only=True):
    """How regularly an account's calls of an action came within a range: all times begin a quarter of an hour."""

    side: Literal["ec", "shipping"]
    account: str
    action: str
    quarters: int
    """In how many quarters of an hour there was one: what is said of the rhythm rests on these."""
    days: int
    """On how many days, of UTC."""
    usual: timedelta
    """The median from one of these quarters to the next."""
    first: datetime
    last: datetime
    pauses: tuple[tuple[datetime, datetime], ...]
    """The longest, longest first, of those with a whole hour empty: the quarter before, and the quarter after."""


class SeenAccount(Struct, frozen=True):
    """An account that the log holds."""

    id: str
    name: str
    day: datetime
    """Its last day, of UTC."""
    platform: str


class Usual(Struct, frozen=True):
    """How long calls of an action take, in milliseconds."""

    median: float
    high: float
    """Nineteen of twenty took less."""


class Written(Struct, frozen=True):
    """What became of a batch: durable when this is returned."""

    stored: int
    duplicates: int
    """Entries that were in the log already, by id."""


class LossRow(Struct, frozen=True, kw_only=True):
    """Exchanges that a recorder reported as discarded."""

    recorder: str
    host: str
    process: str
    reason: str
    count: int
    first_at: datetime
    last_at: datetime
    text: str


class Drop(Struct, frozen=True):
    """Exchanges that a recorder reported as discarded for one reason."""

    reason: str
    count: int
    first_at: datetime
    last_at: datetime
    text: str


class Gap(Struct, frozen=True):
    """Consecutive numbers of a recorder that have not arrived."""

    first: int
    last: int
    """Inclusive."""
    after: datetime | None
    """The time of the call with the number before the gap; null if that call is not in the range."""
    before: datetime
    """The time of the call with the number after the gap."""


class Backlog(Struct, frozen=True):
    """What was waiting in a host's spool."""

    exchanges: int
    bytes: int
    told_at: datetime


class RecorderRow(Struct, frozen=True, kw_only=True):
    """One recorder, that is one start of one process, with what arrived from it and what is missing."""

    id: str
    host: str = ""
    process: str = ""
    version: str = ""
    began_at: datetime | None = None
    """Null if its id does not contain the time."""
    first_at: datetime | None = None
    """Its oldest call in the range."""
    last_seen: datetime
    """Its newest call in the range, or the end of its newest loss."""
    ahead_s: float = 0.0
    """By how many seconds its newest call was ahead of the server's clock when it was received; 0 if it was not."""
    entries: int = 0
    first_sequence: int = 0
    """The number from which on all numbers are expected."""
    last_sequence: int = 0
    missing: int = 0
    """How many numbers between the two have not arrived."""
    gaps: list[Gap] = []
    """The first of these gaps."""
    drops: list[Drop] = []
    """What the recorder itself reported as discarded."""
    backlog: Backlog | None = None
    """What was waiting in its host's spool when it last sent a batch; null if it has sent none since this server
    started."""


class Pin(Struct, frozen=True):
    """A reference whose entries are kept whatever their age, such as an order in dispute."""

    type: str
    id: str
    note: str
    pinned_at: datetime


class View(Struct, frozen=True):
    """Filters under a name, for everyone who reads the log."""

    name: str
    query: str
    """As in the address of the page, without the question mark."""
    changed_at: datetime


class Token(Struct, frozen=True, kw_only=True):
    """A right to write or read. The secret itself is never kept, only its SHA-256."""

    id: str
    name: str
    scope: str
    """`ingest` or `read`."""
    digest: str
    """SHA-256 of the secret, hex."""
    created_at: datetime
    revoked_at: datetime | None = None
