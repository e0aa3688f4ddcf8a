"""`apitrail profile`: what the author of a platform profile is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from apitrail.profiles.catalogue import HERE

PROFILE = """name = "acme"
label = "Acme"
side = "ec"
docs = "https://acme.example/docs"
hosts = ["api.acme.example"]

[endpoints]
"GET /v1/orders/{order}" = "order.get"

[ids]
order = ["path:order"]

[[sign]]
when = "response:$.error"
code = "response:$.error"
source = "https://acme.example/docs"
evidence = "doc"
"""
SAMPLE = "GET https://api.acme.example/v1/orders/A-1 HTTP/1.1\n\nHTTP/1.1 200\n\n"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A profile with one sample that holds."""
    samples = tmp_path / "profiles" / "acme" / "samples"
    samples.mkdir(parents=True)
    (samples / "found.http").write_text(SAMPLE + '{"order": "A-1"}\n')
    (samples / "found.toml").write_text('action = "order.get"\nreferences = ["order:A-1"]\n')
    file = samples.parent / "profile.toml"
    file.write_text(PROFILE)
    return file


def test_a_profile_that_holds_is_told_with_its_numbers(run: Any, profile: Path) -> None:
    shown = run("profile", "check", str(profile), data=False).stdout
    assert "Acme: 1 endpoint, " in shown
    assert "1 sample, 0 of them not as expected" in shown


def test_a_profile_that_is_refused_is_told_with_file_and_line(run: Any, profile: Path) -> None:
    profile.write_text(PROFILE.replace('"order.get"', '"order.gets"'))
    told = run("profile", "check", str(profile), data=False, fails=2).stderr
    assert f"{profile}:8: unknown action" in told
    assert "Do this:" in told


def test_a_sample_that_becomes_something_else_ends_with_1(run: Any, profile: Path) -> None:
    (profile.parent / "samples" / "found.toml").write_text('action = "order.list"\n')
    shown = run("profile", "check", str(profile), data=False, fails=1).stdout
    assert "found.http: action: expected 'order.list', found 'order.get'" in shown


@pytest.mark.parametrize("folders", ["a", "a" * 100], ids=["near", "far"])
def test_a_file_that_is_not_there_is_named(run: Any, tmp_path: Path, folders: str) -> None:
    assert "nowhere'" in run("profile", "check", str(tmp_path / folders / "nowhere"), data=False, fails=2).stderr


@pytest.mark.parametrize("form", ["http", "json"])
def test_an_exchange_is_tried_without_being_stored(run: Any, profile: Path, tmp_path: Path, form: str) -> None:
    sample = tmp_path / f"failed.{form}"
    if form == "http":
        sample.write_text(SAMPLE + '{"error": "E17"}\n')
    else:
        exchange = {
            "created_at": "2026-03-09T06:30:00Z",
            "method": "GET",
            "url": "https://api.acme.example/v1/orders/A-1",
            "status": 200,
            "response": {"text": '{"error": "E17"}'},
        }
        sample.write_text(json.dumps(exchange))
    shown = dict(
        line.split(None, 1) for line in run("profile", "try", str(profile), str(sample), data=False).stdout.splitlines()
    )
    assert shown["action"] == "order.get"
    assert shown["references"] == "order:A-1"
    assert shown["code"] == "E17"
    assert shown["outcome"] == "request_error"


def test_what_is_looked_up_later_is_shown_of_each_parcel_and_of_an_access(run: Any) -> None:
    def shown(platform: str, sample: str) -> list[list[str]]:
        folder = HERE / "platforms" / platform
        told = run("profile", "try", str(folder / "profile.toml"), str(folder / "samples" / sample), data=False).stdout
        return [line.split() for line in told.splitlines() if line.startswith(("delivery", "expires"))]

    assert shown("tcat", "status_of_several.http") == [
        ["delivery", "905074233685", "配送中"],
        ["delivery", "905074233686", "已集貨"],
    ]
    assert shown("sf", "token_obtained.http") == [["expires", "2026-01-01T01:59:59+00:00"]]


def test_an_exchange_that_is_none_is_refused(run: Any, profile: Path, tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text('{"method": 1}')
    told = run("profile", "try", str(profile), str(tmp_path / "odd.json"), data=False, fails=2).stderr
    assert "cannot be read" in told


def test_coverage_counts_what_is_not_understood(run: Any, profile: Path, tmp_path: Path) -> None:
    def entry(path: str, answer: str) -> dict[str, Any]:
        return {
            "startedDateTime": "2026-03-09T06:30:00Z",
            "time": 1,
            "request": {"method": "GET", "url": f"https://api.acme.example{path}", "headers": []},
            "response": {"status": 200, "headers": [], "content": {"mimeType": "application/json", "text": answer}},
        }

    entries = [
        entry("/v1/orders/A-1", '{"error": "E99"}'),
        entry("/v1/carts/1001", "{}"),
        entry("/v1/carts/1002", "{}"),
        {"request": 5},
    ]
    corpus = tmp_path / "corpus.har"
    corpus.write_text(json.dumps({"log": {"version": "1.2", "creator": {}, "entries": entries}}))
    folder = str(profile.parent.parent)
    shown = run("profile", "coverage", str(corpus), "--profiles", folder, data=False).stdout
    assert "3 exchanges, 2 methods and paths, 1 failure or warning" in shown
    assert "1 entry of the file cannot be read" in shown
    assert "     2  acme  GET api.acme.example/v1/carts/{}" in shown
    assert "     1  acme  order.get: HTTP 200 E99" in shown
