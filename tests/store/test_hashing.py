"""Words have the numbers that the engine gives them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apitrail.store import Store
from apitrail.store.engine import Query
from apitrail.store.hashing import word_numbers, xx_hash32

WORDS = ["", "a", "A-1001", "#1001", "2602757X53AW8P", "訂單-ÄÖ-1Z999AA10123456784", "Q" * 36, "0123456789abcdef" * 4]


def test_the_hash_is_that_of_its_specification() -> None:
    assert [xx_hash32(data) for data in (b"", b"abc")] == [0x02CC5D05, 0x32D153FF]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_has_the_engines_number(store: Store, word: str) -> None:
    asked = Query("SELECT xxHash32(lower({word:String}))", {"word": word})
    assert store.engine.select(asked).rows == [(word_numbers([word])[0],)]


@settings(max_examples=50)
@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_capitals_of_ascii_alone_make_no_difference(word: str) -> None:
    swapped = "".join(char.lower() if char.isascii() else char for char in word)
    assert word_numbers([word]) == word_numbers([swapped])
