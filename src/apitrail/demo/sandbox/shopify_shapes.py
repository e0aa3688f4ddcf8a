"""What Shopify's resources look like in JSON, and the ids of this shop's fixed things."""

from __future__ import annotations

from typing import Protocol

import msgspec

from apitrail.demo.sandbox.web import Json
from apitrail.demo.trade import PRODUCTS, Address, Line

VERSION = "2026-10"
SHOP_ID = 68_203_151_201
LOCATION_ID = 9_071_992_547_409_921
"""Beyond 2^53, like every id here: a reader that puts them into floating point numbers gets them wrong."""


class OrderFacts(Protocol):
    id: int
    number: int
    buyer: Address
    lines: list[Line]
    created_at: str
    fulfilled: bool


def product_id(index: int) -> int:
    return 9_007_199_254_741_111 + index * 1_000_003


def variant_id(index: int) -> int:
    return 9_017_199_254_743_333 + index * 1_000_003


def inventory_item_id(index: int) -> int:
    return 9_027_199_254_745_555 + index * 1_000_003


def order_json(order: OrderFacts) -> Json:
    street, buyer = order.buyer.street, order.buyer
    address = {
        "name": buyer.name,
        "address1": street,
        "city": buyer.city,
        "province_code": buyer.district,
        "zip": buyer.zip,
        "country_code": buyer.country,
        "phone": buyer.phone,
    }
    lines = []
    for position, line in enumerate(order.lines):
        index = PRODUCTS.index(line.product)
        lines.append(
            {
                "id": order.id + 1_000 + position,
                "product_id": product_id(index),
                "variant_id": variant_id(index),
                "sku": line.product.sku,
                "name": line.product.name,
                "quantity": line.quantity,
                "price": line.product.usd,
                "grams": line.product.grams,
            }
        )
    total = sum(float(line.product.usd) * line.quantity for line in order.lines)
    return {
        "id": order.id,
        "admin_graphql_api_id": f"gid://shopify/Order/{order.id}",
        "name": f"#{order.number}",
        "order_number": order.number,
        "created_at": order.created_at,
        "currency": "USD",
        "total_price": f"{total:.2f}",
        "financial_status": "paid",
        "fulfillment_status": "fulfilled" if order.fulfilled else None,
        "email": "sample.buyer@example.com",
        "shipping_address": address,
        "line_items": lines,
        "note": None,
    }


def product_json(index: int) -> Json:
    product = PRODUCTS[index]
    variant = {
        "id": variant_id(index),
        "product_id": product_id(index),
        "title": "Default Title",
        "sku": product.sku,
        "price": product.usd,
        "grams": product.grams,
        "inventory_item_id": inventory_item_id(index),
        "inventory_quantity": 100,
    }
    return {
        "id": product_id(index),
        "title": product.name,
        "vendor": "Lantern Outdoor",
        "status": "active",
        "variants": [variant],
    }


def report_line(number: int) -> bytes:
    """One line of a bulk product report."""
    product = PRODUCTS[number % len(PRODUCTS)]
    line = {
        "id": f"gid://shopify/ProductVariant/{variant_id(number)}",
        "sku": f"{product.sku}-{number:06d}",
        "displayName": product.name,
        "inventoryQuantity": number % 97,
        "inventoryItem": {"id": f"gid://shopify/InventoryItem/{inventory_item_id(number)}"},
    }
    return msgspec.json.encode(line) + b"\n"
