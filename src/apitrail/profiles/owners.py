"""Which identifier of a call can be its source: the object that an action is about."""

from __future__ import annotations

_OWNERS: dict[str, tuple[str, ...]] = {
    "order": ("order", "fulfillment"),
    "return": ("return", "order"),
    "refund": ("refund", "order"),
    "product": ("product", "variant", "sku"),
    "stock": ("product", "stock_item", "variant", "sku"),
    "price": ("product", "variant", "sku"),
    "label": ("shipment", "tracking", "order", "label"),
    "tracking": ("tracking", "shipment", "order"),
    "shipment": ("shipment", "tracking", "order"),
    "rate": ("shipment", "rate"),
    "logistics": ("order", "shipment"),
    "insurance": ("insurance", "shipment"),
    "claim": ("claim", "shipment"),
    "pickup": ("pickup",),
    "batch": ("batch",),
    "manifest": ("manifest",),
    "address": ("address",),
    "customs": ("customs",),
    "document": ("shipment", "order"),
    "settlement": ("order",),
    "webhook.order": ("order",),
    "webhook.fulfillment": ("order", "fulfillment"),
    "webhook.return": ("return", "order"),
    "webhook.product": ("product",),
    "webhook.inventory": ("product", "stock_item"),
    "webhook.price": ("product",),
    "webhook.logistics": ("tracking", "shipment", "order"),
    "webhook.label": ("shipment", "order"),
    "webhook.batch": ("batch",),
}
"""The object of an action → the types of reference that can own such a call, the closest first."""


def owners(action: str) -> tuple[str, ...]:
    """The types of reference that can own a call; a list is the account's."""
    parts = action.split(".")
    if parts[-1] == "list" or action == "order.list.manual":
        return ()
    if parts[0] == "webhook" and len(parts) > 2:
        return _OWNERS.get(f"webhook.{parts[1]}", ())
    return _OWNERS.get(parts[0], ())
