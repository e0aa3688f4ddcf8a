"""Numbers as people paste them, and what is proposed where a line finds nothing."""

from __future__ import annotations

import pytest

from apitrail.server import pasted
from apitrail.server.nearer import numbers, parts, several
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
    ],
)
def test_a_number_is_found_with_what_labels_it(line: str) -> None:
    found = read(line)
    assert found.text == (Term(ORDER, whole=True),)
    assert not found.misunderstood
    assert not found.chosen


def test_a_number_stays_in_the_width_in_which_it_was_pasted() -> None:
    assert read("訂單編號：２６１１２６ＪＷＹ１").text == (Term("２６１１２６ＪＷＹ１", whole=True),)
    assert number("訂單編號：＃２６１１２６ＪＷＹ１") == "２６１１２６ＪＷＹ１"
    assert number("９４００ 1000 0000 0000 0000 00") == "9400100000000000000000", "it is put together anyway"


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
    assert numbers("ＡＢ１２３４") == []


def test_half_a_number_is_proposed_as_a_part_of_one() -> None:
    assert parts("261126JWY") == ["261126JWY*"]
    assert parts("JWY1BZLX -timeout") == ["JWY1BZLX*"]
    assert parts("JWY1BZLX*") == []
    assert parts("timeout") == []


@pytest.mark.parametrize(
    ("text", "each"),
    [
        ("#21345\n#21346\n#8001", ("21345", "21346", "8001")),
        ("21345\t21346\r\n", ("21345", "21346")),
        ("２１３４５，２１３４６、8001；A-1001", ("２１３４５", "２１３４６", "8001", "A-1001")),
        ("(21345, 21346) [21347]", ("21345", "21346", "21347")),
        ("（２１３４５ 和 21346）", ("２１３４５", "21346")),
        (f"{ORDER}(補)", (f"{ORDER}(補)",)),
        (f"訂單：{ORDER}（補寄） ＡＢ１２", (f"{ORDER}（補寄）", "ＡＢ１２")),
        ("(21345(補)) (1)-2(3) 21346)", ("21345(補)", "(1)-2(3)", "21346")),
        ("21345 and 21346, 21345.", ("21345", "21346")),
        (f"訂單編號：{ORDER} 261126BLC2U6GF", (ORDER, "261126BLC2U6GF")),
        (
            "9400 1000 0000 0000 0000 00\n9400 1000 0000 0000 0000 01",
            ("9400100000000000000000", "9400100000000000000001"),
        ),
        ("#21345", ("21345",)),
        ("", ()),
    ],
)
def test_a_line_or_a_column_of_numbers_is_each_of_them(text: str, each: tuple[str, ...]) -> None:
    assert pasted.numbers(text).each == each


def test_numbers_between_which_spaces_stand_may_be_one() -> None:
    label = pasted.numbers("9400 1000 0000 0000 0000 00")
    assert label.whole == "9400100000000000000000"
    assert label.not_in(lambda one: one == label.whole) == ()
    assert label.not_in(lambda one: False) == (label.whole,), "it looks like one, and is told as one"
    assert label.not_in(lambda one: one == "9400") == ("1000", "0000", "00")
    orders = pasted.numbers("A-1001 A-1002")
    assert orders.whole == "A-1001 A-1002"
    assert orders.not_in(lambda one: False) == ("A-1001", "A-1002")


@pytest.mark.parametrize("line", ["21345 21346 21347", "5123 5124 5125"])
def test_numbers_of_one_series_are_not_the_groups_of_one(line: str) -> None:
    assert len(read(line).text) == 3
    assert several(line) == tuple(line.split())


@pytest.mark.parametrize("line", [ORDER, "where is 21345 or 21346", "platform:shopee 21345", "5 6", "order 21345 late"])
def test_what_is_more_or_less_than_several_numbers_is_not_taken_for_them(line: str) -> None:
    assert several(line) == ()
