"""Numbers that have not come stand in the list, between the calls of that time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

Make = Callable[..., dict[str, Any]]
EN = {"Accept-Language": "en"}
LINE = re.compile(r'<tr class="lost".*?</tr>', re.DOTALL)
DEADLINE_S = 300.0
"""A look that takes five seconds on a busy machine is followed by a rest of a hundred."""


@pytest.fixture
def log(serve: Any) -> Any:
    """A server with a log of its own: of one that others write to, the first page may be theirs."""
    return serve()


@pytest.fixture
def ingest(log: Any) -> Any:
    return log.token()


@pytest.fixture
def name() -> str:
    """Of a recorder of this test alone."""
    return uuid4().hex[:8]


@pytest.fixture
def sent(log: Any, ingest: Any, an_exchange: Make, name: str) -> Callable[..., None]:
    """Calls of that recorder by their numbers, each made as many seconds ago as it says."""
    now = datetime.now(UTC)
    who = {"id": name, "host": "wms-1", "process": f"7 {name}", "version": "0.1.0"}

    def send(*numbers: tuple[int, int], method: str = "POST", **headers: str) -> None:
        exchanges = [
            an_exchange(
                created_at=(now - timedelta(seconds=ago)).isoformat(),
                method=method,
                url=f"https://shop.example/{name}/{number}",
                recorder={**who, "sequence": number},
            )
            for number, ago in numbers
        ]
        log.post("/api/v1/exchanges", headers=ingest | headers, json={"exchanges": exchanges}).raise_for_status()

    return send


def lines(page: str, name: str) -> list[str]:
    texts = (re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", line)) for line in LINE.findall(page))
    return [text for text in texts if name in text]


def told(log: Any, name: str, count: int, **params: Any) -> list[str]:
    """The lines of the page, once there are so many."""
    until = time.monotonic() + DEADLINE_S
    while len(found := lines(log.get("/", params=params, headers=EN).text, name)) != count:
        assert time.monotonic() < until, found
        time.sleep(0.1)
    return found


def places(log: Any, name: str, **params: Any) -> str:
    """The page as the numbers of its calls and a dash for each line, the newest first."""
    rows = log.get("/", params=params, headers=EN).text.split("<tbody")[-1].split("<tr ")
    marks = (
        re.search(rf'title="/{name}/(\d+)"', row) or (name in row and row.startswith('class="lost"')) for row in rows
    )
    return " ".join("-" if mark is True else mark[1] for mark in marks if mark)


def test_a_gap_stands_under_the_call_that_was_made_right_behind_it(log: Any, sent: Any, name: str) -> None:
    sent((1, 50), method="OPTIONS")
    sent((2, 40), (5, 30))
    sent((6, 20), method="TRACE")
    [line] = told(log, name, 1)
    for part in (f"2 calls of wms-1 (7 {name})", "numbers 3 – 4", "The process ended", "Recorders"):
        assert part in line
    assert places(log, name) == "6 5 - 2 1"
    # Where the list is narrowed it stands at its time.
    assert places(log, name, method="TRACE") == "6 -"
    assert places(log, name, method="OPTIONS") == "- 1"


def test_a_late_arrival_closes_it(log: Any, sent: Any, name: str) -> None:
    sent((1, 50), (4, 30))
    told(log, name, 1)
    sent((2, 40), (3, 35))
    told(log, name, 0)


def test_what_may_still_come_is_told_so(log: Any, sent: Any, name: str) -> None:
    sent((1, 50), (4, 30), **{"Apitrail-Backlog": f"{name} 12 3456"})
    [line] = told(log, name, 1)
    assert "They may still come" in line


def test_only_gaps_of_the_date_range_are_told(log: Any, sent: Any, name: str) -> None:
    sent((1, 5000), (4, 4000), (5, 50), (7, 30))
    told(log, name, 2, range="24h")
    now = datetime.now(UTC)
    begin, end = ((now + timedelta(seconds=by)).strftime("%Y-%m-%dT%H:%M:%S") for by in (-300, 60))
    [line] = told(log, name, 1, **{"from": begin, "to": end, "tz": "UTC"})
    assert "number 6" in line


def test_each_gap_stands_on_one_page_of_the_list(log: Any, sent: Any, name: str) -> None:
    sent(*((number, 1000 - number) for number in range(1, 301) if number % 7), method="PATCH")
    told(log, name, 8, method="PATCH")
    seen, path, pages = 0, "/?method=PATCH", 0
    while path:
        page = log.get(path, headers=EN).text
        seen += len(lines(page, name))
        pages += 1
        older = re.search(r'class="older" href="([^"]*)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert pages == 6
    assert seen == 42
