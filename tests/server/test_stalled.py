"""A connection whose other side says nothing any more, over real sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from queue import SimpleQueue
from typing import Any

import pytest
import uvicorn

from apitrail.server.stalled import Protocol

SOON_S = 0.3
SLOWLY_S = 1.0


class Soon(Protocol):
    stalled_s = SOON_S


@pytest.fixture(scope="module")
def heard() -> SimpleQueue[str]:
    """What the application was told."""
    return SimpleQueue()


@pytest.fixture(scope="module")
def address(heard: SimpleQueue[str]) -> Iterator[tuple[str, int]]:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            heard.put(message["type"])
            if message["type"] == "http.disconnect" or not message["more_body"]:
                break
        await asyncio.sleep(SLOWLY_S)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(application, http=Soon, lifespan="off", ws="none", log_config=None))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        yield listener.getsockname()
        server.should_exit = True
        thread.join(20)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: a",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
def test_who_stops_in_the_middle_is_hung_up_on(address: tuple[str, int], heard: SimpleQueue[str], sent: bytes) -> None:
    while not heard.empty():
        heard.get()
    with closing(socket.create_connection(address, timeout=20)) as connection:
        connection.sendall(sent)
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    if b"POST" in sent:
        told = [heard.get(timeout=20), heard.get(timeout=20)]
        assert told == ["http.request", "http.disconnect"], "it gives up what it holds"


def test_who_waits_for_an_answer_is_not(address: tuple[str, int]) -> None:
    with closing(socket.create_connection(address, timeout=20)) as connection:
        for _ in range(2):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = b""
            while not answer.endswith(b"ok"):
                answer += connection.recv(1000)
            assert answer.startswith(b"HTTP/1.1 200")
