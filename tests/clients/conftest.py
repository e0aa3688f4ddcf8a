"""A platform that answers as told, over real sockets, and one caller per client library and way of using it."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextvars import copy_context
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import requests
import trustme

from apitrail import testing

TEXT = "訂單 2611239KQ4XW 已出貨。" * 40
BINARY = bytes(range(256)) * 20


class Platform(ThreadingHTTPServer):
    """Answers by path, and remembers the bodies that it got."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.bodies: list[bytes] = []
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
                self.answer(200, gzip.compress(TEXT.encode()), [("Content-Encoding", "gzip")])
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
            case ["slow"]:
                self.server.release.wait(20)
                self.answer(200, b"late")
            case _:
                self.answer(404)

    def do_POST(self) -> None:
        self.do_GET()

    def do_HEAD(self) -> None:
        self.do_GET()


class Answer(NamedTuple):
    """What the host received."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes


class Caller(Protocol):
    """One way of using one client library."""

    library: str
    version: str

    def call(self, method: str, url: str, *, body: Any = None, headers: Any = None, timeout: float = 20) -> Answer:
        """Make one call and read the answer, following redirects. Raises what the library raises."""

    def upload(self, url: str, chunks: list[bytes]) -> Answer:
        """POST a body that is made while it is sent."""

    def peek(self, url: str) -> bytes:
        """Stream an answer, take its first bytes, close it."""

    def drop(self, url: str) -> None:
        """Stream an answer and let go of it without closing."""


class Httpx:
    library = "httpx"
    version = "HTTP/1.1"

    def __init__(self, authority: trustme.CA) -> None:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        self.context = context
        self.client = httpx.Client(verify=context, follow_redirects=True)

    def call(self, method: str, url: str, *, body: Any = None, headers: Any = None, timeout: float = 20) -> Answer:
        answer = self.client.request(method, url, content=body, headers=headers, timeout=timeout)
        return Answer(answer.status_code, answer.headers.multi_items(), answer.content)

    def upload(self, url: str, chunks: list[bytes]) -> Answer:
        return self.call("POST", url, body=iter(chunks))

    def peek(self, url: str) -> bytes:
        with self.client.stream("GET", url) as answer:
            return next(answer.iter_raw(7))

    def drop(self, url: str) -> None:
        self.client.send(self.client.build_request("GET", url), stream=True)

    def close(self) -> None:
        self.client.close()


class HttpxAsync:
    library = "httpx"
    version = "HTTP/1.1"
    http2 = False

    def __init__(self, authority: trustme.CA) -> None:
        self.context = ssl.create_default_context()
        authority.configure_trust(self.context)
        self.runner = asyncio.Runner()
        self.client = self.runner.run(self._client())

    async def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=self.context, follow_redirects=True, http2=self.http2)

    def call(self, method: str, url: str, *, body: Any = None, headers: Any = None, timeout: float = 20) -> Answer:
        async def calling() -> Answer:
            answer = await self.client.request(method, url, content=body, headers=headers, timeout=timeout)
            return Answer(answer.status_code, answer.headers.multi_items(), answer.content)

        return self.runner.run(calling(), context=copy_context())

    def upload(self, url: str, chunks: list[bytes]) -> Answer:
        async def made() -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

        return self.call("POST", url, body=made())

    def peek(self, url: str) -> bytes:
        async def peeking() -> bytes:
            async with self.client.stream("GET", url) as answer:
                return await anext(answer.aiter_raw(7))

        return self.runner.run(peeking())

    def drop(self, url: str) -> None:
        async def dropping() -> None:
            await self.client.send(self.client.build_request("GET", url), stream=True)

        self.runner.run(dropping())

    def close(self) -> None:
        self.runner.run(self.client.aclose())
        self.runner.close()


class Requests:
    library = "requests"
    version = "HTTP/1.1"

    def __init__(self, authority: trustme.CA) -> None:
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, method: str, url: str, *, body: Any = None, headers: Any = None, timeout: float = 20) -> Answer:
        answer = self.session.request(method, url, data=body, headers=headers, timeout=timeout, allow_redirects=True)
        return Answer(answer.status_code, list(answer.raw.headers.iteritems()), answer.content)

    def upload(self, url: str, chunks: list[bytes]) -> Answer:
        return self.call("POST", url, body=(chunk for chunk in chunks))

    def peek(self, url: str) -> bytes:
        with self.session.get(url, stream=True) as answer:
            return bytes(next(answer.iter_content(7)))

    def drop(self, url: str) -> None:
        self.session.get(url, stream=True)

    def close(self) -> None:
        self.session.close()


CALLERS: dict[str, Callable[[trustme.CA], Any]] = {"httpx": Httpx, "httpx-async": HttpxAsync, "requests": Requests}


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
    return {kind.library for kind in (Httpx, HttpxAsync, Requests)}


@pytest.fixture
def text() -> str:
    return TEXT


@pytest.fixture
def binary() -> bytes:
    return BINARY
