"""Card numbers are known by themselves; the trade's own numbers are not taken for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.recorder.growth import assert_it_grows_as_its_input_does

from apitrail.exchange import Exchange, Message
from apitrail.recorder.redact import Redactor
from apitrail.recorder.redaction.cards import checks, spans

CARDS = ["4111111111111111", "5555555555554444", "2223003122003222", "6011111111111117", "3530111333300000"]
"""Numbers that the schemes publish for tests."""
AMEX = "378282246310005"


@pytest.mark.parametrize("card", [*CARDS, AMEX])
@pytest.mark.parametrize(
    "written",
    [
        *('{"pan":"%s"}', '{"pan":%s}', "card=%s&x=1", "<Pan>%s</Pan>", "paid with %s today"),
        *("{data:%%7B%%22pan%%22%%3A+%%22%s%%22%%7D", r'{"broken": "paid with\n%s', r'{"broken": "\u0022%s\u0022'),
    ],
)
def test_a_card_number_is_masked_under_any_name(card: str, written: str) -> None:
    body = (written % card).encode()
    x = Exchange(created_at=datetime.now(UTC), method="POST", url="https://a.example/", request=Message(body=body))
    once = Redactor(b"k").exchange(x)
    assert card.encode() not in once.request.body
    assert Redactor(b"k").exchange(once) == once
    if written.startswith('{"pan"'):
        json.loads(once.request.body)


@pytest.mark.parametrize("gap", [" ", "-"])
def test_in_groups_it_is_one_under_every_name(gap: str) -> None:
    grouped = gap.join(("4111", "1111", "1111", "1111"))
    assert [span.value for span in spans(f'{{"order_id": "{grouped}"}}')] == [grouped]
    amex = gap.join(("3782", "822463", "10005"))
    assert [span.value for span in spans(f"note: {amex}.")] == [amex]


@pytest.mark.parametrize(
    "text",
    [
        '{"order_id": 4111111111111111}',
        '{"trackingNumber":"4111111111111111"}',
        "<ItemID>4111111111111111</ItemID>",
        "sku=4111111111111111",
        "%22order_id%22%3A+%224111111111111111%22",
        r"{\"order_id\":\"4111111111111111\"}",
        '{"pan": 4111111111111112}',  # fails the check
        '{"pan": 9111111111111111}',  # no issuer's
        '{"n": 14111111111111111}',  # longer
        '{"n": 0.4111111111111111}',
        "SN4111111111111111",
    ],
)
def test_the_numbers_of_the_trade_are_none(text: str) -> None:
    assert spans(text) == []


def test_the_check_digit_is_luhns() -> None:
    assert all(checks(card) for card in [*CARDS, AMEX])
    assert not any(checks(card[:-1] + str((int(card[-1]) + 1) % 10)) for card in CARDS)


@pytest.mark.parametrize("part", ["4", "4111 ", "4111111111111111,", "=", 'a="4111111111111111" '])
def test_it_takes_as_long_as_the_text_is(part: str) -> None:
    # The card at the end: a text without one is not looked through.
    def made(size: int) -> Callable[[], object]:
        text = part * (size // len(part)) + " 4111111111111111"
        assert spans(text)
        return lambda: spans(text)

    assert_it_grows_as_its_input_does(made)
