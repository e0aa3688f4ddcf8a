"""One caller per client library and way of using it."""

from __future__ import annotations

import asyncio
import http.client
import ssl
import urllib.error
import urllib.request
import zlib
from collections.abc import AsyncIterator
from contextvars import copy_context
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol
from urllib.parse import urljoin, urlsplit

import httpx
import requests
import trustme
import urllib3


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
    module: Any = httpx

    def __init__(self, authority: trustme.CA) -> None:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        self.context = context
        self.client = self.module.Client(verify=context, follow_redirects=True)

    def call(self, method: str, url: str, *, body: Any = None, headers: Any = None, timeout: float = 20) -> Answer:
        answer = self.client.request(method, url, content=body, headers=headers, timeout=timeout)
        return Answer(answer.status_code, answer.headers.multi_items(), answer.content)

    def upload(self, url: str, chunks: list[bytes]) -> Answer:
        return self.call("POST", url, body=iter(chunks))

    def peek(self, url: str) -> bytes:
        with self.client.stream("GET", url) as answer:
            return bytes(next(answer.iter_raw(7)))

    def drop(self, url: str) -> None:
        self.client.send(self.client.build_request("GET", url), stream=True)

    def close(self) -> None:
        self.client.close()


class HttpxAsync:
    library = "httpx"
    version = "HTTP/1.1"
    module: Any = httpx

    def __init__(self, authority: trustme.CA) -> None:
        self.context = ssl.create_default_context()
        authority.configure_trust(self.context)
        self.runner = asyncio.Runner()
        self.client = self.runner.run(self._client())

    async def _client(self) -> Any:
        return self.module.AsyncClient(verify=self.context, follow_redirects=True)

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


class Trusting(requests.adapters.HTTPAdapter):
    """Trusts one authority."""

    def __init__(self, authority: trustme.CA) -> None:
        self.context = ssl.create_default_context()
        authority.configure_trust(self.context)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self.context, **kwargs)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return super().proxy_manager_for(*args, ssl_context=self.context, **kwargs)


class Requests:
    library = "requests"
    version = "HTTP/1.1"

    def __init__(self, authority: trustme.CA) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount("https://", Trusting(authority))

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


class Urllib3:
    library = "urllib3"
    version = "HTTP/1.1"
    preload = True

    def __init__(self, authority: trustme.CA) -> None:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        self.pools = urllib3.PoolManager(ssl_context=context)

    def call(self, method: str, url: str, *, body: Any = None, headers: Any = None, timeout: float = 20) -> Answer:
        retries = urllib3.Retry(None, connect=0, read=0, redirect=3, status=0, other=0)
        answer = self.pools.request(
            method, url, body=body, headers=headers, timeout=timeout, retries=retries, preload_content=self.preload
        )
        return Answer(answer.status, list(answer.headers.iteritems()), answer.data)

    def upload(self, url: str, chunks: list[bytes]) -> Answer:
        return self.call("POST", url, body=iter(chunks))

    def peek(self, url: str) -> bytes:
        answer = self.pools.request("GET", url, preload_content=False)
        found = answer.read(7)
        answer.close()
        return found

    def drop(self, url: str) -> None:
        self.pools.request("GET", url, preload_content=False)

    def close(self) -> None:
        self.pools.clear()


class Urllib3Streamed(Urllib3):
    preload = False


class UrllibRequest:
    library = "urllib.request"
    version = "HTTP/1.1"

    def __init__(self, authority: trustme.CA) -> None:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        secured = urllib.request.HTTPSHandler(context=context)
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), secured)

    def _opened(self, method: str, url: str, body: Any = None, headers: Any = None, timeout: float = 20) -> Any:
        request = urllib.request.Request(url, data=body, headers=dict(headers or {}), method=method)
        try:
            return self.opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as answer:
            return answer

    def call(self, method: str, url: str, *, body: Any = None, headers: Any = None, timeout: float = 20) -> Answer:
        with self._opened(method, url, body, headers, timeout) as answer:
            return Answer(answer.status, list(answer.headers.items()), unfolded(answer))

    def upload(self, url: str, chunks: list[bytes]) -> Answer:
        return self.call("POST", url, body=iter(chunks))

    def peek(self, url: str) -> bytes:
        with self._opened("GET", url) as answer:
            return bytes(answer.read(7))

    def drop(self, url: str) -> None:
        self._opened("GET", url)

    def close(self) -> None:
        self.opener.close()


class HttpClient:
    library = "http.client"
    version = "HTTP/1.1"

    def __init__(self, authority: trustme.CA) -> None:
        self.connections: list[http.client.HTTPConnection] = []
        self.context = ssl.create_default_context()
        authority.configure_trust(self.context)

    def _opened(self, method: str, url: str, body: Any = None, headers: Any = None, timeout: float = 20) -> Any:
        parts = urlsplit(url)
        connection = (
            http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout, context=self.context)
            if parts.scheme == "https"
            else http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
        )
        self.connections.append(connection)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body=body, headers=dict(headers or {}))
        return connection.getresponse()

    def call(self, method: str, url: str, *, body: Any = None, headers: Any = None, timeout: float = 20) -> Answer:
        with self._opened(method, url, body, headers, timeout) as answer:
            content = unfolded(answer)
            if answer.status == 302:
                return self.call("GET", urljoin(url, answer.getheader("Location")))
            return Answer(answer.status, answer.getheaders(), content)

    def upload(self, url: str, chunks: list[bytes]) -> Answer:
        return self.call("POST", url, body=iter(chunks))

    def peek(self, url: str) -> bytes:
        with self._opened("GET", url) as answer:
            return bytes(answer.read(7))

    def drop(self, url: str) -> None:
        self._opened("GET", url)
        self.close()

    def close(self) -> None:
        for connection in self.connections:
            connection.close()
        self.connections.clear()


def unfolded(answer: Any) -> bytes:
    """These two undo no Content-Encoding."""
    found: bytes = answer.read()
    encoding = answer.headers.get("Content-Encoding")
    if encoding is None:
        return found
    return zlib.decompress(found, 16 + zlib.MAX_WBITS if encoding == "gzip" else zlib.MAX_WBITS)


class Aiohttp:
    library = "aiohttp"
    version = "HTTP/1.1"

    def __init__(self, authority: trustme.CA) -> None:
        self.context = ssl.create_default_context()
        authority.configure_trust(self.context)
        self.runner = asyncio.Runner()
        self.session = self.runner.run(self._session())

    async def _session(self) -> Any:
        import aiohttp

        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self.context))

    def call(self, method: str, url: str, *, body: Any = None, headers: Any = None, timeout: float = 20) -> Answer:
        import aiohttp

        async def calling() -> Answer:
            limits = aiohttp.ClientTimeout(total=timeout)
            async with self.session.request(method, url, data=body, headers=headers, timeout=limits) as answer:
                raw = [(name.decode(), value.decode("latin-1")) for name, value in answer.raw_headers]
                return Answer(answer.status, raw, await answer.read())

        return self.runner.run(calling(), context=copy_context())

    def upload(self, url: str, chunks: list[bytes]) -> Answer:
        async def made() -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

        return self.call("POST", url, body=made())

    def peek(self, url: str) -> bytes:
        async def peeking() -> bytes:
            async with self.session.get(url) as answer:
                return bytes(await answer.content.read(7))

        return self.runner.run(peeking())

    def drop(self, url: str) -> None:
        async def dropping() -> None:
            await self.session.get(url)
            await self.session.close()  # until then its connection holds the response
            self.session = await self._session()

        self.runner.run(dropping())

    def close(self) -> None:
        self.runner.run(self.session.close())
        self.runner.close()


CALLERS: dict[str, Any] = {
    "httpx": Httpx,
    "httpx-async": HttpxAsync,
    "requests": Requests,
    "urllib3": Urllib3,
    "urllib3-streamed": Urllib3Streamed,
    "urllib.request": UrllibRequest,
    "http.client": HttpClient,
}
if find_spec("aiohttp") is not None:
    CALLERS["aiohttp"] = Aiohttp
if find_spec("httpx2") is not None:
    its = {"library": "httpx2", "module": import_module("httpx2")}
    CALLERS["httpx2"] = type("Httpx2", (Httpx,), its)
    CALLERS["httpx2-async"] = type("Httpx2Async", (HttpxAsync,), its)
