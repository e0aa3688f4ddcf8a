"""A seeded generator of realistic exchanges: about 1.5 KB each, of the kinds that a commerce backend makes.

The mix follows what such a backend does all day: many polls and stock pushes, fewer labels and webhooks, one
call in eight failing in the platform's own way.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from apitrail.exchange import Exchange, Integration, Message, Recorder, Source, Stated

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHOPS = [Integration(f"shopee-tw-{n:02d}", f"Shopee TW {n}") for n in range(1, 13)]
CONTRACTS = [Integration(f"easypost-{n}", f"EasyPost contract {n}") for n in range(1, 4)]
JSON_HEADERS = [("Content-Type", "application/json; charset=utf-8"), ("Server", "SGW"), ("X-Request-Id", "")]


def uuid7(at: datetime, dice: random.Random) -> str:
    """A UUIDv7 (RFC 9562 §5.7) of that millisecond."""
    value = (
        int(at.timestamp() * 1000) << 80 | 0x7 << 76 | dice.getrandbits(12) << 64 | 0b10 << 62 | dice.getrandbits(62)
    )
    return str(uuid.UUID(int=value))


def order_sn(dice: random.Random) -> str:
    """An order number in Shopee's form."""
    return "2611" + "".join(dice.choices("0123456789ABCDEFGHJKMNPQRSTVWXY", k=10))


def answer(dice: random.Random, body: dict[str, object]) -> Message:
    """A JSON answer with the header fields that a gateway adds."""
    headers = [*JSON_HEADERS[:2], ("X-Request-Id", f"{dice.getrandbits(128):032x}")]
    return Message(headers=headers, body=json.dumps(body, ensure_ascii=False).encode())


def order_list(dice: random.Random) -> tuple[str, str, bytes, int, Message, str]:
    """A page of orders; one in ten polls meets an expired token (HTTP 403, error_auth)."""
    url = f"https://partner.shopeemobile.com/api/v2/order/get_order_list?shop_id={dice.randrange(10**8)}&page_size=50"
    request_id = f"{dice.getrandbits(128):032x}"
    if dice.random() < 0.1:
        body: dict[str, object] = {"error": "error_auth", "message": "Invalid access_token.", "request_id": request_id}
        return "GET", url, b"", 403, answer(dice, body), "order.list"
    orders = [{"order_sn": order_sn(dice), "order_status": "READY_TO_SHIP"} for _ in range(dice.randrange(0, 40))]
    page = {"more": False, "next_cursor": "", "order_list": orders}
    body = {"error": "", "message": "", "warning": "", "request_id": request_id, "response": page}
    return "GET", url, b"", 200, answer(dice, body), "order.list"


def stock_push(dice: random.Random) -> tuple[str, str, bytes, int, Message, str]:
    """One item's stock; one in eight fails inside a 200."""
    models = [{"model_id": dice.randrange(10**12), "seller_stock": [{"stock": dice.randrange(200)}]} for _ in range(12)]
    sent = json.dumps({"item_id": dice.randrange(10**11), "stock_list": models}).encode()
    url = f"https://partner.shopeemobile.com/api/v2/product/update_stock?shop_id={dice.randrange(10**8)}"
    body: dict[str, object] = {"error": "", "message": "", "response": {"failure_list": [], "success_list": models[:6]}}
    if dice.random() < 0.12:
        body = {"error": "error_item_not_found", "message": "Product not found.", "request_id": "e3e3e7f3"}
    return "POST", url, sent, 200, answer(dice, body), "stock.push"


def label(dice: random.Random) -> tuple[str, str, bytes, int, Message, str]:
    """A label bought at an aggregator; one in eight has an address that cannot be verified."""
    shipment = f"shp_{dice.getrandbits(128):032x}"
    sent = json.dumps({"rate": {"id": f"rate_{dice.getrandbits(128):032x}"}, "insurance": "100.00"}).encode()
    url = f"https://api.easypost.com/v2/shipments/{shipment}/buy"
    if dice.random() < 0.12:
        failure = {"code": "ADDRESS.VERIFY.FAILURE", "message": "Unable to verify address.", "errors": []}
        return "POST", url, sent, 422, answer(dice, {"error": failure}), "label.create"
    rates = [{"carrier": "USPS", "service": f"S{n}", "rate": f"{dice.random() * 30:.2f}"} for n in range(12)]
    body: dict[str, object] = {
        "id": shipment,
        "tracking_code": f"9400{dice.randrange(10**18):018d}",
        "rates": rates,
        "messages": [],
        "postage_label": {"label_url": f"https://files.example/{dice.getrandbits(128):032x}.png"},
        "to_address": {"name": "測試買家", "street1": "信義路五段7號", "city": "台北市", "zip": "110", "country": "TW"},
    }
    return "POST", url, sent, 200, answer(dice, body), "label.create"


KINDS = (order_list, order_list, stock_push, stock_push, label)


def exchanges(count: int, *, seed: int = 1, days: float = 1.0, until: datetime | None = None) -> Iterator[Exchange]:
    """`count` exchanges in time order, spread evenly over the last `days` before `until` (default: now)."""
    dice = random.Random(seed)
    until = until or datetime.now(UTC)
    step = timedelta(days=days) / max(count, 1)
    at = until - timedelta(days=days)
    for number in range(1, count + 1):
        at += step
        method, url, sent, status, response, action = dice.choice(KINDS)(dice)
        shipping = action == "label.create"
        account = dice.choice(CONTRACTS if shipping else SHOPS)
        stated = Stated(
            action=action,
            ec_integration=None if shipping else account,
            shipping_integration=account if shipping else None,
            source=Source("shipping_account" if shipping else "ec_account", account.id, account.name),
        )
        yield Exchange(
            id=uuid7(at, dice),
            created_at=at,
            method=method,
            url=url,
            request=Message(headers=[("Accept", "*/*"), ("User-Agent", "oms/3.2")], body=sent),
            response=response,
            status=status,
            duration_ms=round(dice.lognormvariate(5, 0.7), 3),
            stated=stated,
            recorder=Recorder(f"bench-{seed}", number, "bench", "1 bench", version="0.1.0", client="httpx"),
        )
