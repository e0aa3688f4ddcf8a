"""What Shopee's orders look like in JSON, and the ids of its shops' items."""

from __future__ import annotations

from msgspec import Struct

from apitrail.demo.sandbox.web import Json
from apitrail.demo.trade import PRODUCTS, Address, Line


class Order(Struct):
    order_sn: str
    package_number: str
    buyer: Address
    lines: list[Line]
    created: int
    status: str = "READY_TO_SHIP"
    tracking_number: str = ""
    document: str = ""
    """READY once a shipping document was made."""


def item_id(index: int) -> int:
    return 24_800_000_017 + index * 7_919


def model_id(index: int) -> int:
    return 184_467_440_737 + index * 104_729


def index_of(item: str) -> int | None:
    return next((index for index in range(len(PRODUCTS)) if str(item_id(index)) == item), None)


def order_json(order: Order) -> Json:
    items = [
        {
            "item_id": item_id(PRODUCTS.index(line.product)),
            "item_name": line.product.name,
            "item_sku": line.product.sku,
            "model_id": model_id(PRODUCTS.index(line.product)),
            "model_name": line.product.name,
            "model_sku": line.product.sku,
            "model_quantity_purchased": line.quantity,
            "model_original_price": line.product.twd,
        }
        for line in order.lines
    ]
    return {
        "order_sn": order.order_sn,
        "region": "TW",
        "currency": "TWD",
        "cod": False,
        "total_amount": sum(line.product.twd * line.quantity for line in order.lines),
        "order_status": order.status,
        "shipping_carrier": "蝦皮店到店",
        "message_to_seller": "",
        "create_time": order.created,
        "update_time": order.created,
        "ship_by_date": order.created + 2 * 86_400,
        "buyer_username": order.buyer.name,
        "recipient_address": {
            "name": order.buyer.name,
            "phone": order.buyer.phone,
            "city": order.buyer.city,
            "district": order.buyer.district,
            "zipcode": order.buyer.zip,
            "region": "TW",
            "full_address": order.buyer.line,
        },
        "item_list": items,
        "package_list": [
            {
                "package_number": order.package_number,
                "logistics_status": "LOGISTICS_READY",
                "shipping_carrier": "蝦皮店到店",
            }
        ],
    }
