"""The read API over real HTTP."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import httpx
import pytest

PATH = "/api/v1/entries"
Make = Callable[..., dict[str, Any]]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
BIG_ID = "9223372036854775807123"


@pytest.fixture
def send(server: Any, ingest: Any) -> Callable[..., None]:
    """Stores exchanges; fails if one is refused."""

    def store(*exchanges: dict[str, Any]) -> None:
        answer = server.post("/api/v1/exchanges", headers=ingest, json={"exchanges": list(exchanges)})
        assert answer.json()["stored"] == len(exchanges), answer.text

    return store


@pytest.fixture
def listed(server: Any, account: str) -> Callable[..., list[str]]:
    """The paths of this test's entries under a filter."""

    def ask(**query: Any) -> list[str]:
        answer = server.get(PATH, params={"ec_integration": account, **query})
        assert answer.status_code == 200, answer.text
        return [entry["path"] for entry in answer.json()["entries"]]

    return ask


def test_entries_come_newest_first_and_page_by_page(
    send: Any, an_exchange: Make, server: Any, account: str, listed: Any
) -> None:
    send(*(an_exchange() for _ in range(7)))
    wanted = [f"/orders/{number}" for number in range(7, 0, -1)]
    assert listed() == wanted
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = server.get(PATH, params={"ec_integration": account, "limit": 3, **cursor}).json()
        found += [entry["path"] for entry in page["entries"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == wanted


def test_a_page_stays_where_it_is_while_newer_entries_arrive(
    send: Any, an_exchange: Make, server: Any, account: str, listed: Any
) -> None:
    send(*(an_exchange() for _ in range(4)))
    first = server.get(PATH, params={"ec_integration": account, "limit": 2}).json()
    send(an_exchange(), an_exchange())
    assert listed(limit=2, cursor=first["next_cursor"]) == ["/orders/2", "/orders/1"]


def test_filters_narrow_and_repeated_values_are_alternatives(send: Any, an_exchange: Make, listed: Any) -> None:
    stated = an_exchange()["stated"]
    send(
        an_exchange(stated={**stated, "action": "order.list"}),
        an_exchange(stated={**stated, "action": "stock.push", "platform": "shopee"}),
        an_exchange(stated={**stated, "action": "label.create"}, status=500),
        an_exchange(direction="inbound", stated={**stated, "action": "webhook.order.created"}),
    )
    assert listed(action="stock.push") == ["/orders/3"]
    assert listed(action=["stock.push", "order.list"]) == ["/orders/3", "/orders/2"]
    assert listed(action=["stock.push", "order.list"], platform="shopee") == ["/orders/3"]
    assert listed(outcome="platform_error") == ["/orders/4"]
    assert listed(direction="inbound") == ["/orders/5"]


@pytest.mark.parametrize("name", ["action", "ec_integration", "shipping_integration", "platform"])
def test_a_value_that_is_not_in_the_log_matches_nothing(server: Any, send: Any, an_exchange: Make, name: str) -> None:
    send(an_exchange())
    answer = server.get(PATH, params={name: "no-such-thing"}).json()
    assert answer == {"entries": [], "next_cursor": None}


def test_both_ends_of_the_range_are_inclusive(send: Any, an_exchange: Make, listed: Any) -> None:
    times = ("06:00:00", "06:00:00.999999", "06:00:01", "23:59:59.999999")
    send(*(an_exchange(created_at=f"2026-03-08T{time}Z") for time in times))
    assert listed(**{"from": "2026-03-08T06:00:00Z", "to": "2026-03-08T14:00:00+08:00"}) == ["/orders/2", "/orders/1"]
    assert len(listed(**{"from": "2026-03-08", "to": "2026-03-08"})) == 4
    assert listed(**{"from": "2026-03-09"}) == []


@pytest.mark.parametrize("path", [PATH, "/api/v1/facets", "/api/v1/histogram"])
@pytest.mark.parametrize(("name", "value"), [("acton", "order.list"), ("from", "now"), ("outcome", "red"), ("to", "")])
def test_a_slip_is_refused_by_name_and_never_widens(server: Any, path: str, name: str, value: str) -> None:
    answer = server.get(path, params={name: value})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["field"] == name
    assert error["fix"]


@pytest.mark.parametrize("path", ["/api/v1/span", "/api/v1/losses"])
def test_what_takes_no_parameter_refuses_all(server: Any, path: str) -> None:
    assert server.get(path).status_code == 200
    assert server.get(path, params={"from": "2026-03-09"}).status_code == 400


def test_a_whole_entry_has_both_sides_with_every_digit(server: Any, send: Any, an_exchange: Make, account: str) -> None:
    big5 = "訂單已成立".encode("big5")
    send(
        an_exchange(
            request={"headers": [["X-A", "1"], ["x-a", "2"]], "text": f'{{"id": {BIG_ID}}}'},
            response={
                "headers": [["Content-Type", "text/plain; charset=big5"]],
                "body": base64.b64encode(big5).decode(),
            },
        )
    )
    [row] = server.get(PATH, params={"ec_integration": account}).json()["entries"]
    assert not {"request", "response"} & set(row), "rows carry no bodies"
    entry = server.get(f"{PATH}/{row['id']}").json()
    assert {name: entry[name] for name in row} == row
    assert entry["request"]["headers"] == [["X-A", "1"], ["x-a", "2"]]
    assert entry["request"]["body"] == f'{{"id": {BIG_ID}}}'
    response = entry["response"]
    assert (response["body"], response["charset"], response["encoding"]) == ("訂單已成立", "big5", "text")
    assert response["size"] == len(big5)
    assert server.get(f"{PATH}/{row['id']}/response/body").content == big5


def test_a_call_without_an_answer_has_no_status_and_no_response(
    server: Any, send: Any, an_exchange: Make, account: str
) -> None:
    failure = {"type": "httpx.ConnectTimeout", "text": "timed out"}
    one = an_exchange(error=failure)
    del one["status"], one["response"]
    send(one)
    [row] = server.get(PATH, params={"ec_integration": account}).json()["entries"]
    assert (row["status"], row["outcome"], row["error"]) == (None, "platform_error", failure)
    assert server.get(f"{PATH}/{row['id']}").json()["response"] is None
    assert server.get(f"{PATH}/{row['id']}/response/body").status_code == 404


@pytest.mark.parametrize(
    ("identifier", "status"), [("019cd149-cabb-7000-8000-0123456789ab", 404), ("one", 400), ("%00", 400)]
)
def test_an_entry_that_is_not_there_is_said_in_the_one_shape(server: Any, identifier: str, status: int) -> None:
    answer = server.get(f"{PATH}/{identifier}")
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, "id")


def test_only_what_shows_itself_to_be_a_picture_is_shown(
    server: Any, send: Any, an_exchange: Make, account: str
) -> None:
    script = "<script>alert(1)</script>"
    send(
        an_exchange(
            request={"headers": [["Content-Type", "image/png"]], "text": script},
            response={
                "headers": [["Content-Type", "text/html"]],
                "body": base64.b64encode(PNG).decode(),
            },
        )
    )
    [row] = server.get(PATH, params={"ec_integration": account}).json()["entries"]
    claimed = server.get(f"{PATH}/{row['id']}/request/body")
    assert claimed.text == script
    assert claimed.headers["content-type"] == "application/octet-stream"
    assert claimed.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in claimed.headers["content-security-policy"]
    shown = server.get(f"{PATH}/{row['id']}/response/body")
    assert shown.content == PNG
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["content-disposition"].startswith("inline;")
    assert server.get(f"{PATH}/{row['id']}/response/body", params={"part": "foot"}).status_code == 400


def test_of_a_body_too_large_to_keep_both_ends_can_be_read(
    server: Any, send: Any, an_exchange: Make, account: str
) -> None:
    kept = {"body": base64.b64encode(b"begin").decode(), "tail": base64.b64encode(b"end").decode()}
    send(an_exchange(response={**kept, "size": 9_000_000, "sha256": "ab" * 32, "truncated": True}))
    [row] = server.get(PATH, params={"ec_integration": account}).json()["entries"]
    response = server.get(f"{PATH}/{row['id']}").json()["response"]
    assert (response["body"], response["tail"], response["size"]) == ("begin", "end", 9_000_000)
    assert response["truncated"] is True
    assert server.get(f"{PATH}/{row['id']}/response/body").content == b"begin"
    assert server.get(f"{PATH}/{row['id']}/response/body", params={"part": "tail"}).content == b"end"


def test_facets_count_what_one_would_get_by_choosing(server: Any, send: Any, an_exchange: Make, account: str) -> None:
    stated = an_exchange()["stated"]
    send(an_exchange(), an_exchange(), an_exchange(stated={**stated, "action": "order.list"}))
    facets = server.get("/api/v1/facets", params={"ec_integration": account, "action": "order.list"}).json()
    assert [(one["id"], one["count"]) for one in facets["action"]] == [("order.get", 2), ("order.list", 1)]
    assert [(one["id"], one["count"]) for one in facets["outcome"]] == [("success", 1)]


def test_text_finds_what_bodies_say_and_refuses_what_it_does_not_understand(
    server: Any, send: Any, an_exchange: Make, listed: Any
) -> None:
    send(
        an_exchange(response={"headers": [["Content-Type", "application/json"]], "text": '{"sn": "260101ABCDEF12"}'}),
        an_exchange(response={"headers": [["Content-Type", "text/plain"]], "text": "尚未取號"}),
        an_exchange(),
    )
    assert listed(text="#260101abcdef12") == ["/orders/1"]
    assert listed(text="取號") == ["/orders/2"]
    assert listed(text="-取號 -260101ABCDEF12 action:order.get") == ["/orders/3"]
    error = server.get(PATH, params={"text": "ordr:1"}).json()["error"]
    assert (error["field"], error["value"]) == ("text", "ordr:1")


def test_a_histogram_counts_by_time_and_outcome(server: Any, send: Any, an_exchange: Make, account: str) -> None:
    send(
        an_exchange(created_at="2026-03-09T06:00:00Z"),
        an_exchange(created_at="2026-03-09T06:59:59.999Z", status=503, response=None),
        an_exchange(created_at="2026-03-09T07:00:00Z"),
    )
    ask = {"ec_integration": account, "from": "2026-03-09T06:00:00Z", "to": "2026-03-09T08:59:59.999999Z"}
    found = server.get("/api/v1/histogram", params={**ask, "step": "1h"}).json()
    assert (found["step"], found["end"]) == ("1h", "2026-03-09T09:00:00Z")
    assert [bar["start"] for bar in found["bars"]] == [f"2026-03-09T0{hour}:00:00Z" for hour in (6, 7, 8)]
    assert [sum(bar["outcomes"].values()) for bar in found["bars"]] == [2, 1, 0]
    assert found["bars"][1]["outcomes"] == {"success": 1}
    refused = server.get("/api/v1/histogram", params={**ask, "from": "2020-01-01", "step": "1s"})
    assert refused.status_code == 400
    assert refused.json()["error"]["field"] == "step"


def test_the_span_covers_the_log(server: Any, send: Any, an_exchange: Make) -> None:
    send(an_exchange())
    span = server.get("/api/v1/span").json()
    assert span["entries"] >= 1
    assert span["oldest"] <= span["newest"]


def test_head_answers_like_get_without_a_body(server: Any) -> None:
    got, head = server.get(PATH), server.http.head(PATH)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]


def test_options_and_wrong_methods_say_what_is_allowed(server: Any) -> None:
    assert server.http.options(PATH).headers["allow"] == "GET, OPTIONS"
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = server.http.request(method, PATH)
        assert (answer.status_code, answer.json()["error"]["field"]) == (405, "method")
        assert "GET" in answer.headers["allow"]


def headers_of_every_kind(server: Any) -> list[httpx.Response]:
    paths = ["/", PATH, f"{PATH}?x=1", "/docs", "/docs/openapi.json", "/healthz", "/readyz", "/login", "/nowhere"]
    return [server.get(path) for path in paths]


def test_every_answer_keeps_browsers_from_doing_harm(server: Any) -> None:
    for answer in headers_of_every_kind(server):
        assert answer.headers["x-content-type-options"] == "nosniff", answer.url
        policy = answer.headers["content-security-policy"]
        assert "default-src" in policy
        assert "frame-ancestors" in policy
        assert "unsafe-inline" not in policy
        assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer")


def test_an_address_that_is_none_is_a_page_for_people_and_json_for_programs(server: Any) -> None:
    page = server.get("/nowhere", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert '<a class="button" href="/">To the log</a>' in page.text
    assert "沒有這個頁面" in server.get("/nowhere?lang=zh-TW", headers={"Accept": "text/html"}).text
    assert server.get("/api/v1/nowhere", headers={"Accept": "text/html"}).json()["error"]["field"] == "path"
