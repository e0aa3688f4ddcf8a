"""A rule is passed over only where it cannot hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.exchange import Exchange, Message
from apitrail.profiles.conditions import compile_condition, need_of
from apitrail.profiles.facts import Facts
from apitrail.profiles.payloads import payload
from apitrail.profiles.screens import Need, screen

CONDITIONS = [
    "response:$.a",
    "!response:$.a",
    "response:$.a = x|1|true",
    "response:$.a != x",
    "response:$.a ~ ^x",
    "response:$.a > 0",
    "response:$.a.b",
    "response:$.a.b != 0",
    "response:$.a[]",
    "response:$.a[].b = x",
    "response:$.a[b!=x] != y",
    "response:$.a.* = x",
    "response:$[].a",
    "response:$.a.(keys) = b",
    "response:form = json|empty",
    "response:form = text",
    "status >= 400",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.sampled_from([0, 1, "", "x", "y", "0", 1.5]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)


def answered(body: bytes) -> Facts:
    exchange = Exchange(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        method="GET",
        url="https://acme.example/",
        response=Message(body=body),
        status=200,
    )
    assert exchange.response is not None
    return Facts(exchange, payload(exchange.request), payload(exchange.response))


@given(st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2) | st.lists(VALUES, max_size=2) | st.just(""))
def test_a_condition_that_holds_has_all_it_needs(body: Any) -> None:
    facts = answered(json.dumps(body).encode() if body != "" else b"")
    rules = [(text, [need] if (need := need_of(text)) is not None else []) for text in CONDITIONS]
    passed = screen(rules)(facts)
    assert passed == [text for text in CONDITIONS if text in passed], "the order is the rules'"
    held = [text for text in CONDITIONS if compile_condition(text)(facts)]
    assert set(held) <= set(passed)


@pytest.mark.parametrize(
    ("need", "body", "met"),
    [
        (Need(("a",), "says"), b'{"a": ""}', False),
        (Need(("a",), "says"), b'{"a": "x"}', True),
        (Need(("a",), "there"), b'{"a": ""}', True),
        (Need(("a",), "there"), b'{"a": null}', False),
        (Need(("a",), "element"), b'{"a": []}', False),
        (Need(("a",), "element"), b'{"a": [0]}', True),
        (Need(("a", "b"), "there"), b'{"a": {"b": 0}}', True),
        (Need(("a", "b"), "there"), b'{"a": [1]}', False),
        (Need(forms=frozenset({"empty"})), b"", True),
        (Need(forms=frozenset({"empty"})), b"{}", False),
    ],
)
def test_a_rule_without_what_it_needs_is_passed_over(need: Need, body: bytes, met: bool) -> None:
    assert screen([("rule", [need])])(answered(body)) == (["rule"] if met else [])


def test_a_rule_that_needs_nothing_is_always_asked() -> None:
    assert screen([("rule", [])])(answered(b"no answer")) == ["rule"]
