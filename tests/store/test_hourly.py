"""How each account fared by the hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apitrail.entry import Entry
from apitrail.exchange import Integration
from apitrail.store import Store

NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)
Make = Callable[..., Entry]


def test_hours_have_calls_failures_and_the_median_of_their_own_account(either: Store, make: Make) -> None:
    def call(minutes: int, ms: float, outcome: str = "success", account: str = "a") -> Entry:
        given = {"outcome": outcome, "duration_ms": ms, "ec_integration": Integration(account)}
        return make(NOON + timedelta(minutes=minutes), **given)

    either.write(
        [
            call(1, 10),
            call(2, 20, "request_error"),
            call(3, 90, "partial"),
            call(61, 7),
            call(62, 5, account="b"),
            call(63, 5, account="not asked for"),
            call(-5, 5),
            make(NOON, shipping_integration=Integration("s")),
        ]
    )
    found = either.hourly("ec", NOON, NOON + timedelta(hours=3), ["a", "b"])
    assert [(one.account, one.at, one.calls, one.failed, one.median_ms) for one in found] == [
        ("a", NOON, 3, 1, 20.0),
        ("a", NOON + timedelta(hours=1), 1, 0, 7.0),
        ("b", NOON + timedelta(hours=1), 1, 0, 5.0),
    ]
