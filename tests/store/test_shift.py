"""What failed since a time: by cause, whom it hit and what worked since, what is common, and by the hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apitrail.entry import Entry
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
    assert either.worked(hit, every) == {("label.create", "A-1"): NOON + 3 * MINUTE}
    assert either.worked([], every) == {}
    assert len(either.affected(every, 1)) == 1


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
