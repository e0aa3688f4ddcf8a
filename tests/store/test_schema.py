"""Migrations: an older log is brought up to date, a newer one is left alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec import NODEFAULT, structs

from apitrail.entry import Entry, EntryRow
from apitrail.exchange import Reference
from apitrail.store import Store, StoreError, open_store, rows, schema
from apitrail.store.block import COLUMNS, LOSS_COLUMNS
from apitrail.store.engine import Query
from apitrail.store.model import EPOCH, Filter
from apitrail.store.native import Columns

Make = Callable[..., Entry]


def journal(store: Store) -> list[tuple[Any, ...]]:
    return list(store.engine.select(Query("SELECT version, name FROM migrations ORDER BY version")).rows)


def tables(store: Store) -> list[tuple[Any, ...]]:
    query = "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name"
    return list(store.engine.select(Query(query)).rows)


def test_migrations_are_numbered_from_one_without_a_hole() -> None:
    assert [step.version for step in schema.migrations()] == list(range(1, len(schema.migrations()) + 1))


def test_a_new_log_records_each_migration_once(either: Store) -> None:
    known = [(step.version, step.name) for step in schema.migrations()]
    assert journal(either) == known
    schema.migrate(either.engine)
    assert journal(either) == known


def test_an_older_log_is_migrated_and_keeps_its_entries(either: Store, make: Make) -> None:
    entry = make()
    either.write([entry])
    newer = schema.Migration(99, "later", ("ALTER TABLE entries ADD COLUMN IF NOT EXISTS later String",))
    schema.migrate(either.engine, [*schema.migrations(), newer])
    assert journal(either)[-1] == (99, "later")
    assert either.entry(entry.id) == entry
    assert either.write([make(1)]).stored == 1


def test_a_log_from_before_references_could_be_looked_up_is_found_by_them(
    folder: Path, make: Make, older: Callable[[int], AbstractContextManager[None]]
) -> None:
    old = make(0, references=[Reference("order", "A-1")])
    with older(1):
        store = open_store(folder, durable=False)
        store.write([old, make(1)])
        store.close()

    store = open_store(folder, durable=False)
    assert journal(store)[1] == (2, "references")
    new = make(2, references=[Reference("order", "A-1")])
    store.write([new])
    assert [row.id for row in store.page(Filter(reference=("A-1",))).entries] == [new.id, old.id]
    store.close()


def test_a_start_that_broke_off_is_taken_up_again(store: Store) -> None:
    store.engine.run(Query("TRUNCATE TABLE migrations"))
    schema.migrate(store.engine)
    assert len(journal(store)) == len(schema.migrations())


def test_a_newer_log_is_refused_and_left_as_it_is(folder: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = make()
    known = schema.migrations()
    store = open_store(folder, durable=False)
    store.write([entry])
    newer = schema.Migration(99, "later", ("ALTER TABLE entries ADD COLUMN IF NOT EXISTS later String",))
    schema.migrate(store.engine, [*known, newer])
    before = tables(store)
    store.close()

    with pytest.raises(StoreError) as refused:
        open_store(folder, durable=True)
    assert f"a newer Apitrail wrote this log (schema 99; this version knows up to {known[-1].version})" in str(
        refused.value
    )
    assert "Install that version" in str(refused.value)

    monkeypatch.setattr(schema, "migrations", lambda: [*known, newer])  # the version that wrote it
    store = open_store(folder, durable=False)
    assert tables(store) == before
    assert store.entry(entry.id) == entry
    store.close()


def test_a_durable_log_syncs_every_new_and_merged_part(folder: Path) -> None:
    for durable in (False, True, False, True):
        store = open_store(folder, durable=durable)
        query = "SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()"
        found = dict(store.engine.select(Query(query)).rows)
        store.close()
        for table in schema.TABLES:
            for setting in schema.DURABLE:
                assert (f"{setting} = 1" in found[table]) == durable, (table, setting)
                assert f"{setting} = 1" in found["migrations"], "which steps were taken is known after a power cut, too"


def test_what_an_insert_writes_is_one_file_for_each_table_where_it_is_synced(folder: Path, make: Make) -> None:
    old, new = make(0), make(1, outcome="request_error")
    store = open_store(folder, durable=False)
    store.write([old])
    store.close()

    store = open_store(folder)
    store.engine.run(Query("SYSTEM STOP MERGES"))
    before = parts(store)
    store.write([new])
    written = parts(store).items() - before.items()
    assert {table for (table, _), _ in written} >= {"entries", "failures", "counts", "totals"}
    assert {files for _, files in written} == {("data.packed",)}
    assert all(len(files) > 1 for (table, _), files in before.items() if table == "entries")
    store.engine.run(Query("SYSTEM START MERGES"))
    for table in ("entries", "counts"):
        store.engine.run(Query(f"OPTIMIZE TABLE {table} FINAL"))
    assert [store.entry(one.id) for one in (old, new)] == [old, new]
    store.close()


def parts(store: Store) -> dict[tuple[str, str], tuple[str, ...]]:
    """The files of each part, by its table and name."""
    query = Query("SELECT table, name, path FROM system.parts WHERE active AND database = currentDatabase()")
    found = store.engine.select(query).rows
    return {(table, name): tuple(sorted(file.name for file in Path(path).iterdir())) for table, name, path in found}


@pytest.mark.parametrize(("table", "columns"), [("entries", COLUMNS), ("losses", LOSS_COLUMNS)])
def test_every_column_is_written_as_the_type_that_it_has(store: Store, table: str, columns: Columns) -> None:
    query = (
        "SELECT name, type FROM system.columns WHERE database = 'apitrail' AND table = {table:String} ORDER BY position"
    )
    found = store.engine.select(Query(query, {"table": table})).rows
    assert [tuple(row) for row in found] == [(name, kind.name) for name, kind in columns.items()]


def test_a_field_that_is_new_to_a_row_decodes_to_its_default() -> None:
    old = '{"method":"GET","url":"https://x/","path":"/","outcome":"success","gone":1}'
    row = rows.decode_row((UUID(int=7), 5, 0.0, ["order"], ["A-1"], old))
    assert row.id == str(UUID(int=7))
    assert row.created_at == EPOCH + timedelta(microseconds=5)
    assert row.references == [Reference("order", "A-1")]
    assert row.method == "GET"
    for field in structs.fields(EntryRow):
        if not field.required and field.name != "references":
            default = field.default if field.default_factory is NODEFAULT else field.default_factory()
            assert getattr(row, field.name) == default, field.name


def test_a_day_to_which_nothing_comes_any_more_becomes_one_part(store: Store, make: Make) -> None:
    for number in range(3):
        store.write([make(number)])
    store.engine.run(Query("ALTER TABLE entries MODIFY SETTING min_age_to_force_merge_seconds = 1"))
    held = Query("SELECT count() FROM system.parts WHERE active AND table = 'entries' AND database = 'apitrail'")
    until = time.monotonic() + 30
    while store.engine.select(held).rows != [(1,)] and time.monotonic() < until:
        time.sleep(0.2)
    assert store.engine.select(held).rows == [(1,)]


def settled(store: Store) -> dict[str, tuple[int, str]]:
    """Of each day: how many parts it has, and what its columns are compressed with."""
    query = (
        "SELECT partition, count(), any(default_compression_codec) FROM system.parts"
        " WHERE active AND database = currentDatabase() AND table = 'entries' GROUP BY partition"
    )
    return {day: (count, codec) for day, count, codec in store.engine.select(Query(query)).rows}


def test_a_day_is_compressed_harder_the_morning_after_and_not_before(store: Store, make: Make) -> None:
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    old, end = midnight - timedelta(days=9), midnight - timedelta(days=5, microseconds=1)
    imported = midnight - timedelta(days=3, hours=1)
    store.engine.run(Query("SYSTEM STOP MERGES entries"))
    for number in range(3):
        store.write([make(old + timedelta(seconds=number), received_at=old + timedelta(seconds=number))])
    store.write([make(end - timedelta(hours=20), received_at=end - timedelta(hours=20))])
    store.write([make(end, received_at=end + timedelta(hours=5))])  # as late as the morning, and still in one go
    store.write([make(imported, received_at=now)])
    store.write([make(now - timedelta(seconds=1), received_at=now)])
    store.engine.run(Query("SYSTEM START MERGES entries"))
    wanted = {
        f"{old:%F}": (1, "ZSTD(8)"),
        f"{end:%F}": (1, "ZSTD(8)"),
        f"{imported:%F}": (1, "ZSTD(1)"),
        f"{now - timedelta(seconds=1):%F}": (1, "ZSTD(1)"),
    }
    until = time.monotonic() + 20
    while settled(store) != wanted and time.monotonic() < until:
        time.sleep(0.1)
    assert settled(store) == wanted
    assert store.span().entries == 7
