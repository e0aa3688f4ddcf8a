"""Bodies in JSON: text where the bytes are that text, base64 where they are not."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.entry import Entry, EntryRow, Payload
from apitrail.server.shapes import EntryAnswer, entry_answer, payload_answer


@given(st.binary(max_size=100), st.sampled_from(["utf-8", "big5", "gb18030", "shift_jis", "latin-1", "utf-16", None]))
def test_a_bodys_bytes_can_be_had_back_or_it_is_text_by_its_charset(body: bytes, charset: str | None) -> None:
    answer = payload_answer(Payload(body=body, charset=charset))
    if answer.encoding == "base64":
        assert b64decode(answer.body) == body
    else:
        assert answer.body == body.decode(charset or "ascii")


@pytest.mark.parametrize(
    ("charset", "encoding", "text"), [("utf-8", "text", "é"), (None, "base64", "w6k="), ("klingon", "base64", "w6k=")]
)
def test_the_charset_decides(charset: str | None, encoding: str, text: str) -> None:
    answer = payload_answer(Payload(body="é".encode(), charset=charset))
    assert (answer.encoding, answer.body) == (encoding, text)


def test_a_character_cut_in_two_does_not_turn_the_text_into_base64() -> None:
    whole = "單" * 10
    head, tail = whole.encode()[:16], whole.encode()[16:]
    answer = payload_answer(Payload(body=head, tail=tail, charset="utf-8", truncated=True))
    assert (answer.encoding, answer.body, answer.tail) == ("text", "單" * 5, "單" * 4)


def test_a_character_cut_in_two_in_a_whole_body_is_not_text() -> None:
    assert payload_answer(Payload(body="單".encode()[:2], charset="utf-8")).encoding == "base64"


def test_no_body_is_the_empty_text() -> None:
    answer = payload_answer(Payload())
    assert (answer.body, answer.tail, answer.encoding) == ("", "", "text")


def test_an_entry_is_answered_with_every_field_of_its_row() -> None:
    entry = Entry(
        id="019cd149-cabb-7000-8000-0123456789ab",
        created_at=datetime(2026, 3, 9, tzinfo=UTC),
        method="GET",
        url="https://a.test/",
        path="/",
        outcome="success",
        request=Payload(),
    )
    answer = entry_answer(entry)
    for name in EntryRow.__struct_fields__:
        assert getattr(answer, name) == getattr(entry, name)
    assert set(EntryAnswer.__struct_fields__) == {*EntryRow.__struct_fields__, "request", "response"}
