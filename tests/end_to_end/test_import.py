"""Recorded traffic in, counted by every filter.

Where no recordings are at hand, the same laws are held on a small file of our own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.conftest import Server, command
from tests.recordings import RECORDINGS

OWN = Path(__file__).with_name("orders.har")
FILES = [OWN, *RECORDINGS]
SIDES = {"prestashop": "--ec-integration"}


def recorded(path: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(path.read_text())["log"]["entries"]
    return entries


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that holds every recording, each under an integration named after its file. Tests only read it."""
    server = Server(tmp_path_factory.mktemp("loaded") / "data")
    server.start()
    for path in FILES:
        side = SIDES.get(path.stem, "--shipping-integration")
        command("import", str(path), side, path.stem, "--data", str(server.folder))
    yield server
    server.kill()


def test_every_exchange_is_listed_and_counted_by_each_filter(loaded: Server) -> None:
    expected = {path.stem: len(recorded(path)) for path in FILES}
    rows = loaded.whole(from_="1970-01-01")
    assert len(rows) == sum(expected.values())
    assert loaded.get("/api/v1/span")["entries"] == len(rows)

    facets = loaded.get("/api/v1/facets", from_="1970-01-01")
    counted = {option["id"]: option["count"] for option in facets["ec_integration"] + facets["shipping_integration"]}
    assert counted == expected
    for stem, count in expected.items():
        field = SIDES.get(stem, "--shipping-integration").strip("-").replace("-", "_")
        assert len(loaded.whole(from_="1970-01-01", **{field: stem})) == count
    for name in ("action", "outcome", "platform"):
        assert {option["id"]: option["count"] for option in facets[name]} == Counter(
            row[name] for row in rows if row[name] is not None
        )
    for option in facets["action"][:3]:
        assert len(loaded.whole(from_="1970-01-01", action=option["id"])) == option["count"]


def test_the_raw_status_and_the_bytes_are_as_recorded(loaded: Server) -> None:
    for path in FILES:
        statuses = Counter(entry["response"]["status"] for entry in recorded(path))
        field = SIDES.get(path.stem, "--shipping-integration").strip("-").replace("-", "_")
        rows = loaded.whole(from_="1970-01-01", **{field: path.stem})
        assert Counter(row["status"] for row in rows) == statuses
        for row in rows[:: max(1, len(rows) // 10)]:
            entry = loaded.get(f"/api/v1/entries/{row['id']}")
            assert entry["request"] is not None
            assert loaded.request("GET", f"/entries/{row['id']}")[0] == 200


def test_importing_twice_stores_once(server: Any) -> None:
    words = ("import", str(OWN), "--ec-integration", "own", "--data", str(server.folder))
    command(*words)
    again = command(*words).stdout
    assert "0 stored" in again
    assert len(server.whole(from_="1970-01-01")) == len(recorded(OWN))


def test_a_bad_entry_is_named_by_its_index_and_the_rest_is_loaded(server: Any, tmp_path: Path) -> None:
    har = json.loads(OWN.read_text())
    del har["log"]["entries"][1]["request"]["url"]
    broken = tmp_path / "broken.har"
    broken.write_text(json.dumps(har))
    done = command("import", str(broken), "--data", str(server.folder), check=False)
    assert done.returncode == 1
    assert "entry 1" in done.stdout + done.stderr
    assert "url" in done.stdout + done.stderr
    assert len(server.whole(from_="1970-01-01")) == len(recorded(OWN)) - 1
