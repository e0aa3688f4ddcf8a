"""A label that the platform is still making is not ready, though its answer shows no error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

Make = Callable[..., dict[str, Any]]
RESULT = "/api/v2/logistics/get_shipping_document_result"


@pytest.fixture
def ask(server: Any, ingest: dict[str, str], an_exchange: Make, account: str) -> Callable[..., None]:
    """Shopee is asked so many minutes ago for the labels of orders, and answers with a word for each."""

    def make(minutes_ago: int, path: str = RESULT, **said: str) -> None:
        results = ",".join(f'{{"order_sn":"{order}","status":"{word}"}}' for order, word in said.items())
        orders = ",".join(f'{{"order_sn":"{order}"}}' for order in said)
        one = an_exchange(
            created_at=(datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat(),
            method="POST",
            url=f"https://partner.shopeemobile.com{path}?partner_id=1&shop_id=2&timestamp=1&sign=s",
            request={"headers": [["Content-Type", "application/json"]], "text": f'{{"order_list":[{orders}]}}'},
            response={
                "headers": [["Content-Type", "application/json"]],
                "text": f'{{"error":"","message":"","response":{{"result_list":[{results}]}}}}',
            },
            stated={"ec_integration": {"id": account}, "references": [{"type": "tracking", "id": f"T{account}"}]},
        )
        answer = server.post("/api/v1/exchanges", json={"exchanges": [one]}, headers=ingest).json()
        assert answer["stored"] == 1, answer

    return make


def shipment(server: Any, number: str) -> Any:
    [found] = server.get("/api/v1/shipments", params={"number": number}).json()["shipments"]
    return found


def callback(found: Any) -> Any:
    return next(link for link in found["chain"] if link["name"] == "callback")


def test_it_is_being_made_in_the_platforms_word_until_the_platform_says_that_it_is_ready(
    server: Any, ask: Callable[..., None], account: str
) -> None:
    order, parcel = f"O{account}", f"T{account}"
    ask(9, "/api/v2/logistics/create_shipping_document", **{order: ""})
    ask(8, **{order: "PROCESSING"})
    found = shipment(server, parcel)
    assert (found["label"], callback(found)["state"], callback(found)["message"]) == ("making", "waiting", "PROCESSING")
    ask(7, **{order: "READY"})
    found = shipment(server, parcel)
    assert (found["label"], callback(found)["state"], callback(found)["message"]) == ("ready", "done", "")


def test_a_label_that_was_fetched_is_there_whatever_was_said_before(
    server: Any, ask: Callable[..., None], account: str
) -> None:
    order = f"O{account}"
    ask(8, **{order: "PROCESSING"})
    ask(7, "/api/v2/logistics/download_shipping_document", **{order: ""})
    assert shipment(server, f"T{account}")["label"] == "downloaded"


@pytest.mark.parametrize(
    ("language", "word"), [("en", "still making the label: “PROCESSING”"), ("zh-TW", "仍在產生託運單：「PROCESSING」")]
)
def test_the_page_says_so(server: Any, ask: Callable[..., None], account: str, language: str, word: str) -> None:
    ask(8, **{f"O{account}": "PROCESSING"})
    page = server.get("/shipments", params={"number": f"T{account}", "lang": language}).text
    assert word in page


def test_whoever_asks_after_the_label_is_told_to_wait(server: Any, ask: Callable[..., None], account: str) -> None:
    order = f"O{account}"
    ask(9, "/api/v2/logistics/create_shipping_document", **{order: ""})
    ask(8, **{order: "PROCESSING"})

    def told() -> str:
        return str(server.get("/help/label-failed", params={"number": order, "lang": "en"}).text)

    assert "is still making the label: “PROCESSING”" in told()
    assert "The latest attempt worked" not in told()
    ask(7, **{order: "READY"})
    assert "is still making the label" not in told()
    assert "The latest attempt worked" in told()
