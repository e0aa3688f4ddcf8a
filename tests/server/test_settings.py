"""One table of settings: flags, environment, documentation and the start-up block come from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apitrail.server.problems import Problem
from apitrail.server.settings import Settings
from apitrail.server.settings_text import changed, document, load, rows

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def test_a_flag_wins_over_the_environment_and_that_over_the_default() -> None:
    environment = {"APITRAIL_PORT": "9001", "APITRAIL_HOST": "::1"}
    settings = load({"port": "9002"}, environment)
    assert (settings.port, settings.host, settings.durable) == (9002, "::1", True)


def test_a_flag_that_is_not_given_leaves_the_environment_its_word() -> None:
    given: dict[str, object] = {"port": None, "durable": None, "allow_host": []}
    settings = load(given, {"APITRAIL_DURABLE": "no", "APITRAIL_ALLOW_HOST": "a.test, b.test"})
    assert (settings.durable, settings.allow_host) == (False, ("a.test", "b.test"))


@pytest.mark.parametrize(
    ("text", "size"),
    [("512MiB", 512 << 20), ("1 gib", 1 << 30), ("1200MB", 1_200_000_000), ("300000000", 300_000_000)],
)
def test_sizes_are_read_with_and_without_units(text: str, size: int) -> None:
    assert load({"memory": text}, {}).memory == size


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.name)
def test_what_is_written_of_a_default_is_read_back_as_the_same(row: Any) -> None:
    text = row.write(row.default)
    assert row.read(text, "test") == row.default


@pytest.mark.parametrize(
    ("given", "environment", "field"),
    [
        ({"port": "http"}, {}, "--port"),
        ({"port": "65536"}, {}, "--port"),
        ({}, {"APITRAIL_PORT": "-1"}, "APITRAIL_PORT"),
        ({"memory": "1KiB"}, {}, "--memory"),
        ({"memory": "lots"}, {}, "--memory"),
        ({}, {"APITRAIL_DURABLE": "perhaps"}, "APITRAIL_DURABLE"),
        ({"data": ""}, {}, "--data"),
    ],
)
def test_a_value_that_does_not_fit_names_where_it_came_from(
    given: dict[str, object], environment: dict[str, str], field: str
) -> None:
    with pytest.raises(Problem) as caught:
        load(given, environment)
    assert caught.value.fault.field == field
    assert caught.value.fault.fix


def test_the_start_up_block_names_what_differs_and_hides_passwords() -> None:
    settings = Settings(port=1, store="clickhouse://me:hunter2@db:8123/log")
    assert changed(settings) == [("port", "1"), ("store", "clickhouse://me:***@db:8123/log")]


def test_every_setting_says_what_happens_at_its_limit_and_names_a_neighbour_that_exists() -> None:
    names = {row.name for row in rows()}
    for row in rows():
        assert row.setting.about.endswith(".")
        assert row.setting.at_limit.endswith(".")
        assert row.setting.neighbour in {*names, ""}


def test_the_document_is_current() -> None:
    assert DOCS.read_text("utf-8") == document(), "run: make settings"
