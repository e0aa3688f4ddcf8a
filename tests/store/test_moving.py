"""A log moved from a folder to a server or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apitrail.entry import Entry, Payload
from apitrail.exchange import Integration, Loss, Reference
from apitrail.registration import Registration
from apitrail.store import Store, StoreUnavailable, Token, moving
from apitrail.store.engine import Query
from apitrail.store.model import Filter
from apitrail.store.retention import Keep, Rules

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(params=["server", "cluster"])
def target(request: pytest.FixtureRequest, databases: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("apitrail.store.derived.SETTLE_S", 0.0)  # nobody else writes to it
    with databases[request.param].opened() as opened:
        yield opened.store


@pytest.fixture
def source(store: Store, make: Callable[..., Entry]) -> Store:
    """Three days of entries of all shapes, one of them without bodies by now, and all that lies beside them."""
    for age in (20, 1, 0):
        at = NOW - timedelta(days=age)
        store.write(
            [
                make(
                    at + timedelta(seconds=n // 3, microseconds=n),
                    platform=None if n % 4 else "shopee",
                    ec_integration=Integration(id=f"shop-{n % 3}", name=f"店 {n % 3}"),
                    references=[Reference("order", f"A{age}B{n:06}")],
                    status=None if n % 5 == 0 else 200,
                    request=Payload(body=bytes(range(256)), size=256),
                    response=Payload(body=b'{"n": %d}' % n, size=8) if n % 5 else None,
                )
                for n in range(40)
            ],
            [Loss(reason="disk", count=age + 1, first_at=at, last_at=at, recorder="r")],
        )
    store.add_token(Token(id="t1", name="one", scope="read", digest="d", created_at=NOW))
    store.revoke_token("t1", NOW)
    store.register([Registration(side="ec", id="shop-1", platform="shopee", name="店 1")])
    store.pin("order", "A1B000001", "disputed")
    store.keep_view("Failed", "outcome=platform_error")
    assert store.tidy(Rules(Keep(success_bodies=14)), NOW)
    return store


def moved(source: Store, target: Store) -> dict[str, moving.Moved]:
    return {one.what: one for one in moving.move(source, target, lambda day, rows: None)}


def everything(store: Store) -> list[Any]:
    which = Filter()
    rows = store.page(which, 1000).entries
    entries = list(store.whole(rows))
    assert len(entries) == len(rows)
    return [
        entries,
        store.losses(),
        store.tokens(),
        store.registrations(),
        store.pins(),
        store.views(),
        store.stats(Rules(), NOW - timedelta(days=99), None).removed,
        store.histogram(which),
        store.facets(which),
        [row.id for row in store.page(Filter(reference=("order:A1B000002",))).entries],
    ]


def test_all_of_a_log_is_found_again_at_the_target(source: Store, target: Store) -> None:
    told: list[tuple[str, int]] = []
    done = {one.what: one for one in moving.move(source, target, lambda day, rows: told.append((day, rows)))}
    assert everything(target) == everything(source)
    assert all(one.whole for one in done.values())
    assert [(done[day].rows, done[day].moved) for day in ("2026-10-31", "2026-11-19", "2026-11-20")] == [(40, 40)] * 3
    assert sum(rows for _, rows in told) == moving.total(source) == 120


def test_a_second_run_moves_nothing(source: Store, target: Store) -> None:
    moved(source, target)
    again = moved(source, target)
    assert all(one.whole and not one.moved for one in again.values())
    assert everything(target) == everything(source)


def test_a_run_that_breaks_off_anywhere_is_completed_by_the_next(
    source: Store, target: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "SLICE_ROWS", 7)
    insert, calls = target.engine.insert, 0

    def breaking(table: str, columns: Any, blocks: Any) -> None:
        nonlocal calls
        calls += 1
        if calls % 9 == 0:
            if calls % 2:
                insert(table, columns, blocks)  # it was done, and nobody heard of it
            raise StoreUnavailable("gone")
        insert(table, columns, blocks)

    monkeypatch.setattr(target.engine, "insert", breaking)
    broken = 0
    while True:
        try:
            done = moved(source, target)
        except StoreUnavailable:
            broken += 1
            continue
        break
    assert broken >= 2
    assert all(one.whole for one in done.values())
    assert everything(target) == everything(source)


def test_what_the_target_records_meanwhile_stays_and_does_not_disturb(
    source: Store, target: Store, make: Callable[..., Entry]
) -> None:
    own = make(NOW + timedelta(seconds=1))
    target.write([own])
    done = moved(source, target)
    assert all(one.whole for one in done.values())
    assert done["2026-11-20"].moved == 40
    assert target.span().entries == 121
    assert target.entry(own.id) is not None


def test_many_entries_of_one_second_are_cut_by_their_ids(
    source: Store, target: Store, make: Callable[..., Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    source.write([make(NOW + timedelta(hours=1)) for _ in range(30)])
    monkeypatch.setattr(moving, "SLICE_ROWS", 10)
    assert moved(source, target)["2026-11-20"] == moving.Moved("2026-11-20", 70, 70)
    assert target.span().entries == 150


def test_a_row_that_differs_and_one_that_is_missing_are_told_by_id(
    source: Store, target: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved(source, target)
    first, second = (row.id for row in source.page(Filter(), 2).entries)
    table = target.engine.topology.altered("entries")
    change = f"ALTER TABLE {table} UPDATE message = 'forged' WHERE id = {{id:UUID}} SETTINGS mutations_sync = 2"
    target.engine.run(Query(change, {"id": first}))
    remove = f"ALTER TABLE {table} DELETE WHERE id = {{id:UUID}} SETTINGS mutations_sync = 2"
    target.engine.run(Query(remove, {"id": second}))
    monkeypatch.setattr(target.engine, "insert", lambda *_: None)  # a store that loses what it takes
    day = moved(source, target)["2026-11-20"]
    assert (day.missing, day.different, day.whole) == (1, 1, False)
    assert set(day.samples) == {first, second}
