"""The small world that the demo trades in: merchants, accounts, products, buyers.

Both sides know it, the sandbox platforms and the backend that calls them, as a real platform and a real backend
would know the same shop. Everything is invented; persons are called "test buyer" on purpose. Keys and tokens are
made from their names at run time, so that no line of source looks like a secret, and `secrets()` lists them all:
none of them may ever be found in the log.
"""

from __future__ import annotations

from hashlib import sha256
from random import Random
from typing import Literal

from msgspec import Struct


class Merchant(Struct, frozen=True):
    id: str
    name: str


class Account(Struct, frozen=True, kw_only=True):
    """An account at a platform (`ec`) or a carrier (`shipping`), as a backend keeps it in its settings."""

    kind: Literal["ec", "shipping"]
    platform: str
    id: str
    name: str
    merchant: Merchant | None
    """None for a carrier contract that the warehouse shares between merchants."""
    login: str
    """What the platform calls the account: a shop id, a vendor code, a contract number."""

    def secret(self, purpose: str, prefix: str = "", length: int = 32) -> str:
        """One of the account's keys or tokens: `prefix` and `length` hexadecimal digits."""
        return prefix + sha256(f"{self.id}/{purpose}".encode()).hexdigest()[:length]

    @property
    def key(self) -> str:
        """The long-lived key: of an app, an API user, a contract."""
        prefix, length = _KEY_FORMS.get(self.platform, ("", 32))
        return self.secret("key", prefix, length)

    @property
    def token(self) -> str:
        """The access token that is good at the moment."""
        prefix, length = _TOKEN_FORMS.get(self.platform, ("", 32))
        return self.secret("token", prefix, length)

    @property
    def stale_token(self) -> str:
        """An access token that was good once."""
        prefix, length = _TOKEN_FORMS.get(self.platform, ("", 32))
        return self.secret("stale token", prefix, length)

    @property
    def webhook_secret(self) -> str:
        return self.secret("webhook", "", 40)


_KEY_FORMS = {
    "shopify": ("", 32),
    "woocommerce": ("ck_", 40),
    "momo": ("", 12),
    "easypost": ("EZTK", 54),
    "tcat": ("", 8),
}
_TOKEN_FORMS = {
    "shopee": ("", 32),
    "shopify": ("shpat_", 32),
    "woocommerce": ("cs_", 40),
    "ups": ("", 64),
}

HILL = Merchant("M101", "山嵐選品")
LANTERN = Merchant("M102", "Lantern Outdoor")

SHOPEE_HILL = Account(
    kind="ec", platform="shopee", id="shopee-tw-01", name="蝦皮 · 山嵐選品", merchant=HILL, login="336094210"
)
SHOPEE_LANTERN = Account(
    kind="ec", platform="shopee", id="shopee-tw-02", name="蝦皮 · Lantern Outdoor", merchant=LANTERN, login="418220937"
)
SHOPIFY = Account(
    kind="ec",
    platform="shopify",
    id="shopify-01",
    name="Shopify · Lantern Outdoor",
    merchant=LANTERN,
    login="lantern-outdoor.myshopify.com",
)
WOOCOMMERCE = Account(
    kind="ec", platform="woocommerce", id="woo-01", name="官網 · 山嵐選品", merchant=HILL, login="shop.hill.example"
)
MOMO = Account(kind="ec", platform="momo", id="momo-01", name="momo · 山嵐選品", merchant=HILL, login="012345")
EASYPOST = Account(
    kind="shipping",
    platform="easypost",
    id="easypost-01",
    name="EasyPost · Lantern Outdoor",
    merchant=LANTERN,
    login="ca_" + sha256(b"carrier account").hexdigest()[:32],
)
UPS = Account(
    kind="shipping", platform="ups", id="ups-01", name="UPS · Lantern Outdoor", merchant=LANTERN, login="A1B2C3"
)
TCAT = Account(
    kind="shipping", platform="tcat", id="tcat-shared", name="黑貓宅急便 · 倉庫共用", merchant=None, login="8800000001"
)

ACCOUNTS = (SHOPEE_HILL, SHOPEE_LANTERN, SHOPIFY, WOOCOMMERCE, MOMO, EASYPOST, UPS, TCAT)

SHOPEE_PARTNER_ID = "2001887"
"""The app that both Shopee shops have authorised; its key signs every call."""
SHOPEE_PARTNER_KEY = sha256(b"shopee partner key").hexdigest()


def secrets() -> set[str]:
    """Every key and token of the demo, whole."""
    own = {
        value
        for account in ACCOUNTS
        for value in (account.key, account.token, account.stale_token, account.webhook_secret)
    }
    refresh = {account.secret("refresh token") for account in (SHOPEE_HILL, SHOPEE_LANTERN)}
    licence = {UPS.secret("licence", length=16).upper(), UPS.secret("password", length=14)}
    return own | refresh | licence | {SHOPEE_PARTNER_KEY}


class Product(Struct, frozen=True):
    sku: str
    name: str
    twd: int
    """Price in New Taiwan dollars, which have no decimals."""
    usd: str
    grams: int


PRODUCTS = (
    Product("HILL-TEA-150", "高山烏龍茶 150g", 480, "15.90", 210),
    Product("HILL-TEA-300", "高山烏龍茶 300g 禮盒", 920, "29.90", 460),
    Product("HILL-CUP-WH", "手拉坯茶杯 白", 350, "11.90", 280),
    Product("HILL-CUP-BK", "手拉坯茶杯 黑", 350, "11.90", 280),
    Product("HILL-HONEY", "龍眼蜂蜜 700g", 560, "18.50", 980),
    Product("LNT-LAMP-S", "露營燈 小 (USB-C)", 790, "25.00", 310),
    Product("LNT-LAMP-L", "露營燈 大 (USB-C)", 1290, "42.00", 620),
    Product("LNT-MAT-90", "充氣睡墊 90cm", 2180, "69.00", 1150),
    Product("LNT-MUG-TI", "鈦合金杯 450ml", 1350, "44.00", 95),
    Product("LNT-ROPE-4", "營繩 4mm x 20m", 320, "10.50", 180),
)

UNKNOWN_SKU = "HILL-TEA-1500"
"""A SKU that no platform knows: somebody typed a zero too many."""


class Address(Struct, frozen=True):
    """Where a parcel goes. The persons and the streets are samples."""

    name: str
    phone: str
    zip: str
    city: str
    district: str
    """The district in Taiwan, the state in the United States."""
    street: str
    country: str

    @property
    def line(self) -> str:
        """The address in one line, as written in Taiwan."""
        return f"{self.zip}{self.city}{self.district}{self.street}"


_TAIWAN = (
    ("110", "臺北市", "信義區", "範例路 1 號"),
    ("220", "新北市", "板橋區", "測試街 22 巷 3 號 4 樓"),
    ("407", "臺中市", "西屯區", "範例大道三段 99 號"),
    ("701", "臺南市", "東區", "測試路 15 號"),
    ("802", "高雄市", "苓雅區", "範例二路 8 號 12 樓"),
)
_STATES = (
    ("94107", "San Francisco", "CA", "100 Sample Street"),
    ("98101", "Seattle", "WA", "20 Example Avenue"),
    ("80202", "Denver", "CO", "7 Placeholder Road"),
    ("10017", "New York", "NY", "300 Sample Plaza Floor 5"),
)

WAREHOUSE = Address("範例倉庫", "02-0000-0000", "24450", "新北市", "林口區", "測試物流路 1 號", "TW")
US_WAREHOUSE = Address("Sample Warehouse", "555-555-0100", "90277", "Redondo Beach", "CA", "1 Sample Dock", "US")


def buyer_in_taiwan(random: Random) -> Address:
    number = random.randint(1, 40)
    zip_code, city, district, street = random.choice(_TAIWAN)
    return Address(f"測試買家{number:02d}", f"0900000{number:03d}", zip_code, city, district, street, "TW")


def buyer_in_america(random: Random) -> Address:
    number = random.randint(1, 40)
    zip_code, city, state, street = random.choice(_STATES)
    return Address(f"Sample Buyer {number:02d}", f"555-555-01{number:02d}", zip_code, city, state, street, "US")


class Line(Struct, frozen=True):
    product: Product
    quantity: int


def basket(random: Random) -> list[Line]:
    """What somebody orders: one to three products."""
    return [Line(product, random.randint(1, 3)) for product in random.sample(PRODUCTS, random.randint(1, 3))]
