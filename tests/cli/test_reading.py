"""`apitrail search`, `tail` and `show`, beside a server and without one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from tests.cli.conftest import Place, Run, copied, runs_on, served

EXCHANGES = [
    {
        "created_at": f"2026-03-09T06:00:0{number}Z",
        "method": "POST",
        "url": f"https://api.carrier.example/labels/{number}",
        "request": {
            "headers": [["X-Trace", f"t{number}"]],
            "text": f'{{"order":"A-100{number}","big":9223372036854775807123}}',
        },
        "status": status,
        "response": {"headers": [["Content-Type", "application/json"]], "text": text},
        "stated": {"action": action, "ec_integration": {"id": "shop-1", "name": "Shop 一"}},
    }
    for number, (status, action, text) in enumerate(
        [
            (200, "order.list", '{"sn":"260101ABCDEF12"}'),
            (503, "label.create", "尚未取號 \x1b[31m"),
            (200, "label.create", '{"tracking":"9400100000000000000000"}'),
        ]
    )
]


@pytest.fixture(scope="module")
def place(new_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A log that has three entries, with a server on it, for tests that only read."""
    folder = copied(new_data, tmp_path_factory.mktemp("place") / "data")
    with served(folder) as url:
        run = runs_on(folder)
        send(url, new_token(run), EXCHANGES)
        yield Place(folder, run, url)


@pytest.fixture
def beside(run: Run, serve: Any) -> str:
    """The URL of a server on this test's folder, which has three entries."""
    url: str = serve()
    send(url, new_token(run), EXCHANGES)
    return url


def new_token(run: Run) -> str:
    return run("token", "create").stdout.splitlines()[-1]


def send(url: str, token: str, exchanges: list[dict[str, Any]]) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(f"{url}/api/v1/exchanges", json.dumps({"exchanges": exchanges}).encode(), headers)) as answer:
        assert json.load(answer)["stored"] == len(exchanges)


def urls(text: str) -> list[str]:
    return [json.loads(line)["url"].rpartition("/")[2] for line in text.splitlines()]


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


def test_tail_follows_from_what_it_began_with_and_not_from_what_was_there_before(
    run: Any, beside: str, folder: Path
) -> None:
    token = new_token(run)
    command = [sys.executable, "-m", "apitrail.cli", "tail", "-f", "--limit", "1", "--json", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert urls(following.stdout.readline()) == ["2"]
        new = {**EXCHANGES[2], "created_at": "2026-03-09T06:00:05Z", "url": "https://api.carrier.example/new"}
        time.sleep(1.5)
        send(beside, token, [new])
        assert urls(following.stdout.readline()) == ["new"]
        following.terminate()


def test_tail_begins_with_the_latest_and_follows(run: Any, beside: str, folder: Path) -> None:
    assert urls(run("tail", "--limit", "2", "--json").stdout) == ["1", "2"]
    token = new_token(run)
    command = [
        sys.executable,
        "-m",
        "apitrail.cli",
        "tail",
        "-f",
        "action:label.create",
        "--json",
        "--data",
        str(folder),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert urls("".join(following.stdout.readline() for _ in range(2))) == ["1", "2"]
        late = {**EXCHANGES[1], "created_at": "2026-03-09T06:00:01.5Z", "url": "https://api.carrier.example/late"}
        new = {**EXCHANGES[2], "created_at": "2026-03-09T06:00:05Z", "url": "https://api.carrier.example/new"}
        other = {**EXCHANGES[0], "created_at": "2026-03-09T06:00:06Z", "url": "https://api.carrier.example/other"}
        send(beside, token, [late, new, other])
        assert urls("".join(following.stdout.readline() for _ in range(2))) == ["late", "new"]
        following.terminate()


def test_tail_follows_past_an_entry_whose_clock_is_ahead(run: Any, beside: str, folder: Path) -> None:
    token, now = new_token(run), datetime.now(UTC)
    ahead = {**EXCHANGES[2], "created_at": (now + timedelta(days=3)).isoformat(), "url": "https://api.example/ahead"}
    send(beside, token, [ahead])
    command = [sys.executable, "-m", "apitrail.cli", "tail", "-f", "--limit", "1", "--json", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert urls(following.stdout.readline()) == ["ahead"]
        send(beside, token, [{**EXCHANGES[2], "created_at": now.isoformat(), "url": "https://api.example/now"}])
        assert urls(following.stdout.readline()) == ["now"]
        following.terminate()
