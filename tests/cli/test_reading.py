"""`apitrail search`, `tail` and `show`, beside a server and without one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import EXCHANGES, Place, copied, new_token, runs_on, send, served, urls


@pytest.fixture(scope="module")
def place(new_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A log that has three entries, with a server on it, for tests that only read."""
    folder = copied(new_data, tmp_path_factory.mktemp("place") / "data")
    with served(folder) as url:
        run = runs_on(folder)
        send(url, new_token(run), EXCHANGES)
        yield Place(folder, run, url)


def test_search_finds_what_the_page_finds_newest_first(place: Place) -> None:
    run = place.run
    assert urls(run("search", "--json").stdout) == ["2", "1", "0"]
    assert urls(run("search", "action:label.create", "--json").stdout) == ["2", "1"]
    assert urls(run("search", "#260101abcdef12", "--json").stdout) == ["0"]
    assert urls(run("search", "取號", "--json").stdout) == ["1"]
    without = run("search", "--json", "--", "-取號", "-action:order.list", data=False, APITRAIL_DATA=str(place.folder))
    assert urls(without.stdout) == ["2"]
    assert urls(run("search", "--from", "2026-03-09T06:00:02Z", "--to", "2026-03-09", "--json").stdout) == ["2"]
    assert urls(run("search", "--url", str(place.url), "9400 1000 0000 0000 0000 00", "--json").stdout) == ["2"]
    more = run("search", "--limit", "2", "--json")
    assert urls(more.stdout) == ["2", "1"]
    assert "There are more" in more.stderr
    nothing = run("search", "訂單編號：260101ABC", fails=1)
    assert nothing.stdout == ""
    assert nothing.stderr == "Nothing was found. Try: '260101ABC*'\n"
    assert urls(run("search", "260101ABC*", "--json").stdout) == ["0"]
    assert urls(run("search", "訂單編號：260101ABCDEF12", "--json").stdout) == ["0"]
    assert "which is not a filter" in run("search", "ordr:1", fails=2).stderr


def test_a_line_says_when_what_and_why_without_control_characters(place: Place) -> None:
    [line] = place.run("search", "outcome:platform_error").stdout.splitlines()
    assert re.search(r"platform_error +503 +label\.create +Shop 一 .* [0-9a-f-]{36} ", line)
    assert "\x1b" not in line


def test_an_entry_is_shown_whole_with_every_digit(place: Place) -> None:
    run = place.run
    found = json.loads(run("search", "260101ABCDEF12", "--json").stdout)
    shown = run("show", found["id"]).stdout
    assert "X-Trace: t0" in shown
    assert '"big": 9223372036854775807123' in shown
    assert '"sn": "260101ABCDEF12"' in shown
    whole = json.loads(run("show", found["id"], "--json").stdout)
    assert whole["response"]["body"] == '{"sn":"260101ABCDEF12"}'
    bad = json.loads(run("search", "取號", "--json").stdout)
    assert "\x1b" not in run("show", bad["id"]).stdout
    assert "the log has no entry with this id" in run("show", "019cd1f6-7c3a-7b42-8d0e-4f5a6b7c8d9e", fails=2).stderr
    assert "is not an id" in run("show", "7", fails=2).stderr


def test_without_a_server_the_folder_itself_is_read(run: Any, log: Path, tmp_path: Path) -> None:
    har = tmp_path / "a.har"
    request = {"method": "GET", "url": "https://api.example/260101ABCDEF12", "headers": [], "httpVersion": "HTTP/1.1"}
    content = {"size": 16, "mimeType": "text/plain", "text": "260101ABCDEF12 x"}
    response = {"status": 200, "headers": [], "content": content, "httpVersion": "HTTP/1.1"}
    entry = {"startedDateTime": "2026-03-09T06:00:00Z", "time": 5, "request": request, "response": response}
    har.write_text(json.dumps({"log": {"version": "1.2", "creator": {"name": "t"}, "entries": [entry]}}))
    run("import", str(har))
    found = json.loads(run("search", "260101ABCDEF12", "--json").stdout)
    assert run("show", found["id"]).stdout.count("260101ABCDEF12 x") == 1
    assert urls(run("tail", "--json").stdout) == ["260101ABCDEF12"]
