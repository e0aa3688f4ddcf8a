"""Whether what failed has worked since: told of the order itself, and of nobody else's."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.server.test_problems import momo_report

Make = Callable[..., dict[str, Any]]


def at(minutes_ago: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat()


def since(server: Any, entry_id: str) -> str:
    """What the page of an entry says of it."""
    page = server.get(f"/entries/{entry_id}", params={"lang": "en"}).text
    return " ".join(re.sub("<[^>]+>", " ", page[page.index('<p class="since') :].partition("</p>")[0]).split())


def failure(server: Any, order: str, **asked: Any) -> str:
    asked |= {"reference": order, "outcome": ["request_error", "platform_error"]}
    [one] = server.get("/api/v1/entries", params=asked).json()["entries"]
    return str(one["id"])


@pytest.fixture
def shipped(server: Any, ingest: dict[str, str], an_exchange: Make, account: str) -> Callable[..., None]:
    """Reports of an order's shipment, each as minutes ago, shop (empty: none), status and the orders."""

    def send(*reports: tuple[Any, ...]) -> None:
        batch = []
        for minutes, shop, status, *orders in reports:
            stated: dict[str, Any] = {"action": "order.ship", "platform": "shopify"}
            stated |= {"references": [{"type": "order", "id": one} for one in orders]}
            stated |= {"ec_integration": {"id": f"{account}-{shop}"}} if shop else {}
            batch.append(an_exchange(created_at=at(minutes), status=status, stated=stated))
        server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()

    return send


def test_another_shops_order_of_the_same_number_is_another_order(
    server: Any, shipped: Callable[..., None], account: str
) -> None:
    order = f"S{account}"
    shipped((9, "a", 422, order), (8, "b", 200, order))
    assert f"Since then, the log shows no “Report shipment to platform” that worked for {order}." in since(
        server, failure(server, order)
    )
    shipped((7, "", 200, order))  # made for no shop: it may have been either's
    assert f"has worked for {order}" in since(server, failure(server, order))


def test_an_order_that_one_account_does_not_know_may_be_that_of_another_for_which_it_worked(
    server: Any, shipped: Callable[..., None], account: str
) -> None:
    order = f"W{account}"
    shipped((9, "a", 404, order), (8, "b", 200, order))
    assert f"This account does not know {order}, but for another account" in since(server, failure(server, order))


def test_of_two_orders_that_one_is_named_that_it_worked_for(
    server: Any, shipped: Callable[..., None], account: str
) -> None:
    first, second = f"F{account}", f"G{account}"
    shipped((9, "a", 422, first, second), (8, "a", 200, second))
    assert f"has worked for {second}" in since(server, failure(server, first))


def test_a_later_call_that_worked_for_it_and_failed_for_others_has_worked(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    number = f"2026{int(account[-10:], 16):013}"
    mine, other = (f"{number}-00{each}-001-001" for each in (1, 2))

    def report(minutes: int, worked: list[str], failed: list[str]) -> None:
        one = momo_report(an_exchange, account, minutes, worked, failed)
        server.post("/api/v1/exchanges", json={"exchanges": [one]}, headers=ingest).raise_for_status()

    report(9, [], [mine])
    report(8, [other], [mine])
    assert "the log shows no" in since(server, failure(server, mine))
    report(7, [mine], [other])
    assert f"has worked for {mine}" in since(server, failure(server, mine))
