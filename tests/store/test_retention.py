"""What is kept how long, on both engines: bodies before entries, pins against all, a day at a time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta

import pytest

from apitrail.entry import Entry, Payload
from apitrail.exchange import Integration, Reference
from apitrail.store import Filter, Store
from apitrail.store.engine import Query, StoreUnavailable
from apitrail.store.removals import Removed, removals
from apitrail.store.retention import Keep, Rules, tidy, used_bytes

Make = Callable[..., Entry]
TODAY = datetime(2026, 8, 3, 15, tzinfo=UTC)
KEEP = Keep(success_bodies=2, failure_bodies=5, entries=10)


@pytest.fixture
def make_of_day(make: Make) -> Make:
    """An entry of so many days ago, with bodies and an order's number."""

    def build(days: int, outcome: str = "success", order: str = "A-1", **fields: object) -> Entry:
        return make(
            TODAY - timedelta(days=days, hours=1),
            outcome=outcome,
            references=[Reference("order", order)],
            request=Payload(body=b"sent", size=4),
            response=Payload(body=b"answered", size=8),
            **fields,
        )

    return build


def cleaned(store: Store, rules: Rules, pins: list[str] | None = None, now: datetime = TODAY) -> list[Removed]:
    return tidy(store.engine, rules, pins or [], writes_off=nullcontext, now=now)


def bodies(store: Store) -> dict[tuple[int, str], bool]:
    """(days ago, outcome) → whether the bodies are there."""
    found: dict[tuple[int, str], bool] = {}
    rows = store.page(Filter(), 1000).entries
    for entry in store.whole(rows):
        assert entry.response is not None
        assert bool(entry.request.body) == bool(entry.response.body)
        found[(TODAY.date() - entry.created_at.date()).days, entry.outcome] = bool(entry.response.body)
    assert len(found) == len(rows)
    return found


def test_bodies_of_successes_go_first_then_those_of_failures_then_the_entries(either: Store, make_of_day: Make) -> None:
    for days in (0, 2, 3, 5, 6, 10, 11):
        either.write([make_of_day(days), make_of_day(days, "request_error"), make_of_day(days, "warning")])
    removed = cleaned(either, Rules(KEEP))
    assert bodies(either) == {
        (0, "success"): True, (0, "warning"): True, (0, "request_error"): True,
        (2, "success"): True, (2, "warning"): True, (2, "request_error"): True,
        (3, "success"): False, (3, "warning"): False, (3, "request_error"): True,
        (5, "success"): False, (5, "warning"): False, (5, "request_error"): True,
        (6, "success"): False, (6, "warning"): False, (6, "request_error"): False,
        (10, "success"): False, (10, "warning"): False, (10, "request_error"): False,
    }  # fmt: skip
    assert {(one.day, one.what, one.entries) for one in removed} == {
        (date(2026, 7, 31), "bodies", 2),
        (date(2026, 7, 29), "bodies", 2),
        (date(2026, 7, 28), "bodies", 3),
        (date(2026, 7, 24), "bodies", 3),
        (date(2026, 7, 23), "entries", 3),
    }
    assert {one.bytes for one in removed if one.what == "bodies"} == {24, 36}


def test_what_was_done_is_not_done_again_and_late_arrivals_are(either: Store, make_of_day: Make) -> None:
    either.write([make_of_day(3)])
    assert len(cleaned(either, Rules(KEEP))) == 1
    assert cleaned(either, Rules(KEEP)) == []
    either.write([make_of_day(3, received_at=datetime.now(UTC) + timedelta(seconds=5))])
    [late] = cleaned(either, Rules(KEEP))
    assert (late.what, late.entries) == ("bodies", 1)
    assert [one.entries for one in removals(either.engine)] == [1, 1]


def test_what_shall_be_kept_longer_from_now_on_is(either: Store, make_of_day: Make) -> None:
    either.write([make_of_day(3), make_of_day(1)])
    assert cleaned(either, Rules(Keep(success_bodies=4))) == []
    [one] = cleaned(either, Rules(Keep(success_bodies=2)))
    assert one.day == date(2026, 7, 31)


def test_a_pinned_order_keeps_its_bodies_and_its_entries(either: Store, make_of_day: Make) -> None:
    either.write([make_of_day(3, order="A-1"), make_of_day(3, "warning", order="B-2"), make_of_day(11, order="A-1")])
    either.write([make_of_day(11, "warning", order="B-2")])
    cleaned(either, Rules(KEEP), ["A-1"])
    assert bodies(either) == {(3, "success"): True, (3, "warning"): False, (11, "success"): True}
    cleaned(either, Rules(KEEP), [])
    assert bodies(either) == {(3, "success"): False, (3, "warning"): False}


@pytest.mark.parametrize("pinned", ["A-1", "#A-1"])
def test_a_pinned_order_is_kept_with_its_sign_and_without(store: Store, make_of_day: Make, pinned: str) -> None:
    store.write([make_of_day(3, order="#A-1"), make_of_day(3, "warning", order="A-1"), make_of_day(4, order="B")])
    store.pin("order", pinned, "")
    store.tidy(Rules(KEEP), now=TODAY)
    assert bodies(store) == {(3, "success"): True, (3, "warning"): True, (4, "success"): False}


def test_thousands_of_pins_are_heeded(either: Store, make_of_day: Make) -> None:
    either.write([make_of_day(3, order="A-1"), make_of_day(3, "warning", order="B-2"), make_of_day(11, order="C-3")])
    pins = ["A-1", *(f"2608030000{number:06}" for number in range(5_000))]
    cleaned(either, Rules(KEEP), pins)
    assert bodies(either) == {(3, "success"): True, (3, "warning"): False}


def test_an_integration_may_be_kept_shorter_or_longer_and_the_longer_of_two_holds(
    either: Store, make_of_day: Make
) -> None:
    short, long = Integration("short"), Integration("long")
    either.write(
        [
            make_of_day(3, "request_error", ec_integration=short),
            make_of_day(3, "warning", shipping_integration=long),
            make_of_day(3, "success", ec_integration=short, shipping_integration=long),
            make_of_day(3, "partial"),
        ]
    )
    accounts = {("ec", "short"): Keep(1, 1, 2), ("shipping", "long"): Keep(9, 9, 9)}
    cleaned(either, Rules(KEEP, accounts))
    assert bodies(either) == {(3, "warning"): True, (3, "success"): True, (3, "partial"): True}
    cleaned(either, Rules(Keep(1, 1, 1), accounts))
    assert bodies(either) == {(3, "warning"): True, (3, "success"): True}


def test_counts_and_references_follow_the_entries(either: Store, make_of_day: Make) -> None:
    either.write([make_of_day(days) for days in (1, 11, 12, 80)])
    cleaned(either, Rules(KEEP))
    assert either.span().entries == 1
    assert sum(sum(bar.outcomes.values()) for bar in either.histogram(Filter()).bars) == 1
    assert len(either.page(Filter(reference=("A-1",))).entries) == 1


def test_what_fails_half_way_is_completed_the_next_time_and_told_once(
    store: Store, make_of_day: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, run, left = Rules(KEEP), store.engine.run, 0

    def failing(query: Query) -> None:
        nonlocal left
        if not left:
            raise StoreUnavailable("the disk is full")
        left -= 1
        run(query)

    monkeypatch.setattr(store.engine, "run", failing)
    after, turns = 0, 0
    while True:
        turns += 1
        left = 1_000
        came = datetime.now(UTC)
        store.write([make_of_day(days, received_at=came) for days in (3, 11)])
        store.write([make_of_day(days, "request_error", received_at=came) for days in (3, 11)])
        left = after
        try:
            store.tidy(rules, now=TODAY)
        except StoreUnavailable:
            after += 1
        else:
            break
        left = 1_000
        store.tidy(rules, now=TODAY)
        assert store.tidy(rules, now=TODAY) == []
        rows = store.page(Filter(), 1000).entries
        assert {(one.created_at.date(), one.outcome, bool(one.request.body)) for one in store.whole(rows)} == {
            (date(2026, 7, 31), "success", False),
            (date(2026, 7, 31), "request_error", True),
        }
        kept = len(rows)
        assert sum(sum(bar.outcomes.values()) for bar in store.histogram(Filter()).bars) == kept
        assert sum(option.count for option in store.facets(Filter()).action) == kept
        assert sum(one.count for one in store.failures(Filter(), 99)) == sum(row.outcome != "success" for row in rows)
    assert after > 3
    told = removals(store.engine)
    assert sum(one.entries for one in told if one.what == "bodies") == turns
    assert sum(one.entries for one in told if one.what == "entries") == 2 * turns


def test_the_disk_budget_takes_the_oldest_days_and_never_today(store: Store, make_of_day: Make) -> None:
    for days in range(6):
        store.write([make_of_day(days, order=f"{days}-{number}") for number in range(300)])
    budget = used_bytes(store.engine) * 2 // 3
    removed = cleaned(store, Rules(disk_budget=budget))
    assert removed
    assert {one.why for one in removed} == {"disk_budget"}
    assert [one.day for one in removed] == [date(2026, 7, 29) + timedelta(days=n) for n in range(len(removed))]
    assert store.span().oldest is not None
    cleaned(store, Rules(disk_budget=1))
    assert store.span().entries == 300
    assert store.span().oldest == store.span().newest


def test_the_disk_budget_leaves_what_is_pinned(store: Store, make_of_day: Make) -> None:
    store.write([make_of_day(4, order=f"A-{number}") for number in range(50)])
    store.write([make_of_day(0)])
    cleaned(store, Rules(disk_budget=1), ["A-7"])
    assert store.span().entries == 2
    assert len(store.page(Filter(reference=("A-7",))).entries) == 1
