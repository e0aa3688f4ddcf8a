"""What only urllib3 has: retries on the wire, also inside requests; proxies; a pool without a free connection."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
import trustme
import urllib3
from requests.adapters import HTTPAdapter

from apitrail import testing

RETRIES = urllib3.Retry(5, backoff_factor=0, status_forcelist=[503], allowed_methods=None)


@pytest.fixture(params=["urllib3", "requests"])
def post(request: pytest.FixtureRequest) -> Iterator[Any]:
    """POST with retries, by urllib3 itself or by requests on top of it."""
    if request.param == "urllib3":
        pools = urllib3.PoolManager(retries=RETRIES)
        yield lambda url, body: pools.request("POST", url, body=body).data
        pools.clear()
        return
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", HTTPAdapter(max_retries=RETRIES))
        yield lambda url, body: session.post(url, data=body).content


def test_each_attempt_is_an_exchange_numbered_and_linked(post: Any, platform: Any, log: testing.Log) -> None:
    assert post(f"{platform.url}/flaky?until=3", b"label") == b"well"
    assert [exchange.status for exchange in log.exchanges] == [503, 503, 200]
    assert [exchange.attempt for exchange in log.exchanges] == [1, 2, 3]
    assert {exchange.call for exchange in log.exchanges} == {log.exchanges[0].id}
    assert [testing.text(exchange.response) for exchange in log.exchanges] == ["busy", "busy", "well"]
    assert all(exchange.request.body == b"label" for exchange in log.exchanges)


def test_an_attempt_without_an_answer_counts_too(post: Any, platform: Any, log: testing.Log) -> None:
    assert post(f"{platform.url}/hang-up?until=3", b"label") == b"well"
    first, second, third = log.exchanges
    assert (first.status, second.status, third.status) == (None, None, 200)
    assert (first.attempt, second.attempt, third.attempt) == (1, 2, 3)
    assert first.error is not None
    assert first.error.type == "http.client.RemoteDisconnected"
    assert first.request.body == b"label"


def test_attempts_that_reach_no_host_are_exchanges_with_what_would_have_been_sent(post: Any, log: testing.Log) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/orders"
        with pytest.raises((urllib3.exceptions.MaxRetryError, requests.ConnectionError)) as raised:
            post(url, b"label")
    assert [exchange.attempt for exchange in log.exchanges] == [1, 2, 3, 4, 5, 6]
    assert {exchange.request.body for exchange in log.exchanges} == {b"label"}
    assert {exchange.url for exchange in log.exchanges} == {url}
    last = log.exchanges[-1].error
    assert last is not None
    assert last.type.endswith(type(raised.value).__name__)
    assert "NewConnectionError" in log.exchanges[0].error.type  # type: ignore[union-attr]


def test_requests_is_named_and_recorded_once(platform: Any, log: testing.Log) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.get(f"{platform.url}/text")
    exchange = log.assert_recorded(count=1)
    assert exchange.recorder is not None
    assert exchange.recorder.client == "requests"


def test_a_client_that_is_not_instrumented_is_not_recorded_through_one_that_is(platform: Any) -> None:
    with testing.recording("requests") as log:
        urllib3.PoolManager().request("GET", f"{platform.url}/text")
        log.assert_not_recorded()
        with requests.Session() as session:
            session.trust_env = False
            session.get(f"{platform.url}/text")
        log.assert_recorded(count=1)
    with testing.recording("urllib3") as log, requests.Session() as session:
        session.trust_env = False
        session.get(f"{platform.url}/text")
        exchange = log.assert_recorded(count=1)
        assert exchange.recorder is not None
        assert exchange.recorder.client == "urllib3"


def test_a_pool_without_a_free_connection_is_an_exchange_without_an_answer(platform: Any, log: testing.Log) -> None:
    pool = urllib3.HTTPConnectionPool("127.0.0.1", platform.server_port, maxsize=1, block=True)
    held = pool.urlopen("GET", "/text", preload_content=False)
    with pytest.raises(urllib3.exceptions.EmptyPoolError):
        pool.urlopen("POST", "/echo", body=b"label", pool_timeout=1)
    held.drain_conn()
    pool.close()
    exchange = log.assert_recorded(count=1, status=None, error="EmptyPoolError")
    assert exchange.request.body == b"label"
    assert exchange.url == f"{platform.url}/echo"


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """Refuses every tunnel, and answers plain requests itself."""
    seen: list[bytes] = []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    head = connection.recv(65_536)
                    seen.append(head)
                    if head.startswith(b"CONNECT"):
                        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                    else:
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", seen
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_through_a_proxy_the_url_is_the_platforms(proxy: Any, log: testing.Log) -> None:
    address, seen = proxy
    with urllib3.ProxyManager(address) as pools:
        assert pools.request("GET", "http://shop.example/orders?page=1").data == b"ok"
    assert seen[0].startswith(b"GET http://shop.example/orders?page=1 HTTP/1.1")
    assert log.assert_recorded(count=1, status=200).url == "http://shop.example/orders?page=1"


@pytest.fixture
def tunnels(platform: Any, authority: trustme.CA) -> Iterator[str]:
    """Leads every tunnel to the platform, which shows the certificate of shop.example."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("shop.example").configure_cert(context)
    platform.socket = context.wrap_socket(platform.socket, server_side=True)

    def tunnel(client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", platform.server_port)) as there, suppress(OSError):
            assert client.recv(65_536).startswith(b"CONNECT shop.example:443 ")
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            other = {client: there, there: client}
            while True:
                for source in select.select(list(other), [], [])[0]:
                    data = source.recv(65_536)
                    if not data:
                        return
                    other[source].sendall(data)

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                tunnel(listening.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_through_a_tunnel_the_url_is_the_one_that_the_host_asked_for(
    tunnels: str, authority: trustme.CA, log: testing.Log
) -> None:
    url = "https://shop.example/echo?page=1"
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with urllib3.ProxyManager(tunnels, ssl_context=context) as pools:
        assert pools.request("POST", url, body=b"order 1").data == b"order 1"
        assert pools.request("POST", url, body=b"order 2").data == b"order 2"  # by the same tunnel
    assert [(exchange.url, exchange.request.body) for exchange in log.exchanges] == [
        (url, b"order 1"),
        (url, b"order 2"),
    ]


def test_a_tunnel_is_no_exchange_and_a_refused_one_is_the_failure_of_its_call(proxy: Any, log: testing.Log) -> None:
    address, _ = proxy
    with requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.exceptions.ProxyError):
            session.post("https://shop.example/orders", data=b"label", proxies={"https": address})
    exchange = log.assert_recorded(count=1, status=None, error="ProxyError")
    assert exchange.url == "https://shop.example/orders"
    assert exchange.request.body == b"label"
