"""Rows of calls, and the keys of what is said of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apitrail.entry import EntryRow
from apitrail.exchange import Integration
from apitrail.server.guided.finding import Answer

NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHOP = Integration("ec-1", "Shop")


def entry(action: str, ago: timedelta = HOUR, **fields: Any) -> EntryRow:
    given: dict[str, Any] = {
        "outcome": "success",
        "method": "GET",
        "url": "https://a.example/",
        "path": "/",
        "ec_integration": SHOP,
    }
    return EntryRow(id=f"{action}-{ago}", created_at=NOON - ago, action=action, **(given | fields))


def keys(answer: Answer) -> list[str]:
    return [one.key for one in answer.findings]


def done(answer: Answer) -> list[str]:
    return [one.key for one in answer.conclusions]
