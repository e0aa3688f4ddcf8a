"""Storage: what the forecast means, told apart for a disk that fills and a budget that is met."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from apitrail.cli.stats import outlook
from apitrail.server.pages import language, storage
from apitrail.server.pages.clock import Clock
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.usage import KeptIntegration, StorageAnswer
from apitrail.store.model import Span
from apitrail.store.retention import Keep
from apitrail.store.stats import Forecast, Stats

OWN = KeptIntegration("ec", "shop-7", Keep(30, 180, 800))
NOON = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
FILLS = Forecast(1_000_000, 405_000_000, 90_000_000, 12)
FULL = Forecast(1_000_000, 405_000_000, 90_000_000, 0)
COMES = Forecast(1_000_000, 405_000_000, 90_000_000, 12, 90)
MET = Forecast(1_000_000, 405_000_000, 8_000_000, 0, 8)


def answered(ahead: Forecast) -> StorageAnswer:
    span = Span(10, NOON, NOON)
    stats = Stats(span, 7_900_000, [], NOON, [], [], [], ahead, [], [])
    return StorageAnswer(
        stats, Keep(14, 90, 400), [OWN], 0 if ahead.days_held is None else ahead.limit or 0, 64_000_000
    )


@pytest.mark.parametrize(
    ("ahead", "page", "terminal"),
    [
        (FILLS, "the disk is full (90.0 MB) in 12 days", "settles at about 405.0 MB of 90.0 MB; [bold]full in 12 days"),
        (FULL, "The disk is full (90.0 MB), or will be today", "full today"),
        (
            COMES,
            "reached in 12 days; from then on the oldest days go first",
            "is reached in 12 days[/bold]: it holds about 90",
        ),
        (
            MET,
            "8.0 MB holds about 8 days; keeping entries for 400 days takes about 405.0 MB",
            "the budget of 8.0 MB is reached",
        ),
    ],
)
def test_a_forecast_says_what_will_happen_and_what_to_do(ahead: Forecast, page: str, terminal: str) -> None:
    reader = Reader(words=language.languages()["en"], clock=Clock(ZoneInfo("UTC"), NOON), profiles=None)
    view = storage.storage(answered(ahead), PageQuery(), reader)
    assert page in view.warning
    assert terminal in outlook(answered(ahead))
    settles = next(str(one.value) for one in view.summary if "settle" in one.label)
    assert "ec:shop-7" in [str(one.label) for one in view.keep], "the other side may have one of this id"
    assert settles == ("405.0 MB" if ahead.days_held is None else f"{(ahead.limit or 0) / 1e6:.1f} MB")
