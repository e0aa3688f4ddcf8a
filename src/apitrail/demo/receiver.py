"""The merchant backend's side of webhooks: a small ASGI application that checks each platform's signature.

Answers 200 with an empty body (Shopee takes anything else for a failure) and 401 to a signature that does not fit.
What its own handling raises goes up to the web server, which answers 500. Apitrail's middleware around it records
all three.
"""

from __future__ import annotations

import hmac
import unicodedata
from base64 import b64encode
from collections.abc import Awaitable, Callable, MutableMapping
from hashlib import sha256
from typing import Any

import msgspec

from apitrail.demo.trade import ACCOUNTS, PRODUCTS, SHOPEE_PARTNER_KEY, Account

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/webhooks/"
SHELF = {product.sku: 100 for product in PRODUCTS}
"""What the warehouse has, by SKU: each new order takes from it."""


class Receiver:
    """`POST /webhooks/{account}` for every account of the demo."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        url = f"http://{headers.get('host', '')}{scope['path']}"
        account = next((account for account in ACCOUNTS if scope["path"] == PREFIX + account.id), None)
        status = 404 if account is None else self.answer(account, url, headers, bytes(body))
        text = b"" if status == 200 else msgspec.json.encode({"error": _REASONS[status]})
        pairs = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": text})

    def answer(self, account: Account, url: str, headers: dict[str, str], body: bytes) -> int:
        """The status for a notification. Raises KeyError for a SKU that nobody has entered into the stock yet."""
        if not fits(account, url, headers, body):
            return 401
        for line in msgspec.json.decode(body).get("line_items", []):
            SHELF[line["sku"]] -= line["quantity"]
        return 200


_REASONS = {401: "signature does not fit", 404: "no such account"}


def fits(account: Account, url: str, headers: dict[str, str], body: bytes) -> bool:
    """Whether the platform's signature is that of this body (and for Shopee, of this URL)."""
    secret = account.webhook_secret.encode()
    if account.platform == "shopee":
        given = headers.get("authorization", "")
        expected = hmac.new(SHOPEE_PARTNER_KEY.encode(), url.encode() + b"|" + body, sha256).hexdigest()
    elif account.platform == "shopify":
        given = headers.get("x-shopify-hmac-sha256", "")
        expected = b64encode(hmac.new(secret, body, sha256).digest()).decode()
    elif account.platform == "woocommerce":
        given = headers.get("x-wc-webhook-signature", "")
        expected = b64encode(hmac.new(secret, body, sha256).digest()).decode()
    elif account.platform == "easypost":
        secret = unicodedata.normalize("NFKD", account.webhook_secret).encode()
        given = headers.get("x-hmac-signature", "")
        expected = f"hmac-sha256-hex={hmac.new(secret, body, sha256).hexdigest()}"
    else:
        return False
    return hmac.compare_digest(given.encode(), expected.encode())
