"""What a story is, and what it is given to work with."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

import apitrail
from apitrail.demo.director import Director
from apitrail.demo.trade import Account
from apitrail.recorder.context import Scope

TLS = ssl.create_default_context()
"""For every httpx client. Each would make its own otherwise, which takes longer than a call of the demo."""
TIMEOUT_S = 5.0
"""How long a call of the demo waits for an answer, where the story is not about waiting."""


class Desk:
    """The merchant backend's side of things, shared by all stories of a run."""

    def __init__(self, urls: dict[str, str], webhooks: str, closed: str, random: Random) -> None:
        """`webhooks`: base URL of this backend's receiver. `closed`: a base URL where nobody listens."""
        self.urls = urls
        self.webhooks = webhooks
        self.closed = closed
        self.random = random
        self.director = Director(urls)
        self.mapping: dict[str, dict[str, Any]] = {}
        """What product mapping sync found: platform account to SKU to the platform's ids."""
        self.parcels: list[str] = []
        """T-Cat consignment numbers to follow."""

    def new_order(self, account: Account, **facts: Any) -> dict[str, Any]:
        """A buyer orders at the platform, which notifies this backend where it can."""
        to = f"{self.webhooks}/{account.id}"
        return self.director.event(account.platform, "order_placed", to=to, **facts)


Tell = Callable[[Desk], None]


class Story:
    """One thing that a backend does, or that happens to it: a few calls that belong together."""

    def __init__(self, tell: Tell, weight: int) -> None:
        self.name = f"{tell.__module__.rsplit('.', 1)[-1]}.{tell.__name__}"
        self.tell = tell
        self.weight = weight
        """How often it is told, beside the others: 1 for what is rare or fails, so that one call in fifteen does.
        0: only in the first pass over all stories."""


_T = TypeVar("_T", bound=Tell)
STORIES: list[Story] = []


def story(weight: int) -> Callable[[_T], _T]:
    """Register a story. The order of registration is the order of the first pass."""

    def register(tell: _T) -> _T:
        STORIES.append(Story(tell, weight))
        return tell

    return register


def on_behalf_of(account: Account) -> Scope:
    """Tell Apitrail once, where the account is chosen, on whose behalf the calls are made."""
    return apitrail.integration(**labels(account))


def labels(account: Account) -> dict[str, Any]:
    """What Apitrail is told of an account."""
    merchant = account.merchant.id if account.merchant else None
    return {account.kind: account.id, "name": account.name, "platform": account.platform, "merchant": merchant}
