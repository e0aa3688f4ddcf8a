"""What the commands ask by the Unix socket, and nobody by the network."""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., dict[str, Any]]

REQUESTS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "/admin/tokens", None),
    ("POST", "/admin/tokens", {"scope": "read"}),
    ("POST", "/admin/tokens/one/revoke", None),
    ("POST", "/admin/exchanges", {"exchanges": []}),
]


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_over_tcp_there_is_no_such_address(server: Any, method: str, path: str, body: Any) -> None:
    for headers in ({}, server.token("read"), {"Host": "localhost"}):
        answer = server.http.request(method, path, json=body, headers=headers)
        nothing = server.http.request(method, "/api/v1/nothing", json=body, headers=headers)
        assert (answer.status_code, answer.json()) == (404, nothing.json())


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_by_the_socket_it_answers(server: Any, method: str, path: str, body: Any) -> None:
    with server.by_socket() as client:
        answer = client.request(method, path, json=body)
    assert answer.status_code == (404 if "one" in path else 200)
    assert ("error" in answer.json()) == ("one" in path)


def test_the_socket_reads_and_imports_without_a_token(server: Any, an_exchange: Make, account: str) -> None:
    with server.by_socket() as client:
        assert client.post("/admin/exchanges", json={"exchanges": [an_exchange()]}).json()["stored"] == 1
        found = client.get("/api/v1/entries", params={"ec_integration": account}).json()
    assert len(found["entries"]) == 1


def test_only_its_owner_can_reach_the_socket(server: Any) -> None:
    assert stat.S_IMODE((server.folder / "apitrail.sock").stat().st_mode) == 0o600
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((server.folder / "fingerprint.key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("wish", "field"), [({"scope": "admin"}, "scope"), ({"name": "a\nb"}, "name"), ({"name": "x" * 201}, "name")]
)
def test_a_token_that_cannot_be_is_refused_by_field(server: Any, wish: dict[str, str], field: str) -> None:
    with server.by_socket() as client:
        answer = client.post("/admin/tokens", json=wish)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)


def test_the_list_of_tokens_holds_no_secret(server: Any) -> None:
    secret = server.token()["Authorization"].split()[1]
    with server.by_socket() as client:
        answer = client.get("/admin/tokens")
    assert secret not in answer.text
    assert "digest" not in answer.text
