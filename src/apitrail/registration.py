"""An integration that the host system has told the log of, so that calls can be put down to it by themselves.

Registering changes how entries are derived from then on. Entries that are in the log stay as they are.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from apitrail.exchange import Name

Link = Annotated[str, Meta(max_length=2000)]
Text = Annotated[str, Meta(max_length=2000)]
MANY = 200
"""Accounts, hosts or settings of one integration."""


class Registration(Struct, frozen=True, kw_only=True):
    """An account at a platform or carrier, as the host system knows it. `side` and `id` together are its identity."""

    id: Annotated[Name, Meta(min_length=1)]
    """The host system's own id: what entries carry, and what a caller states."""
    name: Name = ""
    """What people call it."""
    side: Literal["ec", "shipping"]
    platform: Annotated[Name, Meta(min_length=1)]
    """By any of its names; case and punctuation do not matter."""
    accounts: Annotated[tuple[Name, ...], Meta(max_length=MANY)] = ()
    """The platform's own ids of the account: shop id, merchant id, account number, shop domain."""
    hosts: Annotated[tuple[Name, ...], Meta(max_length=MANY)] = ()
    """Host names of a shop that runs on its own."""
    merchant: Name = ""
    """Whose it is; entries that state no merchant take it."""
    link: Link = ""
    """The integration's page in the host system: http or https."""
    enabled: bool = True
    """False: switched off in the host system. Its calls are still put down to it, unless another one holds the same
    account or host and is enabled."""
    settings: Annotated[dict[Name, Text], Meta(max_length=MANY)] = {}
    """Whatever is worth showing to people beside it. Values whose names are those of secrets are masked."""
