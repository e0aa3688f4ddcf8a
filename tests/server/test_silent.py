"""A regular fetch that stopped stands above what failed, for it is no failure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

Make = Callable[..., dict[str, Any]]
QUARTER = timedelta(minutes=15)


@pytest.fixture
def stopped(server: Any, ingest: dict[str, str], an_exchange: Make, account: str) -> datetime:
    """The last of an account's fetches, a day ago."""
    last = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=24)
    stated = {
        "action": "order.list",
        "platform": "shopee",
        "ec_integration": {"id": account, "name": f"Shop {account}"},
    }
    batch = [an_exchange(created_at=(last - number * QUARTER).isoformat(), stated=stated) for number in range(40)]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    return last


def test_start_of_shift_tells_of_a_fetch_that_stopped(server: Any, stopped: datetime, account: str) -> None:
    answer = server.get("/api/v1/shift").json()
    [told] = [one for one in answer["silent"] if one["account"]["id"] == account]
    assert (told["side"], told["action"], told["usual_seconds"]) == ("ec", "order.list", 900)
    assert datetime.fromisoformat(told["since"]) == stopped
    assert answer["more_silent"] == 0
    for path in ("/shift", "/problems", f"/problems?ec_integration={account}"):
        page = server.get(path).text
        assert f"Shop {account}: no " in page
        assert f"ec_integration={account}" in page[page.index('id="silent"') :]
    text = server.get("/shift/text").text
    assert f"- Shop {account}: no Fetch orders since " in text
    assert "Silent: what came regularly has stopped" in text
    assert "沒有" in server.get("/shift/text", params={"lang": "zh-TW"}).text


def test_a_fetch_that_stopped_is_told_where_the_page_is_of_it_alone(
    server: Any, stopped: datetime, account: str
) -> None:
    for path in (
        "/shift?work=stock",
        "/problems?work=stock",
        "/problems?cause=timeout",
        "/problems?state=over",
        "/problems?action=label.create",
        "/problems?ec_integration=another",
        f"/problems?from=2026-01-01T00:00:00Z&to={stopped.isoformat().replace('+00:00', 'Z')}",
    ):
        answer = server.get(path)
        assert (answer.status_code, f"Shop {account}: no " in answer.text) == (200, False), path


def test_an_account_that_was_switched_off_is_not_silent(
    server: Any, ingest: dict[str, str], stopped: datetime, account: str
) -> None:
    known = {"side": "ec", "id": account, "platform": "shopee", "enabled": False}
    server.http.put("/api/v1/integrations", json={"integrations": [known]}, headers=ingest).raise_for_status()
    assert account not in {one["account"]["id"] for one in server.get("/api/v1/shift").json()["silent"]}
