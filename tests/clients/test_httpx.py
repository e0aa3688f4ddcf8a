"""What only httpx has: HTTP/2, mounts, multipart, cancelled tasks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from hypercorn.asyncio import serve
from hypercorn.config import Config

import apitrail
from apitrail import testing


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """Echoes, by HTTP/2 over TLS."""
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-seen", b"h2")]})
    await send({"type": "http.response.body", "body": body[:3], "more_body": True})
    await send({"type": "http.response.body", "body": body[3:], "more_body": False})


@contextlib.asynccontextmanager
async def http2_server(authority: trustme.CA, folder: Path) -> AsyncIterator[str]:
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    config = Config()
    config.keyfile, config.certfile = str(folder / "key.pem"), str(folder / "cert.pem")
    config.errorlog = config.accesslog = None
    config.graceful_timeout = config.shutdown_timeout = 0.1
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    config.bind = [f"fd://{listening.detach()}"]
    stop = asyncio.Event()
    begun = asyncio.Event()

    async def until_stopped() -> None:
        begun.set()
        await stop.wait()

    serving = asyncio.create_task(serve(answering, config, shutdown_trigger=until_stopped))
    await asyncio.wait([asyncio.ensure_future(begun.wait()), serving], return_when=asyncio.FIRST_COMPLETED)
    with socket.socket(fileno=int(config.bind[0][5:])) as same:
        port = same.getsockname()[1]
        same.detach()
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        stop.set()
        await serving


def test_http2_is_recorded_like_http1(authority: trustme.CA, tmp_path: Path, log: testing.Log) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)

    async def calling() -> None:
        async with (
            http2_server(authority, tmp_path) as url,
            httpx.AsyncClient(http2=True, verify=context) as client,
        ):

            async def order(number: int) -> bytes:
                with apitrail.action("order.get", source=("order", number)):
                    return (await client.post(f"{url}/orders", content=b"order %d" % number)).content

            bodies = await asyncio.gather(*map(order, range(5)))
            assert bodies == [b"order %d" % number for number in range(5)]

    asyncio.run(calling())
    for number in range(5):
        exchange = log.assert_recorded(count=1, source=("order", str(number)), status=200)
        assert exchange.http_version == "HTTP/2"
        assert exchange.request.body == b"order %d" % number
        assert exchange.response is not None
        assert exchange.response.body == b"order %d" % number


def test_a_cancelled_call_is_recorded_and_stays_cancelled(platform: Any, log: testing.Log) -> None:
    async def calling() -> None:
        async with httpx.AsyncClient() as client:
            task = asyncio.create_task(client.get(f"{platform.url}/slow"))
            while not platform.bodies:  # until the platform has it
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(calling())
    assert log.assert_recorded(count=1, status=None, error="CancelledError").response is None


def test_a_subclass_of_a_transport_is_recorded_once(platform: Any, log: testing.Log) -> None:
    class Signing(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            request.headers["X-Signed"] = "yes"
            return super().handle_request(request)

    with httpx.Client(mounts={"all://127.0.0.1": Signing()}) as client:
        client.get(f"{platform.url}/text")
    exchange = log.assert_recorded(count=1)
    assert ("X-Signed", "yes") in exchange.request.headers


def test_multipart_is_captured_as_sent(platform: Any, log: testing.Log) -> None:
    with httpx.Client() as client:
        client.post(f"{platform.url}/echo", data={"order": "1"}, files={"label": ("label.pdf", b"%PDF-1.7 label")})
    exchange = log.assert_recorded(count=1)
    assert exchange.request.body == platform.bodies[0]
    assert b"%PDF-1.7 label" in exchange.request.body
    assert not exchange.request.incomplete


def test_each_attempt_of_an_authentication_is_an_exchange(platform: Any, log: testing.Log) -> None:
    class Twice(httpx.Auth):
        requires_response_body = True

        def auth_flow(self, request: httpx.Request) -> Any:
            request.headers["X-Attempt"] = "1"
            yield request
            request.headers["X-Attempt"] = "2"
            yield request

    with httpx.Client(auth=Twice()) as client:
        client.get(f"{platform.url}/text")
    attempts = [dict(exchange.request.headers)["X-Attempt"] for exchange in log.exchanges]
    assert attempts == ["1", "2"]


def test_the_request_keeps_its_own_stream(platform: Any, log: testing.Log) -> None:
    with httpx.Client() as client:
        request = client.build_request("POST", f"{platform.url}/echo", content=iter([b"a", b"b"]))
        stream = request.stream
        client.send(request)
        assert request.stream is stream


def test_a_transport_that_sends_nothing_is_not_recorded(log: testing.Log) -> None:
    with httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200))) as client:
        client.get("http://example.com/")
    log.assert_not_recorded()


def test_a_stream_that_is_for_both_kinds_of_client_is_what_each_takes_it_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Both(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b"sync"

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"async"

    async def answering(self: Any, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Both())

    async def calling() -> bytes:
        async with httpx.AsyncClient() as client:
            return (await client.get("http://shop.example/")).content

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", lambda self, _: httpx.Response(200, stream=Both()))
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answering)
    with testing.recording() as log, httpx.Client() as client:
        assert client.get("http://shop.example/").content == b"sync"
        assert asyncio.run(calling()) == b"async"
        assert [one.response and one.response.body for one in log.exchanges] == [b"sync", b"async"]
