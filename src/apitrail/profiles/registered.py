"""Which registered integration an exchange belongs to. Made anew when registrations change; never changed itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from apitrail.exchange import Integration, Source, Stated
from apitrail.registration import Registration

Names = Callable[[Registration], tuple[str, set[str]]]
"""A registration's platform by the name that its entries carry, and all that its accounts can be called."""

_SIDES = {"ec": ("ec", "shipping"), "shipping": ("shipping", "ec"), "both": ("ec", "shipping")}


class Registered:
    """Tables from ids, accounts and hosts to integrations. Of two that hold the same, the enabled one is found, then
    the one whose id comes first."""

    __slots__ = ("_accounts", "_hosts", "_ids", "_platforms")

    def __init__(self, registrations: Iterable[Registration] = (), names: Names | None = None) -> None:
        self._ids: dict[tuple[str, str], Registration] = {}
        self._accounts: dict[tuple[str, str, str], Registration] = {}
        self._hosts: dict[str, Registration] = {}
        self._platforms: dict[tuple[str, str], str] = {}
        for one in sorted(registrations, key=lambda one: (not one.enabled, one.id, one.side)):
            platform, accounts = names(one) if names is not None else (one.platform, set(one.accounts))
            self._ids[one.side, one.id] = one
            self._platforms[one.side, one.id] = platform
            for account in accounts:
                self._accounts.setdefault((platform, one.side, account.lower()), one)
            for host in one.hosts:
                self._hosts.setdefault(host.lower(), one)

    def __bool__(self) -> bool:
        return bool(self._ids)

    def by_id(self, side: str, identifier: str) -> Registration | None:
        """The integration that the host system knows by this id."""
        return self._ids.get((side, identifier))

    def by_host(self, host: str) -> Registration | None:
        """The shop that runs on this host."""
        return self._hosts.get(host)

    def by_account(self, platform: str, account: str, side: str) -> Registration | None:
        """The integration of a platform's account: by what the platform calls it, by its host, by its own id. One of
        `side` is preferred to one of the other."""
        low = account.lower()
        for one in _SIDES[side]:
            found = self._accounts.get((platform, one, low))
            if found is not None:
                return found
        found = self._hosts.get(low)
        if found is not None and self.platform(found) == platform:
            return found
        for one in _SIDES[side]:
            found = self._ids.get((one, account))
            if found is not None and self.platform(found) == platform:
                return found
        return None

    def by_statement(self, stated: Stated | None) -> Registration | None:
        """The one integration that the caller stated."""
        if stated is None or (stated.ec_integration is None) == (stated.shipping_integration is None):
            return None
        if stated.ec_integration is not None:
            return self.by_id("ec", stated.ec_integration.id)
        return self.by_id("shipping", stated.shipping_integration.id) if stated.shipping_integration else None

    def platform(self, one: Registration) -> str:
        """The platform's name as entries carry it."""
        return self._platforms[one.side, one.id]

    def named(self, side: str, integration: Integration | None) -> Integration | None:
        """A stated integration, with the registered name where it stated none."""
        if integration is None or integration.name:
            return integration
        found = self.by_id(side, integration.id)
        return Integration(found.id, found.name) if found is not None and found.name else integration

    def owning(self, source: Source) -> Source:
        """A source that is an account, with the registered name and link where it has none."""
        if source.name and source.link:
            return source
        found = (
            self.by_id(source.type.removesuffix("_account"), source.id) if source.type.endswith("_account") else None
        )
        if found is None:
            return source
        return Source(source.type, source.id, source.name or found.name, source.link or found.link)


NOBODY = Registered()
"""No integration is registered."""
