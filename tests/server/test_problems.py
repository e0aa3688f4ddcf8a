"""Problems: failures by what they have in common, bounded, and narrowed by what the address says alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from apitrail.server.boards.span import bounded
from apitrail.server.pages.share import percent

Make = Callable[..., dict[str, Any]]
PATH = "/api/v1/problems"
NOW = datetime(2026, 8, 3, 12, tzinfo=UTC)


def at(minutes_ago: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat()


def failing(an_exchange: Make, account: str, minutes_ago: float, status: int = 401, order: str = "A-1") -> Any:
    stated = {
        "action": "order.get",
        "platform": "shopify",
        "ec_integration": {"id": account, "name": f"Shop {account}"},
        "source": {"type": "order", "id": order},
    }
    return an_exchange(created_at=at(minutes_ago), status=status, stated=stated)


def momo_report(an_exchange: Make, account: str, minutes: int, worked: list[str], failed: list[str]) -> Any:
    """A report of orders to momo, which answers each of them by itself."""
    sent = [{"completeOrderNo": one, "slipNo": "905074233685"} for one in (*worked, *failed)]
    told = {"confirmOkList": worked, "confirmFailList": [f"{one}: no such slip" for one in failed]}
    headers = [["Content-Type", "application/json"]]
    return an_exchange(
        created_at=at(minutes),
        method="POST",
        url="https://scmapi.momoshop.com.tw/OrderServlet.do",
        request={"headers": headers, "text": json.dumps({"doAction": "unsendCompanyConfirm", "sendInfoList": sent})},
        response={"headers": headers, "text": json.dumps({"ERROR": "", "resultInfo": told})},
        stated={"ec_integration": {"id": account, "name": "momo"}},
    )


def test_a_problem_goes_on_until_the_same_works_again(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    batch = [failing(an_exchange, account, minutes, order=f"A-{minutes}") for minutes in (50, 40)]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    [one] = server.get(PATH, params={"ec_integration": account}).json()["problems"]
    assert (one["state"], one["count"], one["orders"], one["some_orders"]) == ("going_on", 2, 2, ["A-40", "A-50"])
    assert (one["ec_integration"], one["platform"]) == ({"id": account, "name": f"Shop {account}"}, "shopify")
    assert (one["cause"], one["acts"], one["ended_by"]) == ("credentials", "merchant", "")
    worked = failing(an_exchange, account, 5, status=200)
    server.post("/api/v1/exchanges", json={"exchanges": [worked]}, headers=ingest).raise_for_status()
    [one] = server.get(PATH, params={"ec_integration": account}).json()["problems"]
    assert one["state"] == "over"
    assert server.get(f"/api/v1/entries/{one['ended_by']}").json()["status"] == 200
    assert server.get(PATH, params={"ec_integration": account, "cause": "funds"}).json()["problems"] == []


def test_the_link_of_a_problem_lists_as_many_failures_as_it_counts(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    """Not those with another code, or with none."""
    now = datetime.now(UTC)

    def refused(minutes: int, answer: dict[str, Any], status: int = 422) -> dict[str, Any]:
        return an_exchange(
            created_at=(now - timedelta(minutes=minutes)).isoformat(),
            status=status,
            response={"headers": [["Content-Type", "application/json"]], "text": json.dumps(answer)},
            stated={"action": "label.create", "platform": "", "ec_integration": {"id": account}},
        )

    codes = ["120202", "120802", "120202", "120802", "120202"]
    batch = [refused(minutes, {"error": {"code": code, "message": "no"}}) for minutes, code in enumerate(codes, 1)]
    batch += [refused(minutes, {}) for minutes in (2, 6)] + [refused(2, {}, 400)]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    told = server.get(PATH, params={"ec_integration": account}).json()["problems"]
    counted = {one["code"] or f"HTTP {one['status']}": one["count"] for one in told}
    assert counted == {"120202": 3, "120802": 2, "HTTP 422": 2, "HTTP 400": 1}
    page = server.get("/problems", params={"ec_integration": account}).text
    assert sorted(listed(server, one) for one in links_of(page)) == sorted(counted.values())


def listed(server: Any, link: str) -> int:
    """How many entries the list shows that a link of a page leads to."""
    asked = {name: values for name, values in parse_qs(urlsplit(link).query).items() if name not in ("tz", "lang")}
    return len(server.get("/api/v1/entries", params=asked).json()["entries"])


def links_of(page: str) -> set[str]:
    return {unescape(one) for one in re.findall(r'href="(/[?][^"]*code=[^"]*)"', page)}


def test_the_link_of_a_problem_of_no_account_lists_no_call_of_one(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    """A carrier's label that is made for a shop, and one that is made for none."""

    def refused(minutes: int, **more: Any) -> dict[str, Any]:
        stated = {"action": "label.create", "platform": "ups", "shipping_integration": {"id": account}, **more}
        return an_exchange(created_at=at(minutes), status=422, stated=stated)

    batch = [refused(9), refused(8, ec_integration={"id": f"{account} shop"}), refused(7), refused(6)]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    told = server.get(PATH, params={"shipping_integration": account}).json()["problems"]
    assert sorted(one["count"] for one in told) == [1, 3]
    page = server.get("/problems", params={"shipping_integration": account}).text
    assert sorted(listed(server, one) for one in links_of(page)) == [1, 3]


def test_the_link_of_a_problem_lists_the_calls_that_failed_in_part_before_one_that_failed_as_a_whole(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    number = f"2026{int(account[-10:], 16):013}"
    good, bad = (f"{number}-00{each}-001-001" for each in (1, 2))
    batch = [
        momo_report(an_exchange, account, 9, [good], [bad]),
        momo_report(an_exchange, account, 8, [], [bad]),
    ]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    asked = {"ec_integration": account}
    [one] = server.get(PATH, params=asked).json()["problems"]
    assert (one["count"], one["outcome"]) == (2, "request_error")
    [link] = links_of(server.get("/problems", params=asked).text)
    assert listed(server, link) == 2
    narrowed = {**asked, "outcome": "partial"}
    [one] = server.get(PATH, params=narrowed).json()["problems"]
    [link] = links_of(server.get("/problems", params=narrowed).text)
    assert one["count"] == listed(server, link) == 1


def test_what_a_call_failed_for_in_part_is_a_problem_and_an_open_order_and_the_rest_of_it_is_not(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    """momo, which answers each order of a report by itself."""
    number = f"2026{int(account[-10:], 16):013}"
    good, bad, third = (f"{number}-00{each}-001-001" for each in (1, 2, 3))

    def report(minutes: int, worked: list[str], failed: list[str]) -> Any:
        return momo_report(an_exchange, account, minutes, worked, failed)

    def send(one: dict[str, Any]) -> None:
        server.post("/api/v1/exchanges", json={"exchanges": [one]}, headers=ingest).raise_for_status()

    def stands(number: str) -> tuple[bool, int]:
        [found] = server.get("/api/v1/orders", params={"number": number}).json()["orders"]
        return found["open"], found["failures"]

    send(report(50, [good], [bad]))
    [one] = server.get(PATH, params={"ec_integration": account}).json()["problems"]
    assert (one["outcome"], one["state"], one["some_orders"]) == ("partial", "going_on", [bad])
    assert (stands(good), stands(bad)) == ((False, 0), (True, 1))
    failed = server.get("/api/v1/orders", params={"ec_integration": account, "failed": 1}).json()["orders"]
    assert [each["number"] for each in failed] == [bad]
    page = server.get("/problems", params={"ec_integration": account}).text
    assert "Partly failed" in page
    assert "outcome=partial" in page
    assert "Partly failed" in server.get("/orders", params={"number": bad}).text
    shift = {"from": (datetime.now(UTC) - timedelta(hours=2)).isoformat()}
    held = [
        each["id"] for cause in server.get("/api/v1/shift", params=shift).json()["causes"] for each in cause["held"]
    ]
    assert [each for each in held if each.startswith(number)] == [bad]
    send(report(40, [bad, good], [third]))
    assert (stands(good), stands(bad)) == ((False, 0), (False, 1))
    [one] = server.get(PATH, params={"ec_integration": account}).json()["problems"]
    assert (one["state"], one["count"], one["orders"]) == ("going_on", 2, 2)
    send(report(30, [third], []))
    [one] = server.get(PATH, params={"ec_integration": account}).json()["problems"]
    assert one["state"] == "over"
    held = [
        each["id"] for cause in server.get("/api/v1/shift", params=shift).json()["causes"] for each in cause["held"]
    ]
    assert [each for each in held if each.startswith(number)] == []


def test_a_problem_says_of_how_many_calls_whatever_narrows_the_board(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    failed = [failing(an_exchange, account, 50), failing(an_exchange, account, 49, status=503)]
    worked = [failing(an_exchange, account, minutes, status=200) for minutes in (45, 20, 3)]
    batch = [*failed, *worked, failing(an_exchange, f"{account}-other", 10, status=200)]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    asked = {"ec_integration": account}
    found = server.get(PATH, params=asked).json()["problems"]
    assert [(one["count"], one["calls"]) for one in found] == [(1, 5), (1, 5)]
    [narrow] = server.get(PATH, params={**asked, "outcome": "platform_error"}).json()["problems"]
    assert narrow["calls"] == 5
    page = server.get("/problems", params=asked).text
    assert page.count("of 5 calls") == 2
    assert "共 5 次呼叫" in server.get("/problems", params={**asked, "lang": "zh-TW"}).text
    many = [failing(an_exchange, account, 30 + minutes, status=200) for minutes in range(15)]
    server.post("/api/v1/exchanges", json={"exchanges": many}, headers=ingest).raise_for_status()
    page = server.get("/problems", params={**asked, "lang": "en"}).text
    assert page.count("5.0 % of 20 calls") == 2
    assert "20 次呼叫的 5.0 %" in server.get("/problems", params={**asked, "lang": "zh-TW"}).text


def test_one_is_told_to_look_first_only_before_what_may_be_done_twice(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    def busy(action: str) -> dict[str, Any]:
        at = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
        stated = {"action": action, "platform": "momo", "ec_integration": {"id": f"{account}-{action}"}}
        return an_exchange(created_at=at, status=503, stated=stated)

    batch = [busy("order.list"), busy("label.create")]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    for action, words in (("order.list", "try again later"), ("label.create", "first check whether it was done")):
        page = server.get("/problems", params={"ec_integration": f"{account}-{action}"}).text
        assert [one for one in ("try again later", "first check whether it was done") if one in page] == [words]


def test_a_share_is_never_rounded_to_none_or_all() -> None:
    assert [percent(12, 340), percent(1, 5000), percent(4999, 5000), percent(7, 7)] == [
        "3.5 %",
        "< 0.1 %",
        "99.9 %",
        "100 %",
    ]


@pytest.mark.parametrize(
    ("language", "carrier", "platform"),
    [
        (
            "en",
            ["Carrier error", "Carrier trouble", "</span>carrier<"],
            ["Platform error", "Platform trouble"],
        ),
        ("zh-TW", ["物流商錯誤", "物流商異常", "</span>物流商<"], ["平台錯誤", "平台異常"]),
    ],
)
def test_a_carrier_that_is_at_fault_is_called_a_carrier_wherever_it_is_told(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str, language: str, carrier: Any, platform: Any
) -> None:
    def failed(name: str, **accounts: Any) -> dict[str, Any]:
        order = account if name == "tcat" else f"{account}-2"
        stated = {"action": "label.create", "platform": name, "source": {"type": "order", "id": order}, **accounts}
        return an_exchange(created_at=at(3), status=503, stated=stated)

    mine = {"id": account, "name": account}
    batch = [failed("tcat", shipping_integration=mine), failed("shopify", ec_integration=mine)]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    said = {"lang": language}
    of_carrier = server.get("/problems", params={"shipping_integration": account, **said}).text
    assert [one for one in carrier if one not in of_carrier] == []
    assert [one for one in platform if one in of_carrier] == []
    of_platform = server.get("/problems", params={"ec_integration": account, **said}).text
    assert [one for one in platform if one not in of_platform] == []
    assert [one for one in carrier if one in of_platform] == []
    for path in ("/", "/integrations/shipping"):
        page = server.get(path, params={"shipping_integration": account, **said}).text
        assert carrier[1] in page
    entry = server.get("/api/v1/entries", params={"shipping_integration": account}).json()["entries"][0]["id"]
    opened = server.get(f"/entries/{entry}", params=said).text
    assert carrier[1] in opened
    assert carrier[1] in server.get(f"/entries/{entry}/support", params=said).text
    assert carrier[1] in server.get("/shipments", params={"number": account, **said}).text
    assert carrier[1] in server.get("/help/label-failed", params={"number": account, **said}).text


def test_what_was_never_sent_is_not_called_without_an_answer(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    def silent(number: int, **stated: str) -> dict[str, Any]:
        given = {
            "action": "label.create",
            "platform": "tcat",
            "shipping_integration": {"id": f"{account}-{number}", "name": "T-Cat"},
            "source": {"type": "order", "id": f"{account}-{number}"},
            **stated,
        }
        why = {} if stated else {"error": {"type": "httpx.ReadTimeout", "text": "timed out after 30 s"}}
        return an_exchange(created_at=at(2), status=None, response=None, stated=given, **why)

    batch = [silent(1, not_sent="the address is empty"), silent(2)]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    asked = {"shipping_integration": [f"{account}-1", f"{account}-2"]}
    found = {one["shipping_integration"]["id"]: one for one in server.get(PATH, params=asked).json()["problems"]}
    assert (found[f"{account}-1"]["not_sent"], found[f"{account}-1"]["error"]) == ("the address is empty", "")
    assert (found[f"{account}-2"]["not_sent"], found[f"{account}-2"]["error"]) == ("", "timed out after 30 s")
    page = server.get("/problems", params=asked).text
    lines = [part.partition("</summary>")[0] for part in page.split("<summary>")]
    assert ["No answer" in one for one in lines].count(True) == ["Not sent" in one for one in lines].count(True) == 1
    assert "the address is empty" in page
    assert "the address is empty" in server.get("/shift", params={"since": "4h"}).text
    order = server.get("/orders", params={"number": f"{account}-1"}).text
    assert "Not sent" in order
    assert "No answer" not in order


@pytest.fixture
def of_all_work(server: Any, ingest: dict[str, str], an_exchange: Make, account: str) -> dict[str, Any]:
    """What asks for the failures of an account: of a stock push, a label (one of three calls) and a notification."""

    def made(action: str, status: int = 401, **fields: Any) -> dict[str, Any]:
        stated = {"action": action, "platform": "shopify", "ec_integration": {"id": account, "name": account}}
        return an_exchange(created_at=at(9), status=status, stated=stated, **fields)

    batch = [made("stock.push"), made("label.create"), made("label.create", 200), made("label.create", 200)]
    batch.append(made("webhook.label.ready", direction="inbound"))
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    return {"ec_integration": account}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"work": "shipping"}, {"label.create": 3, "webhook.label.ready": 1}),
        ({"work": "shipping", "action": ["label.create", "stock.push"]}, {"label.create": 3}),
        ({"work": "stock"}, {"stock.push": 1}),
        ({"work": "stock", "action": "label.create"}, {}),
        ({"work": "orders"}, {}),
        ({"work": "webhooks"}, {"webhook.label.ready": 1}),
        ({"work": "webhooks", "direction": "outbound"}, {}),
        ({"work": "shipping", "outcome": "platform_error"}, {}),
        ({"work": "shipping", "from": "2099-01-01T00:00Z"}, {}),
    ],
    ids=str,
)
def test_one_kind_of_work_is_told_alone_and_whatever_else_narrows_it_does(
    server: Any, of_all_work: dict[str, Any], asked: dict[str, Any], expected: dict[str, int]
) -> None:
    answer = server.get(PATH, params={**of_all_work, **asked})
    assert answer.status_code == 200
    assert {one["action"]: one["calls"] for one in answer.json()["problems"]} == expected


def test_a_kind_of_work_is_kept_by_all_that_the_page_leads_to(server: Any, of_all_work: dict[str, Any]) -> None:
    page = server.get("/problems", params={**of_all_work, "work": "shipping", "range": "7d", "lang": "en"}).text
    assert (page.count('class="trouble '), page.count("of 3 calls")) == (2, 1)
    links = re.findall(r'href="(/problems\?[^"]*)"', page)
    kept = [one for one in links if "work=shipping" in one]
    # All work, and the four other kinds.
    assert len(links) - len(kept) == 5
    for each in ("state=over", "range=30d", "action=label.create", "lang=zh-TW", "cause=credentials"):
        assert [one for one in kept if each in one], f"{each} leaves the work behind"
    assert '<input type="hidden" name="work" value="shipping">' in page
    [over] = [one for one in links if "state=over" in one]
    others = re.findall(r'href="(/problems\?[^"]*work=stock[^"]*)"', server.get(over.replace("&amp;", "&")).text)
    assert others
    assert [one for one in others if "state=over" not in one] == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Orders · Going on: the log does not show any such failure in this time."),
        ("zh-TW", "訂單 · 仍在發生：這段時間紀錄中看不到這樣的失敗。"),
    ],
)
def test_where_nothing_of_the_chosen_work_failed_that_is_said_of_it(
    server: Any, of_all_work: dict[str, Any], language: str, said: str
) -> None:
    asked = {**of_all_work, "work": "orders", "state": "going_on", "lang": language}
    assert said in server.get("/problems", params=asked).text


def test_what_it_cannot_be_narrowed_by_is_refused(server: Any) -> None:
    assert server.get(PATH, params={"text": "A-1"}).status_code == 400
    refused = server.get(PATH, params={"work": "handling"})
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, "work")
    assert "“handling”" in server.get("/problems", params={"work": "handling"}).text
    assert server.get("/problems", params={"work": "handling"}).status_code == 400
    assert server.get("/problems", params={"reference": "A-1"}).status_code == 400
    assert server.get("/problems", params={"state": "mended"}).status_code == 400


@pytest.mark.parametrize("language", ["en", "zh-TW"])
@pytest.mark.parametrize("state", ["", "going_on", "over"])
def test_the_page_is_whole_in_each_language_and_state(server: Any, language: str, state: str) -> None:
    answer = server.get("/problems", params={"lang": language, "range": "30d", **({"state": state} if state else {})})
    assert answer.status_code == 200
    assert "<h2>" in answer.text


def test_a_board_looks_at_no_more_than_it_can_answer_and_says_so() -> None:
    day = timedelta(days=1)
    assert bounded(None, None, NOW, 7 * day).cut
    assert bounded(NOW - 8 * day, NOW, NOW, 7 * day).since == NOW - 7 * day
    whole = bounded(NOW - 3 * day, NOW + day, NOW, 7 * day)
    assert (whole.since, whole.until, whole.cut) == (NOW - 3 * day, NOW, False)


@pytest.mark.parametrize("wrong", ["state=ill", "range=9h", "shown=some"])
def test_where_nothing_is_shown_nothing_is_counted(server: Any, wrong: str) -> None:
    answer = server.get(f"/problems?{wrong}")
    assert answer.status_code == 400
    assert 'class="count"' not in answer.text
