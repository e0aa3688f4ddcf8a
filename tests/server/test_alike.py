"""What requests of failures say alike: as often as is told, and not what calls that worked say as often."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apitrail.profiles.lanes import Lane
from apitrail.server.boards.alike import Alike, compared

Make = Callable[..., dict[str, Any]]


def to(*postcodes: str, **fields: str) -> list[Lane]:
    return [Lane(one, **fields) for one in postcodes]


def test_the_beginning_of_a_postcode_is_what_far_apart_ones_have_alike() -> None:
    failed = to("900", "901", "912", "928", "100")
    good = to("100", "106", "220", "300", "900")
    assert compared(failed, good) == [Alike("postcode", "9…", 4, 5, 1, 5)]
    assert compared(to("900", "900", "900", "901"), good) == [Alike("postcode", "900", 3, 4, 1, 5)]


def test_what_worked_calls_say_as_often_is_not_what_failures_have_alike() -> None:
    assert compared(to("900", "900", "900"), to("900", "900", "900", "900", "100")) == []
    assert compared(to("", "", "900"), []) == []
    way = compared(to("", "", "", sender="TW", receiver="JP"), to(*[""] * 5, sender="TW", receiver="TW"))
    assert way == [Alike("lane", "TW → JP", 3, 3, 0, 5)]


def test_without_calls_that_worked_a_single_character_says_nothing() -> None:
    assert compared(to("900", "912", "928"), []) == []
    assert compared(to("900", "901", "902"), to("100")) == [Alike("postcode", "90…", 3, 3, 0, 1)]


def test_the_board_reads_requests_and_says_nothing_of_what_is_masked(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    def sent(number: int, postcode: str, status: int, account: str) -> dict[str, Any]:
        body = json.dumps({"recipient": {"postcode": postcode, "country": "TW"}, "serviceType": "cool"})
        return an_exchange(
            created_at=(datetime.now(UTC) - timedelta(minutes=number)).isoformat(),
            method="POST",
            status=status,
            request={"headers": [["Content-Type", "application/json"]], "text": body},
            stated={"action": "label.create", "platform": account, "shipping_integration": {"id": account}},
        )

    masked = f"{account}-masked"
    batch = [sent(n, f"90{n}", 418, account) for n in range(4)] + [sent(9, "100", 418, account)]
    batch += [sent(n, f"1{n:02}", 200, account) for n in range(20, 27)]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    causes = server.get("/api/v1/shift").json()["causes"]
    [one] = [one for one in causes if account in one["platforms"]]
    [found] = [each for each in one["alike"] if each["feature"] == "postcode"]
    assert (found["value"][:1], found["good"]) == ("9", 0)
    assert found["count"] >= 4
    page = server.get("/shift", params={"since": "4h"}).text
    assert "postcode 9" in page
    assert "that worked have it" in page
    batch = [sent(n, "masked~0900~0123456789", 418, masked) for n in range(4)]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    assert "masked~" not in server.get("/shift", params={"since": "4h"}).text
