"""Half-width and full-width letters and signs: what is typed in one is found in the other, however they are mixed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from urllib.parse import quote

import pytest
from tests.store.plain import passes, widths

from apitrail.entry import Entry, Payload
from apitrail.exchange import Reference
from apitrail.store import Filter, Store, Term, slices
from apitrail.store.widths import folded, half, of_id

Make = Callable[..., Entry]

MESSAGE = "WH261127005929 收件人地址錯誤，無法取得郵遞區號"
ADDRESS = "地址（106 大安區）無法辨識"
PIECES = (
    "地址",
    "收件人",
    "台北",
    "order",
    "Late",
    "106",
    "A1",
    "ＡＢ",
    "１２",
    *"(),:;!?-./（），：；！？－",
    " ",
    "…",
)


def body(text: str | bytes) -> Payload:
    return Payload(body=text if isinstance(text, bytes) else text.encode())


def found(store: Store, which: Filter) -> list[str]:
    return [row.id for row in store.page(which, 500).entries]


def some_text(random: Random) -> str:
    return "".join(random.choice(PIECES) for _ in range(random.randint(2, 6)))


def test_a_message_is_found_as_it_stands_and_as_either_keyboard_writes_it(either: Store, make: Make) -> None:
    message = f"{MESSAGE}。{ADDRESS}"
    ways = [
        message.encode(),
        message.encode("big5"),
        message.encode("gb18030"),
        message.encode("ascii", "backslashreplace"),
        quote(message).encode(),
    ]
    right = [make(number, response=body(way)) for number, way in enumerate(ways)]
    either.write([*right, make(9, response=body("地址 106 大安區 無法辨識"))])
    for typed in (MESSAGE, folded(MESSAGE), ADDRESS, folded(ADDRESS), ADDRESS.replace("106", "１０６"), "區號"):
        assert found(either, Filter(text=(Term(typed),))) == [one.id for one in reversed(right)], typed


def test_a_text_is_found_in_the_widths_in_which_a_plain_filter_finds_it(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In days whose letters are told, and in one whose are not."""
    monkeypatch.setattr(slices, "ENTRIES", 3)
    random = Random(11)
    texts = [some_text(random) for _ in range(120)]
    entries = [
        make(2500.0 * number, **{random.choice(["request", "response"]): body(f"<{text}>")})
        for number, text in enumerate(texts)
    ]
    store.write(entries)
    asked = [way for text in random.sample(texts, 12) for way in sorted(widths(text)) if way.strip()]
    asked += [text for _ in range(12) if (text := some_text(random)).strip()]

    def right(which: Filter) -> list[str]:
        return [one.id for one in reversed(entries) if passes(one, which)]

    seen = 0
    for told in (False, True):
        assert not told or store.tell() > 2
        for text in asked:
            for which in (Filter(text=(Term(text),)), Filter(text=(Term(text, excluded=True),))):
                assert found(store, which) == right(which), (text, told)
            seen += len(right(Filter(text=(Term(text),))))
    assert seen > 30


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("ＡＢ１２３４５６", "ＡＢ１２３４５６"),
        ("AB123456", "ＡＢ１２３４５６"),
        ("261127AAA0001（補寄）", "261127AAA0001（補寄）"),
        ("261127AAA0001（補寄）", "261127AAA0001(補寄)"),
        ("261127AAA0002(補)", "261127AAA0002(補)"),
        ("261127AAA0002(補)", "261127aaa0002（補）"),
        ("#ＡＢ－１", "ＡＢ－１"),
    ],
)
def test_an_id_is_found_as_it_is_pasted_and_in_half_width(either: Store, make: Make, stored: str, typed: str) -> None:
    refers = make(0, references=[Reference("order", stored)])
    either.write([refers, make(1, references=[Reference("order", f"{stored}1")])])
    assert found(either, Filter(text=(Term(typed, whole=True),))) == [refers.id]
    assert len(found(either, Filter(text=(Term(typed, whole=True, excluded=True),)))) == 1
    same_case = typed if typed.isupper() else typed.upper()
    for asked in (same_case, f"order:{same_case}"):
        assert found(either, Filter(reference=(asked,))) == [refers.id]
    ids = [way for one in of_id(typed) for way in (one, f"#{one}")]
    assert [one.id for one in either.mentioned(ids, 10).mentions] == [refers.id]


def test_a_number_with_signs_is_found_as_a_part_of_text_in_references_too(store: Store, make: Make) -> None:
    refers = make(0, references=[Reference("order", "A1（補寄）-7")])
    store.write([refers, make(1, references=[Reference("order", "A1")])])
    for told in (False, True):
        assert not told or store.tell() == 1
        for typed in ("A1（補", "a1(補寄)", "A1（補寄）-7"):
            assert found(store, Filter(text=(Term(typed),))) == [refers.id], (typed, told)


def test_a_whole_word_with_a_bracket_is_found_in_bodies(either: Store, make: Make) -> None:
    entries = [
        make(0, response=body("<261127AAA0001（補寄）>")),
        make(1, references=[Reference("order", "261127AAA0001（補寄）")], response=body("261127AAA0001（補寄）")),
        make(2, references=[Reference("order", "261127AAA0001")], response=body("261127AAA0001")),
    ]
    either.write(entries)
    asked = Filter(text=(Term("261127AAA0001（補寄）", whole=True),))
    assert found(either, asked) == [entries[1].id, entries[0].id]


def test_half_width_is_letter_by_letter() -> None:
    text = "ＡＢ：（１）～　…①台"
    assert half(text) == "AB:(1)~ …①台"
    assert folded(text) == "AB:(1)~ ...1台"


def test_an_id_without_brackets_in_ascii_is_looked_for_as_it_is() -> None:
    assert of_id("gid://shopify/Order/1") == ("gid://shopify/Order/1",)
    assert of_id("A(1)") == ("A(1)", "A（1）")
    assert of_id("Ａ（１）") == ("Ａ（１）", "A(1)", "A（1）")
