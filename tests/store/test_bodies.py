"""Bodies without the ids of references: they come back byte by byte, and are found by all that was in them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apitrail.entry import Entry, Payload
from apitrail.exchange import Reference
from apitrail.store import Filter, Store, Term
from apitrail.store.bodies import LEAST, MARK, NEXT, edges, encoded, fold, foldable, unfold, unfolded
from apitrail.store.engine import Query

Make = Callable[..., Entry]

ACTIONS = ("order.list", "label.create", "order.get")
"""Whose answers lie in different columns."""
ORDER, PARCEL = "2602C03Z0FJEQ4", "shp_2e48dda4197a64f18e43c6952dea535e"
ID = st.one_of(st.sampled_from([ORDER, ORDER[:10], ORDER + "7", PARCEL, "32301442"]), st.text("ab1-_#", max_size=12))
SIGNS = st.text('ab1-_#",: <>%&\\\n', max_size=4)


@st.composite
def bodies(draw: st.DrawFn, ids: st.SearchStrategy[str] = ID) -> tuple[str, list[str]]:
    """A body, and the ids of which some are in it."""
    known = draw(st.lists(ids, max_size=6))
    inside = st.one_of(SIGNS, st.sampled_from(known)) if known else SIGNS
    return "".join(draw(st.lists(inside, max_size=12))), known


def payload(text: str) -> Payload:
    return Payload(body=text.encode())


def known(ids: list[str]) -> list[bytes]:
    return foldable(encoded(ids))


def refer(ids: list[str]) -> list[Reference]:
    return [Reference("order", one) for one in ids]


@given(
    st.one_of(bodies().map(lambda pair: (pair[0].encode(), pair[1])), st.tuples(st.binary(max_size=40), st.just([])))
)
def test_a_body_comes_back_whatever_it_is(made: tuple[bytes, list[str]]) -> None:
    body, ids = made
    stored = fold(body, known(ids))
    assert stored == body if len(stored) == len(body) else unfold(stored, ids) == body


@pytest.mark.parametrize("body", ['{"order_sn":"%s","items":[%s, "%s"]}', "<a>%s</a> %s,%s", "id=%s&of=%s&of=%s"])
def test_each_id_is_left_out_once_in_whatever_order_they_come(body: str) -> None:
    ids = ["3230144279646", PARCEL, "\n", ORDER]
    whole = (body % (ORDER, ids[0], ORDER)).encode()
    stored = fold(whole, known(ids))
    assert stored.count(ORDER.encode()) == 1
    assert ids[0].encode() not in stored
    assert unfold(stored, ids) == whole


@pytest.mark.parametrize(
    "body",
    [f"x{ORDER}", f"{ORDER}7", f"-{ORDER},", f"%{ORDER},", f"\\{ORDER},", f"{ORDER}%20", f"{ORDER}取", f"{ORDER}}}"],
)
def test_an_id_that_no_sign_ends_stays(body: str) -> None:
    assert fold(body.encode(), [ORDER.encode()]) == body.encode()


@pytest.mark.parametrize("one", ["1" * (LEAST - 1), "#1001-2026", "訂單二六〇二〇〇一", "a.b.c.d.e"])
def test_short_ids_and_those_with_signs_stay(one: str) -> None:
    assert fold(f'"{one}"'.encode(), known([one])) == f'"{one}"'.encode()


def test_a_body_that_has_the_mark_stays() -> None:
    body = MARK + f'"{ORDER}"'.encode()
    assert fold(body, [ORDER.encode()]) == body


def test_very_many_ids_in_a_large_body_are_not_looked_for_for_ever() -> None:
    """All of them in order are found in one pass; in no order, some are."""
    ids = [f"26020{number:09}" for number in range(120)]
    ahead = ",".join(f'"{one}" {"x" * 5000}' for one in ids).encode()
    back = ",".join(f'"{one}" {"x" * 5000}' for one in reversed(ids)).encode()
    assert len(fold(ahead, known(ids))) == len(ahead) - 120 * 12
    stored = fold(back, known(ids))
    assert len(stored) >= len(back) - 10 * 12
    assert unfold(stored, ids) == back


@given(bodies())
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_engine_puts_it_together_alike(store: Store, made: tuple[str, list[str]]) -> None:
    body, ids = made
    stored = fold(body.encode(), known(ids))
    query = Query(
        f"SELECT hex({unfolded('body', 'it')}) AS whole"
        " FROM (SELECT unhex({body:String}) AS body, {ids:Array(String)} AS reference_ids)",
        {"body": stored.hex(), "ids": ids},
    )
    assert bytes.fromhex(store.engine.select(query).rows[0][0]) == body.encode()


@given(bodies(st.sampled_from([ORDER, PARCEL, "3230144279646"])), st.data())
@example((f"ab,{ORDER},ab", [ORDER]), None)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_part_of_it_is_found_and_nothing_else(
    store: Store, make: Make, made: tuple[str, list[str]], data: st.DataObject | None
) -> None:
    body, ids = made[0].replace("\\", "").replace("%", "").replace('"', "'"), made[1]
    entry = make(0, action=ACTIONS[len(body) % 3], response=payload(body), references=refer(ids))
    store.engine.run(Query("TRUNCATE TABLE entries"))
    store.write([entry])
    if data is None:
        parts = [body[first:last] for first in range(4) for last in range(first + 1, len(body) + 1)]
    else:
        first = data.draw(st.integers(0, max(len(body) - 1, 0)))
        part = body[first : first + data.draw(st.integers(1, 30))]
        parts = [part, part + "!", f"<{part}", part.swapcase(), part[:-1] + "b"]
    for part in filter(str.strip, parts):
        there = any(part.lower() in text.lower() for text in (body, *ids))
        which = Filter(text=(Term(part),), since=entry.created_at, until=entry.created_at)
        assert [row.id for row in store.page(which).entries] == [entry.id] * there, part


@pytest.mark.parametrize(
    "word", [ORDER, PARCEL, PARCEL.removeprefix("shp_"), "2602C03Z", "a@32301442796", "SO-1234567"]
)
def test_a_word_of_it_is_found_whether_the_id_is_left_out_or_not(either: Store, make: Make, word: str) -> None:
    texts: list[tuple[str, list[str]]] = [
        (f'{{"of":"{word}"}}', [word]),
        (f'{{"of":"{word}"}}', ["32301442796", PARCEL]),
        (f'{{"of":"{word}"}}', ["SO-1234567"]),
        (f"of={word}&x=%20", ["32301442796"]),
        (f"{word}7 7{word}", []),
    ]
    entries = [make(number, request=payload(text), references=refer(ids)) for number, (text, ids) in enumerate(texts)]
    either.write(entries)
    read = [row.id for row in either.page(Filter(text=(Term(word, whole=True),))).entries]
    assert read == [entry.id for entry in reversed(entries[:4])]


def test_it_is_whole_in_an_entry_in_an_export_and_after_a_cut(store: Store, make: Make) -> None:
    fields: dict[str, Any] = {"references": refer([ORDER, PARCEL])}
    entries = [
        make(
            0, request=Payload(body=f"id={ORDER}".encode()), response=Payload(body=f'["{PARCEL}"]'.encode()), **fields
        ),
        make(
            1,
            request=Payload(
                body=f"<{ORDER}>".encode(), tail=f"<{PARCEL}>".encode(), size=9000, digest="0" * 64, truncated=True
            ),
            **fields,
        ),
    ]
    store.write(entries)
    lengths = Query("SELECT length(request_body), length(response_body) FROM entries ORDER BY created_at")
    assert store.engine.select(lengths).rows == [(5, 6), (8, 0)]
    assert [store.entry(entry.id) for entry in entries] == entries
    assert list(store.whole(store.page(Filter()).entries)) == [entries[1], entries[0]]


def test_bodies_that_were_there_before_stay_and_are_found(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields: dict[str, Any] = {"references": refer([ORDER]), "response": payload(f'["{ORDER}", "as it came"]')}
    old, new = make(0, **fields), make(1, **fields)
    with monkeypatch.context() as before:
        before.setattr("apitrail.store.bodies.fold", lambda body, ids: body)
        store.write([old])
    store.write([new])
    lengths = Query("SELECT length(response_body) FROM entries ORDER BY created_at")
    assert store.engine.select(lengths).rows == [(32,), (20,)]
    assert [store.entry(one.id) for one in (old, new)] == [old, new]
    for text in (ORDER[3:10], f'{ORDER[9:]}", "as', "AS IT"):
        assert [row.id for row in store.page(Filter(text=(Term(text),))).entries] == [new.id, old.id]


def test_what_a_text_says_of_the_ids_that_it_may_be_partly_in() -> None:
    assert edges([b"2602C03Z"]) == ([], [], [])
    assert edges([b"c03z0fjeq4, next order is 26"]) == (["c03z0fjeq4"], ["26"], [])
    assert edges([b'"of":"2602C03Z0FJEQ4","n":"', b"'x' = 1 "]) == ([], [], ["2602c03z0fjeq4"])
    assert edges([b"\\u53d6\\u865f", b"a%20b"]) == ([], [], [])


def test_a_list_of_ids_is_the_same_few_bytes_over_and_over() -> None:
    ids = [f"26020{number:09}" for number in range(4)]
    assert fold(b'["%s","%s","%s"]' % tuple(one.encode() for one in ids[1:]), known(ids)) == (
        b'["' + MARK + b'\x81","' + NEXT + b'","' + NEXT + b'"]'
    )


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_whatever_order_a_lists_ids_are_each_is_left_out(order: tuple[int, ...]) -> None:
    ids = ["3230144279646", ORDER, PARCEL]
    body = b'{"ids":["%s","%s","%s"]}' % tuple(ids[number].encode() for number in order)
    stored = fold(body, known(ids))
    assert len(stored) == len(b'{"ids":["","",""]}') + 6
    assert unfold(stored, ids) == body


def test_marks_from_before_there_were_next_ones_are_read() -> None:
    stored = b"[" + b",".join(MARK + bytes([0x80 + number]) for number in range(3)) + b"]"
    assert unfold(stored, [ORDER, PARCEL, "32301442"]) == f"[{ORDER},{PARCEL},32301442]".encode()
