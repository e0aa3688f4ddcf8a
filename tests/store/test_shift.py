"""What failed since a time: by cause, whom it hit and what worked since, what is common, and by the hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apitrail.entry import Entry, Item
from apitrail.exchange import Integration, Recorder, Reference, Source
from apitrail.store import Filter, Store

NOON = datetime(2026, 8, 3, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Make = Callable[..., Entry]


def label(make: Make, minutes: float, order: str = "A-1", **fields: Any) -> Entry:
    given: dict[str, Any] = {
        "action": "label.create",
        "platform": "ups",
        "shipping_integration": Integration("ups-1", "UPS"),
        "outcome": "request_error",
        "cause": "address",
        "references": [Reference("order", order), Reference("sku", "CUP")],
    }
    return make(NOON + minutes * MINUTE, **(given | fields))


def test_causes_are_told_with_what_they_hit(either: Store, make: Make) -> None:
    either.write(
        [label(make, 0), label(make, 1, "A-2"), label(make, 2, cause="timeout", platform=None), label(make, 9)]
    )
    address, timeout = either.cause_totals(Filter(since=NOON, until=NOON + 5 * MINUTE))
    assert (address.cause, address.count, address.orders, address.platforms) == ("address", 2, 2, ("ups",))
    assert (timeout.cause, timeout.count, timeout.platforms) == ("timeout", 1, ())


def test_an_order_with_a_sign_before_its_number_and_without_is_counted_once(store: Store, make: Make) -> None:
    store.write([label(make, 0, "#1001"), label(make, 1, "1001"), label(make, 2, "1002")])
    [one] = store.cause_totals(Filter(since=NOON))
    assert one.orders == 2


def test_who_was_hit_is_told_by_action_with_when_the_same_worked(either: Store, make: Make) -> None:
    either.write(
        [
            label(make, 0),
            label(make, 1),
            label(make, 2, "A-2", source=Source("order", "A-2")),
            label(make, 3, outcome="success", cause=None),
            label(make, 4, "A-2", outcome="success", cause=None, action="label.void"),
        ]
    )
    every = Filter(since=NOON)
    hit = either.affected(every, 10)
    assert [(one.id, one.kind, one.action, one.last) for one in hit] == [
        ("A-2", "order", "label.create", NOON + 2 * MINUTE),
        ("A-1", "order", "label.create", NOON + MINUTE),
    ]
    assert either.worked(hit, every) == {("label.create", "A-1"): {"": NOON + 3 * MINUTE}}
    assert either.worked([], every) == {}
    assert len(either.affected(every, 1)) == 1


def test_one_number_at_two_accounts_is_two_orders_and_what_names_no_account_is_none_more(
    either: Store, make: Make
) -> None:
    either.write(
        [
            label(make, 0, ec_integration=Integration("a")),
            label(make, 1, ec_integration=Integration("b")),
            label(make, 2),
            label(make, 3, "A-2"),
            label(make, 4, ec_integration=Integration("b"), outcome="success", cause=None),
        ]
    )
    every = Filter(since=NOON)
    [total] = either.cause_totals(every)
    assert total.orders == 3
    hit = either.affected(every, 10)
    assert [(one.id, one.ec_integration) for one in hit] == [("A-2", ""), ("A-1", ""), ("A-1", "b"), ("A-1", "a")]
    assert either.worked(hit, every) == {("label.create", "A-1"): {"b": NOON + 4 * MINUTE}}


def test_what_a_call_failed_for_has_not_worked_by_it_and_the_rest_has(either: Store, make: Make) -> None:
    orders = ("A-1", "A-2", "A-3")
    given: dict[str, Any] = {
        "outcome": "partial",
        "references": [Reference("order", one) for one in orders],
        "items": [Item("order", one, "request_error" if one == "A-2" else "success") for one in orders],
    }
    either.write([label(make, minutes, one) for minutes, one in enumerate(orders)])
    either.write([label(make, 5, "A-3", outcome="success", cause=None), label(make, 9, **given)])
    every = Filter(since=NOON)
    hit = either.affected(every, 10)
    assert [(one.id, one.last) for one in hit] == [
        ("A-2", NOON + 9 * MINUTE),
        ("A-3", NOON + 2 * MINUTE),
        ("A-1", NOON),
    ]
    assert either.worked(hit, every) == {
        ("label.create", "A-1"): {"": NOON + 9 * MINUTE},
        ("label.create", "A-3"): {"": NOON + 9 * MINUTE},
    }


def test_a_product_is_hit_in_each_shop_by_itself_and_where_a_call_is_about_no_order(either: Store, make: Make) -> None:
    def push(minutes: int, shop: str, *references: tuple[str, str], **fields: Any) -> Entry:
        given: dict[str, Any] = {
            "action": "stock.push",
            "ec_integration": Integration(shop),
            "shipping_integration": None,
            "cause": "product_mapping",
            "references": [Reference(*one) for one in references],
        }
        return label(make, minutes, **(given | fields))

    tent = (("product", "9"), ("sku", "TENT-2"), ("variant", "18"))
    either.write(
        [
            push(0, "a", *tent),
            push(1, "b", *tent),
            push(2, "b", ("variant", "27")),
            push(3, "a", *tent, ("order", "A-1")),
            push(4, "b", *tent, outcome="success", cause=None),
        ]
    )
    every = Filter(since=NOON)
    [total] = either.cause_totals(every)
    assert (total.orders, total.parcels, total.products) == (1, 0, 3)
    hit = either.affected(every, 10)
    assert [(one.kind, one.id, one.ec_integration) for one in hit] == [
        ("order", "A-1", "a"),
        ("product", "27", "b"),
        ("product", "TENT-2", "b"),
        ("product", "TENT-2", "a"),
    ]
    assert [(one.kind, one.id) for one in either.affected(every, 1)] == [("order", "A-1"), ("product", "27")]
    assert either.worked(hit, every) == {("stock.push", "TENT-2"): {"b": NOON + 4 * MINUTE}}
    groups = {one.kind.ec_integration: one for one in either.failures(every, 10)}
    assert (groups["a"].products, groups["a"].some_products, groups["a"].orders) == (1, ("TENT-2",), 1)
    assert (groups["b"].products, groups["b"].some_products) == (2, ("27", "TENT-2"))


def test_what_failures_have_in_common_is_counted_once_a_call(store: Store, make: Make) -> None:
    twice = [Reference("sku", "CUP"), Reference("sku", "CUP"), Reference("order", "A-1")]
    recorder = Recorder(id="r", version="1.2.3")
    store.write([label(make, 0, references=twice, recorder=recorder), label(make, 1), label(make, 2, cause="funds")])
    found = {(one.cause, one.feature, one.value): one.count for one in store.common(Filter())}
    assert found["address", "sku", "CUP"] == 2
    assert found["address", "shipping", "ups-1"] == 2
    assert found["address", "version", "1.2.3"] == 1
    assert ("address", "order", "A-1") not in found


def test_an_hour_has_the_calls_of_each_account_and_those_that_the_platform_failed(either: Store, make: Make) -> None:
    either.write(
        [
            label(make, 0, outcome="success", cause=None),
            label(make, 10, outcome="platform_error", cause="platform_outage"),
            label(make, 20),
            label(make, 30, outcome="warning", cause="timeout"),
            label(make, 90, shipping_integration=None, ec_integration=Integration("shop")),
            label(make, 95, direction="inbound"),
        ]
    )
    found = either.hours(Filter(since=NOON, until=NOON + 300 * MINUTE), 10)
    assert [(one.account, one.calls, one.failed) for one in found] == [("shop", 1, 0), ("ups-1", 4, 1)]
    assert found[1].at == NOON.replace(minute=0, microsecond=0)


def test_hours_are_told_by_whole_quarters_of_an_hour(store: Store, make: Make) -> None:
    store.write([label(make, minutes) for minutes in (-1, 1, 14, 16, 31)])
    [found] = store.hours(Filter(since=NOON + 10 * MINUTE, until=NOON + 20 * MINUTE), 10)
    assert found.calls == 3


def failing(make: Make, minutes: float, action: str = "order.list", **fields: Any) -> Entry:
    given: dict[str, Any] = {
        "action": action,
        "platform": "shopify",
        "shipping_integration": None,
        "ec_integration": Integration("shop"),
        "outcome": "platform_error",
        "cause": "platform_outage",
    }
    return label(make, minutes, **(given | fields))


def test_a_stretch_is_the_time_in_which_no_call_to_a_platform_worked(either: Store, make: Make) -> None:
    either.write(
        [
            failing(make, 2, outcome="success", cause=None),
            failing(make, 14),  # in the same quarter of an hour one worked
            failing(make, 16),
            failing(make, 31, "stock.push", cause="timeout"),
            failing(make, 32, ec_integration=Integration("other")),
            failing(make, 80, cause="network"),  # nothing was called in between
            failing(make, 95, outcome="success", cause=None),
            label(make, 31, outcome="success", cause=None),
            label(make, 33),
        ]
    )
    which = Filter(since=NOON, until=NOON + 300 * MINUTE)
    [found] = either.stretches(which, 3, 10)
    noon = NOON.replace(microsecond=0)
    assert (found.platform, found.since, found.until) == ("shopify", noon + 15 * MINUTE, noon + 90 * MINUTE)
    assert (found.calls, found.answered, found.elsewhere) == (4, 2, 2)
    assert (found.actions, found.accounts) == (("order.list", "stock.push"), ("other", "shop"))
    assert either.stretches(which, 4, 10) == []
    assert either.stretches(Filter(since=NOON, until=NOON - MINUTE), 3, 10) == []


def test_what_was_refused_or_came_in_is_no_stretch_and_what_ends_one_begins_the_next(store: Store, make: Make) -> None:
    refused = [failing(make, quarter * 15 + 1, outcome="request_error", cause="address") for quarter in range(4)]
    inbound = [failing(make, quarter * 15 + 2, direction="inbound", platform="ups") for quarter in range(4)]
    store.write([*refused, *inbound])
    assert store.stretches(Filter(since=NOON), 1, 10) == []
    store.write([failing(make, minutes) for minutes in (61, 76, 106)])
    store.write([failing(make, 91, outcome="success", cause=None)])
    found = store.stretches(Filter(since=NOON), 1, 10)
    assert [one.calls for one in found] == [1, 2]
