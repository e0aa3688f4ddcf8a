"""Days and months of a table as the engine keeps and drops them: at once, however many rows they have."""

from __future__ import annotations

from datetime import date, timedelta

from apitrail.store.engine import Engine, Query
from apitrail.store.model import EPOCH


def parts(engine: Engine) -> str:
    """The parts of the log's tables, each once, as SQL after FROM that more conditions may follow."""
    return f"{engine.topology.system('parts')} WHERE active AND database = {engine.topology.home}"


def drop(engine: Engine, table: str, identity: str) -> None:
    """Drop a day (`YYYYMMDD`) or a month (`YYYYMM`), named as the engine's `partition_id`. Raises StoreError."""
    statement = f"ALTER TABLE {engine.topology.altered(table)} DROP PARTITION ID {{identity:String}}"
    engine.run(Query(statement, {"identity": identity}))


def drop_day(engine: Engine, table: str, day: date | int) -> None:
    """The same for a day, or its number since 1970."""
    if isinstance(day, int):
        day = (EPOCH + timedelta(days=day)).date()
    drop(engine, table, f"{day:%Y%m%d}")
