"""Deep batches made shallow: what is there is kept, at the price of its length, and what is no document stays none."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recorder.growth import assert_it_grows_as_its_input_does

from apitrail.server.nesting import LEVELS, shallow_json, shallow_messagepack

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text(max_size=40), inner, max_size=20),
    max_leaves=60,
)


@given(VALUES)
def test_what_is_shallow_stays_as_it_is(value: object) -> None:
    packed = msgspec.msgpack.encode([value])
    assert shallow_messagepack(packed) == packed
    text = json.dumps([json.loads(msgspec.json.encode(value))]).encode()
    assert shallow_json(text) == text


@pytest.mark.parametrize("make", [lambda inner: [inner], lambda inner: {"a": 1, "b": [inner, "]"], "c": 2}])
def test_what_lies_too_deep_is_left_out_and_what_stands_beside_it_stays(make: Callable[[object], object]) -> None:
    value: object = "deep"
    for _ in range(60):
        value = make(value)
    whole = {"before": [1, "]}"], "deep": value, "after": {"x": "[["}}
    for kept in (
        msgspec.json.decode(shallow_json(msgspec.json.encode(whole))),
        msgspec.msgpack.decode(shallow_messagepack(msgspec.msgpack.encode(whole))),
    ):
        assert (kept["before"], kept["after"]) == (whole["before"], whole["after"])
        assert "deep" not in json.dumps(kept["deep"])
        assert json.dumps(kept["deep"]).count("[") in (LEVELS - 1, (LEVELS - 1) // 2)


def test_a_body_given_as_json_becomes_its_text_and_nothing_else_does() -> None:
    text = b'{"request": {"body" : [1, {"a": "]"}], "x": {"text": [2]}}, "stated": {"text": [3]}, "text": [4]}'
    kept = json.loads(shallow_json(text))
    assert kept == {
        "request": {"text": '[1, {"a": "]"}]', "x": {"text": [2]}},
        "stated": {"text": [3]},
        "text": [4],
    }


@given(st.binary(max_size=200))
def test_any_bytes_are_gone_through(data: bytes) -> None:
    with suppress(UnicodeDecodeError):
        shallow_json(data)
    with suppress(IndexError, ValueError):
        shallow_messagepack(data)


@pytest.mark.parametrize("part", [b"[", b'{"a":', b"[1],", b'"', b'"text":[', b'{"request":{"text":[', b"[]", b"\\"])
def test_json_takes_as_long_as_it_is(part: bytes) -> None:
    assert_it_grows_as_its_input_does(lambda size: lambda: shallow_json(b"[" + part * (size // len(part))))


@pytest.mark.parametrize("part", [b"\x91", b"\x81\xa1a", b"\x92\xc0", b"\x9f", b"\xdd\x00\xff\xff\xff"])
def test_messagepack_takes_as_long_as_it_is(part: bytes) -> None:
    def made(size: int) -> Callable[[], object]:
        data = b"\x91" + part * (size // len(part))

        def work() -> None:
            with suppress(IndexError, ValueError):
                shallow_messagepack(data)

        return work

    assert_it_grows_as_its_input_does(made)
