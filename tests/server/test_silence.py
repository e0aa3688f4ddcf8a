"""When a pause is told, and when it is not: by the rules that the guide tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from apitrail.server.silence import silences, watched
from apitrail.store.model import Rhythm

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
START = datetime(2026, 8, 3, tzinfo=UTC)


def rhythm(times: list[datetime], action: str = "order.list") -> Rhythm:
    """Of calls at these times, as the store tells it."""
    quarters = sorted({START + (at - START) // QUARTER * QUARTER for at in times})
    gaps = sorted(after - before for before, after in pairwise(quarters))
    pauses = [(before, after) for before, after in pairwise(quarters) if after - before > HOUR]
    return Rhythm(
        side="ec",
        account="a",
        action=action,
        quarters=len(quarters),
        days=len({one.date() for one in quarters}),
        usual=gaps[len(quarters) // 2 - 1],
        first=quarters[0],
        last=quarters[-1],
        pauses=tuple(sorted(pauses, key=lambda one: one[0] - one[1])),
    )


def every(step: timedelta, hours: float, *, but: tuple[float, float] = (0, 0), nights: float = 0) -> list[datetime]:
    """From START on, but not between two hours after it, and not within so many first hours of each day."""
    found = []
    for number in range(int(hours * HOUR / step)):
        after = number * step
        away = but[0] * HOUR < after < but[1] * HOUR
        at_night = timedelta() < after % (24 * HOUR) < nights * HOUR
        found += [] if away or at_night else [START + after]
    return found


def told(times: list[datetime], until: float, action: str = "order.list") -> list[tuple[float, float | None]]:
    return [
        ((one.since - START) / HOUR, (one.until - START) / HOUR if one.until else None)
        for one in silences(rhythm(times, action), START + until * HOUR)
    ]


def test_a_fetch_that_stayed_away_for_more_than_an_hour_is_told_from_its_last_quarter_to_its_next() -> None:
    assert told(every(QUARTER, 24, but=(10, 12.5)), 24) == [(10, 12.5)]
    assert told(every(QUARTER, 24, but=(10, 11.25)), 24) == []


def test_what_lasts_comes_before_what_has_ended() -> None:
    assert told(every(QUARTER, 20, but=(10, 12.5)), 24) == [(19.75, None), (10, 12.5)]


def test_a_slow_rhythm_is_missed_after_three_times_its_usual_only() -> None:
    assert told(every(4 * HOUR, 60), 56 + 12) == []
    assert told(every(4 * HOUR, 60), 56 + 12.5) == [(56, None)]


def test_a_fetch_that_rests_every_night_is_not_silent_at_night_and_is_when_it_rests_all_day() -> None:
    working = every(QUARTER, 7 * 24, nights=8)
    assert told(working, 7 * 24) == []
    assert told(working, 7 * 24 + 8) == []
    assert told(working, 7 * 24 + 12) == [(167.75, None)]


def test_two_outages_do_not_make_each_other_usual() -> None:
    times = [at for at in every(QUARTER, 48, but=(10, 14)) if not 30 * HOUR < at - START < 33 * HOUR]
    assert told(times, 48) == [(30, 33), (10, 14)]


def test_seven_quarters_are_no_rhythm() -> None:
    assert told(every(QUARTER, 1.75), 40) == []
    assert told(every(QUARTER, 2), 40) == [(1.75, None)]


def test_a_notification_is_missed_only_by_a_pause_longer_than_any_other() -> None:
    busy = every(QUARTER, 6 * 24, but=(30, 36))
    topic = "webhook.order.created"
    assert told(busy, 6 * 24 + 1, topic) == [(30, 36)]
    assert told(busy, 6 * 24 + 7, topic) == []
    assert told(busy, 6 * 24 + 8, topic) == [(143.75, None)]


def test_notifications_of_a_few_days_or_few_in_all_have_no_rhythm() -> None:
    assert told(every(QUARTER, 4 * 24), 4 * 24 + 90, "webhook.order.created") == []
    assert told(every(4 * HOUR, 6 * 24), 6 * 24 + 90, "webhook.order.created") == []


@pytest.mark.parametrize("action", ["order.list.manual", "label.create", "stock.push", "auth.refresh"])
def test_what_a_person_or_an_order_starts_is_never_missed(action: str) -> None:
    assert told(every(QUARTER, 7 * 24), 30 * 24, action) == []
    assert watched([action]) == ()
