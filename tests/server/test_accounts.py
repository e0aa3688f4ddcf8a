"""How an account fares, judged by the rules that the page says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apitrail.server.accounts import health
from apitrail.store.model import Activity

NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def activity(action: str = "order.list", **fields: Any) -> Activity:
    given: dict[str, Any] = {
        "account": "a",
        "platform": "shopee",
        "calls": 96,
        "failed": 0,
        "last_success": NOON - HOUR / 4,
        "success_id": "s",
        "last_failure": None,
        "failure_id": "",
        "first": NOON - 24 * HOUR,
        "quarters": 96,
        "newest": (False, False, False),
        "causes": (),
    }
    return Activity(action=action, **(given | fields))


def test_three_failures_in_a_row_of_one_action_are_failing_since_its_last_success() -> None:
    bad = activity(failed=3, newest=(True, True, True), last_success=NOON - 5 * HOUR, last_failure=NOON - HOUR)
    found = health([activity("stock.push"), bad], NOON)
    assert (found.state, found.action, found.since) == ("failing", "order.list", NOON - 5 * HOUR)


def test_two_failures_are_no_streak() -> None:
    assert health([activity(failed=2, newest=(True, True), last_failure=NOON)], NOON).state == "healthy"


def test_a_regular_fetch_that_stopped_is_silent_since_its_last() -> None:
    stopped = activity(last_success=NOON - 4 * HOUR, first=NOON - 24 * HOUR, quarters=80)
    found = health([stopped], NOON)
    assert (found.state, found.since) == ("silent", NOON - 4 * HOUR)


def test_what_is_no_scheduled_fetch_is_never_silent_after_hours() -> None:
    assert health([activity("label.create", last_success=NOON - 20 * HOUR)], NOON).state == "healthy"


def test_a_fetch_once_a_day_is_not_missed_within_three_days() -> None:
    daily = activity(first=NOON - 6 * 24 * HOUR, last_success=NOON - 47 * HOUR, quarters=5, calls=0)
    assert health([daily], NOON).state == "quiet"


def test_a_tenth_of_failures_is_degraded_and_less_is_not() -> None:
    assert health([activity(calls=30, failed=3)], NOON).state == "degraded"
    assert health([activity(calls=31, failed=3)], NOON).state == "healthy"


def test_an_account_without_calls_is_silent_never_seen_or_off() -> None:
    assert health([], NOON).state == "silent"
    assert health([], NOON, seen=False).state == "never"
    assert health([activity()], NOON, enabled=False).state == "off"
