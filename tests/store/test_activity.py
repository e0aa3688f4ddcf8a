"""What the guided pages and the pages of integrations ask: moments, the first entry, what each account did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apitrail.entry import Entry
from apitrail.exchange import Integration
from apitrail.store import Store
from apitrail.store.model import Filter, Moment
from apitrail.store.queries import activity

NOON = datetime(2026, 8, 3, 12, 0, 0, 123456, tzinfo=UTC)
SHOP = Integration("ec-1", "Shop")
HOUR = timedelta(hours=1)

Make = Callable[..., Entry]


def calls(make: Make, *ago: int, **fields: Any) -> list[Entry]:
    return [
        make(NOON - one * HOUR, action="order.list", platform="shopee", ec_integration=SHOP, **fields) for one in ago
    ]


def test_moments_are_the_newest_oldest_first_to_the_microsecond(store: Store, make: Make) -> None:
    store.write([*calls(make, 3, 1), *calls(make, 2, outcome="request_error")])
    found = store.moments(Filter(ec_integration=("ec-1",)), 2)
    assert found == [Moment(NOON - 2 * HOUR, "request_error", "ec-1"), Moment(NOON - HOUR, "success", "ec-1")]
    store.write([make(NOON, action="order.get")])
    assert store.moments(Filter(action=("order.get",)), 2) == [Moment(NOON, "success", "")]


def test_the_oldest_is_the_first_of_what_the_filter_lets_through(store: Store, make: Make) -> None:
    entries = [*calls(make, 3), *calls(make, 2, 1, outcome="platform_error")]
    store.write(entries)
    found = store.oldest(Filter(outcome=("platform_error",)))
    assert found is not None
    assert found.id == entries[1].id
    assert store.oldest(Filter(platform=("momo",))) is None


def test_an_account_is_told_with_its_last_success_and_failure_and_its_newest_outcomes(store: Store, make: Make) -> None:
    good = calls(make, 40, 30)
    bad = calls(make, 4, 3, 2, outcome="request_error", cause="credentials")
    store.write([*good, *bad, make(NOON, shipping_integration=Integration("sh-1"))])
    [found] = store.activity("ec", NOON - 48 * HOUR, NOON - 24 * HOUR)
    assert (found.account, found.action, found.platform) == ("ec-1", "order.list", "shopee")
    assert (found.calls, found.failed) == (3, 3)
    assert (found.last_success, found.success_id) == (NOON - 30 * HOUR, good[1].id)
    assert (found.last_failure, found.failure_id) == (NOON - 2 * HOUR, bad[2].id)
    assert (found.newest, found.causes) == ((True, True, True), ("credentials",))


def test_what_failed_in_part_is_told_apart_and_with_its_causes(store: Store, make: Make) -> None:
    """Its latest failure is one of a whole call."""
    store.write([*calls(make, 5, 2), *calls(make, 4, 3, outcome="partial", cause="product_mapping")])
    [found] = store.activity("ec", NOON - 48 * HOUR, NOON - 24 * HOUR)
    assert (found.calls, found.failed, found.partly, found.causes) == (4, 0, 2, ("product_mapping",))
    assert (found.failure_id, found.newest) == ("", (False, False, False))


def test_without_a_success_none_is_told(store: Store, make: Make) -> None:
    store.write(calls(make, 1, outcome="request_error"))
    [found] = store.activity("ec", NOON - 48 * HOUR, NOON - 24 * HOUR)
    assert (found.last_success, found.success_id, found.newest) == (None, "", (True,))


def test_every_account_of_the_side_is_seen_with_its_last_day(store: Store, make: Make) -> None:
    store.write([*calls(make, 400), make(NOON, shipping_integration=Integration("sh-1"), platform="tcat")])
    [shop] = store.seen("ec")
    assert (shop.id, shop.name, shop.platform) == ("ec-1", "Shop", "shopee")
    assert shop.day == (NOON - 400 * HOUR).replace(hour=0, minute=0, second=0, microsecond=0)
    assert [(one.id, one.day.date()) for one in store.seen("shipping")] == [("sh-1", NOON.date())]


class Watched(list[Any]):
    """Rows that know how often one went through them."""

    walks = 0

    def __iter__(self) -> Any:
        self.walks += 1
        return super().__iter__()


def test_the_counts_of_thousands_of_accounts_are_gone_through_once_and_not_for_each_of_them() -> None:
    """With 700 accounts and ten actions each, that took 20 s."""
    latest = [(f"ec-{one}", "order.list", 1, "a", 0, "", [0]) for one in range(100)]
    counts = Watched((f"ec-{one}", "order.list", bad, 0, "", 7 - bad) for one in range(100) for bad in (0, 1))
    found = activity.read(latest, {}, [], counts)
    assert {(one.calls, one.failed) for one in found} == {(13, 6)}
    assert counts.walks == 1
