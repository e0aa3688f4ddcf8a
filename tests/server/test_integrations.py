"""Registering integrations, and what it does to the calls that come in from then on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apitrail.profiles import Profiles
from apitrail.registration import Registration
from apitrail.server.registry import REFRESH_S, Registry
from apitrail.store import StoreError

PATH = "/api/v1/integrations"
Make = Callable[..., dict[str, Any]]


def put(server: Any, headers: dict[str, str], *integrations: dict[str, Any]) -> Any:
    return server.http.put(PATH, json={"integrations": list(integrations)}, headers=headers)


def shop(identifier: str, **more: Any) -> dict[str, Any]:
    return {"id": identifier, "side": "ec", "platform": "Shopee", **more}


def test_calls_are_put_down_to_it_from_then_on_and_earlier_ones_stay(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    url = f"https://partner.shopeemobile.com/api/v2/order/get_order_list?shop_id={account}"
    server.post("/api/v1/exchanges", json={"exchanges": [an_exchange(url=url, stated={})]}, headers=ingest)
    link = f"https://erp.example/{account}"
    kept = put(server, ingest, shop(f"i-{account}", name="Tea", accounts=[account], merchant="M", link=link))
    assert kept.status_code == 200
    assert kept.json()["integrations"][0]["accounts"] == [account]
    server.post("/api/v1/exchanges", json={"exchanges": [an_exchange(url=url, stated={})]}, headers=ingest)
    [before] = server.get("/api/v1/entries", params={"ec_integration": account}).json()["entries"]
    [after] = server.get("/api/v1/entries", params={"ec_integration": f"i-{account}"}).json()["entries"]
    assert before["ec_integration"] == {"id": account, "name": f"Shopee {account}"}
    assert after["ec_integration"] == {"id": f"i-{account}", "name": "Tea"}
    assert after["merchant"] == "M"
    assert after["source"] == {"type": "ec_account", "id": f"i-{account}", "name": "Tea", "link": link}
    [found] = server.get("/api/v1/entries", params={"reference": f"account:{account}"}).json()["entries"]
    assert found["id"] == after["id"]


def test_a_registered_host_tells_the_platform(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    put(server, ingest, shop(account, platform="magento", hosts=[f"{account}.Example."]))
    call = an_exchange(url=f"https://{account}.example/rest/default/V1/orders?searchCriteria=", stated={})
    server.post("/api/v1/exchanges", json={"exchanges": [call]}, headers=ingest)
    [entry] = server.get("/api/v1/entries", params={"ec_integration": account}).json()["entries"]
    assert (entry["platform"], entry["action"]) == ("magento", "order.list")


def test_it_is_listed_as_it_was_put_last(server: Any, ingest: dict[str, str], account: str) -> None:
    put(server, ingest, shop(account, name="One"), shop(f"{account}-b"))
    put(server, ingest, shop(account, name="Two", enabled=False, settings={"Stock": "5 min", "api_key": "s3cr3t-99"}))
    listed = server.get(PATH)
    mine = {one["id"]: one for one in listed.json()["integrations"] if one["id"].startswith(account)}
    assert set(mine) == {account, f"{account}-b"}
    assert (mine[account]["name"], mine[account]["enabled"]) == ("Two", False)
    assert mine[account]["settings"]["Stock"] == "5 min"
    assert "s3cr3t-99" not in listed.text, "a secret among the settings is masked"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"side": "both"}, "$.integrations[1].side"),
        ({"id": ""}, "$.integrations[1].id"),
        ({"id": " a"}, "$.integrations[1].id"),
        ({"platform": ""}, "$.integrations[1].platform"),
        ({"host": ["a.example"]}, "$.integrations[1]"),
        ({"hosts": ["https://a.example/"]}, "$.integrations[1].hosts[0]"),
        ({"hosts": ["ok.example", "a.example:8443"]}, "$.integrations[1].hosts[1]"),
        ({"accounts": ["1", " "]}, "$.integrations[1].accounts[1]"),
        ({"accounts": [7]}, "$.integrations[1].accounts[0]"),
        ({"link": "javascript:alert(1)"}, "$.integrations[1].link"),
        ({"id": "first"}, "$.integrations[1].id"),
    ],
)
def test_where_one_cannot_be_none_is_kept(
    server: Any, ingest: dict[str, str], account: str, wrong: dict[str, Any], field: str
) -> None:
    good = shop("first" if wrong == {"id": "first"} else account)
    answer = put(server, ingest, good, shop(f"{account}-x") | wrong)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
    assert answer.json()["error"]["fix"]
    assert account not in server.get(PATH).text


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"integrations": 1}', b"\xff"])
def test_what_is_no_list_of_integrations_is_refused(server: Any, ingest: dict[str, str], body: bytes) -> None:
    answer = server.http.put(PATH, content=body, headers=ingest)
    assert answer.status_code == 400
    assert answer.json()["error"]["fix"]


def test_registering_needs_an_ingest_token_and_a_read_token_does_not_do(server: Any) -> None:
    assert put(server, {}).status_code == 401
    assert put(server, server.token("read")).status_code == 403
    with server.by_socket() as client:
        assert client.put(PATH, json={"integrations": []}).status_code == 200


class FailingStore:
    """Answers until it is told to fail."""

    def __init__(self) -> None:
        self.kept = [Registration(id="1", side="ec", platform="shopee")]
        self.fails = False
        self.asked = 0

    def registrations(self) -> list[Registration]:
        self.asked += 1
        if self.fails:
            raise StoreError("away")
        return list(self.kept)


def test_the_store_is_asked_once_a_second_and_its_absence_changes_nothing() -> None:
    now = [0.0]
    store = FailingStore()
    registry = Registry(store, Profiles.load(), lambda: now[0])  # type: ignore[arg-type]
    store.fails = True
    with pytest.raises(StoreError):
        registry.current()
    store.fails = False
    first = registry.current()
    assert registry.current() is first
    assert store.asked == 2
    now[0] = REFRESH_S
    store.fails = True
    assert registry.current() is first
    store.fails = False
    store.kept.append(Registration(id="2", side="ec", platform="shopee"))
    assert registry.current().by_id("ec", "2") is None, "a failing store is not asked at once again"
    registry.forget()
    assert registry.current().by_id("ec", "2") is not None


@pytest.mark.parametrize(("ago", "says"), [(1, "ends at"), (90, "ended at")])
def test_the_page_says_when_the_access_ends_that_the_latest_sign_in_gave(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str, ago: int, says: str
) -> None:
    answer = {
        "headers": [["Content-Type", "application/json"]],
        "text": '{"access_token": "masked", "expires_in": 3600}',
    }
    at = datetime.now(UTC) - timedelta(minutes=ago)
    stated = {"action": "auth.refresh", "platform": "shopify", "ec_integration": {"id": account, "name": "Tea"}}
    call = an_exchange(created_at=at.isoformat(), response=answer, stated=stated)
    server.post("/api/v1/exchanges", json={"exchanges": [call]}, headers=ingest).raise_for_status()
    page = server.get("/integrations/ec", params={"lang": "en", "ec_integration": account}).text
    card = page.partition(f"<code>{account}</code>")[2].partition("</section>")[0]
    assert f"The access that was given last {says}" in card
    assert (at + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S") in card
