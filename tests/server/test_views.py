"""Shared views: kept and forgotten by whoever may read, and never more than a name for filters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

PATH = "/api/v1/views"


@pytest.fixture
def views(server: Any) -> Iterator[httpx.Client]:
    """A reader of a server that keeps none. What a test keeps goes after it."""
    http: httpx.Client = server.http
    yield http
    for name in named(http.get(PATH)):
        http.request("DELETE", PATH, params={"name": name})


def named(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    return {one["name"]: one["query"] for one in answer.json()["views"]}


def test_a_view_is_kept_replaced_by_its_name_and_forgotten(views: httpx.Client) -> None:
    assert named(views.put(PATH, json={"name": "b", "query": "outcome=request_error"})) == {
        "b": "outcome=request_error"
    }
    assert list(named(views.put(PATH, json={"name": " A ", "query": "range=7d"}))) == ["A", "b"]
    assert named(views.put(PATH, json={"name": "b", "query": ""})) == {"A": "range=7d", "b": ""}
    assert named(views.request("DELETE", PATH, params={"name": "b"})) == named(views.get(PATH)) == {"A": "range=7d"}
    assert named(views.put(PATH, json={"name": "b", "query": "range=1h"}))["b"] == "range=1h"


def test_what_is_of_a_moment_is_left_out_of_its_query(views: httpx.Client) -> None:
    query = "?range=7d&open=0190b0c4-0000-7000-8000-000000000000&lang=zh-TW&platform=shopee"
    assert named(views.put(PATH, json={"name": "a", "query": query})) == {"a": "range=7d&platform=shopee"}


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"name": "", "query": ""}, "$.name"),
        ({"name": "a\nb", "query": ""}, "$.name"),
        ({"name": "x" * 61, "query": ""}, "$.name"),
        ({"name": "a", "query": "from=yesterday"}, "$.query"),
        ({"name": "a", "query": "range=7d&outcom=platform_error"}, "$.query"),
        ({"name": "a", "query": "text=" + "x" * 4000}, "$.query"),
        ({"name": "a"}, "$"),
        ({"name": "a", "query": "", "owner": "me"}, "$"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_field(server: Any, wish: dict[str, str], field: str) -> None:
    answer = server.http.put(PATH, json=wish)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
    assert named(server.get(PATH)) == {}


def test_there_is_an_end_to_how_many_there_are(serve: Any) -> None:
    views = serve().http
    for number in range(200):
        assert views.put(PATH, json={"name": f"v{number}", "query": ""}).status_code == 200
    assert views.put(PATH, json={"name": "one more", "query": ""}).status_code == 400
    assert views.put(PATH, json={"name": "v7", "query": "range=1h"}).status_code == 200


def test_one_is_forgotten_at_a_time(views: httpx.Client) -> None:
    assert views.delete(PATH, params={"name": ["a", "b"]}).json()["error"]["field"] == "name"


def test_one_that_is_not_there_cannot_be_forgotten(server: Any) -> None:
    answer = server.http.request("DELETE", PATH, params={"name": "a"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (404, "name")


def test_a_page_of_another_site_can_keep_and_forget_none(server: Any) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert server.http.put(PATH, json={"name": "a", "query": ""}, headers=elsewhere).status_code == 403
    assert server.http.request("DELETE", PATH, params={"name": "a"}, headers=elsewhere).status_code == 403


def test_who_may_not_read_may_not_keep_one(guarded: Any) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert guarded.http.request(method, PATH).status_code == 401
    assert guarded.http.put(PATH, json={"name": "a", "query": ""}, headers=guarded.token()).status_code == 403


def test_a_view_outlives_the_server(serve: Any, tmp_path: Path) -> None:
    first = serve(folder=tmp_path / "log")
    assert httpx.put(first.url + PATH, json={"name": "a", "query": "range=7d"}).status_code == 200
    first.stop()
    assert named(httpx.get(serve(folder=tmp_path / "log").url + PATH)) == {"a": "range=7d"}
