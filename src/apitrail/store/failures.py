"""What failed, as the boards ask it. Plain data: no engine, no SQL, no HTTP."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

Way = tuple[str, str, str, str, str]
"""Platform, action, direction, EC integration, shipping integration. Empty: not known."""


class Kind(Struct, frozen=True):
    """What failures have in common that are one problem. Empty: not known."""

    platform: str
    action: str
    direction: str
    ec_integration: str
    shipping_integration: str
    code: str
    """The platform's own code, unchanged."""
    status: int | None
    """Where there is no code."""
    cause: str

    @property
    def way(self) -> Way:
        """What one call has in common with the next: all but why it failed."""
        return self.platform, self.action, self.direction, self.ec_integration, self.shipping_integration


class Group(Struct, frozen=True, kw_only=True):
    """Failures of one kind within a range."""

    kind: Kind
    count: int
    first: datetime
    first_id: str
    last: datetime
    last_id: str
    outcome: str
    """Of the latest; so are the next two."""
    message: str
    """The platform's own words, verbatim: their beginning."""
    merchant: str
    orders: int
    """How many orders the calls referred to."""
    parcels: int
    """How many shipments these calls referred to; for calls that name none, how many tracking numbers or packages."""
    products: int
    """How many products calls referred to that are about neither; for what has several numbers, by its SKU."""
    some_orders: tuple[str, ...]
    some_parcels: tuple[str, ...]
    some_products: tuple[str, ...]


class Unanswered(Struct, frozen=True):
    """A failed call without an answer, or one that was never sent."""

    not_sent: str
    """Why the call was not sent; empty if it was sent."""
    error: str
    """What the client said; empty where it said nothing."""


class Ending(Struct, frozen=True):
    """The first call of the same way that worked after a failure."""

    at: datetime
    id: str


class CauseTotal(Struct, frozen=True):
    """Failures of one cause and direction."""

    cause: str
    direction: str
    count: int
    orders: int
    """By shop account, where it is known; so are the next two."""
    parcels: int
    products: int
    """So many of calls that are about neither orders nor parcels."""
    platforms: tuple[str, ...]


class Affected(Struct, frozen=True):
    """An order, parcel or product that calls of an action failed for."""

    cause: str
    direction: str
    action: str
    platform: str
    kind: str
    """`order`, `parcel` or `product`."""
    id: str
    ec_integration: str
    """Whose it is: a number may be several accounts'. Empty: not known."""
    last: datetime
    """Of these failures, within the range."""


Worked = dict[tuple[str, str], dict[str, datetime]]
"""By action and id: when a call last worked, by its EC integration (empty: it names none)."""


class Common(Struct, frozen=True):
    """A value that failures of one cause have, and how many of them."""

    cause: str
    direction: str
    feature: str
    """`ec`, `shipping`, `version`, or a type of reference."""
    value: str
    count: int


class Failed(Struct, frozen=True):
    """A failed call, by which its entry is read."""

    cause: str
    direction: str
    platform: str
    action: str
    id: str
    at: datetime


class Hour(Struct, frozen=True):
    """Calls that we made of one platform, action and account within an hour."""

    at: datetime
    platform: str
    action: str
    account: str
    calls: int
    failed: int
    """By the platform's own fault, or without an answer."""


class Failing(Struct, frozen=True):
    """Calls of one platform and action that failed by its own fault, or without an answer, in a quarter of an hour."""

    platform: str
    action: str
    first: datetime
    last: datetime


class Stretch(Struct, frozen=True, kw_only=True):
    """A time in which no call to a platform worked, whoever's: each failed by its own fault or without an answer."""

    platform: str
    since: datetime
    """The beginning of the first quarter of an hour with such a call."""
    until: datetime
    """The end of the last."""
    calls: int
    answered: int
    """How many of them the platform answered with an error of its own."""
    elsewhere: int
    """How many calls to others did not fail so in the same quarters of an hour: then our own network was up."""
    actions: tuple[str, ...]
    accounts: tuple[str, ...]


class Hourly(Struct, frozen=True):
    """What an account did within one hour."""

    account: str
    at: datetime
    calls: int
    failed: int
    median_ms: float
    """Of the calls that were sent."""
