"""Kinds of work that actions belong to, as people share it out: who sends parcels need not see how stock is pushed.

By the beginnings of actions, so that what only a caller names (`label.reprint`) belongs somewhere, too. Some belong to
two: to report that an order was shipped is the warehouse's work, and customer service looks for it among orders.
"""

from __future__ import annotations

from typing import Literal, get_args

Work = Literal["orders", "stock", "shipping", "accounts", "webhooks"]
"""`webhooks` are all notifications; each belongs to what it is about as well."""
WORKS: tuple[Work, ...] = get_args(Work)

_ANY = ("validate.", "schedule.")
"""Whose work it is, they do not say: it is shown to all rather than to none."""
_BEGINNINGS: dict[Work, tuple[str, ...]] = {
    "orders": (
        "order.",
        "cart.",
        "return.",
        "refund.",
        "dispute.",
        "payment.",
        "customer.",
        "invoice.",
        "message.",
        "review.",
        "webhook.order.",
        "webhook.fulfillment.",
        "webhook.return.",
        "webhook.dispute.",
        "webhook.cart.",
        "webhook.review.",
        "webhook.customer.",
        "webhook.chat",
        "webhook.privacy.",
    ),
    "stock": (
        "product.",
        "stock.",
        "price.",
        "fee.",
        "promotion.",
        "ads.",
        "inbound.",
        "webhook.product.",
        "webhook.inventory.",
        "webhook.price.",
        "webhook.promotion.",
    ),
    "shipping": (
        "logistics.",
        "tracking.",
        "label.",
        "return.label.",
        "shipment.",
        "parcel.",
        "customs.",
        "document.",
        "rate.",
        "transit.",
        "address.",
        "zone.",
        "pickup.",
        "manifest.",
        "batch.",
        "store.shipping_types",
        "store.locate",
        "store.map",
        "store.update",
        "insurance.",
        "claim.",
        "cod.",
        "ftp.",
        "gateway.",
        "order.ship",
        "order.fulfillment.",
        "webhook.logistics.",
        "webhook.label.",
        "webhook.batch.",
        "webhook.store.changed",
        "webhook.fulfillment.",
        "webhook.order.shipped",
    ),
    "accounts": (
        "auth.",
        "oauth.",
        "account.",
        "connection.",
        "store.settings",
        "store.performance",
        "store.content",
        "store.metadata",
        "settlement.",
        "bulk.",
        "report.",
        "event.",
        "webhook.register",
        "webhook.delete",
        "webhook.list",
        "webhook.replay",
        "webhook.auth.",
        "webhook.app.",
        "webhook.store.updated",
        "webhook.billing.",
        "webhook.content.",
        "webhook.report.",
        "webhook.notice",
        "webhook.ping",
        "webhook.other",
    ),
}


def named(text: str) -> Work | None:
    """The kind of work that is called so; None if none is."""
    return next((one for one in WORKS if one == text), None)


def is_of(action: str, work: Work) -> bool:
    """Whether calls of an action belong to a kind of work. Of `webhooks` their direction tells it, not this."""
    return work in _BEGINNINGS and action.startswith(_BEGINNINGS[work] + _ANY)
