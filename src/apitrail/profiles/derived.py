"""What was derived of an exchange."""

from __future__ import annotations

from msgspec import Struct

from apitrail.entry import Cause, Counts, Item, Outcome
from apitrail.exchange import Integration, Source
from apitrail.profiles.catalogue import UNKNOWN, Side


class Derived(Struct, gc=False):
    """What the profiles alone say of an exchange, until `stating.settle` puts what the caller stated in its place.

    How the call went is filled in by the judge, the rest by the engine.
    """

    outcome: Outcome
    cause: Cause | None = None
    code: str | None = None
    message: str | None = None
    reported_by: str | None = None
    retryable: bool | None = None
    items: list[Item] = []
    counts: Counts | None = None
    platform: str | None = None
    """By the exchange alone; where the caller stated one, its rules were applied."""
    action: str = UNKNOWN
    side: Side = "both"
    ec_integration: Integration | None = None
    shipping_integration: Integration | None = None
    merchant: str | None = None
    source: Source | None = None
    kinds: list[str] = []
    """Types of what is referred to."""
    runs: list[int] = []
    """How many of `ids` each of them stands for: see `apitrail.entry.Incoming`."""
    ids: list[str] = []
    advice: str | None = None
    not_sent: str | None = None
