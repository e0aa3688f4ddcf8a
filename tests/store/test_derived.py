"""Counts and mentions stay true to the entries: through deaths, failures and migrations."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from apitrail.entry import Entry, Payload
from apitrail.exchange import Integration, Reference
from apitrail.store import Filter, Store, StoreError, Term, derived, open_store
from apitrail.store.engine import Query, StoreUnavailable
from apitrail.store.times import DAY

Make = Callable[..., Entry]


def some(make: Make, count: int = 30) -> list[Entry]:
    """Entries over three days."""
    return [
        make(
            timedelta(days=number % 3).total_seconds() + number,
            references=[Reference("order", f"A-{number}")],
            response=Payload(body=b'{"sn":"2601%06d"}' % number),
            ec_integration=Integration("shop", "Shop"),
            shipping_integration=Integration("carrier", "Carrier") if number % 5 else None,
            outcome="success" if number % 4 else "request_error",
        )
        for number in range(count)
    ]


def counted(store: Store) -> tuple[int, ...]:
    return tuple(
        store.engine.select(Query(f"SELECT toInt64(sum(entries)) FROM {table}")).rows[0][0] for table in derived.COUNTS
    )


def whole(store: Store, entries: list[Entry]) -> None:
    """All of it is found by every way."""
    assert counted(store) == (len(entries), len(entries))
    assert sum(sum(bar.outcomes.values()) for bar in store.histogram(Filter(), "6h").bars) == len(entries)
    bars = store.histogram(Filter(shipping_integration=("carrier", "none"), outcome=("success",)), "6h").bars
    shipped = [one for one in entries if one.shipping_integration and one.outcome == "success"]
    assert sum(sum(bar.outcomes.values()) for bar in bars) == len(shipped)
    assert sum(option.count for option in store.facets(Filter()).outcome) == len(entries)
    assert sum(one.count for one in store.failures(Filter(), 99)) == sum(one.outcome != "success" for one in entries)
    for number, entry in enumerate(entries):
        assert [row.id for row in store.page(Filter(reference=(f"A-{number}",))).entries] == [entry.id]
        word = Term(f"2601{number:06}", whole=True)
        assert [row.id for row in store.page(Filter(text=(word,))).entries] == [entry.id]
    assert [option.name for option in store.facets(Filter()).ec_integration] == ["Shop"]


def test_a_batch_sent_twice_is_counted_once(either: Store, make: Make) -> None:
    entries = some(make)
    for _ in range(2):
        either.write(entries)
        either.write([*entries[:3], *entries[:3]])
    whole(either, entries)


def die_before_derived_rows(folder: Path, entries: list[Entry]) -> None:
    """An insert that is cut off after the entries and before what is made of them, in a process that dies of it."""
    store = open_store(folder, durable=True)
    for table in (*derived.COUNTS, *derived.COPIES):
        store.engine.run(Query(f"DETACH TABLE {table}_from_entries"))
    store.write(entries)
    for table in (*derived.COUNTS, *derived.COPIES):
        store.engine.run(Query(f"ATTACH TABLE {table}_from_entries"))
    os._exit(9)


def test_an_insert_that_death_cut_off_is_made_good_at_the_next_start(folder: Path, make: Make) -> None:
    before, lost = some(make)[:12], some(make)[12:]
    store = open_store(folder, durable=True)
    store.write(before)
    store.close()
    child = multiprocessing.get_context("spawn").Process(target=die_before_derived_rows, args=(folder, lost))
    child.start()
    child.join()
    assert child.exitcode == 9
    for _ in range(2):
        store = open_store(folder, durable=False)
        whole(store, before + lost)
        store.close()


def test_an_insert_that_failed_half_way_is_made_good_by_the_next(store: Store, make: Make) -> None:
    entries = some(make)
    # A view that cannot write: its insert fails after that into the entries.
    store.engine.run(Query("RENAME TABLE mentions TO hidden"))
    with pytest.raises(StoreError):
        store.write(entries[:20])
    store.engine.run(Query("RENAME TABLE hidden TO mentions"))
    store.write(entries[:20])
    store.write(entries[20:])
    whole(store, entries)


def test_days_that_are_dropped_are_no_longer_counted(folder: Path, make: Make) -> None:
    entries = some(make)
    store = open_store(folder, durable=False)
    store.write(entries)
    store.engine.run(Query(f"ALTER TABLE entries DROP PARTITION '{entries[0].created_at:%Y-%m-%d}'"))
    store.close()
    store = open_store(folder, durable=False)
    left = [entry for number, entry in enumerate(entries) if number % 3]
    assert counted(store) == (len(left), len(left))
    assert sum(option.count for option in store.facets(Filter()).outcome) == len(left)
    store.close()


def test_totals_that_are_not_what_is_counted_are_put_right(folder: Path, make: Make) -> None:
    entries = some(make)
    store = open_store(folder, durable=False)
    store.write(entries[:10])
    store.engine.run(Query("DETACH TABLE totals_from_counts"))
    store.write(entries[10:])
    store.engine.run(Query("ATTACH TABLE totals_from_counts"))
    store.engine.run(Query("INSERT INTO totals SELECT '2001-01-01 00:00:00', 'success', 5"))
    store.close()
    for _ in range(2):
        store = open_store(folder, durable=False)
        whole(store, entries)
        assert store.engine.select(Query("SELECT toInt64(sum(entries)) FROM totals")).rows == [(len(entries),)]
        store.close()


def test_totals_of_accounts_that_are_not_what_is_counted_are_put_right(folder: Path, make: Make) -> None:
    entries = some(make)
    store = open_store(folder, durable=False)
    store.write(entries[:10])
    store.engine.run(Query("DETACH TABLE account_totals_from_counts"))
    store.write(entries[10:])
    store.engine.run(Query("ATTACH TABLE account_totals_from_counts"))
    store.engine.run(Query("INSERT INTO account_totals SELECT 'ec', 'gone', '2001-01-01 00:00:00', 'success', 5"))
    store.close()
    held = Counter(("ec", one.ec_integration.id) for one in entries if one.ec_integration)
    held += Counter(("shipping", one.shipping_integration.id) for one in entries if one.shipping_integration)
    assert held
    for _ in range(2):
        store = open_store(folder, durable=False)
        told = Query(
            "SELECT side, account, toInt64(sum(entries)) AS n FROM account_totals GROUP BY side, account HAVING n != 0"
        )
        assert {(side, account): n for side, account, n in store.engine.select(told).rows} == held
        store.close()


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_log_from_before_there_were_counts_gets_them(
    folder: Path, make: Make, older: Callable[[int], AbstractContextManager[None]], version: int
) -> None:
    entries = some(make)
    with older(version):
        store = open_store(folder, durable=False)
        store.write(entries[:15])
        store.write(entries[15:20])
        store.close()
    store = open_store(folder, durable=False)
    store.write(entries[20:])
    whole(store, entries)
    store.close()


def test_what_an_insert_touches_is_noted_by_day() -> None:
    day = DAY
    assert derived.ranges([5, 3, day + 7, day + 9, 4]) == [(3, 5), (day + 7, day + 9)]


def test_a_note_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    note = derived.Note(tmp_path / "note", durable=True)
    assert note.read() == []
    note.write([(1, 2)])
    assert note.read() == [(1, 2)]
    (tmp_path / "note").write_bytes(b'[[1,"')
    assert note.read() == []
    note.clear()
    note.clear()


def test_a_note_that_the_disk_does_not_take_is_a_store_that_is_unavailable(tmp_path: Path) -> None:
    note = derived.Note(tmp_path / "gone" / "inserting.json", durable=True)
    with pytest.raises(StoreUnavailable, match="No such file or directory"):
        note.write([(0, 1)])
