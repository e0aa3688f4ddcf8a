"""What is typed to find something, and what is said of what cannot be understood."""

from __future__ import annotations

import pytest

from apitrail.server.search import REFERENCE_TYPES, TERMS_MAX, TEXT_MAX, read, written
from apitrail.store import Term


def word(value: str, *, excluded: bool = False) -> Term:
    return Term(value, whole=True, excluded=excluded)


@pytest.mark.parametrize(
    ("line", "terms"),
    [
        ("260101ABCDEF12", [word("260101ABCDEF12")]),
        ("#1001", [word("1001")]),
        ("# 1001,", [word("1001")]),
        ("２６０１０１ＡＢＣ", [word("２６０１０１ＡＢＣ")]),
        ("＃１００１", [word("１００１")]),
        ("9400 1000 0000 0000 0000 00", [word("9400100000000000000000")]),
        ("１Ｚ 999 AA1 01 2345 6784", [word("1Z999AA10123456784")]),
        ("LNT-000123", [word("LNT-000123")]),
        ("取號", [Term("取號")]),
        ("timeout", [Term("timeout")]),
        ("2601*", [Term("2601")]),
        ('"not in range"', [Term("not in range")]),
        ("「地址 錯誤」", [Term("地址 錯誤")]),
        ("＂Ａ（1）＂", [Term("Ａ（1）")]),
        ("－取號 ２６０１＊", [Term("取號", excluded=True), Term("２６０１")]),
        ("王＊明", [Term("王＊明")]),
        ("系統錯誤：連線逾時", [Term("系統錯誤：連線逾時")]),
        ('-系統錯誤："連線 逾時"', [Term("系統錯誤：", excluded=True), Term("連線 逾時", excluded=True)]),
        ("地址（106 大安區）無法辨識", [Term("地址（106"), Term("大安區）無法辨識")]),
        ('"WH2611 收件人地址錯誤，無法取得郵遞區號…"', [Term("WH2611 收件人地址錯誤，無法取得郵遞區號…")]),
        ("12:30", [Term("12:30")]),
        ("１２：３０", [Term("１２：３０")]),
        ("https://x.example/a", [Term("https://x.example/a")]),
        ("取號 -timeout", [Term("取號"), Term("timeout", excluded=True)]),
        ('-"a b" -1001', [Term("a b", excluded=True), word("1001", excluded=True)]),
        ("order list page 2", [Term("order"), Term("list"), Term("page"), word("2")]),
        ("  ", []),
    ],
)
def test_text_is_words_phrases_and_ids_as_they_are_pasted(line: str, terms: list[Term]) -> None:
    found = read(line)
    assert list(found.text) == terms
    assert not found.misunderstood
    assert not found.chosen


def test_a_filter_is_its_name_and_value() -> None:
    found = read('outcome:platform_error ec:"my shop" ec:other -action:stock.push cause：timeout')
    assert found.chosen == {
        "outcome": ("platform_error",),
        "ec_integration": ("my shop", "other"),
        "cause": ("timeout",),
    }
    assert found.without == (("action", "stock.push"),)
    assert not found.text
    assert not found.misunderstood


def test_a_filter_may_be_typed_in_full_width_and_an_id_stays_as_it_was_typed() -> None:
    found = read("ｓｔａｔｕｓ：４０４ duration：＞２ｓ order：＃ＡＢ１２ -source：ＡＢ")
    assert found.chosen == {"status": ("404",), "reference": ("order:ＡＢ１２",)}
    assert found.without == (("source", "ＡＢ"),)
    assert found.duration_over == 2000.0
    assert not found.text
    assert not found.misunderstood


def test_an_id_of_a_type_is_a_reference() -> None:
    assert read("order:#A-1001 reference:claim:7").chosen == {"reference": ("order:A-1001", "claim:7")}
    assert read("-sku:T1").without == (("reference", "sku:T1"),)
    assert "order" in REFERENCE_TYPES


@pytest.mark.parametrize(
    ("line", "part", "reason", "fix"),
    [
        ("outcome:red", "outcome:red", "is no outcome", "platform_error"),
        ("ordr:1", "ordr:1", "which is not a filter", 'put it in quotes: "ordr:1"'),
        ('say "hello', '"hello', "not closed", "these words"),
        ("-", "-", "is not a word", "Write what to look for"),
        ('""', '""', "nothing between", "leave them out"),
        ("26*01", "26*01", "a * within", "before or after"),
        ("x" * (TEXT_MAX + 1), "x" * 40 + "…", "longer than 500", "less at once"),
        (" ".join(f"w{n}" * 4 for n in range(TERMS_MAX + 1)), "", "more than 12 words", "quotes"),
    ],
)
def test_what_is_not_understood_is_named_with_what_to_write(line: str, part: str, reason: str, fix: str) -> None:
    [wrong] = read(line).misunderstood
    assert part in wrong.part
    assert reason in wrong.reason
    assert fix in wrong.fix
    assert wrong.kind


def test_status_method_and_duration_are_filters() -> None:
    found = read("status:4XX status:none -status:404 method:post duration:>1.5s merchant:m-1 source:order:A-1")
    assert found.chosen == {
        "status": ("4xx", "none"),
        "method": ("POST",),
        "merchant": ("m-1",),
        "source": ("order:A-1",),
    }
    assert found.without == (("status", "404"),)
    assert found.duration_over == 1500.0
    for line in ("status:4", "duration:>long", "-duration:>2s"):
        assert [wrong.kind for wrong in read(line).misunderstood] == ["no_value"]


@pytest.mark.parametrize(
    "line",
    [
        "系統錯誤：逾時 ＡＢ１２ －失敗",
        "260101ABCDEF12",
        "timeout",
        '"2601"',
        '"not in range" -timeout',
        '-action:stock.push -source:"a b" 取號',
    ],
)
def test_a_line_that_was_read_is_written_so_that_it_means_the_same(line: str) -> None:
    found = read(line)
    again = read(written(found))
    assert (again.text, again.without) == (found.text, found.without)
    assert written(again) == written(found)
