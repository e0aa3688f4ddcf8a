"""The orders and parcels that were mentioned last, and what refers to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apitrail.entry import Entry
from apitrail.exchange import Integration, Reference, Source
from apitrail.store import Filter, Store

NOON = datetime(2026, 8, 3, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Make = Callable[..., Entry]


def call(make: Make, minutes: float, *references: tuple[str, str], **fields: Any) -> Entry:
    return make(NOON + minutes * MINUTE, references=[Reference(*one) for one in references], **fields)


def ids(found: Any) -> list[tuple[str, str]]:
    return [(one.type, one.id) for one in found]


def test_orders_are_told_by_their_latest_mention_page_by_page(either: Store, make: Make) -> None:
    either.write(
        [
            call(make, 0, ("order", "A"), ("order", "B"), ("sku", "S")),
            call(make, -300, ("order", "C")),
            call(make, 1, ("order", "A")),
            call(make, 2, ("tracking", "T")),
        ]
    )
    whole = Filter(since=NOON - 600 * MINUTE, until=NOON + 60 * MINUTE)
    found = either.latest("orders", whole, 2)
    assert ids(found) == [("order", "A"), ("order", "B")]
    assert found[0].last == NOON + MINUTE
    assert ids(either.latest("orders", whole, 2, found[-1].last)) == [("order", "C")]
    assert ids(either.latest("orders", whole, 9)) == [("order", "A"), ("order", "B"), ("order", "C")]


def test_the_order_that_a_call_is_about_counts_not_its_other_number(store: Store, make: Make) -> None:
    store.write([call(make, 0, ("order", "#1001"), ("order", "5550001"), source=Source("order", "#1001"))])
    assert ids(store.latest("orders", Filter(), 9)) == [("order", "#1001")]


def test_a_parcel_is_known_by_its_numbers_and_before_it_has_any_by_its_order(store: Store, make: Make) -> None:
    store.write(
        [
            call(make, 0, ("order", "A"), action="label.create", outcome="request_error"),
            call(make, 1, ("order", "B"), ("shipment", "S"), ("tracking", "T"), action="label.create"),
            call(make, 2, ("order", "C"), action="order.get"),
        ]
    )
    assert ids(store.latest("parcels", Filter(), 9)) == [("shipment", "S"), ("tracking", "T"), ("order", "A")]
    assert ids(store.latest("parcels", Filter(), 9, failed=True)) == [("order", "A")]


def test_what_refers_to_ids_is_found_in_all_of_the_log_newest_first_and_the_limit_is_told(
    either: Store, make: Make
) -> None:
    entries = [
        call(make, 0, ("order", "A-1"), ("sku", "S"), platform="shopee", ec_integration=Integration("e", "Shop")),
        call(make, -900_000, ("tracking", "T-1"), ("order", "A-1"), action="label.create", message="words"),
        call(make, 5, ("order", "A-12")),
    ]
    either.write(entries)
    found = either.mentioned(["A-1"], 10)
    assert [one.id for one in found.mentions] == [entries[0].id, entries[1].id]
    assert not found.more
    assert (found.mentions[0].ec_name, found.mentions[0].platform) == ("Shop", "shopee")
    assert (found.mentions[1].of("tracking"), found.mentions[1].orders, found.mentions[1].message) == (
        ("T-1",),
        ("A-1",),
        "words",
    )
    assert either.mentioned(["A-1"], 1).more
    assert [one.id for one in either.mentioned(["A-1"], 9, ["label.create"]).mentions] == [entries[1].id]
    assert either.mentioned([], 9).mentions == []
    assert either.mentioned(["nowhere"], 9).mentions == []
