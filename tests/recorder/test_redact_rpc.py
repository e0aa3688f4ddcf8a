"""XML-RPC and JSON-RPC: secrets by their place, and by the name of their member."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from xmlrpc.client import dumps

import pytest

from apitrail.exchange import Exchange, Message
from apitrail.recorder.redact import Redactor
from apitrail.recorder.secrets import Group

SESSION = "0f3c1a9b2d4e5f6071829304"
KEY = "Zq7xW2mK9vT4"


def masked(method: str, params: tuple[Any, ...], answer: Any = "ok", **more: Any) -> tuple[str, str]:
    given = Exchange(
        created_at=datetime.now(UTC),
        method="POST",
        url="https://shop.example/api/xmlrpc",
        request=Message(headers=[("Content-Type", "text/xml")], body=dumps(params, method).encode()),
        response=Message(body=dumps((answer,), methodresponse=True).encode()),
        status=200,
    )
    redactor = Redactor(b"key", **more)
    once = redactor.exchange(given)
    assert redactor.exchange(once) == once
    assert once.response is not None
    return once.request.body.decode(), once.response.body.decode()


@pytest.mark.parametrize(
    ("method", "params", "secret"),
    [
        ("login", ("shopuser", KEY), KEY),
        ("login", ("db", "admin", KEY), KEY),
        ("authenticate", ("db", "admin", KEY, {}), KEY),
        ("execute_kw", ("db", 7, KEY, "stock.quant", "search", [[]], {}), KEY),
        ("call", (SESSION, "order.info", ["100000041"]), SESSION),
        ("multiCall", (SESSION, [["order.info", "1"]]), SESSION),
        ("endSession", (SESSION,), SESSION),
        ("wp.getPosts", (1, "editor", KEY, {}), KEY),
    ],
)
def test_what_lets_one_in_is_masked_by_its_place(method: str, params: tuple[Any, ...], secret: str) -> None:
    request, _ = masked(method, params)
    assert secret not in request
    for plain in params:
        if isinstance(plain, str) and plain != secret:
            assert plain in request


@pytest.mark.parametrize("method", ["login", "startSession"])
def test_the_session_that_a_login_answers_is_masked(method: str) -> None:
    assert SESSION not in masked(method, ("shopuser", KEY) if method == "login" else (), SESSION)[1]
    assert SESSION in masked("order.info", ("1",), SESSION)[1]


def test_other_methods_keep_their_parameters() -> None:
    request, _ = masked("catalog_product.info", ("SKU-1", "default"))
    assert "SKU-1" in request
    assert "order.list" in masked("call", ("order.list", "x"))[0]


@pytest.mark.parametrize("name", ["password", "api_key", "accessToken"])
def test_a_member_of_a_struct_is_masked_by_its_name(name: str) -> None:
    request, answer = masked("x.y", ({name: KEY, "sku": "A-1"},), {name: KEY, "sku": "A-1"})
    assert KEY not in request + answer
    assert "A-1" in request
    assert "A-1" in answer


def test_a_name_declared_as_a_whole_is_masked_though_its_parts_are_plain() -> None:
    group = Group("Own", ("=awsaccesskeyid",), "Declared.", hosts=("a.example",))
    body = b'{"AWSAccessKeyId": "AKIAABCDEFGHIJKLMNOP"}'
    x = Exchange(created_at=datetime.now(UTC), method="POST", url="https://a.example/", request=Message(body=body))
    assert b"AKIA" not in Redactor(b"k", groups=[group]).exchange(x).request.body
    assert b"AKIA" in Redactor(b"k").exchange(x).request.body


def masked_json(call: Any, answer: Any = None) -> tuple[str, str]:
    given = Exchange(
        created_at=datetime.now(UTC),
        method="POST",
        url="https://odoo.example/jsonrpc",
        request=Message(headers=[("Content-Type", "application/json")], body=json.dumps(call).encode()),
        response=Message(body=json.dumps(answer).encode()),
        status=200,
    )
    redactor = Redactor(b"key")
    once = redactor.exchange(given)
    assert redactor.exchange(once) == once
    assert once.response is not None
    json.loads(once.request.body)
    return once.request.body.decode(), once.response.body.decode()


def odoo(service: str, method: str, *args: Any) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0",
        "method": "call",
        "params": {"service": service, "method": method, "args": list(args)},
        "id": 1,
    }


@pytest.mark.parametrize(
    "call",
    [
        odoo("common", "login", "db", "admin", KEY),
        odoo("common", "authenticate", "db", "admin", KEY, {}),
        odoo("object", "execute_kw", "db", 7, KEY, "stock.quant", "search", [[["qty", ">", 0]]], {}),
        {"jsonrpc": "2.0", "method": "login", "params": ["shopuser", KEY], "id": 1},
        [odoo("common", "version"), odoo("object", "execute", "db", 7, KEY, "res.partner", "read", [1])],
        {"params": ["shopuser", KEY], "method": "login"},
    ],
)
def test_what_lets_one_in_by_json_is_masked_by_its_place(call: Any) -> None:
    request, _ = masked_json(call)
    assert KEY not in request
    for plain in ("db", "admin", "shopuser", "stock.quant", "execute_kw"):
        assert (plain in request) == (plain in json.dumps(call))


def test_the_session_that_a_login_by_json_answers_is_masked() -> None:
    call = {"jsonrpc": "2.0", "method": "login", "params": ["shopuser", KEY], "id": 1}
    assert SESSION not in masked_json(call, {"jsonrpc": "2.0", "result": SESSION, "id": 1})[1]
    other = {"jsonrpc": "2.0", "method": "order.info", "params": ["100000041"], "id": 1}
    assert SESSION in masked_json(other, {"jsonrpc": "2.0", "result": SESSION, "id": 1})[1]


@pytest.mark.parametrize(
    "body",
    [
        {"method": "login", "params": [KEY]},
        {"method": "ship", "params": ["order", "tcat", KEY]},
        {"shipping": {"method": "call", "args": ["standard", "x"]}},
        {"method": "login"},
    ],
)
def test_what_only_looks_like_a_call_by_json_stays(body: Any) -> None:
    assert masked_json(body)[0] == json.dumps(body)


def test_a_payload_of_any_size_hides_nothing() -> None:
    payload = [{"sku": f"SKU-{number}"} for number in range(20_000)]
    first = odoo("object", "execute_kw", "db", 7, KEY, "stock.quant", "write", payload)
    assert KEY not in masked_json(first)[0]
    last = {"params": ["shopuser", KEY], "more": payload, "method": "login"}
    assert KEY not in masked_json(last)[0]
