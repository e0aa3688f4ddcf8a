"""What the log takes and how long it is kept: for the API, the page and the command `apitrail stats`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from apitrail.server.keeping import free_bytes, rules
from apitrail.server.problems import Problem
from apitrail.server.settings import Settings
from apitrail.store import Store
from apitrail.store.retention import Keep
from apitrail.store.stats import Stats

DAYS = 30
MOST_DAYS = 3660


class KeptIntegration(Struct, frozen=True):
    """An integration with its own times."""

    side: str
    id: str
    keep: Keep


class StorageAnswer(Struct, frozen=True):
    """How much disk space the log uses, and how long entries are kept."""

    stats: Stats
    keep: Keep
    keep_integrations: list[KeptIntegration]
    disk_budget: int
    """In bytes; 0 means that there is no budget."""
    disk_free: int | None
    """In bytes; null if the log is on a ClickHouse server."""


def storage(store: Store, settings: Settings, days: int = DAYS) -> StorageAnswer:
    """The uses of the last `days` days, and all else."""
    held = rules(settings)
    free = free_bytes(settings)
    since = datetime.now(UTC) - timedelta(days=days)
    return StorageAnswer(
        stats=store.stats(held, since, free),
        keep=held.default,
        keep_integrations=[KeptIntegration(side, one, keep) for (side, one), keep in sorted(held.accounts.items())],
        disk_budget=held.disk_budget,
        disk_free=free,
    )


def read_days(text: str | None, field: str) -> int:
    """How many days back. Raises Problem."""
    if text is None:
        return DAYS
    days = int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
    if not 1 <= days <= MOST_DAYS:
        raise Problem("is not a number of days", field=field, value=text, fix=f"Give a number from 1 to {MOST_DAYS}.")
    return days
