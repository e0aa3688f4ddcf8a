"""`apitrail stats` and `apitrail pin`, with and without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from tests.cli.conftest import HAR, Place, Run, copied, runs_on, served


@pytest.fixture(scope="module", params=["without a server", "beside a server"])
def place(request: pytest.FixtureRequest, orders: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A log with entries, in which every test leaves what it found."""
    folder = copied(orders, tmp_path_factory.mktemp("place") / "data")
    with served(folder) if request.param == "beside a server" else nullcontext() as url:
        yield Place(folder, runs_on(folder), url)


def test_what_the_log_takes_is_told_in_words_and_as_json(place: Place) -> None:
    run, url = place.run, place.url
    said = run("stats", "--days", "3660").stdout
    assert "shop-7" in said
    assert "kept: bodies for 36500 days, of failures for 36501; entries for 36502 days" in said
    told = json.loads(run("stats", "--json", "--days", "3660").stdout)
    assert told["stats"]["span"]["entries"] == sum(day["entries"] for day in told["stats"]["days"]) > 0
    assert told["stats"]["ec_integrations"][0]["id"] == "shop-7"
    assert told["stats"]["bytes_on_disk"] > 0
    assert told["disk_free"] > 0
    if url is None:
        own = run("stats", "--keep-integration", "ec:[shop]-7=30/180/800").stdout
        assert "ec:[shop]-7: bodies for 30 days, of failures for 180; entries for 800 days" in own
    else:
        with urlopen(f"{url}/api/v1/stats?days=3660") as answer:
            served = json.load(answer)
        assert served["stats"]["actions"] == told["stats"]["actions"]


def test_a_name_in_brackets_is_told_as_it_is(run: Run, log: Path) -> None:
    run("import", str(HAR), "--ec-integration", "[/x] [test] shop")
    assert "[/x] [test] shop" in run("stats", "--days", "3660").stdout


def test_an_order_is_pinned_listed_and_let_go(place: Place) -> None:
    run = place.run
    made = run("pin", "add", "order:A-1", "--note", "爭議 dispute")
    assert "order:A-1 is pinned" in made.stdout
    assert "No entry refers to it yet" in made.stderr, "who mistypes what is disputed sees it before it is removed"
    listed = run("pin", "list").stdout
    assert "order:A-1" in listed
    assert "爭議" in listed
    assert "no longer" in run("pin", "remove", "order:A-1").stdout
    assert "Nothing is pinned" in run("pin", "list").stdout
    assert "not pinned" in run("pin", "remove", "order:A-1", fails=2).stderr


def test_what_is_no_reference_is_refused_with_how_to_write_it(place: Place) -> None:
    assert "order:2611250CZ3ZJWF" in place.run("pin", "add", "A-1", fails=2).stderr


def test_a_store_that_is_not_reached_is_told_once(run: Any) -> None:
    said = run("stats", "--store", "clickhouse://127.0.0.1:1/log", data=False, fails=2).stderr
    assert said.splitlines() == [
        "apitrail: clickhouse://127.0.0.1:1/log: the store is not available (Connection refused)",
        "  Do this: See docs/operating.md.",
    ]


@pytest.mark.parametrize("rule", ["shop=1/2/3", "ec:shop", "ec:shop=1/2", "ec:shop=a/b/c"])
def test_a_rule_that_cannot_be_read_stops_the_start(run: Any, rule: str) -> None:
    said = run("serve", "--keep-integration", rule, "--port", "0", fails=2).stderr
    assert "keep_integration" in said
    assert rule in said
    assert "ec:ID=30/180/800" in said
