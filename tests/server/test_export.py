"""Downloads of a filter over real HTTP: newest first, whole, within the limit that is stated."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apitrail.exchange import Exchange
from apitrail.formats import har
from apitrail.server.exports import MOST, Export, Exports

Make = Callable[..., dict[str, Any]]
ALL = "/api/v1/export"


@pytest.fixture
def send(server: Any, ingest: Any) -> Callable[..., None]:
    def store(*exchanges: dict[str, Any]) -> None:
        answer = server.post("/api/v1/exchanges", headers=ingest, json={"exchanges": list(exchanges)})
        assert answer.json()["stored"] == len(exchanges), answer.text

    return store


def test_ndjson_holds_each_entry_as_its_own_address_answers_it(
    send: Any, an_exchange: Make, server: Any, account: str
) -> None:
    send(*(an_exchange() for _ in range(3)))
    answer = server.get(f"{ALL}.ndjson", params={"ec_integration": account})
    assert answer.status_code == 200
    entries = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["path"] for one in entries] == ["/orders/3", "/orders/2", "/orders/1"]
    assert entries[0] == server.get(f"/api/v1/entries/{entries[0]['id']}").json()


def test_har_reads_back_with_the_same_bodies(send: Any, an_exchange: Make, server: Any, account: str) -> None:
    large = "x" * 5_000_000
    send(an_exchange(), an_exchange(response={"headers": [], "text": large}), an_exchange())
    answer = server.get(f"{ALL}.har", params={"ec_integration": account})
    found = list(har.read(answer.content))
    assert all(isinstance(one, Exchange) for one in found)
    bodies = [one.response.body for one in found if isinstance(one, Exchange) and one.response]
    assert bodies == [b'{"ok": true}', large.encode(), b'{"ok": true}']


def test_csv_has_a_line_for_each_entry_and_no_formula(send: Any, an_exchange: Make, server: Any, account: str) -> None:
    stated = an_exchange()["stated"]
    send(*(an_exchange(stated={**stated, "merchant": "=1+1"}) for _ in range(2)))
    answer = server.get(f"{ALL}.csv", params={"ec_integration": account})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="apitrail-')
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [one["path"] for one in lines] == ["/orders/3", "/orders/2"]
    assert {one["merchant"] for one in lines} == {"'=1+1"}


def test_a_download_spans_pages_and_keeps_the_filter(send: Any, an_exchange: Make, server: Any, account: str) -> None:
    send(*(an_exchange(status=500 if number % 2 else 200) for number in range(1100)))
    for extension in ("ndjson", "csv"):
        answer = server.get(f"{ALL}.{extension}", params={"ec_integration": account, "status": "500"})
        lines = answer.text.splitlines()[1 if extension == "csv" else 0 :]
        assert len(lines) == 550
        assert len(set(lines)) == 550


def test_a_download_holds_what_the_list_shows_of_clocks_that_are_ahead(
    send: Any, an_exchange: Make, server: Any, account: str
) -> None:
    send(an_exchange(created_at=(datetime.now(UTC) + timedelta(days=3)).isoformat()), an_exchange())
    assert len(server.get(f"{ALL}.ndjson", params={"ec_integration": account}).text.splitlines()) == 2


def test_how_far_a_named_download_is_is_told(send: Any, an_exchange: Make, server: Any, account: str) -> None:
    send(*(an_exchange() for _ in range(3)))
    asked = {"ec_integration": account, "download": f"mine-{account}"[:64]}
    path = f"/api/v1/exports/{asked['download']}"
    assert server.get(path).json() == {"entries": 0, "state": "unknown"}
    server.get(f"{ALL}.ndjson", params=asked).raise_for_status()
    assert server.get(path).json() == {"entries": 3, "state": "done"}
    refused = server.get(f"{ALL}.csv", params={"download": "a b"})
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, "download")


def test_a_download_that_nobody_reads_to_its_end_is_broken() -> None:
    exports = Exports()
    rows = exports.told("a-download", iter(range(5)))
    assert [next(rows), next(rows)] == [0, 1]
    assert exports.current("a-download") == Export(1, "running")
    rows.close()  # type: ignore[attr-defined]
    assert exports.current("a-download") == Export(1, "broken")


def test_only_the_latest_downloads_are_known() -> None:
    exports = Exports()
    for number in range(MOST + 1):
        list(exports.told(f"download-{number}", iter(())))
    assert exports.current("download-0") == Export(0, "unknown")
    assert exports.current(f"download-{MOST}") == Export(0, "done")


def test_no_entry_is_a_whole_file_all_the_same(server: Any, account: str) -> None:
    query = {"ec_integration": account}
    assert server.get(f"{ALL}.ndjson", params=query).content == b""
    assert json.loads(server.get(f"{ALL}.har", params=query).content)["log"]["entries"] == []
    assert len(server.get(f"{ALL}.csv", params=query).text.splitlines()) == 1


def test_the_setting_is_the_most_and_the_newest_are_in_it(serve: Any, an_exchange: Make) -> None:
    limited = serve("--export-limit", "2")
    exchanges = [an_exchange() for _ in range(3)]
    limited.http.post("/api/v1/exchanges", headers=limited.token(), json={"exchanges": exchanges})
    answer = limited.http.get(f"{ALL}.ndjson")
    assert [json.loads(line)["path"] for line in answer.text.splitlines()] == ["/orders/3", "/orders/2"]
    assert answer.headers["apitrail-limit"] == "2"
    refused = limited.http.get(f"{ALL}.ndjson", params={"limit": 3})
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, "limit")


@pytest.mark.parametrize(
    ("query", "field"), [({"nonsense": "1"}, "nonsense"), ({"status": "4"}, "status"), ({"cursor": "x"}, "cursor")]
)
def test_what_cannot_be_read_is_refused_before_a_file_begins(query: dict[str, str], field: str, server: Any) -> None:
    answer = server.get(f"{ALL}.har", params=query)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
