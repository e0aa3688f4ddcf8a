"""The whole path, with nothing replaced: real programs, a real server process, the real engine."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

APITRAIL = Path(sys.executable).with_name("apitrail")
PATIENCE_S = 30.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(look: Any, what: str, seconds: float = PATIENCE_S) -> Any:
    """The first true value of `look()`; fails with `what` after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > until:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def command(*words: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run `apitrail WORDS`; its output in the failure when it fails."""
    done = subprocess.run([str(APITRAIL), *words], capture_output=True, text=True, timeout=120, check=False, **options)
    if check and done.returncode != 0:
        pytest.fail(f"apitrail {' '.join(words)} exited {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


@pytest.fixture(name="command")
def command_fixture() -> Any:
    """`apitrail WORDS` as a process of its own."""
    return command


@dataclass
class Server:
    """One `apitrail serve` on a folder of its own; may be killed and started again on the same folder."""

    folder: Path
    port: int = field(default_factory=free_port)
    flags: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    token: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder.with_name(self.folder.name + ".log")

    def start(self) -> None:
        with self.log.open("ab") as log:
            words = ["serve", "--data", str(self.folder), "--port", str(self.port), *self.flags]
            self.process = subprocess.Popen([str(APITRAIL), *words], stdout=log, stderr=log)
        eventually(self.ready, "the server to be ready")
        if not self.token:
            self.token = command("token", "create", "--data", str(self.folder)).stdout.strip().splitlines()[-1]

    def ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            pytest.fail(f"the server ended with {self.process.returncode}:\n{self.log.read_text()}")
        try:
            return self.request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def kill(self, how: int = signal.SIGKILL) -> int:
        """End the server by a signal; its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)

    def request(self, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, target, body=body or None, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a read that must succeed; `from_` stands for `from`."""
        named = {name.rstrip("_"): value for name, value in query.items()}
        status, body = self.request("GET", f"{path}?{urlencode(named, doseq=True)}" if named else path)
        assert status == 200, body
        return json.loads(body)

    def entries(self, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/api/v1/entries", **query)["entries"]
        return found

    def whole(self, **query: Any) -> list[dict[str, Any]]:
        """Every entry of the filter, page by page."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.get("/api/v1/entries", limit=200, **query, **cursor)
            found += page["entries"]
            if not page["next_cursor"]:
                return found
            cursor = {"cursor": page["next_cursor"]}


@pytest.fixture
def server(tmp_path: Path, new_data: Path) -> Iterator[Server]:
    """A server that runs on a log of its own; ended after the test."""
    folder = shutil.copytree(new_data, tmp_path / "data", symlinks=True)
    one = Server(folder)
    one.start()
    yield one
    one.kill()


class Platform(BaseHTTPRequestHandler):
    """A platform that answers as Shopee's documentation says; only its host is not Shopee's."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        expired = "expired" in self.path
        body = {
            "error": "error_auth" if expired else "",
            "message": "Invalid access_token." if expired else "",
            "request_id": "e3e3e7f3a1b2c3d4e5f60718293a4b5c",
        }
        if not expired:
            orders = [{"order_sn": "2611239KQ4XW7P", "booking_sn": "", "ordering_id": 9223372036854775807}]
            body["response"] = {"more": False, "next_cursor": "", "order_list": orders}  # type: ignore[assignment]
        raw = json.dumps(body).encode()
        self.send_response(403 if expired else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- named so by the base class
        """Say nothing on stderr."""


@pytest.fixture
def platform() -> Iterator[str]:
    """The base URL of a platform on a port of its own."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Platform) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_address[1]}"
        listening.shutdown()
        thread.join()


@pytest.fixture
def program(tmp_path: Path) -> Any:
    """Run a Python program as a process of its own, under the recorder's environment variables."""

    def run(source: str, server: Server, *words: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "program.py"
        path.write_text(source)
        settings = {
            "APITRAIL_URL": server.url,
            "APITRAIL_TOKEN": server.token,
            "APITRAIL_SPOOL": str(tmp_path / "spool"),
        }
        return subprocess.run(
            [sys.executable, str(path), *words],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )

    return run
