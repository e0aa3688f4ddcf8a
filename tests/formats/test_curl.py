"""The exported command, run by a real shell and the real curl against a local server: what arrives is what was sent."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from apitrail.entry import Entry, Payload
from apitrail.formats import curl

SHELLS = [shell for shell in ("dash", "bash") if shutil.which(shell)]
MASK = "masked~4f2a~0123456789"
OTHER = "masked~~abcdef0123"


class Arrived(Struct):
    """A request as the server got it, to the byte."""

    line: bytes
    headers: list[tuple[str, bytes]]
    body: bytes

    @property
    def named(self) -> dict[str, bytes]:
        return {name.lower(): value for name, value in self.headers}


class Server(ThreadingHTTPServer):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.arrived: list[Arrived] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    raw_requestline: bytes

    def parse_request(self) -> bool:
        line = self.raw_requestline.rstrip(b"\r\n")
        headers = []
        while field := self.rfile.readline().rstrip(b"\r\n"):
            name, _, value = field.partition(b":")
            headers.append((name.decode(), value.removeprefix(b" ")))
        length = {name.lower(): value for name, value in headers}.get("content-length", b"0")
        body = self.rfile.read(int(length))
        cast("Server", self.server).arrived.append(Arrived(line, headers, body))
        self.wfile.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        self.close_connection = True
        return False


@pytest.fixture(scope="module")
def there() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def entry(url: str, method: str = "POST", **request: Any) -> Entry:
    body = request.get("body", b"")
    return Entry(
        id="019cd1f6-7c3a-7b42-8d0e-4f5a6b7c8d9e",
        created_at=datetime(2026, 3, 9, tzinfo=UTC),
        method=method,
        url=url,
        path="/",
        outcome="success",
        request=Payload(**{"size": len(body), **request}),
    )


def script(made: curl.Command) -> str:
    """What a shell is given: notes in words that it could stumble over."""
    return made.text(lambda note: f"{note.kind}, it's $(id): {', '.join(note.names)}")


Run = Callable[..., Arrived]


@pytest.fixture(scope="module")
def run(there: Server, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Gives the command to a shell, and tells what arrived."""
    folder = tmp_path_factory.mktemp("curl")

    def run(text: str, shell: str = SHELLS[0], cwd: Path = folder, **variables: str) -> Arrived:
        there.arrived.clear()
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8", **variables}
        done = subprocess.run([shell], input=text.encode(), env=environment, cwd=cwd, capture_output=True, timeout=30)
        assert done.returncode == 0, done.stderr.decode()
        return there.arrived.pop()

    return run


BODIES = {
    "json": b'{"order": "A-1001", "note": "it\'s 5% off `now` $HOME \\\\ !! \\n"}',
    "lines": b"<a>\n\t<b/>\n</a>\n\n",
    "chinese": "取號\u3000失敗".encode(),
    "big5": "取號失敗".encode("big5"),
    "png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "at": b"@/etc/passwd",
    "dash": b"-d x",
    "escape": b"\x1b[201~\nrm -rf ~\n",
    "large": b"0123456789 'abc' \n" * 20_000,
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", BODIES)
def test_a_body_arrives_to_the_byte(name: str, shell: str, there: Server, run: Run) -> None:
    made = curl.write(entry(f"{there.url}/x", body=BODIES[name]), repeatable=True)
    arrived = run(script(made), shell)
    assert arrived.body == BODIES[name]
    assert set(arrived.named) == {"host", "content-length"}, "nothing that curl adds by itself"
    assert made.notes == ()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(min_size=1, max_size=200) | st.text(min_size=1, max_size=200).map(str.encode))
def test_any_body_arrives_to_the_byte(body: bytes, there: Server, run: Run) -> None:
    assert run(script(curl.write(entry(f"{there.url}/x", body=body), repeatable=True))).body == body


def test_header_fields_arrive_as_they_were_and_in_their_order(there: Server, run: Run) -> None:
    sent = [
        ("User-Agent", "python-requests/2.32"),
        ("X-Quote", 'it\'s "here" $(id) `id` \\ ;'),
        ("X-Empty", ""),
        ("X-Two", "1"),
        ("X-Two", "2"),
        ("X-Latin", "caf\xe9"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Accept", "*/*"),
        ("Host", "api.shop.example"),
    ]
    arrived = run(script(curl.write(entry(f"{there.url}/x", body=b"{}", headers=sent), repeatable=True)))
    got = [(name, value.decode("latin-1")) for name, value in arrived.headers if name.lower() != "content-length"]
    assert sorted(got) == sorted(sent)
    own = [pair for pair in got if pair[0].startswith("X-")]
    assert own == [pair for pair in sent if pair[0].startswith("X-")]


def test_the_address_and_the_method_arrive_as_they_were(there: Server, run: Run) -> None:
    target = "/a/../b/%2F/{x}/[1-3]?q=it's&list[]=1&empty=&a=$(id)"
    arrived = run(script(curl.write(entry(there.url + target, "DELETE"), repeatable=True)))
    assert arrived.line == f"DELETE {target} HTTP/1.1".encode()
    assert "content-length" not in arrived.named
    assert run(script(curl.write(entry(there.url, "HEAD"), repeatable=True))).line == b"HEAD / HTTP/1.1"
    assert run(script(curl.write(entry(f"{there.url}/é x"), repeatable=True))).line == b"POST /%C3%A9%20x HTTP/1.1"


def test_an_empty_post_tells_its_length(there: Server, run: Run) -> None:
    assert run(script(curl.write(entry(there.url), repeatable=True))).named["content-length"] == b"0"


def test_a_masked_secret_is_a_variable_named_by_its_field(there: Server, run: Run) -> None:
    made = curl.write(
        entry(
            f"{there.url}/x?sign={OTHER}",
            headers=[("Authorization", f"Bearer {MASK}")],
            body=f'{{"access_token": "{MASK}"}}'.encode(),
        ),
        repeatable=True,
    )
    assert made.notes == (curl.Note("secrets", ("APITRAIL_SECRET_AUTHORIZATION", "APITRAIL_SECRET_SIGN")),)
    assert MASK not in script(made)
    arrived = run(script(made), APITRAIL_SECRET_AUTHORIZATION="to'ken", APITRAIL_SECRET_SIGN="abc")
    assert arrived.named["authorization"] == b"Bearer to'ken"
    assert arrived.body == b'{"access_token": "to\'ken"}'
    assert arrived.line == b"POST /x?sign=abc HTTP/1.1"


@pytest.mark.parametrize("body", [b"\x00", b"x"])
def test_nothing_is_sent_while_a_secret_is_not_set(body: bytes, there: Server, tmp_path: Path) -> None:
    held = body + f'name="api_key"\r\n\r\n{MASK}\r\n{OTHER}'.encode() + body
    made = curl.write(entry(f"{there.url}/x", body=held), repeatable=True)
    there.arrived.clear()
    done = subprocess.run([SHELLS[0]], input=script(made).encode(), capture_output=True, cwd=tmp_path, timeout=30)
    assert done.returncode != 0
    assert there.arrived == []
    assert b"APITRAIL_SECRET" in done.stderr


def test_a_secret_within_a_binary_body_is_put_back_in_its_place(there: Server, run: Run) -> None:
    body = f'\x00name="api_key"\r\n\r\n{MASK}\r\n--x'.encode() + b"\xff"
    made = curl.write(entry(f"{there.url}/x", body=body), repeatable=True)
    [name] = made.notes[0].names
    assert run(script(made), **{name: "k"}).body == body.replace(MASK.encode(), b"k")


@pytest.mark.parametrize(
    "kept",
    [
        {"body": b"head", "tail": b"tail", "size": 900, "truncated": True},
        {"body": b"", "size": 900},
        {"body": b"head", "size": 4, "incomplete": True},
    ],
    ids=["cut", "expired", "broken off"],
)
def test_a_body_that_was_not_kept_whole_is_asked_for_and_never_made_up(
    kept: dict[str, Any], there: Server, run: Run, tmp_path: Path
) -> None:
    made = curl.write(entry(f"{there.url}/x", **kept), repeatable=True)
    assert made.notes == (curl.Note("body_missing", ("request-body",), kept["size"]),)
    there.arrived.clear()
    assert subprocess.run([SHELLS[0]], input=script(made).encode(), capture_output=True, cwd=tmp_path).returncode != 0
    assert there.arrived == []
    (tmp_path / "request-body").write_bytes(b"whole\r\n")
    assert run(script(made), cwd=tmp_path).body == b"whole\r\n"


def test_a_call_that_is_not_safe_to_repeat_says_so_first() -> None:
    made = curl.write(entry("https://api.carrier.example/labels"), repeatable=False)
    assert script(made).startswith(": 'not_repeatable")
    assert made.notes[0].kind == "not_repeatable"


def test_a_coding_that_was_undone_is_said_and_not_claimed(there: Server, run: Run) -> None:
    made = curl.write(entry(there.url, headers=[("Content-Encoding", "gzip")], body=b"{}"), repeatable=True)
    assert made.notes == (curl.Note("decoded", ("gzip",)),)
    assert "content-encoding" not in run(script(made)).named


@pytest.mark.parametrize("url", ["file:///etc/passwd", "/relative", "https://[", "gopher://x/"])
def test_only_an_address_of_http_makes_a_command(url: str) -> None:
    made = curl.write(entry(url), repeatable=True)
    assert (made.command, made.notes[-1].kind) == ("", "no_address")


@settings(max_examples=40)
@given(text=st.text(max_size=80))
def test_nothing_that_was_recorded_reaches_the_terminal_as_a_control(text: str) -> None:
    made = curl.write(
        entry("https://x.example/" + text, text or "GET", headers=[("X-A", text)], body=text.encode()), repeatable=True
    )
    assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", script(made)) is None
