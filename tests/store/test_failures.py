"""Failures by what they have in common, kept in a table of their own, and the calls that ended them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from apitrail.entry import Entry, Item
from apitrail.exchange import Integration, Recorder, Reference, Source
from apitrail.store import Filter, Store, open_store
from apitrail.store.engine import Query
from apitrail.store.retention import Keep, Rules

NOON = datetime(2026, 8, 3, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Make = Callable[..., Entry]


def label(make: Make, minutes: int, **fields: Any) -> Entry:
    given: dict[str, Any] = {
        "action": "label.create",
        "platform": "ups",
        "shipping_integration": Integration("ups-1", "UPS"),
        "outcome": "request_error",
        "cause": "address",
        "code": "E1",
        "status": 400,
    }
    return make(NOON + minutes * MINUTE, **(given | fields))


def rows(store: Store) -> int:
    return int(store.engine.select(Query("SELECT count() FROM failures FINAL")).rows[0][0])


def test_failures_of_one_kind_are_one_group_with_what_they_hit(either: Store, make: Make) -> None:
    order, parcel = Reference("order", "A-1"), Reference("shipment", "S-1")
    entries = [
        label(make, 0, references=[order, parcel, Reference("tracking", "T-1")], message="first"),
        label(make, 5, references=[Reference("order", "A-2"), order], message="the last words"),
        label(make, 9, outcome="success"),
    ]
    either.write(entries)
    [found] = either.failures(Filter(), 10)
    assert (found.kind.platform, found.kind.action, found.kind.shipping_integration) == (
        "ups",
        "label.create",
        "ups-1",
    )
    assert (found.kind.code, found.kind.status, found.kind.cause) == ("E1", None, "address")
    assert (found.count, found.first, found.last) == (2, NOON, NOON + 5 * MINUTE)
    assert (found.first_id, found.last_id, found.message) == (entries[0].id, entries[1].id, "the last words")
    assert (found.orders, found.parcels) == (2, 1)
    assert (found.some_orders, found.some_parcels) == (("A-1", "A-2"), ("S-1",))


def test_calls_of_the_same_way_are_counted_however_they_ended_and_in_the_range_alone(either: Store, make: Make) -> None:
    either.write(
        [
            label(make, 0),
            label(make, 1, code="E2"),
            *(label(make, minutes, outcome="success") for minutes in (20, 40, 100)),
            label(make, 21, outcome="success", shipping_integration=Integration("ups-2")),
            label(make, 22, outcome="success", action="label.void"),
            label(make, 23, outcome="success", platform=None),
        ]
    )
    which = Filter(since=NOON - MINUTE, until=NOON + 99 * MINUTE)
    groups = either.failures(which, 10)
    told = either.calls(which, groups)
    assert [told[one.kind.way] for one in groups] == [4, 4]
    assert ("", "label.create", "outbound", "", "ups-1") in told
    assert either.calls(Filter(since=NOON + 120 * MINUTE), groups) == {}
    assert either.calls(which, []) == {}


def test_calls_are_counted_to_the_second_from_the_entries_and_from_what_is_kept_of_them(
    store: Store, make: Make
) -> None:
    store.write([label(make, 0), label(make, 1), *(label(make, each, outcome="success") for each in (2, 20, 40, 42))])
    which = Filter(since=NOON + MINUTE / 2, until=NOON + 41 * MINUTE)
    groups = store.failures(which, 10)
    for _ in range(4):  # from the third question on, an end of the range is at hand
        assert store.calls(which, groups) == {groups[0].kind.way: 4}


def test_another_code_account_or_cause_is_another_group_and_without_a_code_another_status(
    store: Store, make: Make
) -> None:
    store.write(
        [
            label(make, 0),
            label(make, 1, code="E2"),
            label(make, 2, shipping_integration=Integration("ups-2")),
            label(make, 3, cause="funds"),
            label(make, 4, code=None, status=503),
            label(make, 5, code=None, status=None),
            label(make, 6),
        ]
    )
    found = store.failures(Filter(), 10)
    assert [one.count for one in found] == [2, 1, 1, 1, 1, 1]
    assert [one.kind.status for one in found[1:3]] == [None, 503]
    assert [one.kind.code for one in store.failures(Filter(since=NOON + 4 * MINUTE), 10)] == ["E1", "", ""]
    assert [one.kind.cause for one in store.failures(Filter(cause=("funds",)), 10)] == ["funds"]
    assert len(store.failures(Filter(), 2)) == 2


def test_what_ended_it_is_the_first_success_of_the_same_action_and_account_after_the_last_failure(
    either: Store, make: Make
) -> None:
    before = label(make, -30, outcome="success")
    ended = label(make, 185, outcome="warning")
    either.write(
        [
            before,
            label(make, 0),
            label(make, 1),
            label(make, 2, outcome="success", shipping_integration=Integration("ups-2")),
            label(make, 3, outcome="success", action="label.void"),
            ended,
            label(make, 300, outcome="success"),
        ]
    )
    groups = either.failures(Filter(), 10)
    found = either.endings(groups)
    assert {number: (one.at, one.id) for number, one in found.items()} == {0: (ended.created_at, ended.id)}


def test_a_success_within_the_same_quarter_of_an_hour_ends_it_and_one_before_the_failure_does_not(
    store: Store, make: Make
) -> None:
    quick = label(make, 3, outcome="success")
    store.write(
        [
            label(make, 1),
            quick,
            label(make, 2, outcome="success", platform="tcat"),
            label(make, 4, platform="tcat"),
        ]
    )
    groups = store.failures(Filter(), 10)
    assert [one.kind.platform for one in groups] == ["tcat", "ups"]
    assert {number: one.id for number, one in store.endings(groups).items()} == {1: quick.id}
    assert store.endings([]) == {}


FAILED = ("request_error", "platform_error")


@pytest.mark.parametrize(
    "which",
    [
        Filter(outcome=FAILED),
        Filter(outcome=("platform_error",), shipping_integration=("ups-1",)),
        Filter(outcome=FAILED, status=("4xx",), without=(("action", "label.void"),)),
        Filter(outcome=FAILED, since=NOON + 3 * MINUTE, until=NOON + 20 * MINUTE, merchant=("m-1",)),
        Filter(outcome=("request_error",), method=("POST",)),
        Filter(outcome=(*FAILED, "success"), platform=("ups",)),
        Filter(outcome=FAILED, without=(("status", "404"), ("merchant", "m-1"))),
    ],
)
def test_a_list_of_failures_is_what_the_log_has_of_them(either: Store, make: Make, which: Filter) -> None:
    """Also where some are in their table twice, which stands in for the log."""
    entries = [
        label(
            make,
            number,
            outcome=("request_error", "platform_error", "success")[number % 3],
            action=("label.create", "label.void")[number % 2],
            shipping_integration=Integration(f"ups-{number % 4}", "UPS"),
            status=(400, 404, 503)[number % 3],
            merchant=f"m-{number % 5}",
            method=("GET", "POST")[number // 2 % 2],
            references=[Reference("order", f"A-{number}")],
        )
        for number in range(60)
    ]
    either.write(entries)
    either.engine.run(Query("INSERT INTO failures SELECT * FROM failures WHERE created_at > now() - 1e9"))
    found, cursor = [], None
    while True:
        page = either.page(which, 4, cursor)
        found += page.entries
        cursor = page.next_cursor
        if cursor is None:
            break
    wanted = [entry for entry in reversed(entries) if _lets_through(which, entry)]
    assert [one.id for one in found] == [one.id for one in wanted]
    assert [one.references for one in found] == [one.references for one in wanted]
    assert wanted


def _lets_through(which: Filter, entry: Entry) -> bool:
    account = entry.shipping_integration.id if entry.shipping_integration else ""
    return (
        entry.outcome in which.outcome
        and (not which.shipping_integration or account in which.shipping_integration)
        and (not which.status or 400 <= (entry.status or 0) < 500)
        and (not which.merchant or entry.merchant in which.merchant)
        and (not which.method or entry.method in which.method)
        and (which.since is None or which.since <= entry.created_at)
        and (which.until is None or entry.created_at <= which.until)
        and all(str(getattr(entry, field)) != value for field, value in which.without)
    )


def partly(make: Make, minutes: int, *refused: str, worked: tuple[str, ...] = (), **fields: Any) -> Entry:
    """A call about several orders that failed for some of them."""
    every = [*worked, *refused]
    given: dict[str, Any] = {
        "outcome": "partial",
        "status": 200,
        "source": Source("order", every[0]),
        "references": [Reference("order", one) for one in every],
        "items": [Item("order", one, "request_error" if one in refused else "success") for one in every],
    }
    return label(make, minutes, **(given | fields))


def test_a_call_that_failed_in_part_is_a_failure_of_what_it_failed_for(either: Store, make: Make) -> None:
    """Long ids are marks in the row's document, and short ones stand there as they are."""
    either.write([partly(make, 0, "B-2", "260000000000000017", worked=("A-1", "260000000000000016"))])
    [found] = either.failures(Filter(), 10)
    assert (found.outcome, found.count, found.orders) == ("partial", 1, 2)
    assert found.some_orders == ("260000000000000017", "B-2")


def test_where_no_item_is_told_a_call_that_failed_in_part_is_told_with_all_it_refers_to(
    either: Store, make: Make
) -> None:
    either.write([partly(make, 0, "B-2", worked=("A-1",), items=[], source=None)])
    assert [one.some_orders for one in either.failures(Filter(), 10)] == [("A-1", "B-2")]


def test_what_failed_in_part_is_ended_by_what_worked_as_a_whole(either: Store, make: Make) -> None:
    either.write(
        [
            label(make, 0, code="E2"),
            partly(make, 1, "B-1", worked=("A-1",)),
            partly(make, 2, "B-2", worked=("A-2",)),
        ]
    )
    found = either.failures(Filter(), 10)
    assert [(one.kind.code, one.outcome, one.count) for one in found] == [
        ("E1", "partial", 2),
        ("E2", "request_error", 1),
    ]
    assert {number: one.at for number, one in either.endings(found).items()} == {1: NOON + MINUTE}
    for minutes in (3, 200):
        either.write([label(make, minutes, outcome="success")])
        assert {number: one.at for number, one in either.endings(found).items()}[0] == NOON + 3 * MINUTE


def test_a_list_of_failures_is_of_what_failed_as_a_whole(either: Store, make: Make) -> None:
    whole, part = label(make, 0), partly(make, 1, "B-1", worked=("A-1",))
    either.write([whole, part])
    for _ in range(3):  # from the second on, memory tells it
        for outcome, wanted in ((("request_error", "platform_error"), [whole.id]), (("partial",), [part.id])):
            found = either.page(Filter(outcome=outcome)).entries
            assert [one.id for one in found] == wanted
        [of_both] = [one for one in found if one.id == part.id]
        assert [one.id for one in of_both.references] == ["A-1", "B-1"]


@pytest.mark.parametrize("version", [8, 22, 25])
def test_a_log_from_before_such_calls_were_failures_gets_them(
    folder: Path, make: Make, older: Callable[[int], AbstractContextManager[None]], version: int
) -> None:
    with older(version):
        store = open_store(folder, durable=False)
        store.write([label(make, 0), partly(make, 1, "B-1", worked=("A-1",)), label(make, 3000)])
        store.close()
    store = open_store(folder, durable=False)
    assert [(one.count, one.some_orders) for one in store.failures(Filter(), 10)] == [(3, ("B-1",))]
    store.close()


@pytest.mark.parametrize("version", [1, 6, 8])
def test_a_log_from_before_there_was_the_table_gets_it(
    folder: Path, make: Make, older: Callable[[int], AbstractContextManager[None]], version: int
) -> None:
    recorder = Recorder(id="r", sequence=1, version="1.2.3")
    with older(version):
        store = open_store(folder, durable=False)
        store.write([label(make, minutes, recorder=recorder) for minutes in (0, 1, 3000)])
        store.close()
    store = open_store(folder, durable=False)
    assert [one.count for one in store.failures(Filter(), 10)] == [3]
    assert store.engine.select(Query("SELECT DISTINCT version FROM failures")).rows == [("1.2.3",)]
    store.close()


def test_failures_of_a_day_that_is_gone_are_gone_and_a_row_that_is_there_twice_is_one(folder: Path, make: Make) -> None:
    store = open_store(folder, durable=False)
    store.write([label(make, 0), label(make, 3000)])
    store.engine.run(Query(f"ALTER TABLE entries DROP PARTITION '{NOON:%Y-%m-%d}'"))
    store.engine.run(Query("INSERT INTO failures SELECT * FROM failures WHERE created_at > now() - 1e9"))
    store.close()
    store = open_store(folder, durable=False)
    assert rows(store) == 1
    assert [(one.count, one.last) for one in store.failures(Filter(), 10)] == [(1, NOON + 3000 * MINUTE)]
    store.close()


def test_what_retention_takes_is_no_longer_told_and_what_it_keeps_is(store: Store, make: Make) -> None:
    kept = label(make, 0, shipping_integration=Integration("ups-2"))
    store.write([label(make, 0), label(make, 1), kept, label(make, 30 * 24 * 60)])
    rules = Rules(Keep(7, 7, 7), {("shipping", "ups-2"): Keep(90, 90, 90)})
    assert [one.what for one in store.tidy(rules, now=NOON + timedelta(days=30))].count("entries") == 1
    told = [(one.kind.shipping_integration, one.count) for one in store.failures(Filter(), 9)]
    assert told == [("ups-1", 1), ("ups-2", 1)]
