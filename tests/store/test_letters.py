"""The numbers of texts: whatever has a text has its numbers, however it is written. By the engine itself."""

from __future__ import annotations

import base64
from collections.abc import Callable
from random import Random
from urllib.parse import quote

import pytest

from apitrail.entry import Entry, Payload
from apitrail.exchange import Reference
from apitrail.store import Store
from apitrail.store.engine import Query
from apitrail.store.letters import FOREIGN, NUMBERS, TOKENS, numbers
from apitrail.store.needles import needles

Make = Callable[..., Entry]

WORDS = (
    "not in range", "Kowalczyk", "庫存不足", "取號", "臺北市信義區", "王小明", "ＡＢＣＤ", "iPhone", "許功蓋", "😀好吃",
    "ORDER_SN", "x=1&y=", '"message":"', "Straße", "デリバリー", "2601", " ", "  ", "\\u", "%20", "Ünïcödé",
    "/labels/a-b/", "ShipTo", "a", "-", "（106 大安區）", "錯誤：Timeout，", "ＡＢ-１２", "(A1)：",
)  # fmt: skip
CHARSETS = ("utf-8", "utf-8", "big5", "gb18030", "shift_jis")


def some_text(random: Random) -> str:
    return "".join(random.choice(WORDS) for _ in range(random.randint(1, 6)))


def written(random: Random, text: str) -> bytes:
    """The text in one of the ways of platforms."""
    way = random.randrange(7)
    if way == 0:
        return text.encode("ascii", "backslashreplace")
    if way == 1:
        return quote(text, safe="").encode()
    if way == 2:
        return "".join(f"\\u{ord(char):04X}" for char in text if ord(char) < 0x10000).encode()
    return text.encode(random.choice(CHARSETS), "replace")


def of_entries(store: Store) -> dict[str, set[int]]:
    rows = store.engine.select(
        Query(
            f"SELECT toString(id), groupUniqArrayArray({NUMBERS}) FROM (SELECT id, {TOKENS} FROM entries) GROUP BY id"
        )
    ).rows
    return {identity: set(found) for identity, found in rows}


def test_a_body_has_all_numbers_of_each_text_in_it(store: Store, make: Make) -> None:
    random = Random(5)
    entries, bodies = [], {}
    for at in range(150):
        ids = [f"{random.choice(['SKUABCD', 'lantern', 'B_'])}-{random.randrange(10**8):08}" for _ in range(2)]
        pieces = [written(random, some_text(random)) for _ in range(5)]
        body = b"{" + b'","'.join([pieces[0], ids[0].encode(), *pieces[1:], ids[1].encode()]) + b'"}'
        references = [Reference("sku", one) for one in ids]
        sides = {random.choice(["request", "response"]): Payload(body=body)}
        entries.append(make(at, references=references, **sides))
        bodies[entries[-1].id] = body
    store.write(entries)
    found = of_entries(store)
    seen = 0
    for identity, body in bodies.items():
        assert numbers(body.replace(b"\xff", b"")) - found.get(identity, set()) <= {FOREIGN}
        for _ in range(60):
            begin = random.randrange(len(body))
            text = body[begin : begin + random.randint(1, 24)]
            for charset in ("utf-8", "big5"):
                for needle in needles(text.decode(charset, "ignore")):
                    if needle.lower() in body.lower():
                        seen += len(numbers(needle))
                        assert numbers(needle) <= found.get(identity, set()), (needle, body)
    assert seen > 10_000


def test_what_is_written_in_different_ways_has_the_same_numbers() -> None:
    one = numbers("庫存不足".encode())
    assert len(one) == 3
    assert one == numbers(b"\\u5eab\\u5B58\\u4e0d\\u8db3") == numbers(quote("庫存不足").encode())
    assert numbers(b"TimeOut") == numbers(b"timeout")


@pytest.mark.parametrize("text", ["abc", "取", "12.50", "iVBORwOKGgo", "😀"])
def test_a_short_text_and_one_that_is_written_as_no_word_says_nothing(text: str) -> None:
    assert not numbers(text.encode())


def test_what_can_be_no_utf_8_says_so_and_what_a_cut_may_have_made_does_not() -> None:
    assert FOREIGN in numbers("取號失敗".encode("big5"))
    assert FOREIGN in numbers("許功".encode("gb18030"))
    for text in ("取號失敗".encode()[1:], "取號失敗".encode()[:-1], b"\xa8", b"\xe5"):
        assert FOREIGN not in numbers(text)


def test_a_picture_adds_few_numbers_and_a_piece_of_it_asks_for_no_others(store: Store, make: Make) -> None:
    picture = base64.b64encode(Random(1).randbytes(30_000))
    body = b'{"a":"' + picture + b'"}'
    # That of a response is a file of its own, which no text is looked for in.
    store.write([make(0, request=Payload(body=body)), make(1, response=Payload(body=body))])
    [found] = of_entries(store).values()
    assert len(found) < 1000
    pieces = [picture[begin : begin + 40] for begin in range(0, len(picture) - 40, 7)]
    assert sum(not numbers(piece) <= found for piece in pieces) < len(pieces) / 200


def test_a_name_with_a_capital_in_it_is_a_word() -> None:
    for name in (b"iPhone", b"eBay", b"McDonald", b"PChome", b"LINEpay"):
        assert numbers(name) == numbers(name.lower())


def test_a_path_without_other_signs_has_all_of_its_words(store: Store, make: Make) -> None:
    path = (
        b"/products/catalog/iPhone15ProMax/eBay/McDonald/eInvoiceNo/USBCable/PENDING/XcodeABTest/orderSN/LINEpay/2026"
    )
    store.write([make(0, request=Payload(body=path))])
    [found] = of_entries(store).values()
    for text in (
        b"phone",
        b"ebay",
        b"donald",
        b"voiceno",
        b"Cable",
        b"PEND",
        b"abtest",
        b"ordersn",
        b"/catalog/iphone",
    ):
        assert numbers(text)
        assert numbers(text) <= found, text
