"""The host's own rules: each kind, for all calls or some; what cannot be used is told while the program starts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

import apitrail
from apitrail import Rule, testing
from apitrail.exchange import Exchange, Integration, Message, Stated
from apitrail.recorder.redact import Redactor
from apitrail.recorder.redaction import walk
from apitrail.recorder.settings import settings_from

SHOPEE = Stated(platform="shopee", ec_integration=Integration("shopee-tw-01"))
BODY = {
    "order_sn": "2611239KQ4XW",
    "member_no": "M-7741",
    "recipient": {"name": "王小明", "phone": "0912345678", "tags": ["VIP-12345678", 17, True]},
    "items": [{"sku": "A", "note": "gift for Ann"}, {"sku": "B", "note": "none"}],
}


def masked(*rules: Rule, stated: Stated | None = SHOPEE, body: Any = BODY, **more: Any) -> Exchange:
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    given = Exchange(
        created_at=datetime.now(UTC),
        method="POST",
        url=more.pop("url", "https://a.example/orders?member_no=M-7741&page=2"),
        request=Message(headers=[("Content-Type", "application/json"), ("X-Shop-Code", "S-1")], body=data),
        stated=stated,
        **more,
    )
    redactor = Redactor(b"key", rules=rules)
    once = redactor.exchange(given)
    if not any(rule.function for rule in rules):
        assert redactor.exchange(once) == once, "masking twice is masking once"
    return once


def read(exchange: Exchange) -> Any:
    return json.loads(exchange.request.body)


def hidden(value: object) -> bool:
    return isinstance(value, str) and value.startswith("masked~")


def test_a_name_is_masked_in_every_place() -> None:
    once = masked(Rule(name="member_no"))
    assert hidden(read(once)["member_no"])
    assert "M-7741" not in once.url
    assert read(once)["order_sn"] == "2611239KQ4XW"


def test_a_path_masks_what_stands_there_and_below() -> None:
    once = read(masked(Rule(json_path="$.recipient"), Rule(json_path="$.items[*].note")))
    assert hidden(once["recipient"]["name"])
    assert hidden(once["recipient"]["phone"])
    assert [hidden(tag) for tag in once["recipient"]["tags"]] == [True, True, False]
    assert [hidden(item["note"]) for item in once["items"]] == [True, True]
    assert [item["sku"] for item in once["items"]] == ["A", "B"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.items[1].note", [["items", "1", "note"]]),
        ("$..note", [["items", "0", "note"], ["items", "1", "note"]]),
        ("$..phone", [["recipient", "phone"]]),
        ("$.*.phone", [["recipient", "phone"]]),
        ("$['member_no']", [["member_no"]]),
        ("$.note", []),
        ("$.items.note", []),
    ],
)
def test_paths_reach_what_they_say(path: str, found: list[list[str]]) -> None:
    steps = walk.compiled(path)
    text = json.dumps(BODY)
    assert [list(leaf.path) for leaf in walk.leaves(text) if walk.fits(steps, leaf.path)] == found


def test_a_header_is_masked_whole() -> None:
    once = masked(Rule(header="x-shop-code"))
    assert hidden(dict(once.request.headers)["X-Shop-Code"])


def test_a_pattern_masks_its_group_or_all_of_it() -> None:
    assert read(masked(Rule(pattern=r"VIP-(\d{8})")))["recipient"]["tags"][0].startswith("VIP-masked~")
    assert "M-7741" not in masked(Rule(pattern=r"M-\d{4}")).url


def test_a_function_may_do_anything_and_its_failure_leaves_out_everything() -> None:
    def without_items(exchange: Exchange) -> Exchange:
        body = json.loads(exchange.request.body)
        del body["items"]
        return msgspec.structs.replace(exchange, request=Message(body=json.dumps(body).encode()))

    assert "items" not in read(masked(Rule(function=without_items)))

    def broken(exchange: Exchange) -> Exchange:
        raise LookupError("ours")

    log = testing.Log(settings_from({"redact": [Rule(function=broken)]}))
    log.take(
        Exchange(created_at=datetime.now(UTC), method="GET", url="https://a.example/x?a=1", request=Message(body=b"b"))
    )
    (exchange,) = log.exchanges
    assert exchange.url == "https://a.example/x"
    assert exchange.request.body == b""


def test_a_rule_for_some_calls_leaves_the_others() -> None:
    for rule in (Rule(name="member_no", platform="shopee"), Rule(name="member_no", integration="shopee-tw-01")):
        assert hidden(read(masked(rule))["member_no"])
        assert read(masked(rule, stated=None))["member_no"] == "M-7741"
        assert read(masked(rule, stated=Stated(platform="momo")))["member_no"] == "M-7741"


def test_strict_keeps_only_what_is_named() -> None:
    once = masked(Rule(keep=("order_sn", "sku", "page")))
    body = read(once)
    assert body["order_sn"] == "2611239KQ4XW"
    assert [item["sku"] for item in body["items"]] == ["A", "B"]
    assert hidden(body["recipient"]["phone"])
    assert hidden(body["recipient"]["tags"][1])
    assert body["recipient"]["tags"][2] is True
    assert once.url.endswith("&page=2")
    assert "M-7741" not in once.url
    assert dict(once.request.headers)["Content-Type"] == "application/json"
    assert hidden(dict(once.request.headers)["X-Shop-Code"])


@pytest.mark.parametrize(
    "body", [b"plain 0912345678", b"<a>0912345678</a>", b"%PDF-1.7 0912345678", b"\x80\xff0912345678"]
)
def test_strict_hides_whole_what_has_no_names(body: bytes) -> None:
    assert b"0912345678" not in masked(Rule(keep=("order_sn",)), body=body).request.body


def test_strict_keeps_the_named_fields_of_a_form() -> None:
    assert masked(Rule(keep=("b",)), body=b"a=secret1&b=2").request.body.endswith(b"&b=2")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({}, "has none"),
        ({"name": "a", "header": "b"}, "name and header"),
        ({"keep": "order_sn"}, "give a list of names"),
    ],
)
def test_a_rule_that_says_nothing_clear_is_told(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Rule(**rule)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule(json_path="buyer.phone"), "must begin with"),
        (Rule(json_path="$.a[x]"), "cannot be read"),
        (Rule(json_path="$"), "names nothing"),
        (Rule(pattern="("), "is not a regular expression"),
        ("member_no", "give apitrail.Rule"),
    ],
)
def test_what_cannot_be_applied_is_told_while_the_program_starts(rule: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        apitrail.configure(redact=[rule])
