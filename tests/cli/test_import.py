"""`apitrail import`: HAR files into a running server, into a folder, and over the network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from tests.cli.conftest import copied, runs_on, served

SECRET = "hunter2hunter2hunter2"


def entry(number: int, **changes: Any) -> dict[str, Any]:
    """An entry of a HAR file."""
    return {
        "startedDateTime": f"2026-03-09T06:30:{number:02}.123Z",
        "time": 12.5,
        "request": {
            "method": "GET",
            "url": f"https://api.carrier.example/shipments/{number}?access_token={SECRET}",
            "httpVersion": "HTTP/1.1",
            "headers": [{"name": "Authorization", "value": f"Bearer {SECRET}"}],
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": 0,
        },
        "response": {
            "status": 200,
            "statusText": "OK",
            "httpVersion": "HTTP/1.1",
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "cookies": [],
            "content": {"size": 2, "mimeType": "application/json", "text": "{}"},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": 2,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 12.5, "receive": 0},
        **changes,
    }


@pytest.fixture
def har(tmp_path: Path) -> Any:
    """Writes a HAR file of entries."""

    def write(*entries: Any, name: str = "calls.har") -> str:
        path = tmp_path / name
        path.write_text(json.dumps({"log": {"version": "1.2", "creator": {}, "entries": list(entries)}}))
        return str(path)

    return write


def read(url: str, path: str) -> Any:
    with urlopen(f"{url}{path}") as answer:
        return json.load(answer)


@pytest.fixture(params=["beside a server", "without a server"])
def beside(request: pytest.FixtureRequest, serve: Any) -> str:
    """The server's URL, where one runs from the beginning."""
    return serve() if request.param == "beside a server" else ""


def test_a_file_is_loaded_once_however_often(run: Any, serve: Any, har: Any, beside: str) -> None:
    path = har(*(entry(number) for number in range(3)))
    first = run("import", path, "--shipping-integration", "easypost-main")
    assert first.stdout == "3 read, 3 stored, 0 already there, 0 refused\n"
    again = run("import", path, "--shipping-integration", "easypost-main")
    assert again.stdout == "3 read, 0 stored, 3 already there, 0 refused\n"
    url = beside or serve()
    page = read(url, "/api/v1/entries?shipping_integration=easypost-main")
    assert len(page["entries"]) == 3
    whole = json.dumps(read(url, f"/api/v1/entries/{page['entries'][0]['id']}"))
    assert SECRET not in whole


@pytest.mark.usefixtures("log")
def test_bad_entries_are_named_by_their_index_and_the_rest_loaded(run: Any, har: Any) -> None:
    broken = entry(1)
    del broken["request"]
    path = har(entry(0), broken, entry(2), entry(3, startedDateTime="2199-01-01T00:00:00Z"))
    done = run("import", path, fails=1)
    assert done.stdout == "4 read, 2 stored, 0 already there, 2 refused\n"
    [first, second] = sorted(done.stderr.splitlines())
    assert first.startswith(f"{path}: entry 1: ")
    assert second.startswith(f"{path}: entry 3: $.created_at '2199")


@pytest.mark.usefixtures("log")
def test_several_files_are_summed_up(run: Any, har: Any) -> None:
    one, two = har(entry(0)), har(entry(0), entry(1), name="more.har")
    done = run("import", one, two, "--ec-integration", "shop")
    assert done.stdout.splitlines() == [
        f"{one}: 1 read, 1 stored, 0 already there, 0 refused",
        f"{two}: 2 read, 1 stored, 1 already there, 0 refused",
        "3 read, 2 stored, 1 already there, 0 refused",
    ]


def test_a_server_elsewhere_needs_its_token_and_sees_no_secret(run: Any, serve: Any, har: Any) -> None:
    path, url = har(entry(0), entry(1)), serve()
    token = run("token", "create").stdout.splitlines()[-1]
    for _ in range(2):
        done = run("import", path, "--url", url, "--token", token)
    assert done.stdout == "2 read, 0 stored, 2 already there, 0 refused\n"
    assert run("import", path, "--url", url, data=False, APITRAIL_TOKEN=token).stdout.startswith("2 read, 0 stored")
    assert "token" in run("import", path, "--url", url, fails=2).stderr
    assert "revoked" in run("import", path, "--url", url, "--token", "at_wrong", fails=2).stderr
    asked = Request(f"{url}/api/v1/entries")
    with urlopen(asked) as answer:
        assert SECRET not in answer.read().decode()


def test_a_download_is_known_again_and_becomes_the_same_elsewhere(
    run: Any, serve: Any, new_data: Path, tmp_path: Path
) -> None:
    stated = {"action": "order.ship", "merchant": "M1", "references": [{"type": "order", "id": "A-1"}]}
    calls: list[dict[str, Any]] = [
        {"status": 200, "url": f"https://api.acme.example/orders?access_token={SECRET}", "stated": stated},
        {"status": 503, "attempt": 2, "call": "c-1", "response": {"text": "closed"}},
        {"error": {"type": "httpx.ReadTimeout", "text": ""}},
        {"stated": {**stated, "not_sent": "The address has no street."}},
    ]
    common = {"created_at": "2026-03-09T06:30:00.123456Z", "method": "POST", "url": "https://api.acme.example/orders"}
    url, token = serve(), run("token", "create").stdout.splitlines()[-1]
    batch = json.dumps({"exchanges": [common | one for one in calls]}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(f"{url}/api/v1/exchanges", batch, headers)) as answer:
        assert json.load(answer)["stored"] == len(calls)
    file = tmp_path / "download.har"
    with urlopen(f"{url}/api/v1/export.har") as answer:
        file.write_bytes(answer.read())

    assert run("import", str(file)).stdout == "4 read, 0 stored, 4 already there, 0 refused\n"
    other = copied(new_data, tmp_path / "other")
    assert runs_on(other)("import", str(file)).stdout == "4 read, 4 stored, 0 already there, 0 refused\n"
    with served(other) as elsewhere:
        assert exported(elsewhere) == exported(url)


def exported(url: str) -> list[dict[str, Any]]:
    """All entries, without who brought them and when."""
    with urlopen(f"{url}/api/v1/export.ndjson") as answer:
        entries = [json.loads(line) for line in answer]
    return [{name: one[name] for name in one.keys() - {"recorder", "received_at"}} for one in entries]


def test_a_file_that_is_not_there_makes_no_log(run: Any, folder: Path) -> None:
    run("import", "nothing.har", fails=2)
    assert not folder.exists()


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing.har"], "'nothing.har': cannot be read"),
        (["FILE", "--url", "ftp://log.test", "--token", "t"], "--url 'ftp://log.test': is not the URL"),
        (["FILE", "--url", "http://127.0.0.1:9", "--token", "t"], "does not answer"),
        (["FILE", "--ec-integration", "a", "--shipping-integration", "b"], "cannot be given together"),
        (["NOHAR"], "$.log"),
    ],
)
def test_what_cannot_be_begun_is_said_in_one_line(
    run: Any, har: Any, tmp_path: Path, words: list[str], said: str
) -> None:
    (tmp_path / "no.har").write_text("{}")
    names = {"FILE": har(entry(0)), "NOHAR": str(tmp_path / "no.har")}
    done = run("import", *(names.get(word, word) for word in words), fails=2)
    assert said in done.stderr
    assert "Do this: " in done.stderr
