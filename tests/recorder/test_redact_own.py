"""The host's own rules: each kind, for all calls or some; what cannot be used is told while the program starts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

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
        request=Message(
            headers=[("Content-Type", more.pop("kind", "application/json")), ("X-Shop-Code", "S-1")], body=data
        ),
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


@pytest.mark.parametrize("said", ["shopee", "Shopee", "SHOPEE TW", "蝦皮"])
def test_a_rule_for_a_platform_holds_in_all_calls_to_it(said: str) -> None:
    rule = Rule(json_path="$.recipient.phone", platform=said)

    def holds(**call: Any) -> bool:
        return hidden(read(masked(rule, **call))["recipient"]["phone"])

    assert holds(stated=None, url="https://partner.shopeemobile.com/api/v2/order/get_order_list")
    assert holds(stated=Stated(platform="Shopee"))
    assert holds(stated=Stated(platform="蝦皮購物"))
    assert not holds(stated=Stated(platform="momo"))
    assert not holds(stated=None, url="https://a.example/partner.shopeemobile.com")
    assert not holds(stated=None, url="/relative")


def test_a_rule_for_a_platform_knows_its_hosts_that_have_a_shops_name() -> None:
    rule = Rule(json_path="$.recipient.phone", platform="shopify")
    for host, expected in (
        ("one.myshopify.com", True),
        ("myshopify.com", False),
        ("one.myshopify.com.a.example", False),
    ):
        once = read(masked(rule, stated=None, url=f"https://{host}/admin/orders.json"))
        assert hidden(once["recipient"]["phone"]) is expected


def test_a_rule_for_a_platform_that_no_profile_knows_goes_by_what_is_stated() -> None:
    rule = Rule(json_path="$.recipient.phone", platform="Our ERP")
    assert hidden(read(masked(rule, stated=Stated(platform="our_erp")))["recipient"]["phone"])
    assert not hidden(read(masked(rule, stated=None))["recipient"]["phone"])


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


IN_LETTERS = {
    "recipient": {"姓名": "王小明", "phone": "0912345678"},
    "會員": "會員12345678",
    "訂單編號": "A1",
    "備註": '許功蓋 100%, \\ "x"',
}
WAYS = {
    "UTF-8": (json.dumps(IN_LETTERS, ensure_ascii=False).encode(), "application/json"),
    "escapes": (json.dumps(IN_LETTERS).encode(), "application/json"),
    "escapes in capitals": (
        json.dumps(IN_LETTERS).replace("\\u738b", "\\u738B").replace("\\u54e1", "\\u54E1").encode(),
        "application/json",
    ),
    "UTF-8 with a mark": (json.dumps(IN_LETTERS, ensure_ascii=False).encode("utf-8-sig"), "application/json"),
    "UTF-16": (json.dumps(IN_LETTERS, ensure_ascii=False).encode("utf-16"), "application/json"),
    "Big5": (json.dumps(IN_LETTERS, ensure_ascii=False).encode("big5"), "application/json; charset=big5"),
    "GBK": (json.dumps(IN_LETTERS, ensure_ascii=False).encode("gbk"), "application/json; charset=GBK"),
}


def letters(exchange: Exchange, kind: str) -> Any:
    charset = {"UTF-16": "utf-16", "Big5": "big5", "GBK": "gbk"}.get(kind, "utf-8-sig")
    return json.loads(exchange.request.body.decode(charset))


@pytest.mark.parametrize("way", WAYS)
def test_a_rule_in_letters_holds_however_the_body_writes_them(way: str) -> None:
    body, kind = WAYS[way]

    def with_rule(rule: Rule) -> Any:
        return letters(masked(rule, body=body, kind=kind), way)

    for path in ("$.recipient.姓名", "$..姓名", "$.recipient['姓名']"):
        changed = with_rule(Rule(json_path=path))
        assert hidden(changed["recipient"].pop("姓名"))
        assert changed == {**IN_LETTERS, "recipient": {"phone": "0912345678"}}
    changed = with_rule(Rule(pattern=r"會員(\d{8})"))
    assert changed["會員"].startswith("會員masked~")
    assert {**changed, "會員": IN_LETTERS["會員"]}["recipient"]["姓名"] == "王小明"
    assert hidden(with_rule(Rule(pattern="王小."))["recipient"]["姓名"])
    assert hidden(with_rule(Rule(pattern=r"[\"“](王\w+)[\"”]"))["recipient"]["姓名"])
    kept = with_rule(Rule(keep=("訂單編號", "phone")))
    assert kept["訂單編號"] == "A1"
    assert kept["recipient"]["phone"] == "0912345678"
    assert hidden(kept["會員"])
    assert hidden(kept["recipient"]["姓名"])


@pytest.mark.parametrize("way", [way for way in WAYS if way not in ("Big5", "GBK")])
def test_a_name_in_letters_is_masked(way: str) -> None:
    body, kind = WAYS[way]
    assert hidden(letters(masked(Rule(name="姓名"), body=body, kind=kind), way)["recipient"]["姓名"])


@pytest.mark.parametrize("way", WAYS)
def test_a_dot_is_a_letter_and_the_body_stays_valid(way: str) -> None:
    body, kind = WAYS[way]
    assert letters(masked(Rule(pattern="王(.)"), body=body, kind=kind), way)["recipient"]["姓名"][0] == "王"
    once = letters(masked(Rule(pattern="(.)小"), body=body, kind=kind), way)["recipient"]["姓名"]
    assert hidden(once)
    assert once.endswith("小明")


def test_the_same_letters_have_the_same_mask_however_they_are_written() -> None:
    masks = {
        letters(masked(Rule(json_path="$..姓名"), body=body, kind=kind), way)["recipient"]["姓名"]
        for way, (body, kind) in WAYS.items()
    }
    assert len(masks) == 1


def test_digits_of_an_escape_are_no_digits() -> None:
    given = {"a": "\u7384\u7384", "b": "7384"}
    body = read(masked(Rule(pattern=r"\d{4}"), body=json.dumps(given).encode()))
    assert body["a"] == given["a"]
    assert hidden(body["b"])


def test_a_pattern_of_escapes_sees_them() -> None:
    escaped = r"\u738b\u5c0f\u660e"
    assert hidden(read(masked(Rule(pattern=r"((?:\\u[0-9a-f]{4})+)"), body=f'{{"a": "{escaped}"}}'.encode()))["a"])
    url = masked(Rule(pattern=r"name=((?:%[0-9A-F]{2})+)"), url="https://a.example/x?name=%E7%8E%8B&n=1").url
    assert url.startswith("https://a.example/x?name=masked~")
    assert url.endswith("&n=1")


def test_letters_in_forms_and_urls_are_read_percent_encoded() -> None:
    query = urlencode({"訂單": "1", "備註": "會員12345678", "order_sn": "A"})
    form = "application/x-www-form-urlencoded"
    url = f"https://a.example/x?{query}"
    patterned = masked(Rule(pattern=r"會員(\d{8})"), body=query.encode(), kind=form, url=url)
    kept = masked(
        Rule(keep=("訂單", "order_sn")), body=query.replace("order_sn", "order%5Fsn").encode(), kind=form, url=url
    )
    for text in (patterned.url.partition("?")[2], patterned.request.body.decode()):
        assert parse_qs(text)["備註"][0].startswith("會員masked~")
    for text in (kept.url.partition("?")[2], kept.request.body.decode()):
        fields = parse_qs(text)
        assert (fields["訂單"], fields["order_sn"]) == (["1"], ["A"])
        assert hidden(fields["備註"][0])
    raw = masked(Rule(keep=("訂單",)), body="訂單=1&a=secret".encode(), kind=form).request.body.decode()
    assert raw.startswith("訂單=1&a=masked~")


def test_letters_in_xml_are_read_as_references() -> None:
    body = "<?xml version='1.0' encoding='Big5'?><a>會員12345678 &#26371;&#x54e1;87654321</a>".encode("big5")
    once = masked(Rule(pattern=r"會員(\d{8})"), body=body, kind="text/xml").request.body.decode("big5")
    assert "12345678" not in once
    assert "87654321" not in once
    assert "&#26371;&#x54e1;masked~" in once


def test_a_body_cut_within_a_letter_is_read() -> None:
    body = json.dumps({"a": "王小明", "b": "會員12345678 明"}, ensure_ascii=False).encode()[9:-3]
    once = masked(Rule(pattern=r"會員(\d{8})"), body=body).request.body
    assert once.startswith(body[:8])
    assert b"12345678" not in once


def test_letters_beside_a_file_are_read() -> None:
    body = (
        '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n會員12345678\r\n--b\r\n'.encode()
        + b'Content-Disposition: form-data; name="f"; filename="x.png"\r\n\r\n\x89PNG\0\1\xff\xfe\r\n--b--\r\n'
    )
    once = masked(Rule(pattern=r"會員(\d{8})"), body=body, kind="multipart/form-data; boundary=b").request.body
    assert "會員masked~".encode() in once
    assert b"\x89PNG\0\1\xff\xfe\r\n" in once


def test_letters_in_headers_and_addresses_are_read() -> None:
    once = masked(Rule(pattern="王小."), url="https://a.example/王小明?q=王小華")
    assert "王小" not in once.url


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
