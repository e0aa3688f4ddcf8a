"""The kit for users' own tests."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import apitrail
from apitrail import Exchange, Failure, Message, testing
from apitrail.recorder import capture


def exchange(**changes: object) -> Exchange:
    given = {"created_at": datetime.now(UTC), "method": "GET", "url": "http://shop.example/orders", "status": 200}
    return Exchange(**(given | changes))  # type: ignore[arg-type]


def test_what_is_recorded_is_there_at_once_and_can_be_asked_for() -> None:
    with testing.recording() as log:
        with (
            apitrail.integration(ec="shop-1", shipping="ups-1", platform="shopee", merchant="M1"),
            apitrail.action("order.list", source=("ec_account", "shop-1"), references=[("order", "1"), ("order", "2")]),
        ):
            apitrail.record(exchange())
        apitrail.record(exchange(status=None, error=Failure("httpx.ConnectError", "refused")))
        apitrail.not_sent("label.create", "no address", source=("order", "1"))
    first = log.exchanges[0]
    for said in (
        {"action": "order.list"},
        {"platform": "shopee", "merchant": "M1"},
        {"ec_integration": "shop-1"},
        {"shipping_integration": "ups-1"},
        {"source": ("ec_account", "shop-1")},
        {"reference": ("order", "2")},
        {"status": 200, "method": "GET", "direction": "outbound", "url": "/orders", "error": None},
    ):
        assert log.assert_recorded(count=1, **said) == first
    log.assert_recorded(count=1, error="refused", status=None, action=None)
    log.assert_recorded(count=1, not_sent="no address", action="label.create")
    log.assert_recorded(count=3)
    log.assert_not_recorded(action="stock.push")


def test_a_failed_assertion_shows_what_was_recorded_and_where_it_differs() -> None:
    with testing.recording() as log, apitrail.action("order.get"):
        apitrail.record(exchange(status=500))
    with pytest.raises(AssertionError) as raised:
        log.assert_recorded(action="order.list", status=500)
    assert str(raised.value) == (
        "expected an exchange with action='order.list', status=500; found 0.\n"
        "Recorded:\n"
        "  1. outbound GET http://shop.example/orders 500 action=order.get   differs in action"
    )
    with pytest.raises(AssertionError, match=r"expected no exchange with status=500; found 1\.\n(.|\n)*fits"):
        log.assert_not_recorded(status=500)
    with pytest.raises(AssertionError, match="expected exactly 2 with any; found 1"):
        log.assert_recorded(count=2)


def test_a_failed_assertion_over_nothing_says_what_to_look_at() -> None:
    with testing.recording() as log, pytest.raises(AssertionError, match="Nothing was recorded"):
        log.assert_recorded(action="order.list")


def test_what_cannot_be_asked_for_is_an_error_of_the_test() -> None:
    with testing.recording() as log, pytest.raises(TypeError, match="akshun"):
        log.assert_recorded(akshun="order.list")


def test_secrets_are_masked_as_in_the_log() -> None:
    with testing.recording() as log:
        apitrail.record(exchange(request=Message(headers=[("Authorization", "Bearer abcdefghijklmnop")])))
    assert "abcdefghijklmnop" not in repr(log.exchanges)


def test_after_the_block_captures_go_where_they_went_before() -> None:
    before = capture.sink
    with testing.recording():
        assert capture.sink is not before
    assert type(capture.sink) is type(before)


def test_clear_forgets() -> None:
    with testing.recording() as log:
        apitrail.record(exchange())
        log.clear()
        log.assert_not_recorded()


def test_text_shows_any_bytes() -> None:
    assert testing.text(Message(body=b"ok\xff")) == "ok\\xff"
    assert testing.text(Message(text="訂單")) == "訂單"
    assert testing.text(None) == ""
