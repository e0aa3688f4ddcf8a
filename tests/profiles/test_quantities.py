"""How many pieces a call names for a product: its own number and no other product's, or nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apitrail.entry import Entry, Payload
from apitrail.exchange import Reference, Source
from apitrail.profiles.quantities import in_words, named, quantities

NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)


def pushed(body: str, *references: str, answer: str = "", **fields: Any) -> Entry:
    given: dict[str, Any] = {
        "id": "1",
        "created_at": NOON,
        "action": "stock.push",
        "method": "POST",
        "url": "https://shop.example/stock",
        "path": "/stock",
        "outcome": "success",
        "references": [Reference(*one.split(":")) for one in references],
        "request": Payload(body=body.encode(), content_type="application/json"),
        "response": Payload(body=answer.encode(), content_type="application/json"),
    }
    return Entry(**(given | fields))


def said(entry: Entry, number: str) -> str:
    return in_words(quantities(entry, named(entry, (number,))))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"sku": "A", "quantity": 5}', "quantity 5"),
        ('{"sku": "a", "inventory": {"on_hand": "5", "safety_stock": 2, "max_qty": 9}}', "on_hand 5"),
        ('{"items": [{"sku": "B", "qty": 1}, {"sku": "A", "qty": 5.0}]}', "qty 5.0"),
        ('{"sku": "A", "warehouses": [{"id": 1, "stock": 5}, {"id": 2, "stock": 3}]}', "stock 5, stock 3"),
        ('{"A": {"available": 5}, "B": {"available": 1}}', "available 5"),
        ('{"stock": {"A": 5, "B": 1}}', "5"),
        ('{"sku": "A", "quantity": {"unit": "EACH", "amount": 5}, "price": {"amount": 90}}', "amount 5"),
        ('{"id": "gid://shop/Item/A", "quantity": 0}', "quantity 0"),
        ('{"modification": {"changeType": "FIXED", "value": 5}, "offers": [{"id": "B"}, {"id": "A"}]}', "value 5"),
        ('{"item_code": "B,A", "quantity": "1,5", "seller": "S"}', "quantity 5"),
        ('{"payload": "<Sku><SellerSku>A</SellerSku><Quantity>5</Quantity></Sku>"}', "Quantity 5"),
    ],
)
def test_a_count_beside_the_products_number_is_its_own(body: str, words: str) -> None:
    assert said(pushed(body, "sku:A", "sku:B"), "A") == words


@pytest.mark.parametrize(
    "body",
    [
        '{"items": [{"sku": "A"}, {"sku": "B", "quantity": 5}]}',
        '{"items": [{"sku": "A", "quantity": "many"}, {"sku": "B", "quantity": 5}]}',
        '{"sku": "A", "quantity": true, "in_stock": "instock"}',
        '{"sku": "A", "price": {"value": 90}}',
        '{"quantity": 5, "items": ["B", "C"]}',
        '{"item_code": "B,A", "quantity": "5"}',
        '{"item_code": "B,A", "note": "a,b,c", "quantity": "1,5"}',
        '{"skus": ["A", "B"], "options": {"value": 5}}',
        "not json",
        "",
        "[" * 200 + "]" * 200,
    ],
)
def test_nothing_is_said_where_it_may_be_anothers(body: str) -> None:
    assert said(pushed(body, "sku:A", "sku:B", "sku:C"), "A") == ""


def test_a_product_that_the_address_or_the_caller_names_alone_has_the_counts_of_the_body() -> None:
    assert said(pushed('{"stock_quantity": 5}', "product:310"), "310") == "stock_quantity 5"
    of_caller = pushed('{"item": 24, "list": [{"model": 18, "stock": 5}]}', "sku:A", "product:24", "variant:18")
    assert said(of_caller, "A") == "stock 5"
    of_caller.source = Source("product", "A")
    assert said(of_caller, "A") == "stock 5"


def test_a_sku_that_the_answer_alone_names_is_known_by_the_id_beside_it() -> None:
    body = '{"update": [{"id": 310, "stock_quantity": 5}, {"id": 311, "stock_quantity": 1}]}'
    answer = '{"update": [{"id": 310, "sku": "A", "parent_id": 7}, {"id": 311, "sku": "B", "parent_id": 7}]}'
    entry = pushed(body, "product:310", "product:311", "product:7", "sku:A", "sku:B", answer=answer)
    assert named(entry, ("A",)) == {"a", "310"}
    assert (said(entry, "A"), said(entry, "B")) == ("stock_quantity 5", "stock_quantity 1")


def test_what_the_platform_was_asked_for_is_in_its_answer() -> None:
    entry = pushed('{"sku": "A", "qty": 1}', "sku:A", answer='{"sku": "A", "available": 5}', action="stock.get")
    assert said(entry, "A") == "available 5"


def test_a_count_may_stand_in_the_address() -> None:
    entry = pushed("", "sku:A", method="GET", url="https://shop.example/api?SellerCode=A&Qty=5")
    assert said(entry, "A") == "Qty 5"
    assert said(pushed("", "variant:310", path="/v2/vendor-items/310/quantities/5"), "310") == "quantities 5"


def test_a_number_in_the_address_that_is_no_count_is_none() -> None:
    for path in ("/inventory/12345", "/quantities/12345x", "/variants/310/minimum-quantities"):
        assert said(pushed("", "variant:310", path=path), "310") == ""


def test_a_count_that_a_remote_call_lists_beside_the_number_is_the_one_products() -> None:
    struct = "<struct><member><name>qty</name><value><double>5.0</double></value></member></struct>"
    body = f"<?xml version='1.0'?><params><value><string>310</string></value><value>{struct}</value></params>"
    content = Payload(body=body.encode(), content_type="text/xml", charset="utf-8")
    assert said(pushed("", "product:310", request=content), "310") == "qty 5.0"
    assert said(pushed("", "product:310", "product:311", request=content), "310") == ""
