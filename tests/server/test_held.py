"""Whom failures still hold up: judged by shop account where it is known, for one number may be several orders."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from apitrail.entry import Cause, Entry, Item, Outcome, Payload
from apitrail.exchange import Integration, Reference
from apitrail.server.boards.held import Held, judged
from apitrail.server.boards.held import held as whom
from apitrail.server.boards.shift import shift
from apitrail.server.repeated import REPEATED
from apitrail.store import Filter, Store, open_store
from apitrail.store.failures import Affected, Worked

NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LABEL = ("label.create", "1002")


def failed(minutes: int, ec: str = "", *, kind: str = "order", cause: str = "address") -> Affected:
    return Affected(cause, "outbound", "label.create", "tcat", kind, "1002", ec, NOON + minutes * MINUTE)


def held(*hit: Affected, worked: Worked | None = None, done: set[str] | None = None) -> list[Held]:
    """`hit`: the latest first."""
    found = judged(hit, worked or {}, {LABEL: done} if done else {}, {("ec", "a"): "Shop A"})
    return [one for every in found.values() for one in every]


def test_an_order_is_held_though_another_shops_order_of_the_same_number_worked() -> None:
    [found] = held(failed(0, "a"), worked={LABEL: {"b": NOON + MINUTE}})
    assert (found.id, found.ec_integration, found.shared) == ("1002", Integration("a", "Shop A"), True)
    assert held(failed(0, "a"), worked={LABEL: {"a": NOON + MINUTE, "b": NOON - MINUTE}}) == []


def test_a_call_without_an_account_that_worked_may_have_been_this_orders() -> None:
    assert held(failed(0, "a"), worked={LABEL: {"": NOON + MINUTE}}) == []
    assert held(failed(0), worked={LABEL: {"b": NOON + MINUTE}}) == []
    assert len(held(failed(0, "a", kind="product"), worked={LABEL: {"": NOON + MINUTE}})) == 1


def test_a_call_without_an_account_failed_for_the_order_of_the_one_account() -> None:
    [found] = held(failed(2), failed(0, "a"))
    assert (found.ec_integration, found.shared, found.last_failure) == (
        Integration("a", "Shop A"),
        False,
        NOON + 2 * MINUTE,
    )


def test_a_call_without_an_account_is_neither_orders_where_two_accounts_have_that_number() -> None:
    found = held(failed(2), failed(1, "b"), failed(0, "a"))
    assert [one.ec_integration and one.ec_integration.id for one in found] == [None, "b", "a"]
    assert held(failed(2), failed(1, "b"), worked={LABEL: {"a": NOON, "b": NOON + 3 * MINUTE}}) == []


@pytest.fixture
def store(tmp_path: Path, new_data: Path) -> Iterator[Store]:
    with closing(open_store(shutil.copytree(new_data, tmp_path / "log", symlinks=True), durable=False)) as log:
        yield log


def call(
    minutes: int, outcome: Outcome, orders: Sequence[str], cause: Cause, *, items: Sequence[Item] = (), ec: str = ""
) -> Entry:
    at = NOON + minutes * MINUTE
    return Entry(
        id=str(UUID(int=round(at.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62)),
        created_at=at,
        method="POST",
        url="https://api.shop.example/",
        path="/",
        action="label.create",
        outcome=outcome,
        cause=cause,
        ec_integration=Integration(ec) if ec else None,
        items=list(items),
        references=[Reference("order", one) for one in orders],
        request=Payload(),
    )


def test_a_call_that_failed_for_it_and_worked_for_others_had_not_done_it_already(store: Store) -> None:
    """What is refused as done already is not held up only if it was done."""
    items = [Item("order", "1001", "success"), Item("order", "1002", "request_error")]
    both = ["1001", "1002"]
    store.write([call(1, "partial", both, "bad_data", items=items), call(2, "request_error", both, "duplicate")])
    which = Filter(since=NOON, until=NOON + 9 * MINUTE)
    found = whom(store, store.affected(which, 10), which, {})
    assert [one.id for one in found["duplicate", "outbound"]] == ["1002"]


def test_an_order_that_its_shop_writes_with_a_sign_and_a_carrier_without_is_counted_once(store: Store) -> None:
    """And another shop's of that number by itself."""
    failures = [("1002", "a"), ("#1002", "a"), ("1002", "b")]
    store.write([call(at, "request_error", [one], "address", ec=ec) for at, (one, ec) in enumerate(failures)])
    [cause] = shift(store, NOON - MINUTE, NOON + 9 * MINUTE).causes
    assert (cause.failures, cause.orders_held) == (3, 2)
    assert [(one.id, one.ec_integration and one.ec_integration.id) for one in cause.held] == [
        ("1002", "b"),
        ("#1002", "a"),
    ]


def test_what_was_refused_as_done_already_is_held_where_another_shops_order_was_done() -> None:
    refused = failed(0, "a", cause=REPEATED)
    assert len(held(refused, done={"b"})) == 1
    assert held(refused, done={"a"}) == held(refused, done={""}) == []
