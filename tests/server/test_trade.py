"""Orders and Shipments as the server tells them: by range, by number, and in each language."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from apitrail.server.boards.trade import MENTIONS

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def order(server: Any, ingest: dict[str, str], an_exchange: Make, account: str) -> str:
    """An order whose label failed after its number was given, and worked at a second try."""
    number, tracking = f"O{account}", f"T{account}"
    now = datetime.now(UTC)

    def call(action: str, minutes_ago: int, status: int = 200, **stated: Any) -> dict[str, Any]:
        given = {
            "action": action,
            "platform": "easypost",
            "shipping_integration": {"id": account, "name": "Carrier"},
            "references": [{"type": "order", "id": number}, {"type": "tracking", "id": tracking}],
        }
        at = (now - timedelta(minutes=minutes_ago)).isoformat()
        url = f"https://api.carrier.example/{action}"
        return an_exchange(created_at=at, status=status, url=url, stated=given | stated)

    batch = [
        call("tracking.allocate", 9),
        call("label.create", 8, status=422, references=[{"type": "order", "id": number}]),
        call("label.create", 7),
        call("label.create", 400 * 24 * 60, references=[{"type": "order", "id": f"{number}-old"}]),
    ]
    answer = server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).json()
    assert answer["stored"] == 4, answer
    return number


def test_a_parcel_is_found_by_its_order_and_by_its_number(server: Any, order: str, account: str) -> None:
    for number in (order, f"T{account}", f"T{account}".lower()):
        [found] = server.get("/api/v1/shipments", params={"number": number}).json()["shipments"]
        assert (found["tracking"], found["orders"]) == ([f"T{account}"], [order])
        assert (found["label"], found["failures"], found["warnings"]) == ("created", 1, [])
        assert [link["state"] for link in found["chain"]] == ["done", "done", "not_shown", "not_shown"]


def behind(server: Any, parcel: dict[str, Any]) -> tuple[int, int]:
    """How many calls the list shows behind the count of a parcel's, and how many of them failed."""
    asked = {"reference": parcel["references"], "action": parcel["actions"], "limit": 500}
    entries = server.get("/api/v1/entries", params=asked).json()["entries"]
    return len(entries), sum(one["outcome"].endswith("_error") for one in entries)


def test_the_calls_that_are_counted_of_a_parcel_are_those_that_its_link_lists(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    """However it is looked for: those that name its order alone as well, and no fetch that names many orders."""
    order, package, number = f"O{account}", f"P{account}", f"T{account}"

    def call(action: str, *references: tuple[str, str], status: int = 200) -> dict[str, Any]:
        stated = {
            "action": action,
            "ec_integration": {"id": account},
            "references": [{"type": kind, "id": one} for kind, one in references],
        }
        at = datetime.now(UTC).isoformat()
        return an_exchange(created_at=at, status=status, url="https://api.carrier.example/labels", stated=stated)

    batch = [
        call("order.list", ("order", order), ("order", "X"), ("package", package)),
        call("order.get", ("order", order), ("package", package)),
        call("label.create", ("order", order), status=422),
        call("label.create", ("order", order), status=422),
        call("label.create", ("order", order), ("tracking", number)),
        call("tracking.get", ("tracking", number)),
        call("order.ship", ("order", f"#{order}"), ("tracking", number), status=422),
    ]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    for asked in ({"number": order}, {"number": number}, {"number": package}, {"ec_integration": account}):
        [parcel] = server.get("/api/v1/shipments", params=asked).json()["shipments"]
        assert (parcel["calls"], parcel["failures"]) == behind(server, parcel) == (5, 3), asked
    page = server.get("/shipments", params={"number": number}).text
    assert f"reference=order%3A{order}" in page


def test_an_order_finds_all_the_parcels_that_one_call_made_for_it(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    """A carrier that gives them all the first one's number as their id tells of no parcel more."""
    numbers = [f"{letter}{account}" for letter in "TUV"]
    references = [("order", f"M{account}"), ("shipment", numbers[0]), *(("tracking", one) for one in numbers)]
    stated = {
        "action": "label.create",
        "shipping_integration": {"id": account},
        "references": [{"type": kind, "id": one} for kind, one in references],
    }
    made = an_exchange(
        created_at=datetime.now(UTC).isoformat(), url="https://api.carrier.example/labels", stated=stated
    )
    answer = server.post("/api/v1/exchanges", json={"exchanges": [made]}, headers=ingest).json()
    assert answer["stored"] == 1, answer
    for asked in ({"number": f"M{account}"}, {"shipping_integration": account}):
        found = server.get("/api/v1/shipments", params=asked).json()
        assert sorted(one["tracking"] for one in found["shipments"]) == [[one] for one in numbers]
        assert [one["orders"] for one in found["shipments"]] == [[f"M{account}"]] * 3
        assert found["not_found"] == []
    assert "does not show a parcel" not in server.get("/shipments", params={"number": f"M{account}"}).text


@pytest.mark.parametrize("shape", ["{}(補)", "{}（補寄）", "ＡＢ{}（１）"])
def test_a_number_with_brackets_or_in_full_width_is_found_by_what_the_pages_show(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str, shape: str
) -> None:
    number = shape.format(account)
    stated = {"action": "label.create", "platform": "tcat", "references": [{"type": "order", "id": number}]}
    entry = an_exchange(stated=stated, created_at=datetime.now(UTC).isoformat())
    assert server.post("/api/v1/exchanges", json={"exchanges": [entry]}, headers=ingest).json()["stored"] == 1
    for path in ("orders", "shipments"):
        found = server.get(f"/api/v1/{path}", params={"number": f"訂單編號：{number}，NOWHERE-1"}).json()
        assert (len(found[path]), found["not_found"]) == (1, ["NOWHERE-1"])
    for asked in ({"text": number}, {"reference": f"order:{number}"}):
        [found] = server.get("/api/v1/entries", params=asked).json()["entries"]
    for page in ("/help/order-missing?order=", "/help/label-failed?number="):
        assert found["id"] in server.get(page + quote(number)).text


def test_an_order_says_what_is_still_open_in_the_platforms_words_and_who_acts(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    """The latest failure is of an action that has worked since: what is open is told, not that."""
    now = datetime.now(UTC)

    def call(action: str, minutes_ago: int, status: int, said: str = "") -> dict[str, Any]:
        return an_exchange(
            created_at=(now - timedelta(minutes=minutes_ago)).isoformat(),
            status=status,
            url=f"https://api.shop.example/{action}",
            response={"headers": [["Content-Type", "application/json"]], "text": json.dumps({"message": said})},
            stated={"action": action, "references": [{"type": "order", "id": f"W{account}"}]},
        )

    batch = [
        call("order.ship", 9, 401, "this key was revoked"),
        call("order.get", 8, 503, "be back soon"),
        call("order.get", 7, 200),
    ]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    [found] = server.get("/api/v1/orders", params={"number": f"W{account}"}).json()["orders"]
    assert (found["open"], found["last_failure"]["action"]) == (True, "order.get")
    still = found["open_failure"]
    assert (still["action"], still["acts"], still["message"]) == ("order.ship", "merchant", "this key was revoked")
    assert found["last"]["acts"] is None
    page = server.get("/orders", params={"number": f"W{account}"}).text
    assert "this key was revoked" in page
    assert "Who acts: <b>merchant</b>" in page
    assert "be back soon" not in page


def test_orders_that_are_open_and_parcels_whose_label_failed_or_has_no_number_are_shown_alone(
    server: Any, ingest: dict[str, str], an_exchange: Make, order: str, account: str
) -> None:
    """Behind more that went well at last than one page holds."""
    now = datetime.now(UTC)
    told: list[dict[str, Any]] = []

    def call(action: str, hours: float, name: str, status: int, *tracking: str) -> None:
        references = [{"type": "order", "id": name}, *({"type": "tracking", "id": one} for one in tracking)]
        stated = {"action": action, "shipping_integration": {"id": account}, "references": references}
        at = (now - timedelta(hours=hours)).isoformat()
        url = f"https://api.carrier.example/{action}"
        told.append(an_exchange(created_at=at, status=status, url=url, stated=stated))

    call("label.create", 9, f"{account}-broken", 422)
    call("tracking.allocate", 9, f"{account}-numbered", 200, f"N{account}")
    call("label.create", 8.9, f"{account}-numbered", 422)
    call("label.create", 9, f"{account}-waits", 200)
    for number in range(60):
        call("label.create", 2 + number / 100, f"{account}-{number}", 503)
        call("label.create", 1 + number / 100, f"{account}-{number}", 200, f"{number}{account}")
    server.post("/api/v1/exchanges", json={"exchanges": told}, headers=ingest).raise_for_status()

    def alone(path: str, only: str) -> list[tuple[str, ...]]:
        found = server.get(f"/api/v1/{path}", params={"shipping_integration": account, "only": only}).json()
        assert found["next_before"] is None
        return sorted(tuple(one["orders"]) if path == "shipments" else (one["number"],) for one in found[path])

    assert alone("orders", "open") == [(f"{account}-broken",), (f"{account}-numbered",)]
    assert alone("shipments", "label_failed") == [(f"{account}-broken",), (f"{account}-numbered",)]
    assert alone("shipments", "no_number") == [(f"{account}-broken",), (f"{account}-waits",)]
    page = server.get("/shipments", params={"shipping_integration": account, "only": "no_number"}).text
    assert f"{account}-waits" in page
    assert f"{account}-numbered" not in page


@pytest.mark.parametrize(("path", "only"), [("orders", "no_number"), ("shipments", "open"), ("shipments", "lost")])
def test_what_cannot_be_shown_alone_is_refused(server: Any, path: str, only: str) -> None:
    answer = server.get(f"/api/v1/{path}", params={"only": only})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "only")
    page = server.get(f"/{path}", params={"only": only})
    assert (page.status_code, "is not possible" in page.text) == (400, True)


def test_an_order_and_its_parcel_are_found_by_either_of_its_numbers(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    """What was called for the platform's id alone counts for the number on the receipt, too."""
    name, identity = f"#{account}", f"914{account}"
    now = datetime.now(UTC)

    def call(action: str, minutes_ago: int, status: int, *references: tuple[str, str]) -> dict[str, Any]:
        stated = {
            "action": action,
            "ec_integration": {"id": account},
            "source": {"type": "order", "id": identity},
            "references": [{"type": kind, "id": one} for kind, one in references],
        }
        at = (now - timedelta(minutes=minutes_ago)).isoformat()
        return an_exchange(created_at=at, status=status, url=f"https://api.shop.example/{action}", stated=stated)

    batch = [
        call("order.get", 9, 200, ("order", name), ("order", identity)),
        call("label.create", 8, 200, ("order", identity), ("tracking", f"T{account}")),
        call("order.ship", 7, 422, ("order", identity)),
    ]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    for number in (account, identity):
        [found] = server.get("/api/v1/orders", params={"number": number}).json()["orders"]
        assert (found["number"], found["other_numbers"]) == (name, [identity])
        assert (found["calls"], found["failures"], found["open"], found["tracking"]) == (3, 1, True, [f"T{account}"])
        parcels = server.get("/api/v1/shipments", params={"number": number}).json()
        assert [one["tracking"] for one in parcels["shipments"]] == [[f"T{account}"]]
        assert parcels["not_found"] == []
    listed = server.get("/api/v1/orders", params={"ec_integration": account}).json()["orders"]
    assert [one["number"] for one in listed] == [name]
    page = server.get("/orders", params={"number": account}).text
    assert page.count(f">{name}</a>") == page.count(f">{identity}</a>") == 1


def test_a_package_of_the_platform_finds_its_parcel_and_its_order(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    order, package, number = f"O{account}", f"OFG{account}", f"T{account}"

    def call(action: str, *references: tuple[str, str], status: int = 200) -> dict[str, Any]:
        stated = {
            "action": action,
            "platform": "shopee",
            "ec_integration": {"id": account},
            "references": [{"type": kind, "id": one} for kind, one in references],
        }
        return an_exchange(stated=stated, status=status, created_at=datetime.now(UTC).isoformat())

    batch = [
        call("order.get", ("order", order), ("package", package)),
        call("order.list", ("order", order), ("order", "X"), ("package", package), ("package", f"other-{package}")),
        call("tracking.allocate", ("order", order), ("tracking", number)),
        call("label.create", ("order", order), ("package", package), status=422),
    ]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    for asked in (package, package.lower(), number, order):
        found = server.get("/api/v1/shipments", params={"number": asked}).json()
        assert found["not_found"] == []
        [parcel] = found["shipments"]
        assert (parcel["packages"], parcel["tracking"], parcel["orders"]) == ([package], [number], [order])
        assert (parcel["label"], parcel["calls"], behind(server, parcel)) == ("failed", 2, (2, 1))
    page = server.get("/shipments", params={"number": package}).text
    assert f"reference=package%3A{package}" in page
    guided = server.get("/help/label-failed", params={"number": package}).text
    assert "1 call about the label is in the log; 1 failed." in guided
    listed = server.get("/api/v1/shipments", params={"ec_integration": account}).json()["shipments"]
    assert [(one["packages"], one["tracking"]) for one in listed] == [([package], [number])]
    [problem] = server.get("/api/v1/problems", params={"ec_integration": account}).json()["problems"]
    assert problem["some_parcels"] == [package]


def test_an_order_of_which_no_parcel_is_known_is_told_as_not_found_among_parcels(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    stated = {"action": "order.get", "references": [{"type": "order", "id": f"P{account}"}]}
    server.post(
        "/api/v1/exchanges", json={"exchanges": [an_exchange(stated=stated)]}, headers=ingest
    ).raise_for_status()
    found = server.get("/api/v1/shipments", params={"number": f"P{account}"}).json()
    assert (found["shipments"], found["not_found"]) == ([], [f"P{account}"])
    assert (
        f"The log does not show a parcel by the number P{account}."
        in server.get("/shipments", params={"number": f"P{account}"}).text
    )


def test_several_numbers_are_found_at_once_in_the_order_in_which_they_are_asked_and_the_others_are_named(
    server: Any, order: str, account: str
) -> None:
    asked = {"number": f"{order}-old, NO{account}1, {order.lower()}\n#NO{account}2"}
    found = server.get("/api/v1/orders", params=asked).json()
    assert [one["number"] for one in found["orders"]] == [f"{order}-old", order]
    assert found["not_found"] == [f"NO{account}1", f"NO{account}2"]
    page = server.get("/orders", params=asked).text
    assert "The log does not show 2 of these orders" in page
    assert f"/help/order-missing?order=NO{account}1" in page
    parcels = server.get("/api/v1/shipments", params={"number": f"T{account} NO{account}1"}).json()
    assert ([one["tracking"] for one in parcels["shipments"]], parcels["not_found"]) == (
        [[f"T{account}"]],
        [f"NO{account}1"],
    )


def test_a_number_of_long_ago_is_found_beside_one_that_is_mentioned_all_the_time(
    server: Any, ingest: dict[str, str], an_exchange: Make, order: str, account: str
) -> None:
    busy = {"action": "order.get", "references": [{"type": "order", "id": f"{account}-busy"}]}
    at = (datetime.now(UTC) - timedelta(days=300)).isoformat()
    batch = [an_exchange(created_at=at, stated=busy) for _ in range(MENTIONS + 1)]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    asked = {"number": f"{account}-busy, {order}-old, NO{account}"}
    found = server.get("/api/v1/orders", params=asked).json()
    assert [one["number"] for one in found["orders"]] == [f"{account}-busy", f"{order}-old"]
    assert (found["not_found"], found["more_calls"]) == ([f"NO{account}"], True)


def test_more_numbers_than_can_be_looked_for_at_once_are_refused(server: Any) -> None:
    number = ",".join(str(10_000 + one) for one in range(51))
    answer = server.get("/api/v1/orders", params={"number": number})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "number")
    page = server.get("/orders", params={"number": number})
    assert (page.status_code, "at most 50 at once" in page.text) == (400, True)


def test_where_a_parcel_is_stands_there_in_the_platforms_words(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    tracker = {"object": "Event", "result": {"tracking_code": f"T{account}", "status": "out_for_delivery"}}
    headers = [["Content-Type", "application/json"]]
    notice = an_exchange(
        created_at=datetime.now(UTC).isoformat(),
        direction="inbound",
        method="POST",
        url="https://oms.example/hooks/easypost",
        request={"headers": headers, "text": json.dumps(tracker)},
        stated={
            "action": "webhook.logistics.status",
            "platform": "easypost",
            "references": [{"type": "tracking", "id": f"T{account}"}],
        },
    )
    server.post("/api/v1/exchanges", json={"exchanges": [notice]}, headers=ingest).raise_for_status()
    [found] = server.get("/api/v1/shipments", params={"number": f"T{account}"}).json()["shipments"]
    assert found["seen"]["status"] == "out_for_delivery"
    assert "out_for_delivery" in server.get("/shipments", params={"number": f"T{account}"}).text


def test_an_order_says_where_its_parcel_is_though_the_parcels_number_alone_was_asked_about(
    server: Any, ingest: dict[str, str], an_exchange: Make, order: str, account: str
) -> None:
    headers = [["Content-Type", "application/json"]]
    asked = an_exchange(
        created_at=datetime.now(UTC).isoformat(),
        method="GET",
        url=f"https://api.easypost.com/v2/trackers/trk_{account}",
        response={"headers": headers, "text": json.dumps({"tracking_code": f"T{account}", "status": "in_transit"})},
        stated={"action": "tracking.get", "references": [{"type": "tracking", "id": f"T{account}"}]},
    )
    server.post("/api/v1/exchanges", json={"exchanges": [asked]}, headers=ingest).raise_for_status()
    [found] = server.get("/api/v1/orders", params={"number": order}).json()["orders"]
    assert found["seen"][f"T{account}"]["status"] == "in_transit"
    wordless = asked | {"created_at": datetime.now(UTC).isoformat(), "response": {"headers": headers, "text": "{}"}}
    server.post("/api/v1/exchanges", json={"exchanges": [wordless]}, headers=ingest).raise_for_status()
    [found] = server.get("/api/v1/orders", params={"number": order}).json()["orders"]
    assert found["seen"][f"T{account}"]["status"] == "in_transit"
    assert "in_transit" in server.get("/orders", params={"number": order}).text


def test_an_answer_about_several_parcels_tells_of_each(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    numbers = [f"T{account}", f"U{account}"]
    parts = [
        {"OBTNumber": number, "StatusName": words}
        for number, words in zip(numbers, ("配送中", "順利送達"), strict=True)
    ]
    headers = [["Content-Type", "application/json"]]
    asked = an_exchange(
        created_at=datetime.now(UTC).isoformat(),
        method="POST",
        url="https://api.suda.com.tw/api/Egs/OBTStatus",
        request={"headers": headers, "text": json.dumps({"OBTNumbers": numbers})},
        response={"headers": headers, "text": json.dumps({"IsOK": "Y", "Data": {"OBTs": parts}})},
        stated={},
    )
    server.post("/api/v1/exchanges", json={"exchanges": [asked]}, headers=ingest).raise_for_status()
    for number, words in zip(numbers, ("配送中", "順利送達"), strict=True):
        [found] = server.get("/api/v1/shipments", params={"number": number}).json()["shipments"]
        assert (found["seen"]["status"], found["seen"]["alone"]) == (words, False)


def test_orders_of_a_range_are_those_of_its_calls_and_a_number_is_found_before_it(
    server: Any, order: str, account: str
) -> None:
    listed = server.get("/api/v1/orders", params={"shipping_integration": account}).json()
    assert [one["number"] for one in listed["orders"]] == [order]
    [one] = listed["orders"]
    assert (one["failures"], one["calls"], one["open"], one["told"]) == (1, 3, False, None)
    assert one["tracking"] == [f"T{account}"]
    failed = server.get("/api/v1/orders", params={"shipping_integration": account, "failed": "1"}).json()
    assert [one["number"] for one in failed["orders"]] == [order]
    [old] = server.get("/api/v1/orders", params={"number": f"{order}-old"}).json()["orders"]
    assert old["calls"] == 1


@pytest.mark.parametrize(("path", "kind", "fetched"), [("orders", "order", 40), ("shipments", "tracking", 70)])
def test_what_one_call_named_together_is_whole_however_much_a_page_holds(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str, path: str, kind: str, fetched: int
) -> None:
    now = datetime.now(UTC)

    def call(minutes_ago: int, *names: str) -> dict[str, Any]:
        stated = {
            "action": "tracking.get" if kind == "tracking" else "order.list",
            "shipping_integration": {"id": account},
            "references": [{"type": kind, "id": f"{account}-{name}"} for name in names],
        }
        at = (now - timedelta(minutes=minutes_ago)).isoformat()
        return an_exchange(created_at=at, url="https://api.carrier.example/list", stated=stated)

    batch = [call(61, "newest"), call(62, *(f"{number:02}" for number in range(fetched))), call(63, "oldest")]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    found: list[str] = []
    asked = {"shipping_integration": account}
    while True:
        page = server.get(f"/api/v1/{path}", params=asked).json()
        found += [one["number"] if kind == "order" else one["tracking"][0] for one in page[path]]
        if page["next_before"] is None:
            break
        asked["before"] = page["next_before"]
    names = ["newest", *(f"{number:02}" for number in range(fetched)), "oldest"]
    assert found == [f"{account}-{name}" for name in names]


def test_what_cannot_be_asked_is_refused(server: Any) -> None:
    for path in ("/api/v1/orders", "/orders", "/api/v1/shipments", "/shipments"):
        assert server.get(path, params={"failed": "yes"}).status_code == 400
        assert server.get(path, params={"before": "soon"}).status_code == 400
        assert server.get(path, params={"text": "words"}).status_code == 400


@pytest.mark.parametrize("language", ["en", "zh-TW"])
@pytest.mark.parametrize("path", ["/orders", "/shipments"])
def test_the_pages_are_whole_in_each_language(
    server: Any, ingest: dict[str, str], an_exchange: Make, order: str, account: str, path: str, language: str
) -> None:
    latest = an_exchange(  # else 25 others of the same log may stand before it
        created_at=datetime.now(UTC).isoformat(),
        status=422,
        stated={
            "action": "label.create",
            "shipping_integration": {"id": account},
            "references": [{"type": "order", "id": order}, {"type": "tracking", "id": f"T{account}"}],
        },
    )
    server.post("/api/v1/exchanges", json={"exchanges": [latest]}, headers=ingest).raise_for_status()
    for query in ({}, {"failed": "1"}, {"number": order}, {"number": "nowhere"}, {"shipping_integration": account}):
        answer = server.get(path, params={"lang": language, "range": "30d", **query})
        assert answer.status_code == 200
        assert (order in answer.text) == (query != {"number": "nowhere"})


def test_of_orders_with_one_number_each_shows_and_leads_to_the_calls_of_its_own_shop(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    """And where a shop is chosen, its own order alone is shown."""
    number = f"N{account}"

    def call(minutes: int, shop: str, status: int = 200) -> dict[str, Any]:
        stated: dict[str, Any] = {"action": "order.ship", "references": [{"type": "order", "id": number}]}
        stated |= {"ec_integration": {"id": f"{account} {shop}"}} if shop else {}
        at = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
        return an_exchange(created_at=at, status=status, url="https://api.shop.example/ship", stated=stated)

    batch = [call(9, "a"), call(8, "a", 422), call(7, "b"), call(6, "")]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()

    def shown(**asked: str) -> dict[str, tuple[int, int]]:
        """By shop: the calls that are counted, and those that the row's link lists."""
        found = server.get("/api/v1/orders", params=asked).json()["orders"]
        page = server.get("/orders", params=asked).text
        told = {}
        for one in found:
            [link] = re.findall(r'<span class="name"><a href="([^"]*)"', page.split("<tr>")[2 + found.index(one)])
            query = parse_qs(urlsplit(unescape(link)).query)
            asked_for = {name: values for name, values in query.items() if name not in ("tz", "lang", "range")}
            listed = server.get("/api/v1/entries", params=asked_for).json()["entries"]
            told[one["ec_integration"]["id"] if one["ec_integration"] else ""] = (one["calls"], len(listed))
        return told

    a, b = f"{account} a", f"{account} b"
    assert shown(number=number) == {a: (2, 2), b: (1, 1), "": (1, 1)}
    assert shown(ec_integration=a) == {a: (2, 2)}
    assert shown(ec_integration=a, failed="1") == {a: (2, 2)}
    assert shown(ec_integration=b) == {b: (1, 1)}
    [one] = server.get("/api/v1/orders", params={"ec_integration": b}).json()["orders"]
    assert one["shared_with"] == [a]


def test_an_order_that_the_shop_writes_with_a_sign_and_the_carrier_without_is_one_order(
    server: Any, ingest: dict[str, str], an_exchange: Make, account: str
) -> None:
    """And another shop's order of that number is another one."""
    number, other = f"{account}-1", f"{account} other"

    def call(minutes: int, action: str, order: str, status: int = 200, shop: str = account) -> dict[str, Any]:
        stated: dict[str, Any] = {"action": action, "references": [{"type": "order", "id": order}]}
        stated |= {"ec_integration": {"id": shop}} if shop else {"shipping_integration": {"id": account}}
        at = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
        return an_exchange(created_at=at, status=status, url=f"https://api.example/{action}", stated=stated)

    batch = [
        call(9, "order.list", f"#{number}"),
        call(8, "label.create", number, 422),
        call(7, "label.create", number, 422, shop=""),
        call(6, "order.get", f"#{number}", 422),
    ]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    for asked in ({"number": number}, {"ec_integration": account}):
        [one] = server.get("/api/v1/orders", params=asked).json()["orders"]
        assert (one["number"], one["other_numbers"], one["calls"], one["failures"]) == (f"#{number}", [], 4, 3)
        assert one["told"]["by"] == "fetch"
    [link] = re.findall(r'<span class="name"><a href="([^"]*)"', server.get("/orders", params=asked).text)
    query = parse_qs(urlsplit(unescape(link)).query)
    listed = server.get("/api/v1/entries", params={"reference": query["reference"]}).json()["entries"]
    assert len(listed) == 4

    batch = [call(5, "label.create", number, shop=other)]
    server.post("/api/v1/exchanges", json={"exchanges": batch}, headers=ingest).raise_for_status()
    found = server.get("/api/v1/orders", params={"number": number}).json()["orders"]
    assert {(one["number"], one["calls"]) for one in found} == {(f"#{number}", 3), (number, 1), (f"#{number}", 1)}
