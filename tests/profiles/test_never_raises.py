"""Whatever an exchange holds, it becomes an entry; and no rule had to fail for it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apitrail.entry import Entry
from apitrail.exchange import Exchange, Failure, Message, Stated
from apitrail.profiles import Profiles

PLATFORMS = [
    None,
    "shopee",
    "shopify",
    "woocommerce",
    "momo",
    "easypost",
    "ups",
    "tcat",
    "shippo",
    "shipengine",
    "usps",
    "prestashop",
    "nobody",
]
URLS = [
    "https://partner.shopeemobile.com/api/v2/product/update_stock?shop_id=1",
    "https://x.myshopify.com/admin/api/2026-01/graphql.json",
    "https://s.example/wp-json/wc/v3/products/batch",
    "https://scmapi.momoshop.com.tw/OrderServlet.do",
    "https://api.easypost.com/v2/shipments/shp_1/buy",
    "https://onlinetools.ups.com/ups.app/xml/XAV",
    "https://api.goshippo.com/transactions/",
    "https://api.shipengine.com/v1/carriers",
]
KEYS = st.sampled_from(
    [
        "error",
        "errors",
        "message",
        "messages",
        "code",
        "response",
        "result_list",
        "failure_list",
        "fail_error",
        "data",
        "userErrors",
        "query",
        "variables",
        "update",
        "rates",
        "warning",
        "ERROR",
        "resultInfo",
        "confirmFailList",
        "IsOK",
        "status",
        "id",
        "order_sn",
        "Alert",
        "Response",
        "carriers",
        "rate_response",
        "validation_results",
        "verifications",
        "object",
        "doAction",
        "extensions",
        "path",
    ]
)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=20)
    | st.sampled_from(["N", "0", "ERROR", "rate_error"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
NAMES = ["Content-Type", "content-type", "X-Shopify-Topic", "X-WC-Webhook-Topic", "psws-version", "apierrorcode", ""]
TYPES = ["application/json", "text/xml; charset=big5", "multipart/mixed; boundary=b", "text/csv", "orders/create"]
HEADERS = st.lists(
    st.tuples(st.sampled_from(NAMES) | st.text(max_size=8), st.sampled_from(TYPES) | st.text(max_size=20)), max_size=4
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return draw(st.binary(max_size=200))
    if kind == 1:
        return draw(st.text(max_size=200)).encode("utf-8", "surrogatepass")
    if kind == 2:
        inner = draw(st.text(alphabet="<>/?!&;[]abcdef =\"'-", max_size=120))
        return f"<r>{inner}</r>".encode()
    if kind == 3:
        return draw(st.text(alphabet="ab=&|%01,\n\t-", max_size=80)).encode()
    return json.dumps(draw(JSON_VALUES)).encode()


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    answered = draw(st.booleans()) or draw(st.booleans())
    platform = draw(st.sampled_from(PLATFORMS))
    stated = Stated(platform=platform, not_sent=draw(st.none() | st.text(max_size=30))) if platform else None
    return Exchange(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        direction=draw(st.sampled_from(["outbound", "inbound"])),
        method=draw(st.sampled_from(["GET", "POST", "PUT", "DELETE", "x"])),
        url=draw(st.sampled_from(URLS) | st.text(min_size=1, max_size=60)),
        request=Message(headers=draw(HEADERS), body=draw(bodies())),
        response=Message(headers=draw(HEADERS), body=draw(bodies())) if answered else None,
        status=draw(st.integers(100, 599)) if answered else None,
        error=draw(st.none() | st.builds(Failure, st.text(max_size=20), st.text(max_size=20))),
        stated=stated,
    )


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(exchange=exchanges())
def test_any_exchange_becomes_an_entry(profiles: Profiles, exchange: Exchange) -> None:
    profiles.derive(exchange)  # may raise where a rule is at fault: it must not
    entry = profiles.entry(exchange)
    assert isinstance(entry, Entry)
    assert entry.outcome in ("success", "warning", "partial", "request_error", "platform_error")
    assert entry.request.body == exchange.request.body
    assert (entry.advice is None) is (entry.outcome == "success")
    # So a list of failures can be narrowed by any cause that a board shows.
    assert entry.cause is not None or entry.outcome in ("success", "warning")


def test_a_rule_at_fault_leaves_an_entry_judged_by_its_status(
    profiles: Profiles, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a rule")

    monkeypatch.setattr(profiles, "_derive", broken)
    made = {
        status: profiles.entry(
            Exchange(
                created_at=datetime(2026, 1, 1, tzinfo=UTC),
                method="GET",
                url="https://h.example/secret?token=abc",
                status=status,
                response=Message() if status else None,
            )
        )
        for status in (200, 404, 500, None)
    }
    assert {status: (entry.outcome, entry.cause) for status, entry in made.items()} == {
        200: ("success", None),
        404: ("request_error", "unknown"),
        500: ("platform_error", "unknown"),
        None: ("platform_error", "unknown"),
    }
    assert "token" not in caplog.text
    assert caplog.records[0].levelno == logging.ERROR
