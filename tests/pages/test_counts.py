"""What a page counts: the list, the outcomes and the drawing say one number while calls come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from apitrail.entry import EntryRow
from apitrail.server.pages.counts import NOTHING, agreed
from apitrail.store.model import Bar, Facets, Filter, Histogram, Option, Page

NOON = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def entry(ago: timedelta, outcome: Any = "success") -> EntryRow:
    given: dict[str, Any] = {"method": "GET", "url": "https://shop.example/", "path": "/", "direction": "outbound"}
    return EntryRow(id=f"{ago}", created_at=NOON - ago, action="order.list", outcome=outcome, **given)


def facets(**outcomes: int) -> Facets:
    return replace(NOTHING, outcome=[Option(one, one, count) for one, count in outcomes.items()])


def drawing(*bars: dict[str, int]) -> Histogram:
    starts = [NOON - MINUTE * back for back in range(len(bars), 0, -1)]
    return Histogram("1m", NOON, [Bar(start, one) for start, one in zip(starts, bars, strict=True)])


def counts(found: Facets) -> dict[str, int]:
    return {one.id: one.count for one in found.outcome}


def test_the_rows_of_a_whole_list_are_what_all_numbers_count() -> None:
    rows = [entry(MINUTE / 2, "platform_error"), entry(MINUTE * 1.5)]
    told, drawn = agreed(facets(success=3), drawing({}, {"success": 9}), Page(rows, None), Filter(), whole=True)
    assert counts(told) == {"success": 1, "platform_error": 1}
    assert [bar.outcomes for bar in drawn.bars] == [{"success": 1}, {"platform_error": 1}]


def test_where_the_list_goes_on_the_drawing_is() -> None:
    held = drawing({"success": 80}, {"success": 3, "request_error": 1})
    told, drawn = agreed(facets(success=82), held, Page([entry(MINUTE)], None), Filter(), whole=False)
    assert counts(told) == {"success": 83, "request_error": 1}
    assert drawn is held


def test_an_outcome_that_is_not_chosen_keeps_the_count_of_what_one_would_get() -> None:
    asked = Filter(outcome=("success",))
    told, _ = agreed(facets(success=4, warning=7), drawing({"success": 5}), Page([], None), asked, whole=False)
    assert counts(told) == {"success": 5, "warning": 7}
