"""A server's life: it starts whole or says why not, stops in order, and loses nothing that it acknowledged."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

APITRAIL = [sys.executable, "-m", "apitrail.cli"]
PATH = "/api/v1/exchanges"
Make = Callable[..., dict[str, Any]]


def refused(*flags: str, env: dict[str, str] | None = None) -> str:
    """What a server that cannot start says."""
    done = subprocess.run(
        [*APITRAIL, "serve", *flags],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **(env or {})},
    )
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr
    assert "Do this: " in done.stderr
    return done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_in_order(serve: Any, an_exchange: Make, number: int) -> None:
    server = serve()
    server.post(PATH, headers=server.token(), json={"exchanges": [an_exchange()]}).raise_for_status()
    assert server.stop(number) == 0
    assert not (server.folder / "apitrail.sock").exists()
    assert server.log.read_text() == ""


def test_a_batch_in_hand_is_answered_before_the_end(serve: Any, an_exchange: Make) -> None:
    server = serve()
    headers = {**server.token(), "Content-Type": "application/json"}
    body = json.dumps({"exchanges": [an_exchange()]}).encode()
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    connection.putrequest("POST", PATH)
    for name, value in {**headers, "Content-Length": str(len(body)), "Expect": "100-continue"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.sock is not None
    assert connection.sock.recv(100).startswith(b"HTTP/1.1 100"), "the request is in hand"
    server.process.send_signal(signal.SIGTERM)
    connection.send(body)
    answer = connection.getresponse()
    assert json.loads(answer.read())["stored"] == 1
    connection.close()
    assert server.process.wait(30) == 0


def test_what_was_acknowledged_survives_a_kill_and_the_folder_opens_again(
    serve: Any, an_exchange: Make, account: str
) -> None:
    server = serve()
    headers = server.token()
    assert server.post(PATH, headers=headers, json={"exchanges": [an_exchange()]}).json()["stored"] == 1
    server.stop(signal.SIGKILL)
    assert (server.folder / "apitrail.sock").exists(), "left behind by the kill, and replaced at the next start"
    again = serve()
    assert len(again.get("/api/v1/entries", params={"ec_integration": account}).json()["entries"]) == 1
    assert again.post(PATH, headers=headers, json={"exchanges": []}).status_code == 200


def listens(host: str | None, port: int | None) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def test_a_second_signal_ends_it_at_once(serve: Any, eventually: Any) -> None:
    server = serve("--stop-timeout", "3600")
    headers = server.token()
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as sender:
        lines = [f"POST {PATH} HTTP/1.1", "Host: localhost", "Content-Length: 9", "Expect: 100-continue"]
        lines += ["Content-Type: application/json", *(f"{name}: {value}" for name, value in headers.items())]
        sender.sendall("\r\n".join([*lines, "", ""]).encode())
        assert sender.recv(100).startswith(b"HTTP/1.1 100"), "a request that never ends holds the first stop up"
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: not listens(address.hostname, address.port))
        assert server.stop(signal.SIGTERM) == 128 + signal.SIGTERM


def test_a_second_server_on_the_folder_is_told_so_and_the_first_goes_on(server: Any) -> None:
    said = refused("--data", str(server.folder), "--port", "0")
    assert str(server.folder) in said
    assert "in use" in said
    assert server.get("/readyz").status_code == 200


def test_a_port_in_use_is_named(server: Any, tmp_path: Path) -> None:
    port = str(urlsplit(server.url).port)
    said = refused("--data", str(tmp_path / "data"), "--port", port)
    assert f"port '{port}': is in use on 127.0.0.1" in said
    assert not (tmp_path / "data").exists(), "nothing is left behind"


@pytest.mark.parametrize(
    ("flags", "env", "words"),
    [
        (["--port", "http"], {}, "--port 'http'"),
        ([], {"APITRAIL_MEMORY": "lots"}, "APITRAIL_MEMORY 'lots'"),
        (["--host", "203.0.113.1"], {}, "host '203.0.113.1'"),
        (["--host", "no-such-name.invalid"], {}, "host 'no-such-name.invalid'"),
        (["--data", "/dev/null/data"], {}, "data '/dev/null/data'"),
        (["--store", "postgres://db"], {}, "store"),
    ],
)
def test_a_value_that_does_not_fit_is_one_clear_error(
    tmp_path: Path, flags: list[str], env: dict[str, str], words: str
) -> None:
    usual = {"APITRAIL_DATA": str(tmp_path / "data"), "APITRAIL_PORT": "0"}
    assert words in refused(*flags, env={**usual, **env})


def test_others_on_the_network_need_a_read_token_before_it_listens(serve: Any, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    said = refused("--data", str(folder), "--port", "0", "--host", "0.0.0.0")
    assert "token create --scope read" in said
    made = subprocess.run(
        [*APITRAIL, "token", "create", "--data", str(folder), "--scope", "read"],
        check=True,
        capture_output=True,
        text=True,
    )
    server = serve(folder=folder, host="0.0.0.0")
    here = f"http://127.0.0.1:{urlsplit(server.url).port}/api/v1/span"
    assert server.get(here).status_code == 401, "there, reading is not open to loopback names either"
    secret = made.stdout.splitlines()[-1]
    assert server.get(here, headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_it_is_reached_by_ipv6_too(serve: Any) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return  # a machine without IPv6
    server = serve(host="::1")
    assert server.url.startswith("http://[::1]:")
    assert server.get("/api/v1/span").status_code == 200


def test_a_folder_whose_path_is_too_long_for_a_socket_works_all_the_same(serve: Any, tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / "data"
    server = serve(folder=folder)
    made = subprocess.run([*APITRAIL, "token", "create", "--data", str(folder)], check=True, capture_output=True)
    assert made.stdout.splitlines()[-1].startswith(b"at_")
    assert server.stop() == 0
    assert not (folder / "apitrail.sock").exists()


def test_the_start_up_block_says_where_and_what_is_not_as_usual(serve: Any) -> None:
    server = serve("--no-durable", "--readers", "2")
    assert server.url in server.block
    assert str(server.folder) in server.block
    assert "durable = no, readers = 2" in server.block
    assert "token create" in server.block
    assert server.get("/healthz").text == "ok"
    assert server.get("/readyz").json() == {"status": "ready"}


def test_pages_are_answered_while_batches_are_worked_on(server: Any, ingest: Any, an_exchange: Make) -> None:
    batch = {"exchanges": [an_exchange() for _ in range(2000)]}
    answers: list[int] = []
    sending = threading.Thread(target=lambda: answers.append(server.post(PATH, headers=ingest, json=batch).status_code))
    sending.start()
    while sending.is_alive():
        assert server.get("/healthz").status_code == 200
    sending.join()
    assert answers == [200]


def test_a_request_whose_body_has_two_lengths_is_the_last_of_its_connection(server: Any) -> None:
    two = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"
    for method, lengths, answers in ((b"POST", two, 1), (b"GET", two, 1), (b"POST", b"Content-Length: 5\r\n", 2)):
        first = method + b" /healthz HTTP/1.1\r\nHost: localhost\r\n" + lengths + b"\r\n0\r\n\r\n"
        last = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
            connection.sendall(first + last)
            heard = b""
            while more := connection.recv(1 << 16):
                heard += more
        assert heard.count(b"HTTP/1.1 ") == answers, heard
