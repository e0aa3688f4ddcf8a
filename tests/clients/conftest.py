"""A platform that answers as told, over real sockets."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme
from backports import zstd
from tests.clients.callers import CALLERS, Caller

from apitrail import testing

try:
    import brotli
except ImportError:
    brotli = None

TEXT = "訂單 2611239KQ4XW 已出貨。" * 40
BINARY = bytes(range(256)) * 20


class Platform(ThreadingHTTPServer):
    """Answers by path, and remembers the bodies that it got."""

    daemon_threads = True
    request_queue_size = 128
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.bodies: list[bytes] = []
        self.tries = 0
        self.release = threading.Event()
        self.scheme = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers that hang up are part of these tests."""


class Answering(BaseHTTPRequestHandler):
    server: Platform
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def answer(self, status: int, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            found = b""
            while size := int(self.rfile.readline(), 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_GET(self) -> None:
        body = self.body()
        self.server.bodies.append(body)
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        match url.path.strip("/").split("/"):
            case ["echo"]:
                self.answer(200, body, [("Content-Type", self.headers.get("Content-Type", "text/plain"))])
            case ["status", status]:
                self.answer(int(status), b'{"error":"as asked"}', [("Content-Type", "application/json")])
            case ["text"]:
                self.answer(200, TEXT.encode("big5"), [("Content-Type", "text/plain; charset=big5")])
            case ["gzip"]:
                self.answer(200, gzip.compress(TEXT.encode(), mtime=0), [("Content-Encoding", "gzip")])
            case ["deflate"]:
                self.answer(200, zlib.compress(TEXT.encode()), [("Content-Encoding", "deflate")])
            case ["repeated"]:
                self.answer(
                    200, b"ok", [("X-Limit", "a"), ("x-limit", "b"), ("X-Name", "訂單".encode().decode("latin-1"))]
                )
            case ["binary"]:
                self.answer(200, BINARY, [("Content-Type", "application/pdf")])
            case ["big"]:
                self.answer(200, bytes(i % 251 for i in range(int(query["size"]))))
            case ["empty"]:
                self.answer(204)
            case ["redirect"]:
                self.answer(302, b"over there", [("Location", "/text")])
            case ["flaky"]:
                self.server.tries += 1
                failing = self.server.tries < int(query["until"])
                self.answer(503 if failing else 200, b"busy" if failing else b"well", [("Retry-After", "0")])
            case ["hang-up"]:
                self.server.tries += 1
                if self.server.tries < int(query["until"]):
                    self.close_connection = True
                    return
                self.answer(200, b"well")
            case ["zstd"]:
                self.answer(200, zstd.compress(TEXT.encode()), [("Content-Encoding", "zstd")])
            case ["br"]:
                self.answer(200, brotli.compress(TEXT.encode()), [("Content-Encoding", "br")])
            case ["events"]:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream; charset=utf-8")
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                with suppress(OSError):
                    for number in range(10_000):
                        self.wfile.write(b"id: %d\ndata: order\n\n" % number)
                        if self.server.release.wait(0.01):
                            break
            case ["chunked"]:
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for number in range(int(query.get("chunks", 4))):
                    part = b"chunk %d;" % number
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.write(b"0\r\n\r\n")
            case ["broken"]:
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"only this")
                self.close_connection = True
            case ["chunked-badly"]:
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"9\r\nonly this\r\n<html>\r\n")
                self.close_connection = True
            case ["slow"]:
                self.server.release.wait(20)
                self.answer(200, b"late")
            case _:
                self.answer(404)

    def do_POST(self) -> None:
        self.do_GET()

    def do_HEAD(self) -> None:
        self.do_GET()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield serving
        finally:
            serving.release.set()
            serving.shutdown()
            thread.join()


@pytest.fixture(params=list(CALLERS))
def caller(request: pytest.FixtureRequest, authority: trustme.CA) -> Iterator[Caller]:
    made = CALLERS[request.param](authority)
    yield made
    made.close()


@pytest.fixture
def log() -> Iterator[testing.Log]:
    with testing.recording() as recorded:
        yield recorded


@pytest.fixture
def covered() -> set[str]:
    return {kind.library for kind in CALLERS.values()}


@pytest.fixture
def text() -> str:
    return TEXT


@pytest.fixture
def binary() -> bytes:
    return BINARY
