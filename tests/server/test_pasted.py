"""Numbers as people paste them, and what is proposed where a line finds nothing."""

from __future__ import annotations

import pytest

from apitrail.server.nearer import numbers, parts
from apitrail.server.pasted import number
from apitrail.server.search import read
from apitrail.store import Term

ORDER = "261126JWY1BZLX"


@pytest.mark.parametrize(
    "line",
    [
        f"訂單編號：{ORDER}",
        f"訂單編號: {ORDER}",
        f"訂單 {ORDER}",
        f"訂單{ORDER}",
        f"單號是 {ORDER}",
        f"订单号:{ORDER}",
        f"order no. {ORDER}",
        f"Order number: {ORDER}",
        f"Order ID {ORDER}",
        f"Order #{ORDER}",
        f"PO {ORDER}",
        f"tracking: {ORDER}",
        f"託運單號 # {ORDER}。",
        "訂單編號：２６１１２６ＪＷＹ１ＢＺＬＸ",
    ],
)
def test_a_number_is_found_with_what_labels_it(line: str) -> None:
    found = read(line)
    assert found.text == (Term(ORDER, whole=True),)
    assert not found.misunderstood
    assert not found.chosen


def test_a_labelled_number_may_have_the_spaces_of_a_label() -> None:
    for line in ("物流單號：9400 1000 0000 0000 0000 00", "Tracking no. 9400 1000 0000 0000 0000 00"):
        assert read(line).text == (Term("9400100000000000000000", whole=True),)
        assert number(line) == "9400100000000000000000"


@pytest.mark.parametrize(
    "line", ["order list page 2", "item 3 failed", "訂單已取消", '"Order no. 5"', "order-5512", "reorder no 55"]
)
def test_words_that_label_no_number_are_looked_for(line: str) -> None:
    assert " ".join(term.value for term in read(line).text).replace('"', "") == line.replace('"', "")


def test_a_field_stays_a_field_with_and_without_a_space_after_it() -> None:
    assert read("order:#A-1001").chosen == {"reference": ("order:A-1001",)}
    assert read("platform: shopee -action: stock.push").chosen == {"platform": ("shopee",)}
    assert read("-action: stock.push").without == (("action", "stock.push"),)


@pytest.mark.parametrize(
    ("line", "proposed"),
    [
        (f"where is order {ORDER}?", ORDER),
        (f"單號{ORDER}還沒到", ORDER),
        ("261126 JWY1BZLX", ORDER),
        ("261126-JWY1BZLX", ORDER),
        (f"{ORDER}, 261126BLC2U6GF", "261126BLC2U6GF"),
        (f'"order {ORDER}"', ORDER),
    ],
)
def test_each_number_of_a_line_is_proposed_and_its_pieces_as_one(line: str, proposed: str) -> None:
    assert proposed in numbers(line)


def test_what_is_proposed_is_never_the_line_itself_nor_a_word_without_a_digit() -> None:
    assert numbers(ORDER) == []
    assert numbers(f"訂單編號：{ORDER}") == []
    assert numbers("the address is wrong") == []
    assert numbers("page 2") == []


def test_half_a_number_is_proposed_as_a_part_of_one() -> None:
    assert parts("261126JWY") == ["261126JWY*"]
    assert parts("JWY1BZLX -timeout") == ["JWY1BZLX*"]
    assert parts("JWY1BZLX*") == []
    assert parts("timeout") == []
