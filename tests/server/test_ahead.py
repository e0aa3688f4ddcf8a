"""A machine whose clock is ahead: what it recorded is kept with the time that it said, and nobody is misled."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

Make = Callable[..., dict[str, Any]]
AHEAD = timedelta(days=3, hours=1)


@pytest.fixture(scope="module")
def behind(start_and_end: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server of these tests alone: no other should meet a time that is to come."""
    return start_and_end(tmp_path_factory.mktemp("ahead") / "data")


def sent(server: Any, token: dict[str, str], *exchanges: dict[str, Any]) -> dict[str, Any]:
    return dict(server.post("/api/v1/exchanges", headers=token, json={"exchanges": exchanges}).json())


def at(moment: datetime) -> str:
    return moment.isoformat()


def total(page: str) -> str:
    found = re.search(r'class="total"[^>]*>(.*?)</', page, re.DOTALL)
    assert found, page
    return found[1].strip()


def test_a_call_of_a_clock_that_is_days_ahead_is_kept_as_it_came_and_told(
    behind: Any, an_exchange: Make, account: str
) -> None:
    token, created = behind.token(), datetime.now(UTC) + AHEAD
    recorder = {"id": "r-1", "sequence": 1, "host": "wms-9"}
    call = an_exchange(created_at=at(created), recorder=recorder)
    assert sent(behind, token, call) == {"stored": 1, "duplicates": 0, "refused": [], "refused_losses": []}
    assert sent(behind, token, call) == {"stored": 0, "duplicates": 1, "refused": [], "refused_losses": []}
    [entry] = behind.get(f"/api/v1/entries?ec_integration={account}").json()["entries"]
    assert datetime.fromisoformat(entry["created_at"]) == created
    assert "3 d ahead of the clock" in behind.get(f"/?ec_integration={account}").text
    assert "3 d after it was stored" in behind.get(f"/entries/{entry['id']}").text
    [seen] = behind.get("/api/v1/recorders").json()["recorders"]
    assert timedelta(seconds=seen["ahead_s"]) == pytest.approx(AHEAD, abs=timedelta(minutes=1))
    assert "its clock is 3 d ahead" in behind.get("/recorders").text


def test_a_time_that_no_clock_says_is_refused_and_makes_no_day(behind: Any, an_exchange: Make) -> None:
    refused = sent(behind, behind.token(), an_exchange(created_at="2200-01-01T00:00:00Z"))["refused"]
    assert [(one["field"], one["value"]) for one in refused] == [("$.created_at", "2200-01-01T00:00:00+00:00")]
    days = behind.get("/api/v1/stats").json()["stats"]["days"]
    assert max((one["day"] for one in days), default="") < "2100"


def test_every_page_of_a_list_says_one_total_also_with_calls_ahead_of_the_clock(
    behind: Any, an_exchange: Make, account: str
) -> None:
    token, now = behind.token(), datetime.now(UTC)
    calls = [an_exchange(created_at=at(now - timedelta(seconds=number))) for number in range(1, 61)]
    sent(behind, token, an_exchange(created_at=at(now + AHEAD)), *calls)
    for shown in (f"/?ec_integration={account}", f"/?range=all&ec_integration={account}"):
        first = behind.get(shown).text
        older = re.search(r'href="([^"]*cursor=[^"]*)"', first)
        assert older
        second = behind.get(older[1].replace("&amp;", "&")).text
        assert "61" in total(first)
        assert total(second) == total(first)


def test_what_comes_is_told_as_new_below_a_call_ahead_of_the_clock_and_that_once(
    behind: Any, an_exchange: Make, account: str
) -> None:
    token, now = behind.token(), datetime.now(UTC)
    sent(behind, token, an_exchange(created_at=at(now + AHEAD)), an_exchange(created_at=at(now - timedelta(minutes=1))))
    asked = re.search(r'data-new="([^"]*)"', behind.get(f"/?ec_integration={account}").text)
    assert asked
    url = asked[1].replace("&amp;", "&")
    assert behind.get(url).status_code == 204
    sent(behind, token, an_exchange(created_at=at(datetime.now(UTC) - timedelta(seconds=1))))
    answer = behind.get(url)
    rows = re.search(r'data-rows="([^"]*)"', answer.text)
    assert rows
    assert behind.get(rows[1].replace("&amp;", "&")).text.count('data-entry="') == 1
