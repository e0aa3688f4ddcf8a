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
    """An account at a platform or carrier, as the host system knows it. `side` and `id` together identify it."""

    id: Annotated[Name, Meta(min_length=1)]
    """The host system's own id. Entries have this id, and callers state it."""
    name: Name = ""
    """The name that people use."""
    side: Literal["ec", "shipping"]
    platform: Annotated[Name, Meta(min_length=1)]
    """Any name of the platform. Upper and lower case and punctuation make no difference."""
    accounts: Annotated[tuple[Name, ...], Meta(max_length=MANY)] = ()
    """The platform's own ids of the account: shop id, merchant id, account number, shop domain."""
    hosts: Annotated[tuple[Name, ...], Meta(max_length=MANY)] = ()
    """Host names of a shop that has its own host."""
    merchant: Name = ""
    """The merchant that the integration belongs to. Entries that state no merchant get this one."""
    link: Link = ""
    """The integration's page in the host system, an http or https address."""
    enabled: bool = True
    """False if it is switched off in the host system. Its calls are still assigned to it, unless an enabled integration
    has the same account or host."""
    settings: Annotated[dict[Name, Text], Meta(max_length=MANY)] = {}
    """Anything that is useful to people beside the integration. Values with names of secrets are masked."""
