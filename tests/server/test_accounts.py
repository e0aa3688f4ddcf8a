"""How an account fares, judged by the rules that the page says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apitrail.server.accounts import health
from apitrail.store.model import Activity, Rhythm

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


def rhythm(action: str = "order.list", **fields: Any) -> Rhythm:
    """A call in every quarter of an hour of a week, the last four hours before NOON."""
    given: dict[str, Any] = {
        "side": "ec",
        "account": "a",
        "quarters": 600,
        "days": 8,
        "usual": HOUR / 4,
        "first": NOON - 168 * HOUR,
        "last": NOON - 4 * HOUR,
        "pauses": (),
    }
    return Rhythm(action=action, **(given | fields))


def test_a_regular_fetch_that_stopped_is_silent_since_its_last_call() -> None:
    stopped = activity(last_success=NOON - 4 * HOUR + HOUR / 10)
    found = health([stopped], NOON, [rhythm()])
    assert (found.state, found.action, found.since) == ("silent", "order.list", NOON - 4 * HOUR + HOUR / 10)


def test_a_fetch_is_told_before_a_notification_that_stayed_away_longer() -> None:
    notices = rhythm("webhook.order.created", last=NOON - 30 * HOUR)
    assert health([activity()], NOON, [notices, rhythm()]).action == "order.list"


def test_what_comes_at_no_regular_time_is_never_silent_after_hours() -> None:
    assert health([activity("label.create")], NOON, [rhythm("label.create")]).state == "healthy"


def test_a_tenth_of_failures_is_degraded_and_less_is_not() -> None:
    assert health([activity(calls=30, failed=3)], NOON).state == "degraded"
    assert health([activity(calls=31, failed=3)], NOON).state == "healthy"


def test_what_failed_in_part_counts_with_what_failed_as_a_whole() -> None:
    assert health([activity(calls=30, failed=1, partly=2)], NOON).state == "degraded"
    assert health([activity(calls=30, failed=1, partly=1)], NOON).state == "healthy"
    assert health([activity(calls=30, partly=30, newest=(False, False, False))], NOON).state == "degraded"


def test_an_account_without_calls_is_silent_never_seen_or_off() -> None:
    assert health([], NOON).state == "silent"
    assert health([], NOON, seen=False).state == "never"
    assert health([activity()], NOON, enabled=False).state == "off"
