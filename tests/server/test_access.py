"""Who may read, who may write, and from where."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from apitrail.server.access import SESSION_COOKIE, is_loopback

WRITE, READ = "/api/v1/exchanges", "/api/v1/span"
EMPTY: dict[str, Any] = {"exchanges": []}
Make = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer at_wrong"}, {"Authorization": "Basic YTpi"}])
def test_writing_needs_a_token_that_is_known(server: Any, headers: dict[str, str]) -> None:
    answer = server.post(WRITE, json=EMPTY, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "token create" in answer.json()["error"]["fix"]


def test_a_read_token_does_not_write_and_an_ingest_token_does_not_read(server: Any, ingest: Any) -> None:
    read = server.token("read")
    assert server.post(WRITE, json=EMPTY, headers=read).status_code == 403
    assert server.get(READ, headers=ingest).status_code == 403
    assert server.get(READ, headers=read).status_code == 200


def test_a_token_made_while_the_server_runs_counts_at_once_and_a_revoked_one_no_more(server: Any) -> None:
    header = server.token()
    assert server.post(WRITE, json=EMPTY, headers=header).status_code == 200
    with server.by_socket() as admin:
        newest = admin.get("/admin/tokens").json()["tokens"][-1]
        revoked = admin.post(f"/admin/tokens/{newest['id']}/revoke")
        assert revoked.json()["revoked_at"] is not None
    assert server.post(WRITE, json=EMPTY, headers=header).status_code == 401


@pytest.mark.parametrize("host", ["127.0.0.1:1234", "localhost", "LOCALHOST:8700", "[::1]:8700", "127.5.5.5"])
def test_reading_on_loopback_is_open_to_loopback_names(server: Any, host: str) -> None:
    assert server.get(READ, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8700"])
def test_a_page_elsewhere_that_rebinds_its_name_reads_nothing(server: Any, host: str) -> None:
    for path in (READ, "/", "/docs", "/entries/019cd149-cabb-7000-8000-0123456789ab"):
        answer = server.get(path, headers={"Host": host, "Accept": "application/json"})
        assert answer.status_code == 403, path
        assert answer.json()["error"]["field"] == "Host"


def test_by_another_name_a_token_reads_and_writes(server: Any, ingest: Any) -> None:
    elsewhere = {"Host": "log.internal"}
    assert server.post(WRITE, json=EMPTY, headers={**ingest, **elsewhere}).status_code == 200
    assert server.get(READ, headers={**server.token("read"), **elsewhere}).status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_behind_a_proxy_a_loopback_server_asks_for_a_token(server: Any, header: str) -> None:
    assert server.get(READ, headers={header: "203.0.113.7"}).status_code == 401


def test_health_is_open_to_all(server: Any) -> None:
    for path in ("/healthz", "/readyz"):
        assert server.get(path, headers={"Host": "evil.example"}).status_code == 200


def test_the_access_log_has_no_query_and_the_log_no_secret(serve: Any) -> None:
    server = serve("--verbose")
    header = server.token()
    server.post(WRITE, json=EMPTY, headers=header)
    server.get(READ, params={"phone": "0912345678"})
    assert server.stop() == 0
    log = server.log.read_text()
    assert "GET /api/v1/span 400" in log
    assert "0912345678" not in log
    assert header["Authorization"].split()[1] not in log


def test_a_named_host_is_let_in_without_a_token(serve: Any) -> None:
    server = serve("--allow-host", "dev.box", "--allow-host", "other.box")
    assert server.get(READ, headers={"Host": "Dev.box:8700"}).status_code == 200
    assert server.get(READ, headers={"Host": "evil.example"}).status_code == 403
    assert "allow_host = dev.box,other.box" in server.block


class TestAGuardedServer:
    """One that asks for a token to read."""

    def test_reading_needs_a_token(self, guarded: Any) -> None:
        assert guarded.get(READ).status_code == 401
        assert guarded.get("/docs/openapi.json").status_code == 401
        assert guarded.get(READ, headers=guarded.token("read")).status_code == 200

    def test_a_browser_is_sent_to_sign_in_and_comes_back_to_its_page(self, guarded: Any) -> None:
        asked = guarded.get("/?action=order.list", headers={"Accept": "text/html"})
        assert asked.status_code == 303
        form = guarded.get(asked.headers["location"])
        assert form.status_code == 200
        assert 'name="next" value="/?action=order.list"' in form.text
        secret = guarded.token("read")["Authorization"].split()[1]
        signed = guarded.post("/login", data={"token": f" {secret} ", "next": "/?action=order.list"})
        assert (signed.status_code, signed.headers["location"]) == (303, "/?action=order.list")
        cookie = signed.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert secret not in cookie
        session = {"Cookie": cookie.partition(";")[0]}
        assert guarded.get(READ, headers=session).status_code == 200
        assert guarded.get("/", headers=session).status_code == 200
        guarded.http.cookies.clear()

    def test_the_page_that_one_comes_back_to_may_have_any_letters(self, guarded: Any) -> None:
        secret = guarded.token("read")["Authorization"].split()[1]
        signed = guarded.post("/login", data={"token": secret, "next": "/?text=取號&range=7d"})
        guarded.http.cookies.clear()
        assert (signed.status_code, signed.headers["location"]) == (303, "/?text=%E5%8F%96%E8%99%9F&range=7d")

    def test_what_is_not_the_form_signs_nobody_in(self, guarded: Any) -> None:
        assert guarded.post("/login", data={f"field{number}": "1" for number in range(50)}).status_code == 401

    def test_a_wrong_or_ingest_token_signs_nobody_in(self, guarded: Any) -> None:
        ingest = guarded.token()["Authorization"].split()[1]
        for secret in ("", "at_wrong", ingest):
            answer = guarded.post("/login", data={"token": secret})
            assert answer.status_code == 401
            assert "set-cookie" not in answer.headers

    def test_a_login_ends_with_its_token_and_cannot_be_made_up(self, guarded: Any) -> None:
        secret = guarded.token("read")["Authorization"].split()[1]
        cookie = guarded.post("/login", data={"token": secret}).headers["set-cookie"].partition(";")[0]
        guarded.http.cookies.clear()
        identifier, expires, signature = cookie.partition("=")[2].split(".")
        later = f"{identifier}.{int(expires) + 1}.{signature}"
        past = f"{identifier}.{int(time.time()) - 1}.{signature}"
        for forged in ("", "a.b.c", later, past, f"{identifier}.{expires}.", f"{identifier}.{expires}.é"):
            forgery = {"Cookie": f"{SESSION_COOKIE}={forged}".encode()}
            assert guarded.get(READ, headers=forgery).status_code == 401, forged
        with guarded.by_socket() as admin:
            admin.post(f"/admin/tokens/{identifier}/revoke").raise_for_status()
        assert guarded.get(READ, headers={"Cookie": cookie}).status_code == 401

    @pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "/\r\nX: 1"])
    def test_signing_in_leads_nowhere_else(self, guarded: Any, back: str) -> None:
        secret = guarded.token("read")["Authorization"].split()[1]
        answer = guarded.post("/login", data={"token": secret, "next": back})
        guarded.http.cookies.clear()
        assert answer.headers["location"] == "/"

    def test_another_sites_form_signs_nobody_in_or_out(self, guarded: Any) -> None:
        for path in ("/login", "/logout"):
            answer = guarded.post(path, data={"token": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 403

    def test_signing_out_takes_the_cookie_away(self, guarded: Any) -> None:
        answer = guarded.post("/logout")
        assert answer.status_code == 303
        assert "Max-Age=0" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False), ("log.test", False)],
)
def test_loopback_is_this_machine_alone(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
