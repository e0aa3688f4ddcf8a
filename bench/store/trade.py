"""A seeded trade and the calls that it makes: exchanges of the kinds, sizes and shares that a commerce backend has.

About 1.5 KB each, counting address, header fields and bodies. An order lives: it is in a page of orders, opened,
announced, labelled and tracked, so that its number is in some five entries of its first days. One call in eleven
fails in its platform's own way. What is random in real traffic (request ids, labels' bytes) is random here, because
it decides what a log takes on disk.
"""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from msgspec import Struct

from apitrail.exchange import Direction, Exchange, Failure, Integration, Message, Recorder, Stated

END = datetime(2026, 3, 1, tzinfo=UTC)
"""When the log ends by default. Fixed, so that the same seed makes the same bytes."""
DAYS = 30.0

SHOPS = [Integration(f"shopee-tw-{n:02d}", f"蝦皮 {n} 號店") for n in range(1, 21)]
STORES = [Integration(f"shopify-{n:02d}", f"Lantern {n}") for n in range(1, 9)]
CONTRACTS = [Integration(f"ups-{n}", f"UPS contract {n}") for n in range(1, 4)]
BROKERS = [Integration(f"easypost-{n}", f"EasyPost {n}") for n in range(1, 3)]

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GIVEN = ["雅婷", "志明", "怡君", "家豪", "淑芬", "俊傑", "Mei", "Aaron", "Yuki", "Sofia"]
FAMILY = ["陳", "林", "黃", "張", "李", "王", "吳", "劉", "蔡", "楊"]
STREETS = ["信義路五段", "忠孝東路四段", "中山北路二段", "民生東路", "臺灣大道三段", "文心路", "中正一路", "Main St"]
CITIES = ["台北市", "新北市", "台中市", "臺南市", "高雄市", "桃園市", "Portland", "Austin"]
GOODS = ["露營帳篷", "保溫瓶 500ml", "登山背包", "LED 頭燈", "摺疊椅", "睡袋", "Rain jacket", "Trail shoes", "戶外爐具"]
WISH = "Please leave it with the janitor, 請放管理室"
WISHED = "7AB"
"""What few buyers write: those whose order number ends so, five calls in a million."""
STEPS = [
    ("I", "Arrived at Facility", "Louisville"),
    ("I", "Departed from Facility", "Louisville"),
    ("O", "Out For Delivery Today", "Portland"),
    ("D", "DELIVERED", "Portland"),
    ("M", "Shipper created a label, UPS has not received the package yet", "Austin"),
    ("X", "A correct street number is needed for delivery", "Austin"),
]


class Call(Struct):
    """What one call of a kind is, before its time and its recorder."""

    method: str
    url: str
    sent: bytes
    status: int | None
    headers: list[tuple[str, str]]
    answer: bytes
    ec: Integration | None = None
    shipping: Integration | None = None
    direction: Direction = "outbound"
    request_headers: list[tuple[str, str]] = []
    error: Failure | None = None


class Order(Struct):
    """An order on its way. `parcel` is its tracking number, empty until it has a label."""

    number: str
    shop: Integration
    parcel: str = ""


class Trade:
    """One run of the trade. The same seed gives the same calls."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self._orders: list[Order] = []
        self._next = 0
        for _ in range(KEPT):
            self.order()
        self._kinds: list[Callable[[], Call]] = [getattr(self, name) for name, _ in SHARES]

    def call(self) -> Call:
        """The next call."""
        return self.dice.choices(self._kinds, cum_weights=_SUMS)[0]()

    def order(self) -> Order:
        """A new order, which takes the place of an old one."""
        dice = self.dice
        made = Order("2602" + "".join(dice.choices(LETTERS, k=10)), dice.choice(SHOPS))
        if len(self._orders) < KEPT:
            self._orders.append(made)
        else:
            self._orders[self._next] = made
            self._next = (self._next + 1) % KEPT
        return made

    def _number(self, many: float, first: int = 0) -> int:
        """One of so many whole numbers from the first on."""
        return first + int(self.dice.random() * many)

    def _known(self) -> Order:
        return self._orders[self._number(KEPT)]

    def _shopee(self, module: str, query: str = "") -> str:
        n = self._number
        shop = n(20, 220_000_000)
        return (
            f"https://partner.shopeemobile.com/api/v2/{module}?partner_id=2001887&shop_id={shop}"
            f"&timestamp={n(3e6, 1_769_000_000)}&access_token=***a1f3&sign=***{query}"
        )

    def _gateway(self) -> list[tuple[str, str]]:
        return [
            ("Content-Type", "application/json; charset=utf-8"),
            ("Server", "SGW"),
            ("X-Request-Id", f"{self.dice.getrandbits(128):032x}"),
        ]

    def _shopee_error(self, url: str, method: str, shop: Integration, status: int, error: str, message: str) -> Call:
        text = f'{{"error":"{error}","message":"{message}","request_id":"{self.dice.getrandbits(128):032x}"}}'
        return Call(method, url, b"", status, self._gateway(), text.encode(), ec=shop)

    def order_list(self) -> Call:
        """A page of orders; some polls meet an expired token."""
        dice = self.dice
        shop = dice.choice(SHOPS)
        url = self._shopee("order/get_order_list", "&time_range_field=update_time&page_size=50")
        if dice.random() < 0.06:
            return self._shopee_error(url, "GET", shop, 403, "error_auth", "Invalid access_token.")
        found = [self.order() if dice.random() < 0.2 else self._known() for _ in range(int(dice.expovariate(0.1)))]
        orders = ",".join(
            f'{{"order_sn":"{one.number}","order_status":"READY_TO_SHIP","booking_sn":""}}' for one in found[:50]
        )
        text = (
            f'{{"error":"","message":"","request_id":"{dice.getrandbits(128):032x}","response":'
            f'{{"more":false,"next_cursor":"","order_list":[{orders}]}}}}'
        )
        return Call("GET", url, b"", 200, self._gateway(), text.encode(), ec=shop)

    def order_detail(self) -> Call:
        """One order with its buyer, address and lines."""
        dice, n = self.dice, self._number
        order = self._known()
        url = self._shopee("order/get_order_detail", f"&order_sn_list={order.number}")
        if dice.random() < 0.04:
            return self._shopee_error(url, "GET", order.shop, 200, "error_not_found", "Wrong parameters, order_sn.")
        lines = ",".join(
            f'{{"item_id":{n(9e10, 10**10)},"item_name":"{dice.choice(GOODS)}",'
            f'"item_sku":"{self._sku()}","model_id":{n(9e12, 10**12)},"model_sku":"{self._sku()}",'
            f'"model_quantity_purchased":{n(4, 1)},"model_original_price":{n(3e3)}.0,'
            '"weight":0.8,"promotion_type":"","image_info":{"image_url":"https://cf.shopee.tw/file/'
            f'{dice.getrandbits(128):032x}"}}}}'
            for _ in range(1 + int(dice.expovariate(0.8)))
        )
        name = dice.choice(FAMILY) + dice.choice(GIVEN)
        wish = WISH if order.number.endswith(WISHED) else ""
        text = (
            f'{{"error":"","message":"","request_id":"{dice.getrandbits(128):032x}","response":{{"order_list":['
            f'{{"order_sn":"{order.number}","region":"TW","currency":"TWD","cod":false,"total_amount":'
            f'{n(5e3)}.0,"order_status":"READY_TO_SHIP","shipping_carrier":"7-ELEVEN","payment_method"'
            f':"信用卡","message_to_seller":"{wish}","create_time":{n(3e6, 1_769_000_000)},"days_to_ship":2,'
            f'"buyer_username":"u{n(9e7)}","recipient_address":{{"name":"{name}","phone":'
            f'"8869{n(9e7, 10**7)}","town":"","district":"","city":"{dice.choice(CITIES)}","state":"",'
            f'"zipcode":"{n(900, 100)}","full_address":"{dice.choice(STREETS)}'
            f'{n(300)}號{n(20, 1)}樓"}},"item_list":[{lines}],"package_list":'
            f'[{{"package_number":"45{n(9e16, 10**16)}","logistics_status":"LOGISTICS_READY"}}]}}]}}}}'
        )
        return Call("GET", url, b"", 200, self._gateway(), text.encode(), ec=order.shop)

    def stock_push(self) -> Call:
        """One item's stock in all its variants; some fail inside a 200, some have no answer."""
        dice, n = self.dice, self._number
        shop = dice.choice(SHOPS)
        url = self._shopee("product/update_stock")
        item = n(9e10, 10**10)
        models = [n(9e12, 10**12) for _ in range(1 + int(dice.expovariate(0.12)))]
        stock = ",".join(
            f'{{"model_id":{model},"seller_stock":[{{"location_id":"TW","stock":{n(200)}}}]}}' for model in models
        )
        sent = f'{{"item_id":{item},"stock_list":[{stock}]}}'.encode()
        luck = dice.random()
        if luck < 0.07:
            failed = self._shopee_error(url, "POST", shop, 200, "error_item_not_found", "Product not found.")
            failed.sent = sent
            return failed
        if luck < 0.08:
            error = Failure("httpx.ReadTimeout", "The read operation timed out")
            return Call("POST", url, sent, None, [], b"", ec=shop, error=error)
        done = ",".join(f'{{"model_id":{model},"location_id":"TW","stock":0}}' for model in models)
        text = (
            f'{{"error":"","message":"","warning":"","request_id":"{dice.getrandbits(128):032x}","response":'
            f'{{"failure_list":[],"success_list":[{done}]}}}}'
        )
        return Call("POST", url, sent, 200, self._gateway(), text.encode(), ec=shop)

    def push(self) -> Call:
        """Shopee's notification that an order changed; now and then our handler crashes."""
        dice, n = self.dice, self._number
        order = self._known()
        sent = (
            f'{{"msg_id":"{dice.getrandbits(128):032x}","data":{{"completed_scenario":null,"items":[],"ordersn":'
            f'"{order.number}","status":"READY_TO_SHIP","update_time":{n(3e6, 1_769_000_000)}}},'
            f'"shop_id":{n(20, 220_000_000)},"code":3,"timestamp":1769000001}}'
        )
        status = 500 if dice.random() < 0.01 else 204
        headers = [("Content-Type", "application/json"), ("Authorization", "***"), ("Host", "oms.example")]
        url = "https://oms.example/webhooks/shopee"
        return Call("POST", url, sent.encode(), status, [], b"", order.shop, None, "inbound", headers)

    def webhook(self) -> Call:
        """A Shopify shop announces an order, whole."""
        dice, n = self.dice, self._number
        shop = dice.choice(STORES)
        number = n(9e12, 10**12)
        lines = ",".join(
            f'{{"id":{n(9e13, 10**13)},"product_id":{n(9e12, 10**12)},"variant_id":'
            f'{n(9e13, 10**13)},"title":"{dice.choice(GOODS)}","quantity":{n(3, 1)},'
            f'"sku":"{self._sku()}","price":"{dice.random() * 90:.2f}","fulfillment_service":"manual","taxable":true,'
            '"requires_shipping":true,"fulfillment_status":null,"grams":800,"tax_lines":[]}'
            for _ in range(1 + int(dice.expovariate(0.9)))
        )
        name = dice.choice(GIVEN)
        sent = (
            f'{{"id":{number},"admin_graphql_api_id":"gid://shopify/Order/{number}","browser_ip":null,"cancelled_at":null,'
            f'"confirmation_number":"{"".join(dice.choices(LETTERS, k=9))}","contact_email":'
            f'"{name.lower()}{n(1e5)}@example.com","currency":"USD","name":"#{n(9e5)}",'
            f'"financial_status":"paid","fulfillment_status":null,"token":"***{dice.getrandbits(16):04x}","total_price":'
            f'"{dice.random() * 300:.2f}","shipping_address":{{"first_name":"{name}","address1":'
            f'"{n(9000)} {dice.choice(STREETS)}","city":"{dice.choice(CITIES)}","zip":'
            f'"{n(9e4, 10**4)}","country_code":"US","phone":null}},"line_items":[{lines}],'
            '"note_attributes":[],"payment_gateway_names":["shopify_payments"],"tags":"","refunds":[]}'
        )
        headers = [
            ("X-Shopify-Topic", "orders/create"),
            ("X-Shopify-Shop-Domain", f"{shop.id}.myshopify.com"),
            ("X-Shopify-Webhook-Id", f"{dice.getrandbits(128):032x}"),
            ("X-Shopify-Hmac-SHA256", "***"),
            ("Content-Type", "application/json"),
        ]
        status = 401 if dice.random() < 0.01 else 200
        url = "https://oms.example/hooks/shopify"
        return Call("POST", url, sent.encode(), status, [], b"", shop, None, "inbound", headers)

    def label(self) -> Call:
        """A UPS label, with its picture in base64; some addresses do not fit."""
        dice, n = self.dice, self._number
        order = self._known()
        url = "https://onlinetools.ups.com/api/shipments/v2409/ship"
        sent = (
            f'{{"ShipmentRequest":{{"Request":{{"TransactionReference":{{"CustomerContext":"{order.number}"}}}},"Shipment":'
            f'{{"Shipper":{{"Name":"Lantern","ShipperNumber":"***B2C3"}},"ShipTo":{{"Name":"{dice.choice(GIVEN)}",'
            f'"Address":{{"AddressLine":["{n(9000)} Main St"],"City":"Portland","PostalCode":'
            f'"{n(9e4, 10**4)}","CountryCode":"US"}}}},"Service":{{"Code":"03"}},"Package":'
            f'{{"Packaging":{{"Code":"02"}},"PackageWeight":{{"Weight":"{dice.random() * 20:.1f}"}}}}}}}}}}'
        )
        headers = [("Content-Type", "application/json"), ("bkndtransid", "".join(dice.choices(LETTERS, k=22)))]
        contract = dice.choice(CONTRACTS)
        if dice.random() < 0.12:
            text = '{"response":{"errors":[{"code":"120802","message":"Address Validation Error on ShipTo address"}]}}'
            return Call("POST", url, sent.encode(), 400, headers, text.encode(), shipping=contract)
        order.parcel = f"1Z999AA10{n(9e8, 10**8)}"
        image = b64encode(dice.randbytes(n(2400, 1200))).decode()
        text = (
            '{"ShipmentResponse":{"Response":{"ResponseStatus":{"Code":"1","Description":"Success"}},"ShipmentResults":'
            f'{{"ShipmentCharges":{{"TotalCharges":{{"CurrencyCode":"USD","MonetaryValue":"{n(40)}.90"}}}},'
            f'"ShipmentIdentificationNumber":"{order.parcel}","PackageResults":{{"TrackingNumber":"{order.parcel}",'
            f'"ShippingLabel":{{"ImageFormat":{{"Code":"GIF"}},"GraphicImage":"{image}"}}}}}}}}}}'
        )
        return Call("POST", url, sent.encode(), 200, headers, text.encode(), shipping=contract)

    def bought(self) -> Call:
        """A label bought at EasyPost, with the rates of others; some addresses cannot be verified."""
        dice, n = self.dice, self._number
        shipment = f"shp_{dice.getrandbits(128):032x}"
        url = f"https://api.easypost.com/v2/shipments/{shipment}/buy"
        sent = f'{{"rate":{{"id":"rate_{dice.getrandbits(128):032x}"}},"insurance":"100.00"}}'.encode()
        headers = [("Content-Type", "application/json"), ("x-ep-request-uuid", f"{dice.getrandbits(128):032x}")]
        broker = dice.choice(BROKERS)
        if dice.random() < 0.12:
            text = '{"error":{"code":"ADDRESS.VERIFY.FAILURE","message":"Unable to verify address.","errors":[]}}'
            return Call("POST", url, sent, 422, headers, text.encode(), shipping=broker)
        rates = ",".join(
            f'{{"id":"rate_{dice.getrandbits(128):032x}","carrier":"USPS","service":"S{n}","rate":'
            f'"{dice.random() * 30:.2f}","currency":"USD","delivery_days":3}}'
            for n in range(8)
        )
        text = (
            f'{{"id":"{shipment}","object":"Shipment","tracking_code":"9400{n(9e17, 10**17)}","rates":'
            f'[{rates}],"messages":[],"postage_label":{{"label_url":"https://files.example/'
            f'{dice.getrandbits(128):032x}.png"}},"to_address":{{"name":"{dice.choice(GIVEN)}","city":"Portland"}}}}'
        )
        return Call("POST", url, sent, 200, headers, text.encode(), shipping=broker)

    def tracking(self) -> Call:
        """Where a parcel is; now and then UPS itself has trouble."""
        dice, n = self.dice, self._number
        order = self._known()
        parcel = order.parcel or f"1Z999AA10{n(9e8, 10**8)}"
        url = f"https://onlinetools.ups.com/api/track/v1/details/{parcel}?locale=en_US"
        headers = [("Content-Type", "application/json"), ("bkndtransid", "".join(dice.choices(LETTERS, k=22)))]
        contract = dice.choice(CONTRACTS)
        if dice.random() < 0.03:
            return Call("GET", url, b"", 503, headers, b"<html><h1>Service Unavailable</h1></html>", shipping=contract)
        steps = ",".join(
            f'{{"location":{{"address":{{"city":"{city}","countryCode":"US"}}}},"status":{{"type":"{kind}","description":'
            f'"{words}","code":"{kind}{n(9)}"}},"date":"202602{n(18, 10)}","time":'
            f'"{n(13, 10)}{n(49, 10)}00"}}'
            for kind, words, city in dice.choices(STEPS, k=n(9, 1))
        )
        text = (
            f'{{"trackResponse":{{"shipment":[{{"inquiryNumber":"{parcel}","package":[{{"trackingNumber":"{parcel}",'
            f'"activity":[{steps}]}}]}}]}}}}'
        )
        return Call("GET", url, b"", 200, headers, text.encode(), shipping=contract)

    def _sku(self) -> str:
        return f"{GOODS_CODES[self._number(9)]}-{self._number(5000):05d}"


GOODS_CODES = ["TENT", "BOTL", "PACK", "LAMP", "CHAIR", "BAG", "JKT", "SHOE", "STOVE"]
KEPT = 4000
"""Orders that are in work at once."""
SHARES = [
    ("order_list", 24),
    ("stock_push", 28),
    ("order_detail", 14),
    ("webhook", 9),
    ("tracking", 9),
    ("push", 7),
    ("label", 6),
    ("bought", 3),
]
"""Kinds of calls, and their share in a hundred."""
_SUMS = list(accumulate(share for _, share in SHARES))


def exchanges(
    count: int, *, seed: int = 1, days: float = DAYS, until: datetime = END, first: int = 0, of: int | None = None
) -> Iterator[Exchange]:
    """`count` exchanges in time order, the ones from number `first` on of a log of `of`, which fills the `days`."""
    trade = Trade(seed)
    dice = trade.dice
    step = timedelta(days=days) / max(of or count, 1)
    begin = until - timedelta(days=days)
    sent_by = [("Accept", "*/*"), ("User-Agent", "oms/3.2")]
    for number in range(first + 1, first + count + 1):
        at = begin + step * number
        call = trade.call()
        yield Exchange(
            id=_uuid7(at, dice),
            created_at=at,
            direction=call.direction,
            method=call.method,
            url=call.url,
            request=Message(headers=call.request_headers or sent_by, body=call.sent),
            response=None if call.status is None else Message(headers=call.headers, body=call.answer),
            status=call.status,
            duration_ms=round(dice.lognormvariate(5, 0.7), 3),
            error=call.error,
            stated=Stated(ec_integration=call.ec, shipping_integration=call.shipping),
            recorder=Recorder(f"bench-{seed}", number, "bench", "1 bench", version="0.1.0", client="httpx"),
        )


def raw_size(x: Exchange) -> int:
    """Bytes of the address, the header fields and the bodies: what the log takes on disk is told per one of these."""
    size = len(x.url)
    for side in (x.request, x.response):
        if side is not None:
            size += len(side.body) + sum(len(name) + len(value) + 4 for name, value in side.headers)
    return size


def _uuid7(at: datetime, dice: random.Random) -> str:
    """A UUIDv7 (RFC 9562 §5.7) of that millisecond."""
    milliseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    low = f"{dice.getrandbits(74):019x}"
    head = f"{milliseconds:012x}"
    return f"{head[:8]}-{head[8:]}-7{low[:3]}-{'89ab'[int(low[3], 16) & 3]}{low[4:7]}-{low[7:19]}"
