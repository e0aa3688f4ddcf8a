"""How regularly calls come, told from the counts: on either engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apitrail.entry import Entry
from apitrail.exchange import Integration
from apitrail.store import Store

Make = Callable[..., Entry]
START = datetime(2026, 8, 3, 10, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
SHOP, CARRIER = Integration("ec-1", "Shop"), Integration("sh-1", "Carrier")
SECOND = timedelta(seconds=1)


def fetches(make: Make, *quarters: int, action: str = "order.list", **fields: Integration) -> list[Entry]:
    """Two calls in each of these quarters of an hour after START: at its second second, and at its third."""
    accounts = fields or {"ec_integration": SHOP}
    return [
        make(START + number * QUARTER + step * SECOND, action=action, **accounts)
        for number in quarters
        for step in (1, 2)
    ]


def test_a_rhythm_is_its_quarters_its_median_and_its_longest_pauses(either: Store, make: Make) -> None:
    either.write(fetches(make, 0, 1, 2, 3, 9, 10, 11, 90))
    [found] = either.rhythms(START - QUARTER, START + 100 * QUARTER, ["order.list"])
    assert (found.side, found.account, found.action) == ("ec", "ec-1", "order.list")
    assert (found.quarters, found.days, found.usual) == (8, 2, QUARTER)
    assert (found.first, found.last) == (START, START + 90 * QUARTER)
    assert found.pauses == (
        (START + 11 * QUARTER, START + 90 * QUARTER),
        (START + 3 * QUARTER, START + 9 * QUARTER),
    )


def test_a_pause_is_one_with_a_whole_hour_empty(either: Store, make: Make) -> None:
    either.write(fetches(make, 0, 4, 9))
    [found] = either.rhythms(START, START + 10 * QUARTER, ["order.list"])
    assert found.pauses == ((START + 4 * QUARTER, START + 9 * QUARTER),)


def test_only_the_range_the_accounts_and_the_actions_asked_for_count(either: Store, make: Make) -> None:
    either.write(
        [
            *fetches(make, 0, 1, 2, 3),
            *fetches(make, 1, 2, action="webhook.order.created", ec_integration=Integration("ec-2")),
            *fetches(make, 1, 2, action="webhook.logistics.status", shipping_integration=CARRIER),
            *fetches(make, 1, 2, action="label.create", shipping_integration=CARRIER),
            *fetches(make, 1, action="event.list"),
        ]
    )
    until = START + 2 * QUARTER
    told = [
        (one.account, one.action, one.quarters)
        for one in either.rhythms(START + QUARTER, until, ["order.list", "event.list", "webhook.*"])
    ]
    assert told == [
        ("ec-1", "order.list", 2),
        ("ec-2", "webhook.order.created", 2),
        ("sh-1", "webhook.logistics.status", 2),
    ]
    assert [one.account for one in either.rhythms(START, until, ["webhook.*"], shipping=["sh-1"])] == ["sh-1"]
    assert [one.account for one in either.rhythms(START, until, ["webhook.*"], ec=["ec-1"])] == []


def test_the_edges_of_a_quarter_are_told_to_the_microsecond(either: Store, make: Make) -> None:
    either.write([*fetches(make, 0, 1, 5), *fetches(make, 1, action="label.create")])
    quarters = [START + QUARTER, START + 5 * QUARTER]
    assert either.quarter_edges(quarters, ["order.list"]) == {
        ("ec", "ec-1", "order.list", at): (at + SECOND, at + 2 * SECOND) for at in quarters
    }
    assert either.quarter_edges([], ["order.list"]) == {}
