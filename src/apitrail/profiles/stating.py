"""What becomes of what was derived where the caller stated otherwise: the statement wins, and what it overruled is kept
beside it.
"""

from __future__ import annotations

from apitrail.entry import Overruled
from apitrail.exchange import Reference, Source, Stated
from apitrail.profiles.catalogue import UNKNOWN
from apitrail.profiles.derived import Derived
from apitrail.profiles.registered import Registered
from apitrail.registration import Registration

_ACCOUNTS = ("ec_account", "shipping_account", "account")
"""Types of source that are found by their integration, and are no reference."""


def owned(stated: Stated) -> list[Reference]:
    """The stated references, after the object that the caller said the call is about."""
    source = stated.source
    if source is None or not source.id or source.type in _ACCOUNTS:
        return stated.references
    return [Reference(source.type, source.id), *stated.references]


def settle(
    found: Derived, stated: Stated, registered: Registered | None, *, action: str, platform: str
) -> Overruled | None:
    """Puts what the caller stated in the place of what was derived; answers what was overruled, None where nothing
    was. `action` and `platform` are the stated ones by their settled names, empty where none was stated.

    That one said something of what was not derived at all overrules nothing. Integrations are compared by id.
    """
    was_platform = was_action = ec = shipping = source = None
    if action and action != found.action:
        if found.action != UNKNOWN:
            was_action = found.action
        found.action = action
    if platform and platform != found.platform:
        was_platform, found.platform = found.platform, platform
    stated_ec, stated_shipping = stated.ec_integration, stated.shipping_integration
    if stated_ec is not None or stated_shipping is not None:
        ec, shipping = found.ec_integration, found.shipping_integration
        if ec is not None and stated_ec is not None and stated_ec.id == ec.id:
            ec = None
        if shipping is not None and stated_shipping is not None and stated_shipping.id == shipping.id:
            shipping = None
        if ec is not None or shipping is not None:
            found.merchant = None  # that of another integration
        if registered is not None:
            stated_ec = registered.named("ec", stated_ec)
            stated_shipping = registered.named("shipping", stated_shipping)
        found.ec_integration, found.shipping_integration = stated_ec, stated_shipping
        if stated.source is None and (found.source is None or found.source.type in _ACCOUNTS):
            found.source = _account(found)
        if registered is not None and (owner := registered.by_statement(stated)) is not None:
            found.merchant = owner.merchant or None
    said = stated.source
    if said is not None:
        own = found.source
        if own is not None and own.type not in _ACCOUNTS and (own.type != said.type or own.id != said.id):
            source = own
        found.source = said
    if registered is not None and found.source is not None:
        found.source = registered.owning(found.source)
    if stated.merchant:
        found.merchant = stated.merchant
    if was_platform or was_action or ec or shipping or source:
        return Overruled(was_platform, was_action, ec, shipping, source)
    return None


def goes_by(account: str, stated: Stated | None, owner: Registration | None) -> bool:
    """Whether the entry's integration goes by the id that the platform itself has for the account."""
    if stated is not None and (stated.ec_integration is not None or stated.shipping_integration is not None):
        ec, shipping = stated.ec_integration, stated.shipping_integration
        return (ec is not None and ec.id == account) or (shipping is not None and shipping.id == account)
    return owner is None or owner.id == account


def _account(found: Derived) -> Source | None:
    if found.ec_integration is not None:
        return Source("ec_account", found.ec_integration.id, found.ec_integration.name)
    if found.shipping_integration is not None:
        return Source("shipping_account", found.shipping_integration.id, found.shipping_integration.name)
    return None
