"""Start of shift: whom failures still hold up, what they have in common, and what is an outage."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from apitrail.server.boards.outages import likely, outages, timed
from apitrail.server.boards.shift import features
from apitrail.store.failures import CauseTotal, Common, Failing, Hour, Stretch

NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Make = Callable[..., dict[str, Any]]


def hour(account: str, calls: int, failed: int, at: datetime = NOON, action: str = "label.create") -> Hour:
    return Hour(at, "ups", action, account, calls, failed)


def test_half_of_the_calls_of_two_accounts_in_one_hour_are_an_outage() -> None:
    [found] = outages([hour("a", 3, 2), hour("b", 2, 1), hour("c", 1, 0)])
    assert (found.platform, found.accounts, found.actions) == ("ups", ("a", "b"), ("label.create",))
    assert (found.failed, found.calls, found.since, found.until) == (3, 6, NOON, NOON + HOUR)
    assert found.certain


@pytest.mark.parametrize(
    "hours",
    [
        [hour("a", 9, 9), hour("b", 1, 0)],
        [hour("a", 9, 2), hour("b", 9, 2)],
        [hour("a", 1, 1), hour("b", 1, 1)],
        [hour("a", 2, 2), hour("b", 2, 2, at=NOON + HOUR)],
        [hour("a", 2, 2), hour("b", 2, 2, action="label.void")],
        [replace(hour(one, 3, 3), platform="woocommerce") for one in "ab"],
    ],
    ids=["one account", "few of many", "two calls", "other hours", "other actions", "own servers"],
)
def test_less_is_no_outage(hours: list[Hour]) -> None:
    assert outages(hours) == []


def test_an_outage_lasts_from_its_first_hour_to_its_last() -> None:
    rows = [hour(one, 2, 2, at=NOON + later * HOUR) for one in "ab" for later in (0, 2)]
    [found] = outages(rows)
    assert (found.since, found.until, found.failed) == (NOON, NOON + 3 * HOUR, 8)


def test_what_worked_between_two_hours_of_an_outage_is_counted_and_so_is_what_failed_for_one() -> None:
    """As the list shows it that the page leads to; and not what was called before, or is of other actions."""
    rows = [hour(one, 2, 2, at=NOON + later * HOUR) for one in "ab" for later in (0, 2)]
    rows += [hour("a", 7, 0, at=NOON + HOUR), hour("c", 3, 1, at=NOON + HOUR)]
    rows += [hour("a", 9, 1, at=NOON - HOUR), hour("a", 9, 1, at=NOON + HOUR, action="label.void")]
    [found] = outages(rows)
    assert (found.failed, found.calls, found.accounts) == (9, 18, ("a", "b", "c"))


def test_an_outage_is_told_from_its_first_failure_to_its_last() -> None:
    found = outages([hour("a", 3, 2), hour("b", 2, 1)])
    first, last = NOON + timedelta(minutes=30), NOON + timedelta(minutes=47)
    failing = [
        Failing("ups", "label.create", first, first),
        Failing("ups", "label.create", last, last),
        Failing("ups", "label.create", NOON - HOUR, NOON - HOUR),
        Failing("ups", "label.void", NOON, NOON),
        Failing("dhl", "label.create", NOON, NOON),
    ]
    assert [(one.since, one.until) for one in timed(found, failing)] == [(first, last)]
    assert timed(found, []) == found


def stretch(**fields: Any) -> Stretch:
    given: dict[str, Any] = {
        "platform": "ups",
        "since": NOON,
        "until": NOON + HOUR,
        "calls": 5,
        "answered": 1,
        "elsewhere": 0,
        "actions": ("label.create", "label.void"),
        "accounts": ("a",),
    }
    return Stretch(**(given | fields))


@pytest.mark.parametrize("fields", [{}, {"answered": 0, "elsewhere": 1}], ids=["it answered", "others were reached"])
def test_one_account_shows_an_outage_that_is_likely_where_nothing_works(fields: dict[str, Any]) -> None:
    [found] = likely([stretch(**fields)], [])
    assert (found.platform, found.accounts, found.calls, found.failed) == ("ups", ("a",), 5, 5)
    assert not found.certain


@pytest.mark.parametrize(
    "fields",
    [{"calls": 4}, {"actions": ("label.create",)}, {"answered": 0}],
    ids=["few calls", "one action", "our own network, perhaps"],
)
def test_less_is_not_even_likely(fields: dict[str, Any]) -> None:
    assert likely([stretch(**fields)], []) == []


def test_what_is_certain_is_not_told_as_likely_too() -> None:
    certain = outages([hour("a", 3, 2), hour("b", 2, 1)])
    assert likely([stretch(since=NOON + HOUR / 2, until=NOON + 2 * HOUR)], certain) == []
    assert likely([stretch(since=NOON + HOUR, until=NOON + 2 * HOUR)], certain) != []
    assert likely([stretch(platform="tcat")], certain) != []


def common(feature: str, value: str, count: int) -> Common:
    return Common("address", "outbound", feature, value, count)


def test_what_every_call_has_is_not_what_failures_have_in_common() -> None:
    total = CauseTotal("address", "outbound", 5, 5, 0, 0, ("ups",))
    told = [common("shipping", "a", 5), common("version", "1.0", 5), common("sku", "CUP", 4), common("store", "S", 2)]
    alone = [hour("a", 9, 0)]
    assert [one.feature for one in features(total, told, alone)] == ["sku"]
    more = [*alone, hour("b", 9, 0)]
    assert [one.feature for one in features(total, told, more)] == ["shipping", "sku"]
    other = Common("funds", "outbound", "version", "2.0", 1)
    assert "version" in [one.feature for one in features(total, [*told, other], alone)]


def test_an_order_is_held_until_the_same_action_works_for_it(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    now = datetime.now(UTC)

    def send(order: str, minutes_ago: int, status: int, action: str = "order.ship") -> None:
        stated = {"action": action, "platform": "shopify", "source": {"type": "order", "id": f"{account}-{order}"}}
        at = (now - timedelta(minutes=minutes_ago)).isoformat()
        batch = [an_exchange(created_at=at, status=status, stated=stated)]
        server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()

    send("1", 30, 401)
    send("2", 29, 401)
    send("3", 28, 401)
    send("1", 20, 200)
    send("2", 20, 200, "order.get")
    answer = server.get("/api/v1/shift", params={"from": (now - HOUR).isoformat()}).json()
    [cause] = [one for one in answer["causes"] if (one["cause"], one["direction"]) == ("credentials", "outbound")]
    held = [one["id"] for one in cause["held"] if one["id"].startswith(account)]
    assert held == [f"{account}-3", f"{account}-2"]
    assert cause["acts"] == "merchant"
    send("2", 1, 200)
    send("3", 1, 200)
    answer = server.get("/api/v1/shift", params={"from": (now - HOUR).isoformat()}).json()
    assert not [one for board in answer["causes"] for one in board["held"] if one["id"].startswith(account)]


def test_an_order_is_held_though_the_same_worked_for_another_shops_order_of_its_number(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    now, number = datetime.now(UTC), f"N{account}"

    def send(shop: str, minutes_ago: int, status: int) -> None:
        stated = {
            "action": "label.create",
            "ec_integration": {"id": f"{account}-{shop}", "name": f"Shop {shop}"},
            "source": {"type": "order", "id": number},
        }
        made = an_exchange(created_at=(now - timedelta(minutes=minutes_ago)).isoformat(), status=status, stated=stated)
        server.post("/api/v1/exchanges", json={"exchanges": [made]}, headers=ingest).raise_for_status()

    send("a", 3, 401)
    send("b", 2, 200)
    told = server.get("/api/v1/shift").json()["causes"]
    [found] = [one for cause in told for one in cause["held"] if one["id"] == number]
    assert (found["ec_integration"]["name"], found["shared"]) == ("Shop a", True)
    assert f"{number} (Shop a)" in server.get("/shift").text
    send("a", 1, 200)
    told = server.get("/api/v1/shift").json()["causes"]
    assert not [one for cause in told for one in cause["held"] if one["id"] == number]


def test_a_product_is_held_in_each_shop_until_its_stock_is_accepted_there(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    now, sku = datetime.now(UTC), f"S-{account}"

    def push(shop: str, minutes_ago: int, status: int) -> None:
        stated = {
            "action": "stock.push",
            "platform": "shopify",
            "ec_integration": {"id": f"{account}-{shop}", "name": f"Shop {shop}"},
            "references": [{"type": "sku", "id": sku}],
        }
        made = an_exchange(created_at=(now - timedelta(minutes=minutes_ago)).isoformat(), status=status, stated=stated)
        server.post("/api/v1/exchanges", json={"exchanges": [made]}, headers=ingest).raise_for_status()

    def held() -> list[tuple[str, str]]:
        told = server.get("/api/v1/shift", params={"from": (now - HOUR).isoformat()}).json()["causes"]
        every = [each for cause in told for each in cause["held"]]
        return [(each["kind"], each["ec_integration"]["name"]) for each in every if each["id"] == sku]

    push("a", 30, 401)
    push("b", 29, 401)
    assert held() == [("product", "Shop b"), ("product", "Shop a")]
    push("b", 20, 200)
    assert held() == [("product", "Shop a")]
    page = server.get("/shift").text
    assert f"{sku} (Shop a)" in page
    assert f"/help/stock-wrong?number={sku}&amp;account={account}-a" in page
    assert "Products without success since: " in page
    [problem] = server.get("/api/v1/problems", params={"ec_integration": f"{account}-a"}).json()["problems"]
    assert (problem["orders"], problem["products"], problem["some_products"]) == (0, 1, [sku])
    board = server.get("/problems", params={"ec_integration": f"{account}-a"}).text
    assert "1 product" in board
    assert f"/help/stock-wrong?number={sku}&amp;account={account}-a" in board
    push("a", 10, 200)
    assert held() == []


def test_an_order_is_not_held_by_a_call_that_the_platform_refused_because_it_had_worked_before(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    """However long ago that was."""
    now = datetime.now(UTC)

    def send(order: str, ago: timedelta, status: int, action: str = "order.ship", said: str = "") -> None:
        stated = {"action": action, "platform": "shopify", "source": {"type": "order", "id": f"{account}-{order}"}}
        answer = {"headers": [["Content-Type", "application/json"]], "text": json.dumps({"message": said})}
        made = an_exchange(created_at=(now - ago).isoformat(), status=status, stated=stated, response=answer)
        server.post("/api/v1/exchanges", json={"exchanges": [made]}, headers=ingest).raise_for_status()

    send("1", timedelta(days=20), 200)
    send("2", timedelta(days=20), 200, "order.get")
    send("3", timedelta(minutes=40), 503)
    for minutes, order in enumerate("123"):
        send(order, timedelta(minutes=30 - minutes), 409, said="this fulfillment already exists")
    answer = server.get("/api/v1/shift", params={"from": (now - HOUR).isoformat()}).json()
    [cause] = [one for one in answer["causes"] if (one["cause"], one["direction"]) == ("duplicate", "outbound")]
    assert [one["id"] for one in cause["held"] if one["id"].startswith(account)] == [f"{account}-3", f"{account}-2"]


def test_one_kind_of_work_is_told_alone(server: Any, ingest: dict[str, str], an_exchange: Make, account: str) -> None:
    now = datetime.now(UTC)

    def made(action: str, order: str, status: int = 401) -> dict[str, Any]:
        stated = {"action": action, "platform": "shopify", "source": {"type": "order", "id": f"{account}-{order}"}}
        return an_exchange(created_at=(now - timedelta(minutes=9)).isoformat(), status=status, stated=stated)

    batch = [made("label.create", "1"), made("stock.push", "2"), made("label.get", "4")]
    batch.append(made("webhook.label.ready", "3") | {"direction": "inbound"})
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()

    def told(work: str) -> dict[str, Any]:
        asked = {"from": (now - timedelta(minutes=10)).isoformat(), "work": work}
        answer: dict[str, Any] = server.get("/api/v1/shift", params=asked).json()
        answer["held"] = {one["id"] for board in answer["causes"] for one in board["held"]}
        answer["actions"] = {one["action"] for board in answer["causes"] for one in board["problems"]}
        return answer

    shipping = told("shipping")
    assert {f"{account}-1", f"{account}-3", f"{account}-4"} <= shipping["held"]
    assert f"{account}-2" not in shipping["held"]
    assert shipping["failures"] == sum(board["failures"] for board in shipping["causes"]) <= shipping["calls"]
    assert "stock.push" not in shipping["actions"]
    assert f"{account}-2" in told("stock")["held"]
    notified = told("webhooks")
    assert {board["direction"] for board in notified["causes"]} == {"inbound"}
    assert f"{account}-3" in notified["held"]


@pytest.mark.parametrize(
    ("language", "title", "careful"),
    [
        ("en", "Probably trouble of the platform", "the log alone cannot prove it"),
        ("zh-TW", "很可能是平台異常", "僅憑紀錄無法證實"),
    ],
)
def test_an_outage_that_one_account_alone_shows_is_told_with_care(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str, language: str, title: str, careful: str
) -> None:
    now = datetime.now(UTC)
    platform = f"shop-of-{account}"

    def failed(action: str, minutes: int) -> dict[str, Any]:
        stated = {"action": action, "platform": platform, "ec_integration": {"id": account, "name": "One shop"}}
        return an_exchange(created_at=(now - timedelta(minutes=minutes)).isoformat(), status=503, stated=stated)

    batch = [failed("order.list", minutes) for minutes in (61, 46, 31)]
    batch += [failed("stock.push", minutes) for minutes in (45, 30)]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    asked = {"from": (now - 2 * HOUR).isoformat()}
    told = server.get("/api/v1/shift", params=asked).json()
    [found] = [one for one in told["outages"] if one["platform"] == platform]
    assert (found["certain"], found["accounts"], found["calls"]) == (False, [account], 5)
    assert found["actions"] == ["order.list", "stock.push"]
    times = [datetime.fromisoformat(found[name]) for name in ("since", "until")]
    assert times == [now - timedelta(minutes=61), now - timedelta(minutes=30)]
    page = server.get("/shift", params={"since": "4h", "lang": language}).text
    assert title in page
    part = page.partition('id="outages-likely"')[2].partition("</section>")[0]
    line = next(one for one in part.split("<li>") if platform in one)
    assert careful in line
    assert "One shop" in line
    assert careful in server.get("/shift/text", params={"since": "4h", "lang": language}).text
    for work, shown in (("stock", True), ("orders", True), ("shipping", False)):
        told = server.get("/api/v1/shift", params={**asked, "work": work}).json()
        assert (platform in [one["platform"] for one in told["outages"]]) == shown


@pytest.mark.parametrize("work", [{}, {"work": "orders"}, {"work": "webhooks"}])
def test_a_time_without_entries_has_no_failures_of_any_work(server: Any, work: dict[str, str]) -> None:
    nothing = server.get("/api/v1/shift", params={"from": "2099-01-01T00:00Z", **work})
    assert nothing.status_code == 200
    assert (nothing.json()["calls"], nothing.json()["failures"], nothing.json()["causes"]) == (0, 0, [])


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Notifications · warehouse: the log does not show any failure that is still open in this time."),
        ("zh-TW", "平台通知 · 倉庫：這段時間紀錄中看不到仍未解決的失敗。"),
    ],
)
def test_where_nothing_is_open_for_whom_it_was_asked_that_is_said_of_them(
    server: Any, language: str, said: str
) -> None:
    asked = {"since": "4h", "work": "webhooks", "acts": "warehouse", "lang": language}
    assert said in server.get("/shift", params=asked).text
    assert said in server.get("/shift/text", params=asked).text


def test_names_are_in_the_text_as_they_are_written_and_no_elements(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    name = f"<b>Cups</b> & {account}"
    stated = {"action": "stock.push", "platform": "shopify", "ec_integration": {"id": account, "name": name}}
    at = datetime.now(UTC) - timedelta(minutes=3)
    batch = [an_exchange(created_at=at.isoformat(), status=413, stated=stated)]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    text = server.get("/shift/text", params={"since": "4h", "tz": "Asia/Taipei"}).text
    [line] = [one for one in text.splitlines() if account in one]
    assert line.startswith("   - ")
    assert name in line
    assert f"{at.astimezone(ZoneInfo('Asia/Taipei')):%Y-%m-%d %H:%M:%S}" in line
    assert "<time" not in text
    assert "<b>" not in server.get("/shift", params={"since": "4h"}).text


def test_all_problems_of_a_cause_are_those_of_the_chosen_work(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    def made(action: str) -> dict[str, Any]:
        stated = {"action": action, "platform": "shopify", "ec_integration": {"id": account, "name": account}}
        at = (datetime.now(UTC) - timedelta(minutes=3)).isoformat()
        return an_exchange(created_at=at, status=402, stated=stated)

    batch = [made("return.label.create"), made("ads.get")]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    page = server.get("/shift", params={"since": "4h", "work": "shipping", "lang": "en"}).text
    links = {one.replace("&amp;", "&") for one in re.findall(r'href="(/problems\?[^"]*)"', page)}
    assert links
    assert [one for one in links if "work=shipping" not in one or "action=" in one] == []
    listed = "".join(server.get(one).text for one in links if "direction=outbound" in one)
    assert "Generate return label" in listed
    assert "Fetch advertising" not in listed


def test_all_failures_whose_cause_nobody_knows_are_listed_without_those_of_another_cause(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    stated = {"platform": "shopify", "ec_integration": {"id": account, "name": account}}
    batch = [
        an_exchange(
            created_at=(datetime.now(UTC) - timedelta(minutes=3)).isoformat(),
            status=status,
            stated={**stated, "action": action},
        )
        for action, status in (("price.push", 418), ("stock.push", 401))
    ]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    page = server.get("/shift", params={"since": "4h", "lang": "en"}).text
    links = {one.replace("&amp;", "&") for one in re.findall(r'href="(/problems\?[^"]*)"', page)}
    [unknown] = [one for one in links if "cause=unknown" in one and "direction=outbound" in one]
    listed = server.get(f"{unknown}&ec_integration={account}").text
    assert "Push price" in listed
    assert "Push stock" not in listed


def test_what_is_no_kind_of_work_is_refused(server: Any) -> None:
    answer = server.get("/api/v1/shift", params={"work": "handling"})
    assert answer.status_code == 400
    assert "shipping" in answer.json()["error"]["fix"]


@pytest.mark.parametrize("language", ["en", "zh-TW"])
@pytest.mark.parametrize(
    "since",
    ["since=4h", "since=yesterday&work=shipping", "since=72h&work=webhooks", "from=2026-01-01T00:00&acts=engineer"],
)
def test_the_page_is_whole_in_each_language_and_time(server: Any, language: str, since: str) -> None:
    answer = server.get(f"/shift?{since}&lang={language}&tz=Asia/Taipei")
    assert answer.status_code == 200
    assert "<h2>" in answer.text
    text = server.get(f"/shift/text?{since}&lang={language}&tz=Asia/Taipei")
    assert text.headers["content-type"].startswith("text/plain")
    assert text.text.splitlines()[0].endswith("(Asia/Taipei)")


@pytest.mark.parametrize("wrong", ["since=9h", "from=soon", "acts=nobody", "work=other", "from=2199-01-01T00:00"])
def test_what_cannot_be_read_is_said_and_nothing_is_shown(server: Any, wrong: str) -> None:
    answer = server.get(f"/shift?{wrong}&lang=en")
    assert answer.status_code == 400
    assert 'id="misread"' in answer.text
    assert 'class="count"' not in answer.text, "nothing was counted"
    assert "Without success since" not in answer.text
    assert server.get(f"/shift/text?{wrong}").status_code == 400
