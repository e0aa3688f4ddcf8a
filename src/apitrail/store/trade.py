"""Orders and parcels, as the log mentions them. Plain data: no engine, no SQL, no HTTP."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from msgspec import Struct, structs

Subject = Literal["orders", "parcels"]


class Latest(Struct, frozen=True):
    """An identifier, and when it was last mentioned within a range."""

    type: str
    """A type of reference."""
    id: str
    last: datetime


class Mention(Struct, frozen=True, kw_only=True):
    """An entry that refers to something, as far as orders and parcels are told by it."""

    id: str
    at: datetime
    direction: str
    platform: str
    action: str
    ec_integration: str
    ec_name: str
    shipping_integration: str
    shipping_name: str
    merchant: str
    outcome: str
    cause: str
    code: str
    message: str
    """The platform's own words, verbatim: their beginning. Without any, why it was never sent, or what the client
    said."""
    kind: str = ""
    """`no_answer` and `not_sent`, of failures; else as the outcome."""
    source_type: str
    source_id: str
    references: tuple[tuple[str, str], ...]
    """Types and ids."""
    refused: tuple[str, ...] = ()
    """The ids that a call which failed in part failed for."""
    hit: bool = False
    """The order or parcel that it is looked at for is among them."""

    def of(self, *types: str) -> tuple[str, ...]:
        """The ids of these types that it refers to, each once."""
        return tuple(dict.fromkeys(one for kind, one in self.references if kind in types))

    def told_of(self, names: Collection[str]) -> Mention:
        """The same call as that of one order or parcel: it failed, where it failed for one of these ids."""
        return structs.replace(self, hit=True) if any(one in names for one in self.refused) else self

    @property
    def failed(self) -> bool:
        """Whether the call went wrong, as a whole or for what it is looked at for."""
        return self.hit or self.outcome in ("request_error", "platform_error")

    @property
    def orders(self) -> tuple[str, ...]:
        """The order that it is about, else those that it names: a platform may have two numbers for one order."""
        named = self.of("order")
        return (self.source_id,) if self.source_type == "order" and self.source_id and len(named) < 3 else named


class Mentioned(Struct, frozen=True):
    """What refers to some identifiers, newest first."""

    mentions: list[Mention]
    more: bool
    """There is more than was looked at: what is older is missing."""
