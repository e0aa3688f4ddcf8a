"""What text finds: words that are looked up, and anything else that is looked for in the bodies."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.entry import Entry, Payload
from apitrail.exchange import Reference
from apitrail.store import Cursor, Filter, Store, Term, open_store
from apitrail.store.engine import Answer, Query
from apitrail.store.needles import MOST, RARE, needles, windows

Make = Callable[..., Entry]


def found(store: Store, *terms: Term, **more: object) -> list[str]:
    return [row.id for row in store.page(Filter(text=terms, **more)).entries]  # type: ignore[arg-type]


def body(text: str | bytes) -> Payload:
    return Payload(body=text if isinstance(text, bytes) else text.encode())


def test_a_word_is_found_whole_in_either_body_and_in_references(either: Store, make: Make) -> None:
    entries = [
        make(0, request=body('{"order_sn":"260101ABCDEF12"}')),
        make(1, response=body('{"order_list":[{"order_sn":"260101abcdef12"}]}')),
        make(2, references=[Reference("order", "260101ABCDEF12")]),
        make(3, request=body("payload=" + quote('{"sn":"260101ABCDEF12"}'))),
        make(4, response=body("訂單260101ABCDEF12已取消")),
        make(5, message="Order 260101ABCDEF12 is unknown", response=body("260101ABCDEF12")),
        make(6, response=body('{"order_sn":"260101ABCDEF123"}')),
        make(7, references=[Reference("order", "X260101ABCDEF12")]),
    ]
    either.write(entries)
    assert found(either, Term("260101ABCDEF12", whole=True)) == [entry.id for entry in reversed(entries[:6])]


def test_a_word_is_found_behind_an_escape_of_json(either: Store, make: Make) -> None:
    number = "260199ABCDEF77"
    behind = [rf'{{"m":"Order\n{number} unknown"}}', rf'{{"m":"\u8a02\u55ae{number}\u4e0d\u5b58\u5728"}}']
    behind += [
        rf'{{"m":"\u003c{number}\u003e"}}',
        rf'{{"m":"{{\"m\":\"\\t{number}\"}}"}}',
        rf'{{"path":"C:\\{number}"}}',
    ]
    entries = [make(at, response=body(text)) for at, text in enumerate(behind)]
    entries += [make(len(entries) + at, request=body(text)) for at, text in enumerate(behind)]
    other = make(len(entries), response=body(rf'{{"m":"\u8a02X{number}"}}'))
    either.write([*entries, other])
    assert found(either, Term(number, whole=True)) == [entry.id for entry in reversed(entries)]


def test_a_word_of_several_parts_is_found_with_its_signs(either: Store, make: Make) -> None:
    right, wrong = make(0, response=body("id LNT-000123.")), make(1, response=body("id LNT/000123"))
    either.write([right, wrong])
    assert found(either, Term("LNT-000123", whole=True)) == [right.id]


def test_an_order_is_found_with_its_sign_and_without(either: Store, make: Make) -> None:
    entries = [make(0, references=[Reference("order", "#1001")]), make(1, references=[Reference("order", "1001")])]
    either.write(entries)
    both = [entries[1].id, entries[0].id]
    for asked in ("1001", "order:1001"):
        assert [row.id for row in either.page(Filter(reference=(asked,))).entries] == both
    assert [row.id for row in either.page(Filter(reference=("#1001",))).entries] == [entries[0].id]
    assert found(either, Term("1001", whole=True)) == both


def test_a_short_id_is_a_word_in_references_alone_and_a_part_of_text_wherever_it_is(either: Store, make: Make) -> None:
    entries = [make(0, references=[Reference("order", "#1002")]), make(1, references=[Reference("order", "1001")])]
    entries += [make(2, response=body("price 1001")), make(3)]
    either.write(entries)
    assert found(either, Term("1001", whole=True)) == [entries[1].id]
    assert found(either, Term("1001")) == [entries[2].id, entries[1].id]


@pytest.mark.parametrize("word", ["a" * 37 + "1", "aB3" * 9, "ABCDEFG"])
def test_what_is_no_id_is_not_kept_as_a_word_and_is_found_as_a_part_of_text(
    store: Store, make: Make, word: str
) -> None:
    entry = make(0, response=body(f"<{word}>"))
    store.write([entry, make(1)])
    assert store.engine.select(Query("SELECT count() FROM mentions")).rows == [(0,)]
    assert found(store, Term(word)) == [entry.id]


@pytest.mark.parametrize(
    "written",
    [
        "尚未取號",
        '{"msg":"\\u5c1a\\u672a\\u53d6\\u865f"}',
        '{"msg":"\\u5C1A\\u672A\\u53D6\\u865F"}',
        "尚未取號".encode("big5"),
        "尚未取號".encode("gb18030"),
        quote("尚未取號"),
    ],
)
def test_two_characters_are_found_however_they_are_written(either: Store, make: Make, written: str | bytes) -> None:
    entry = make(0, response=body(written))
    either.write([entry, make(1, response=body("取消"))])
    assert found(either, Term("取號")) == [entry.id]


def test_characters_that_people_use_for_each_other_are_the_same(store: Store, make: Make) -> None:
    entries = [make(0, response=body("台北市")), make(1, request=body("臺北市")), make(2, response=body("北市"))]
    store.write(entries)
    for word in ("台北", "臺北"):
        assert found(store, Term(word)) == [entries[1].id, entries[0].id]


def test_full_width_letters_are_the_same(store: Store, make: Make) -> None:
    entries = [make(0, response=body("ＡＢＣ－１")), make(1, response=body("abc-1"))]
    store.write(entries)
    assert found(store, Term("ABC-1")) == [entries[1].id, entries[0].id]


def test_a_phrase_is_found_as_json_and_forms_write_it(store: Store, make: Make) -> None:
    entries = [
        make(0, response=body(r'{"a":"say \"no\" \/ yes"}')),
        make(1, request=body("a=say+%22no%22+%2F+yes")),
        make(2, message='he would say "no" / yes'),
    ]
    store.write(entries)
    assert found(store, Term('say "no" / yes')) == [entry.id for entry in reversed(entries)]


def test_terms_narrow_each_other_and_what_is_excluded_is_not_there(either: Store, make: Make) -> None:
    entries = [
        make(0, response=body("2601000001 2601000002 late")),
        make(1, response=body("2601000001 late")),
        make(2, response=body("2601000002")),
        make(3, response=body("late")),
    ]
    either.write(entries)
    one, two, late = Term("2601000001", whole=True), Term("2601000002", whole=True), Term("late")
    ids = [entry.id for entry in entries]
    assert found(either, one, two) == [ids[0]]
    assert found(either, one, late) == [ids[1], ids[0]]
    assert found(either, Term("2601000001", whole=True, excluded=True)) == [ids[3], ids[2]]
    assert found(either, two, Term("late", excluded=True)) == [ids[2]]


def test_values_that_must_not_be_there_narrow(either: Store, make: Make) -> None:
    entries = [
        make(0, action="a", platform="ups", references=[Reference("order", "1")]),
        make(1, action="b", references=[Reference("sku", "1")]),
        make(2, action="c", platform="usps", references=[Reference("order", "2")]),
    ]
    either.write(entries)
    ids = [entry.id for entry in entries]
    for without, left in [
        ((("action", "a"),), [2, 1]),
        ((("platform", "ups"),), [2, 1]),
        ((("platform", "ups"), ("action", "c")), [1]),
        ((("reference", "order:1"),), [2, 1]),
        ((("reference", "1"),), [2]),
    ]:
        which = Filter(without=without)
        assert [row.id for row in either.page(which).entries] == [ids[one] for one in left]
        assert sum(option.count for option in either.facets(which).outcome) == len(left)


def test_a_word_in_very_many_seconds_is_paged_without_a_hole(store: Store, make: Make) -> None:
    entries = [make(number, references=[Reference("sku", "COMMON")]) for number in range(0, 3000, 2)]
    rare = {entries[3].id, entries[700].id}
    entries = [
        Entry(**{name: getattr(entry, name) for name in entry.__struct_fields__} | {"action": "rare"})
        if entry.id in rare
        else entry
        for entry in entries
    ]
    store.write(entries)
    which = Filter(reference=("COMMON",), action=("rare",))
    assert [row.id for row in store.page(which).entries] == [entries[700].id, entries[3].id]
    seen: list[str] = []
    cursor: Cursor | None = None
    while True:
        page = store.page(Filter(reference=("COMMON",)), 400, cursor)
        seen += [row.id for row in page.entries]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [entry.id for entry in reversed(entries)]


def test_what_is_written_in_many_ways_stays_within_what_the_engine_takes() -> None:
    assert len(needles("台" * 300)) <= MOST
    assert len(needles('台臺台臺 ＡＢＣ/"\\' * 3)) <= MOST
    assert needles("取號")[0] == "取號".encode()


@given(st.binary(max_size=24), st.randoms(use_true_random=False))
def test_a_text_in_any_case_of_letters_has_a_window_of_it(needle: bytes, dice: Random) -> None:
    written = bytes(dice.choice((code, *bytes((code,)).swapcase())) for code in needle)
    found = windows(needle)
    assert all(len(window) >= RARE for window in found)
    assert not found or any(window in written for window in found)


@pytest.mark.parametrize(
    "written", ["x115AbCd1x", "x１１５ＡＢＣＤ１x", r"x\uFf11\uff11\uff15\uff21\uff22\uff23\uff24\uff11x"]
)
def test_a_part_of_an_id_is_found_in_any_case_and_width(store: Store, make: Make, written: str) -> None:
    right, wrong = make(0, response=body(written)), make(1, response=body("115A BCD1 115a 1234"))
    store.write([right, wrong])
    assert found(store, Term("115ABCD1")) == [right.id]


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_what_refers_to_a_word_and_what_has_it_in_a_body_make_one_order(store: Store, make: Make, limit: int) -> None:
    order = "260101ABCDEF12"
    refers: dict[str, Any] = {"references": [Reference("order", order)]}
    has: dict[str, Any] = {"response": body(f"<{order}>")}
    seconds = [[refers], [has], [refers, has], [has, refers, {}], [refers | has, refers], [{}, has], [refers] * 3]
    entries = [make(at + nth / 10, **fields) for at, some in enumerate(seconds) for nth, fields in enumerate(some)]
    entries[-1] = make(len(seconds), **refers, outcome="request_error")
    store.write(entries)
    right = [one.id for one in reversed(entries) if one.references or one.response]
    which = Filter(text=(Term(order, whole=True),))
    got = store.page(which, limit)
    read = [row.id for row in got.entries]
    while got.next_cursor:
        got = store.page(which, limit, got.next_cursor)
        read += [row.id for row in got.entries]
    assert read == right
    assert found(store, Term(order, whole=True), outcome=("request_error",)) == [entries[-1].id]
    assert store.page(Filter(text=(Term(order, whole=True),), until=entries[0].created_at)).entries[0].id == right[-1]


def test_bodies_are_not_read_where_all_that_mention_a_word_refer_to_it(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    select = store.engine.select

    def noted(query: Query) -> Answer:
        asked.append(query.sql)
        return select(query)

    monkeypatch.setattr(store.engine, "select", noted)
    order = "260101ABCDEF12"
    entry = make(0, references=[Reference("order", order)], response=body(f"<{order}>"))
    store.write([entry])
    asked.clear()
    assert found(store, Term(order, whole=True)) == [entry.id]
    assert not any("response_body" in sql for sql in asked)
    other = make(1, response=body(f"<{order}>"))
    store.write([other])
    assert found(store, Term(order, whole=True)) == [other.id, entry.id]


@pytest.mark.parametrize("many", [1, 7])
def test_a_part_of_a_text_is_found_in_order_through_all_windows(store: Store, make: Make, many: int) -> None:
    """Few in the last hour: what is before it is read and sorted; many: it is read in order."""
    hours = [*(number / 100 for number in range(many)), 2, 5, 30, 31, 24 * 5, 24 * 40, 24 * 700]
    entries = [make(-3600 * hour, response=body("<moon cake>")) for hour in hours]
    others = [make(-3600 * hour - 1, response=body("<mooncake>")) for hour in hours]
    store.write(entries + others)
    which = Filter(text=(Term("OON CA"),), until=entries[0].created_at)
    for limit in (3, 50):
        page = store.page(which, limit)
        read = [row.id for row in page.entries]
        while page.next_cursor:
            page = store.page(which, limit, page.next_cursor)
            read += [row.id for row in page.entries]
        assert read == [entry.id for entry in entries]


def test_what_is_mentioned_is_found_to_the_microsecond_in_old_and_new_parts_of_a_log(
    folder: Path, make: Make, older: Callable[[int], AbstractContextManager[None]]
) -> None:
    order = "260101ABCDEF12"
    refers: dict[str, Any] = {"references": [Reference("order", order)]}
    has: dict[str, Any] = {"response": body(f"<{order}>")}
    entries = [make(number * 2.3, **(refers, has, {}, refers | has)[number % 4]) for number in range(48)]
    with older(19):  # to the second
        store = open_store(folder, durable=False)
        store.write(entries[::3])
        store.close()
    store = open_store(folder, durable=False)
    store.write(entries[1::3])
    store.write(entries[2::3])
    right = [one for one in reversed(entries) if one.references or one.response]
    step = timedelta(microseconds=1)
    for first, last in ((0, 47), (3, 40), (5, 6), (17, 18), (20, 31)):
        since, until = entries[first].created_at, entries[last].created_at
        for inner in (timedelta(0), step):
            which = Filter(text=(Term(order, whole=True),), since=since + inner, until=until - inner)
            wanted = [one.id for one in right if since + inner <= one.created_at <= until - inner]
            for limit in (3, 100):
                got = store.page(which, limit)
                read = [row.id for row in got.entries]
                while got.next_cursor:
                    got = store.page(which, limit, got.next_cursor)
                    read += [row.id for row in got.entries]
                assert read == wanted
            asked = Filter(reference=(order,), since=since + inner, until=until - inner)
            referring = {one.id for one in entries if one.references}
            assert [row.id for row in store.page(asked, 100).entries] == [one for one in wanted if one in referring]
            assert sum(sum(bar.outcomes.values()) for bar in store.histogram(which).bars) == len(wanted)
    assert [one.id for one in store.mentioned([order], 100).mentions] == [one.id for one in right if one.references]
    store.close()
