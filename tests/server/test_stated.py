"""What a caller stated and what was derived, as the API answers it and finds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Make = Callable[..., dict[str, Any]]
SHOPEE = "https://partner.shopeemobile.com/api/v2/order/get_order_list?shop_id=7"


def stored(server: Any, ingest: dict[str, str], exchange: dict[str, Any], **asked: str) -> list[dict[str, Any]]:
    answer = server.post("/api/v1/exchanges", json={"exchanges": [exchange]}, headers=ingest)
    assert answer.json()["stored"] == 1, answer.text
    found: list[dict[str, Any]] = server.get("/api/v1/entries", params=asked).json()["entries"]
    return found


def test_both_are_answered_where_they_differ(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    exchange = an_exchange(url=SHOPEE)  # its caller states order.get of another account
    [entry] = stored(server, ingest, exchange, ec_integration=account)
    assert entry["action"] == "order.get"
    assert entry["stated"]["action"] == "order.get"
    assert entry["derived"] == {"action": "order.list", "ec_integration": {"id": "7", "name": "Shopee 7"}}
    whole = server.get(f"/api/v1/entries/{entry['id']}").json()
    assert whole["derived"] == entry["derived"]


def test_nothing_is_overruled_where_they_agree(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    [entry] = stored(server, ingest, an_exchange(), ec_integration=account)
    assert entry["derived"] is None


def test_a_call_is_found_by_its_stated_source(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    exchange = an_exchange(stated={"source": {"type": "order", "id": f"A {account}"}})
    [entry] = stored(server, ingest, exchange, reference=f"order:A {account}")
    assert entry["references"][0] == {"type": "order", "id": f"A {account}"}
