"""What only http.client has: reading in every way, connections that are used again, given up, or used wrongly."""

from __future__ import annotations

import copy
import http.client
import io
import pickle
import socket
import threading
import xmlrpc.client
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apitrail import testing


@pytest.fixture
def connection(platform: Any) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection("127.0.0.1", platform.server_port, timeout=20)
    yield made
    made.close()


def into(answer: http.client.HTTPResponse) -> bytes:
    buffer = bytearray(777)
    found = b""
    while count := answer.readinto(buffer):
        found += buffer[:count]
    return found


WAYS: dict[str, Callable[[http.client.HTTPResponse], bytes]] = {
    "read": lambda answer: answer.read(),
    "pieces": lambda answer: b"".join(iter(lambda: answer.read(1000), b"")),
    "read1": lambda answer: b"".join(iter(lambda: answer.read1(1000), b"")),
    "readinto": into,
    "lines": lambda answer: b"".join(answer),
    "buffered": lambda answer: io.BufferedReader(answer).read(),
    "peeked": lambda answer: answer.peek(5)[:0] + answer.read(),
}


@pytest.mark.parametrize("path", ["text", "chunked", "big?size=200000", "gzip"])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_reading_gives_the_same_bytes_and_is_captured(
    connection: http.client.HTTPConnection, platform: Any, path: str, way: str
) -> None:
    def read() -> bytes:
        connection.request("GET", f"/{path}")
        return WAYS[way](connection.getresponse())

    without = read()
    connection.close()
    with testing.recording() as log:
        recorded = read()
    assert recorded == without
    response = log.assert_recorded(count=1, status=200).response
    assert response is not None
    assert not response.incomplete
    if path != "gzip":
        assert response.body == without


def test_a_connection_is_used_again(connection: http.client.HTTPConnection, platform: Any, log: testing.Log) -> None:
    for number in range(3):
        connection.request("POST", f"/echo?n={number}", body=b"order %d" % number)
        assert connection.getresponse().read() == b"order %d" % number
    assert [exchange.request.body for exchange in log.exchanges] == [b"order 0", b"order 1", b"order 2"]


def test_an_answer_that_nobody_asks_for_is_an_exchange_without_one(
    connection: http.client.HTTPConnection, platform: Any, log: testing.Log
) -> None:
    connection.request("POST", "/echo", body=b"label")
    connection.close()
    exchange = log.assert_recorded(count=1, status=None, error="before the answer was read")
    assert exchange.request.body == b"label"
    assert not exchange.request.incomplete


def test_asking_for_an_answer_twice_raises_as_it_does(
    connection: http.client.HTTPConnection, platform: Any, log: testing.Log
) -> None:
    connection.request("GET", "/text")
    answer = connection.getresponse()
    with pytest.raises(http.client.ResponseNotReady):
        connection.getresponse()
    answer.read()
    log.assert_recorded(count=1, status=200)


def test_asking_with_what_it_does_not_take_loses_nothing(
    connection: http.client.HTTPConnection, platform: Any, log: testing.Log
) -> None:
    connection.request("GET", "/text")
    with pytest.raises(TypeError):
        connection.getresponse(buffering=True)  # type: ignore[call-arg]
    connection.getresponse().read()
    log.assert_recorded(count=1, status=200)


def test_a_body_that_ends_early_is_told_though_the_host_is_not(
    connection: http.client.HTTPConnection, platform: Any, log: testing.Log
) -> None:
    connection.request("GET", "/broken")
    assert connection.getresponse().read(500) == b"only this"
    exchange = log.assert_recorded(count=1, status=200, error="IncompleteRead")
    assert exchange.response is not None
    assert exchange.response.incomplete


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, pickle.dumps])
def test_an_answer_that_cannot_be_copied_raises_as_it_does(
    connection: http.client.HTTPConnection, platform: Any, way: Any
) -> None:
    def tried() -> str:
        connection.request("GET", "/text")
        response = connection.getresponse()
        with pytest.raises(TypeError) as raised:
            way(response.fp)
        response.read()
        return str(raised.value)

    without = tried()
    with testing.recording() as log:
        assert tried() == without
    log.assert_recorded(count=1, status=200)


def test_headers_are_as_sent(connection: http.client.HTTPConnection, platform: Any, log: testing.Log) -> None:
    connection.putrequest("GET", "/repeated")
    connection.putheader("X-Many", "one", "two")
    connection.putheader("X-Name", "王".encode())
    connection.endheaders()
    connection.getresponse().read()
    exchange = log.assert_recorded(count=1)
    assert ("X-Many", "one two") in exchange.request.headers
    assert ("X-Name", "王") in exchange.request.headers
    assert exchange.response is not None
    assert ("X-Name", "訂單") in exchange.response.headers


def test_what_is_built_on_it_is_recorded(platform: Any, log: testing.Log) -> None:
    with pytest.raises(xmlrpc.client.ProtocolError), xmlrpc.client.ServerProxy(f"{platform.url}/none") as proxy:
        proxy.order.create("1")
    exchange = log.assert_recorded(count=1, method="POST", status=404)
    assert exchange.url == f"{platform.url}/none"
    assert b"<methodName>order.create</methodName>" in exchange.request.body


def test_an_answer_whose_chunks_are_broken_is_kept_as_far_as_it_came_and_is_no_loss(log: testing.Log) -> None:
    before = testing.losses_so_far()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nno number\r\n")

        threading.Thread(target=serve, daemon=True).start()
        connection = http.client.HTTPConnection("127.0.0.1", listening.getsockname()[1], timeout=10)
        connection.request("GET", "/")
        with pytest.raises(http.client.IncompleteRead):
            connection.getresponse().read()
        connection.close()
    exchange = log.assert_recorded(count=1, status=200)
    assert exchange.response is not None
    assert (exchange.response.body, exchange.response.incomplete) == (b"ok", True)
    assert testing.losses_so_far() == before
