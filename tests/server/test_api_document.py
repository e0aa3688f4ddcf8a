"""What docs/api.md names is what the server has, by its own OpenAPI document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from apitrail.formats.har.own import Own
from apitrail.server.filters import FILTER_PARAMETERS
from apitrail.server.settings import Settings
from apitrail.store.model import UNCOUNTED

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
MARKED = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL))
WORDS = {"apitrail", "none", "ok"}
"""Marked as code, and neither field nor parameter: a creator, a value, an answer that is no JSON."""


@pytest.fixture(scope="module")
def openapi(server: Any) -> dict[str, Any]:
    document: dict[str, Any] = server.get("/docs/openapi.json").json()
    return document


def names(part: object) -> set[str]:
    """Every field, parameter and fixed value in a part of an OpenAPI document."""
    if isinstance(part, list):
        return {name for one in part for name in names(one)}
    if not isinstance(part, dict):
        return set()
    own = set(part.get("properties", ())) | ({part["name"]} if "in" in part else set())
    return own | {one for one in part.get("enum", ()) if isinstance(one, str)} | names(list(part.values()))


def test_every_field_parameter_and_value_that_it_names_is_there(openapi: dict[str, Any]) -> None:
    known = names(openapi) | set(Settings.__struct_fields__) | WORDS
    named = {part for one in MARKED if re.fullmatch(r"[a-z]\w*(\.\w+)*", one) for part in one.split(".")}
    assert len(named) > 50
    assert named - known == set()


def test_every_address_that_it_names_is_there(openapi: dict[str, Any]) -> None:
    served = {re.sub(r"\{\w+\}", "{}", path) for path in openapi["paths"]} | {"/healthz"}
    addresses = re.findall(r"(?<![\w.])/(?:api|healthz|readyz)[^?\s`]*", "\n".join(MARKED))
    found = {re.sub(r"\{\w+\}|NAME", "{}", one) for one in addresses}
    assert len(found) > 12
    assert found - served == set()


def test_every_filter_is_told_and_those_that_are_not_counted_in_advance() -> None:
    reading = TEXT[TEXT.index("\n## Reading\n") :]
    told = reading[: reading.index("Beside the list")]
    assert [name for name in FILTER_PARAMETERS if f"`{name}`" not in told] == []
    uncounted = re.search(r"For ([^.]*), the\s+entries of the range are read instead", reading)
    assert uncounted is not None
    assert re.findall(r"`(\w+)`", uncounted[1]) == [*UNCOUNTED, "duration_over", "text"]


def test_the_fields_that_an_import_reads_back_are_those_that_it_reads() -> None:
    told = re.search(r"`apitrail import` reads back (.*?), but only", TEXT, re.DOTALL)
    assert told is not None
    assert sorted(re.findall(r"`_(\w+)`", told[1])) == sorted(Own.__struct_fields__)
