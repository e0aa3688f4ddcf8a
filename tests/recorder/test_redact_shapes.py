"""Secrets by shape: what is asked of a text before it is searched must hold for every secret of that shape."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apitrail.recorder.redaction import shapes
from apitrail.recorder.redaction.layers import Span
from apitrail.recorder.secrets import SHAPES


def found_in(text: str) -> list[Span]:
    return shapes.spans(text, shapes.pieces(text))


PIECES = [(shape, shortest) for _, shape, shortest in SHAPES if shortest]


@pytest.mark.parametrize(("shape", "shortest"), PIECES)
@settings(max_examples=30)
@given(data=st.data())
def test_a_secret_by_shape_is_one_piece_of_the_length_that_the_table_says(
    shape: str, shortest: int, data: st.DataObject
) -> None:
    secret = data.draw(st.from_regex(shape, fullmatch=True, alphabet=st.characters(codec="ascii")))
    assert len(secret) >= shortest
    assert set(secret) <= set(shapes.CHARACTERS)


@pytest.mark.parametrize("shape", [shape for _, shape, _ in SHAPES])
@settings(max_examples=30)
@given(
    data=st.data(),
    around=st.sampled_from(
        [('{"note": "', '"}'), ("see ", ", then"), ("", ""), ("\n", "\n"), ("%22", "%22"), (r"\n", r"\n")]
    ),
)
def test_a_secret_by_shape_is_found_wherever_it_stands(
    shape: str, data: st.DataObject, around: tuple[str, str]
) -> None:
    secret = data.draw(st.from_regex(shape, fullmatch=True, alphabet=st.characters(codec="ascii")))
    before, after = around
    found = found_in(before + secret + after)
    assert any(span.start == len(before) and span.end >= len(before) + len(secret) for span in found)


def test_a_text_without_long_pieces_has_no_secret_by_shape() -> None:
    text = '{"order_sn": "2611239KQ4XW01", "ship": "gh_1", "sk_live_": "Atza|"}' * 50
    assert shapes.pieces(text) == ""
    assert found_in(text) == []


def test_a_secret_by_shape_is_found_behind_any_number_of_long_pieces() -> None:
    text = ",".join(["0123456789abcdef"] * 5_000) + ",sk_live_0123456789abcdef"
    assert [span.value for span in found_in(text)] == ["sk_live_0123456789abcdef"]
