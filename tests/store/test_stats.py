"""What the log takes, and how that will go on: a forecast is held to what the engine then keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import pytest

from apitrail.entry import Entry, Payload
from apitrail.exchange import Integration
from apitrail.store import Store
from apitrail.store.retention import Keep, Rules, used_bytes
from apitrail.store.stats import Forecast

Make = Callable[..., Entry]
NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)
KEEP = Keep(success_bodies=2, failure_bodies=6, entries=16)
GIGABYTE = 10**9


def fill(store: Store, make: Make, days: range, calls: int = 300) -> None:
    """As many calls each day, a tenth of them failed, with answers that are most of what they take."""
    random = Random(5)
    for day in days:
        store.write(
            [called(make, NOON - timedelta(days=day, seconds=number), number, random) for number in range(calls)]
        )


def called(make: Make, at: datetime, number: int, random: Random) -> Entry:
    items = [{"sku": f"{random.randrange(10**9)}", "name": "A green cup", "price": random.random()} for _ in range(100)]
    body = json.dumps(items).encode()
    outcome = "success" if number % 10 else "platform_error"
    return make(at, outcome=outcome, response=Payload(body=body, size=len(body)))


def ahead(store: Store, rules: Rules, free: int = GIGABYTE) -> Forecast:
    return store.stats(rules, NOON, free, NOON).forecast


def test_a_log_settles_where_the_forecast_said(store: Store, make: Make) -> None:
    fill(store, make, range(1, 8))
    said = ahead(store, Rules(KEEP))
    assert said.days_left is None
    fill(store, make, range(8, 17))
    store.tidy(Rules(KEEP), NOON)
    # By how well bodies and rows can be compressed: without telling them apart, it was four times as much.
    assert said.settles_at == pytest.approx(used_bytes(store.engine), rel=0.6)


def test_bodies_that_the_log_has_lost_already_do_not_make_it_smaller(store: Store, make: Make) -> None:
    fill(store, make, range(1, 8))
    before = ahead(store, Rules(KEEP))
    store.tidy(Rules(KEEP), NOON)
    after = ahead(store, Rules(KEEP))
    assert after.bytes_per_day == pytest.approx(before.bytes_per_day, rel=0.3)
    assert after.settles_at == pytest.approx(before.settles_at, rel=0.3)


def test_a_budget_holds_more_days_than_it_holds_with_all_their_bodies(store: Store, make: Make) -> None:
    fill(store, make, range(1, 3))
    without = ahead(store, Rules(KEEP))
    assert without.settles_at is not None
    budget = int(without.settles_at * 0.9)
    said = ahead(store, Rules(KEEP, disk_budget=budget))
    assert said.bytes_per_day is not None
    assert said.days_held is not None
    assert said.days_left is not None
    assert KEEP.entries > said.days_held > 2 * budget / said.bytes_per_day
    assert said.days_held - said.days_left in (2, 3), "two days are there already"


def test_integrations_with_times_of_their_own_are_forecast_by_these(store: Store, make: Make) -> None:
    account = ("ec", "shop-7")
    fill(store, partial(make, ec_integration=Integration("shop-7")), range(1, 4))
    said = ahead(store, Rules(KEEP))
    assert said.settles_at is not None
    twice = Keep(KEEP.success_bodies * 2, KEEP.failure_bodies * 2, KEEP.entries * 2)
    longer = ahead(store, Rules(KEEP, {account: twice, ("ec", "another"): Keep(1, 1, 1)}))
    assert longer.settles_at == pytest.approx(2 * said.settles_at, rel=0.1)
    assert longer.bytes_per_day == pytest.approx(said.bytes_per_day, rel=0.1)
    full = ahead(store, Rules(KEEP, {account: twice}, disk_budget=int(said.settles_at * 1.5)))
    assert full.days_left is not None, "a budget that would do without them"
    # What is lost early already is told from what is left.
    short = Rules(KEEP, {account: Keep(1, 1, 16)})
    before = ahead(store, short)
    store.tidy(short, NOON)
    assert ahead(store, short).settles_at == pytest.approx(before.settles_at, rel=0.3)
