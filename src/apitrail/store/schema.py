"""The tables, by numbered migrations that only ever add; what is made from entries may be dropped, to be made anew.

A migration is `migrations/NNNN_name.sql`; what is applied is recorded in the table `migrations` of the same
database. Opening applies what is missing, in order. A database that a newer Apitrail has migrated is refused
before anything in it is touched. Statements are repeatable (`IF NOT EXISTS`), because the engine has no
transactions and a start can break off between a statement and its record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.resources import files

from msgspec import Struct

from apitrail.store.engine import Engine, Query
from apitrail.store.model import StoreError
from apitrail.store.times import micros

JOURNAL = """
CREATE TABLE IF NOT EXISTS ${own}migrations $on_cluster
(
    version UInt32,
    name String,
    applied_at DateTime64(6, 'UTC')
)
ENGINE = ${replicated}ReplacingMergeTree
ORDER BY version
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1
"""
"""Which steps were taken. It is synced from the first one on, however the rest is kept: a step that a power cut took
out of it would be taken again at every start, and rewrite what it changes.
"""
_JOURNAL = "migrations"

# Acknowledged rows lie in new parts, and merging moves them into others, after which the sources are deleted:
# so both are synced. The limits of 1 mean: always.
DURABLE = (
    "fsync_after_insert",
    "fsync_part_directory",
    "min_rows_to_fsync_after_merge",
    "min_compressed_bytes_to_fsync_after_merge",
)
TABLES = (
    "entries",
    "losses",
    "tokens",
    "integrations",
    "mentions",
    "counts",
    "counts_by_day",
    "account_names",
    "removals",
    "pins",
    "leases",
    "failures",
    "views",
    "totals",
    "account_totals",
    "twins",
    "letters",
    "told_days",
)


PACKED = ("entries", "failures", "mentions", "counts", "counts_by_day", "account_names", "totals", "account_totals")
"""What an insert makes a part of each of. A part's twelve files are one file where the engine can do that: ext4 takes
long to find a place for a new one where many were deleted within the last minutes (docs/decisions/0004-ingest.md)."""
PACKED_BELOW = 64 << 20
"""Bytes of rows. What is larger has a file for each column, of which those are read that are asked for."""
_FULL_FROM = "min_bytes_for_full_part_storage"
_SETTING = re.compile(r"(\w+) = (\d+)")


class Migration(Struct, frozen=True):
    """One numbered step."""

    version: int
    name: str
    statements: tuple[str, ...]


def migrations() -> list[Migration]:
    """All steps that this version knows, in order."""
    found = []
    for file in files("apitrail.store").joinpath("migrations").iterdir():
        if file.name.endswith(".sql"):
            version, _, name = file.name.removesuffix(".sql").partition("_")
            text = "\n".join(line for line in file.read_text("utf-8").splitlines() if not line.startswith("--"))
            statements = tuple(statement.strip() for statement in text.split(";") if statement.strip())
            found.append(Migration(int(version), name, statements))
    return sorted(found, key=lambda migration: migration.version)


def applied(engine: Engine) -> set[int]:
    """The versions that the database has; none for an empty one."""
    if _JOURNAL not in _tables(engine):
        return set()
    return {version for (version,) in engine.select(Query("SELECT DISTINCT version FROM migrations", first=True)).rows}


def migrate(engine: Engine, steps: list[Migration] | None = None) -> bool:
    """Bring the database to this version; whether there was anything to do.

    Raises StoreError, and changes nothing, where the database is of a newer version.
    """
    steps = migrations() if steps is None else steps
    if engine.topology.cluster:
        _join(engine)
    have = applied(engine)
    newest = max(step.version for step in steps)
    if have and max(have) > newest:
        raise StoreError(
            f"{engine.place}: a newer Apitrail wrote this log (schema {max(have)}; this version knows up to {newest}). "
            "Nothing was changed. Install that version, or use another data folder or store"
        )
    topology = engine.topology
    _run(engine, [topology.render(JOURNAL)])
    if topology.cluster and _JOURNAL not in _tables(engine):
        _run(engine, topology.over(_JOURNAL))
    missing = [step for step in steps if step.version not in have]
    for step in missing:
        _run(engine, map(topology.render, step.statements))
        engine.run(
            Query(
                "INSERT INTO migrations SELECT {version:UInt32}, {name:String}, fromUnixTimestamp64Micro({at:Int64})",
                {"version": step.version, "name": step.name, "at": micros(datetime.now(UTC))},
            )
        )
    if topology.cluster:
        present = _tables(engine, home=True)
        over = [] if missing else _tables(engine)
        for table in (table for table in TABLES if table in present and table not in over):
            _run(engine, topology.over(table))
    return bool(missing)


def make_durable(engine: Engine, durable: bool) -> None:
    """How parts are written: whether an insert is on the disk, not only in the kernel's memory, when it returns; and
    whether as one file. That only where it is on the disk: of such a file, a power cut may leave a half unnoticed.
    """
    present = _tables(engine, home=True)
    for table in (table for table in (_JOURNAL, *TABLES) if table in present):
        wanted = dict.fromkeys(DURABLE, int(durable or table == _JOURNAL))
        if engine.packs and table in PACKED:
            wanted[_FULL_FROM] = PACKED_BELOW if durable else 0
        # What a table does not say has the engine's default, which is 0.
        said = dict(_SETTING.findall(present[table]))
        change = [f"{name} = {value}" for name, value in wanted.items() if said.get(name, "0") != str(value)]
        if change:
            engine.run(Query(f"ALTER TABLE {engine.topology.altered(table)} MODIFY SETTING {', '.join(change)}"))


def _join(engine: Engine) -> None:
    """Make on hosts that were added to a cluster what the others have."""
    topology = engine.topology
    made = [count for _, _, count in engine.select(Query(topology.hosts())).rows]
    if len(set(made)) < 2:
        return
    # Views after what they read and write.
    query = Query(
        f"SELECT create_table_query FROM {topology.everywhere('tables')}"  # noqa: S608, constants only
        f" WHERE database IN ({topology.home}, currentDatabase())"
        " GROUP BY create_table_query ORDER BY any(database = currentDatabase()), any(engine = 'MaterializedView')"
        " SETTINGS skip_unavailable_shards = 1"
    )
    _run(engine, [*topology.databases(), *(topology.joining(str(text)) for (text,) in engine.select(query).rows)])


def _run(engine: Engine, statements: Iterable[str]) -> None:
    for statement in statements:
        engine.run(Query(statement))


def _tables(engine: Engine, *, home: bool = False) -> dict[str, str]:
    """The database's tables, and how each is kept (its engine, keys and settings, as SQL). `home`: those of a cluster's
    shards.
    """
    database = engine.topology.home if home else "currentDatabase()"
    query = Query(f"SELECT name, engine_full FROM system.tables WHERE database = {database}", first=True)  # noqa: S608
    return dict(engine.select(query).rows)
