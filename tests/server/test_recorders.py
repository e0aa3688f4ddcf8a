"""Who sends, and what of it did not come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

Make = Callable[..., dict[str, Any]]
PATH = "/api/v1/recorders"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def started(ago: timedelta, tail: int) -> str:
    milliseconds = (datetime.now(UTC) - ago - EPOCH) // timedelta(milliseconds=1)
    return str(UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | tail))


def sent(server: Any, ingest: Any, an_exchange: Make, recorder: str, numbers: list[int], **more: Any) -> None:
    now = datetime.now(UTC)
    exchanges = [
        an_exchange(
            created_at=(now - timedelta(seconds=100 - number)).isoformat(),
            recorder={"id": recorder, "sequence": number, "host": "wms-1", "process": "7 celery", "version": "0.1.0"},
        )
        for number in numbers
    ]
    answer = server.post("/api/v1/exchanges", headers=ingest, json={"exchanges": exchanges, **more})
    assert answer.json()["stored"] == len(numbers)


def told(server: Any, recorder: str, **params: Any) -> dict[str, Any]:
    [one] = [each for each in server.get(PATH, params=params).json()["recorders"] if each["id"] == recorder]
    return dict(one)


def ranges(one: dict[str, Any]) -> list[tuple[int, int]]:
    return [(gap["first"], gap["last"]) for gap in one["gaps"]]


def test_a_recorder_whose_numbers_all_came_misses_none(server: Any, ingest: Any, an_exchange: Make) -> None:
    recorder = started(timedelta(minutes=5), 1)
    sent(server, ingest, an_exchange, recorder, [3, 1, 2])
    one = told(server, recorder)
    assert (one["entries"], one["first_sequence"], one["last_sequence"], one["missing"]) == (3, 1, 3, 0)
    assert (one["host"], one["process"], one["version"]) == ("wms-1", "7 celery", "0.1.0")
    assert one["gaps"] == one["drops"] == []
    assert one["began_at"] < one["first_at"] < one["last_seen"]


def test_holes_are_counted_and_told_also_the_first(server: Any, ingest: Any, an_exchange: Make) -> None:
    recorder = started(timedelta(minutes=5), 2)
    sent(server, ingest, an_exchange, recorder, [3, 4, 8, 10])
    one = told(server, recorder)
    assert one["missing"] == 6
    assert ranges(one) == [(1, 2), (5, 7), (9, 9)]
    first, second, _ = one["gaps"]
    assert first["after"] is None
    assert second["after"] < second["before"]


def test_of_a_recorder_older_than_the_range_only_holes_within_it_count(
    server: Any, ingest: Any, an_exchange: Make
) -> None:
    recorder = started(timedelta(days=3), 3)
    sent(server, ingest, an_exchange, recorder, [50, 52])
    assert ranges(told(server, recorder)) == [(51, 51)]
    assert ranges(told(server, recorder, days=10)) == [(1, 49), (51, 51)]


def test_declared_drops_stand_beside(server: Any, ingest: Any, an_exchange: Make) -> None:
    recorder, silent = started(timedelta(minutes=5), 4), started(timedelta(minutes=5), 5)
    now = datetime.now(UTC).isoformat()
    losses = [
        {"recorder": one, "host": "wms-1", "reason": "spool_full", "count": 7, "first_at": now, "last_at": now}
        for one in (recorder, silent)
    ]
    sent(server, ingest, an_exchange, recorder, [1, 9], losses=losses)
    one = told(server, recorder)
    assert one["missing"] == 7
    assert [(drop["reason"], drop["count"]) for drop in one["drops"]] == [("spool_full", 7)]
    one = told(server, silent)
    assert (one["entries"], one["host"]) == (0, "wms-1")
    assert [drop["count"] for drop in one["drops"]] == [7]


def test_what_cannot_be_asked_is_said(server: Any) -> None:
    assert server.get(PATH, params={"day": 1}).status_code == 400
    for wrong in ("many", "0", "3661", "٣", "000000001999999"):
        assert server.get(PATH, params={"days": wrong}).status_code == 400


def test_a_recorder_tells_what_waits_in_its_spool(server: Any, ingest: Any, an_exchange: Make) -> None:
    recorder = started(timedelta(minutes=5), 6)
    sent(server, ingest, an_exchange, recorder, [1])
    assert told(server, recorder)["backlog"] is None
    for header in (f"{recorder} 12 3456", f"{recorder} many 1", f"{recorder}", "", f"{recorder} 1 {'9' * 40}"):
        server.post("/api/v1/exchanges", headers={**ingest, "Apitrail-Backlog": header}, json={"exchanges": []})
    backlog = told(server, recorder)["backlog"]
    assert (backlog["exchanges"], backlog["bytes"]) == (12, 3456)
