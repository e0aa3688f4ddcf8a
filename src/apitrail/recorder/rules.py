"""The host's own rules for what to hide: by name, header, JSON path, regular expression or function.

    apitrail.configure(redact=[
        apitrail.Rule(name="member_no"),
        apitrail.Rule(json_path="$.recipient.phone", platform="shopee"),
        apitrail.Rule(header="X-Warehouse-Key", integration="ups-1"),
        apitrail.Rule(pattern=r"VIP-(\\d{8})"),
        apitrail.Rule(function=without_prices, platform="shopify"),
        apitrail.Rule(keep=("order_sn", "status"), integration="shopee-tw-01"),
    ])

A pattern masks its first group, or all of what it matches where it has none. A function gets the exchange as it is
masked so far and returns another; where it raises, all that may hold a secret is left out. `keep` is strict: of bodies,
queries and headers only the values under these names stay, beside what HTTP itself needs, and a body without names is
masked whole. Several `keep` rules that apply keep what any of them names.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from apitrail.exchange import Exchange

KINDS = ("name", "header", "json_path", "pattern", "function", "keep")


class Rule(Struct, frozen=True, kw_only=True):
    """One rule: exactly one of the first six, and to which calls it applies; to all without that."""

    name: str | None = None
    header: str | None = None
    json_path: str | None = None
    pattern: str | None = None
    function: Callable[[Exchange], Exchange] | None = None
    keep: tuple[str, ...] | None = None
    platform: str | None = None
    """By any name that its profile has: for calls to its hosts, and calls that were stated as calls to it."""
    integration: str | None = None
    """The id of an account, `ec` or `shipping`."""

    def __post_init__(self) -> None:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"a rule has one of {', '.join(KINDS)}; this one has {' and '.join(given) or 'none'}")
        if isinstance(self.keep, str):
            raise ValueError(f"keep is {self.keep!r}: give a list of names, such as [{self.keep!r}]")
