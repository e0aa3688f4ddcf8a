"""Webhooks by WSGI, through a real server."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx
import pytest

from apitrail import testing
from apitrail.exchange import Message
from apitrail.recorder import losses
from apitrail.recorder.webhooks.wsgi import ApitrailMiddleware, url_of

App = Callable[[Any, Any], Iterable[bytes]]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Quiet."""


class Server(WSGIServer):
    def handle_error(self, *_: Any) -> None:
        """Handlers that crash are part of these tests."""


@contextmanager
def served(app: App) -> Iterator[str]:
    with make_server("127.0.0.1", 0, app, Server, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def log() -> Iterator[testing.Log]:
    losses.begin_anew()
    with testing.recording("requests") as recorded:  # not the client that calls here
        yield recorded
    assert losses.ledger.counts() == {}


def until_recorded(log: testing.Log, count: int = 1) -> None:
    deadline = time.monotonic() + 10
    while len(log.exchanges) < count:
        assert time.monotonic() < deadline, log.exchanges
        time.sleep(0.01)


def echo(environ: Any, start_response: Any) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-A", "1"), ("X-A", "2")])
    return [body]


PATHS = {
    "/hooks": {"platform": "shopify", "ec": "shopify-01"},
    "/hooks/ups": {"platform": "ups", "shipping": "ups-1", "action": "webhook.tracking.updated"},
}


def test_a_webhook_is_an_inbound_exchange_and_passes_unaltered(log: testing.Log) -> None:
    with served(ApitrailMiddleware(echo, paths=PATHS)) as url:
        answer = httpx.post(f"{url}/hooks/orders%2Fnew?a=1", content="訂單".encode(), headers={"X-Topic": "orders"})
    assert answer.content == "訂單".encode()
    exchange = log.assert_recorded(count=1, direction="inbound", platform="shopify", ec_integration="shopify-01")
    assert exchange.method == "POST"
    assert exchange.url == f"{url}/hooks/orders/new?a=1"  # wsgiref decodes paths
    assert exchange.status == 200
    assert ("X-Topic", "orders") in exchange.request.headers
    assert testing.text(exchange.request) == "訂單"
    assert not exchange.request.incomplete
    assert exchange.response is not None
    assert testing.text(exchange.response) == "訂單"
    assert [value for name, value in exchange.response.headers if name == "X-A"] == ["1", "2"]


def test_only_paths_that_are_webhooks_are_recorded_and_the_longest_rule_wins(log: testing.Log) -> None:
    with served(ApitrailMiddleware(echo, paths=PATHS)) as url:
        for path in ("/", "/hooksmith", "/hooks/upside"):
            httpx.get(f"{url}{path}")
        httpx.post(f"{url}/hooks/ups/1", content=b"1Z")
    log.assert_recorded(count=1, platform="shopify")
    log.assert_recorded(count=1, platform="ups", shipping_integration="ups-1", action="webhook.tracking.updated")
    assert len(log.exchanges) == 2


def test_the_paths_of_a_mounted_application_are_its_own_or_the_whole_ones(log: testing.Log) -> None:
    environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/shop", "PATH_INFO": "/hooks/ups", "HTTP_HOST": "shop.example"}

    def empty(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("204 No Content", [])
        return []

    for paths in ("/hooks/ups", "/shop/hooks", "/ups"):
        ApitrailMiddleware(empty, paths=paths)(dict(environ), lambda *_: None)
    log.assert_recorded(count=2, url="http://shop.example/shop/hooks/ups")


def test_a_function_may_choose(log: testing.Log) -> None:
    def choose(environ: Any) -> Any:
        return {"merchant": "M1"} if environ["PATH_INFO"] == "/yes" else None

    with served(ApitrailMiddleware(echo, paths=choose, platform="shopee")) as url:
        httpx.get(f"{url}/yes")
        httpx.get(f"{url}/no")
    log.assert_recorded(count=1, platform="shopee", merchant="M1")
    assert len(log.exchanges) == 1


def test_an_answer_that_is_made_while_it_is_sent_is_recorded_when_it_is_closed(log: testing.Log) -> None:
    closed: list[bool] = []

    def streaming(environ: Any, start_response: Any) -> Iterator[bytes]:
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"zero,")
        try:
            yield b"one,"
            assert not log.exchanges
            yield b"two"
        finally:
            closed.append(True)

    with served(ApitrailMiddleware(streaming)) as url:
        assert httpx.get(url).content == b"zero,one,two"
        until_recorded(log)
    response = log.assert_recorded(count=1, status=200).response
    assert response is not None
    assert response.body == b"zero,one,two"
    assert not response.incomplete
    assert closed == [True]


def test_an_answer_that_nobody_reads_or_closes_is_recorded_when_it_is_dropped(log: testing.Log) -> None:
    def unread(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("202 Accepted", [])
        return iter([b"one"])

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/hooks", "wsgi.url_scheme": "http", "HTTP_HOST": "shop.example"}
    answer = ApitrailMiddleware(unread)(environ, lambda *_: None)
    assert log.exchanges == []
    del answer
    exchange = log.assert_recorded(count=1, status=202)
    assert exchange.response is not None
    assert exchange.response.incomplete


@pytest.mark.parametrize("late", [False, True])
def test_a_handler_that_crashes_is_recorded_and_crashes_on(log: testing.Log, late: bool) -> None:
    def crashing(environ: Any, start_response: Any) -> Iterable[bytes]:
        if not late:
            raise LookupError("no such order")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return broken()

    def broken() -> Iterator[bytes]:
        yield b"half"
        raise LookupError("no such order")

    seen: list[BaseException] = []

    def host(environ: Any, start_response: Any) -> Iterable[bytes]:
        try:
            yield from ApitrailMiddleware(crashing)(environ, start_response)
        except LookupError as error:
            seen.append(error)
            raise

    with served(host) as url:
        try:
            httpx.get(url)
        except httpx.HTTPError:
            assert late
        until_recorded(log)
    assert str(seen[0]) == "no such order"
    exchange = log.assert_recorded(count=1, status=200 if late else 500, error="LookupError")
    if late:
        assert exchange.response is not None
        assert exchange.response.body == b"half"
        assert exchange.response.incomplete


def test_a_handler_that_the_server_stops_gave_no_answer(log: testing.Log) -> None:
    def stopped(environ: Any, start_response: Any) -> Iterable[bytes]:
        raise SystemExit(1)  # so does gunicorn with a worker that takes too long

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/hooks", "wsgi.url_scheme": "http", "HTTP_HOST": "shop.example"}
    with pytest.raises(SystemExit):
        ApitrailMiddleware(stopped)(environ, lambda *_: None)
    log.assert_recorded(count=1, status=None, error="SystemExit")


def test_a_body_that_nobody_reads_is_incomplete(log: testing.Log) -> None:
    def deaf(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("401 Unauthorized", [])
        return [b""]

    with served(ApitrailMiddleware(deaf)) as url:
        httpx.post(url, content=b"unread")
    exchange = log.assert_recorded(count=1, status=401)
    assert exchange.request.incomplete


@pytest.mark.parametrize("way", ["read", "readline", "readlines", "iterated"])
def test_every_way_of_reading_is_kept(log: testing.Log, way: str) -> None:
    def reading(environ: Any, start_response: Any) -> Iterable[bytes]:
        given = environ["wsgi.input"]
        length = int(environ["CONTENT_LENGTH"])
        if way == "read":
            body = given.read(3) + given.read(length - 3)
        elif way == "readline":
            body = given.readline() + given.readline()
        elif way == "readlines":
            body = b"".join(given.readlines(1) + given.readlines(1))
        else:
            lines = iter(given)
            body = next(lines) + next(lines)
        start_response("200 OK", [])
        return (body,)

    with served(ApitrailMiddleware(reading)) as url:
        assert httpx.post(url, content=b"order\nlabel\n").content == b"order\nlabel\n"
    exchange = log.assert_recorded(count=1)
    assert exchange.request.body == b"order\nlabel\n"
    assert not exchange.request.incomplete


def test_a_label_that_does_not_exist_is_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"paths\['/a'\] holds 'plattform'"):
        ApitrailMiddleware(echo, paths={"/a": {"plattform": "x"}})
    with pytest.raises(ValueError, match="holds 'shop'"):
        ApitrailMiddleware(echo, shop="x")


def test_the_url_is_raw_where_the_server_tells_it() -> None:
    environ = {
        "wsgi.url_scheme": "https",
        "HTTP_HOST": "shop.example",
        "PATH_INFO": "/a/b",
        "RAW_URI": "/a%2Fb?x=1",
        "QUERY_STRING": "x=1",
    }
    assert url_of(environ) == "https://shop.example/a%2Fb?x=1"
    del environ["RAW_URI"]
    environ["PATH_INFO"] = "/訂".encode().decode("latin-1")
    assert url_of(environ) == "https://shop.example/%E8%A8%82?x=1"
    del environ["HTTP_HOST"]
    assert url_of({**environ, "SERVER_NAME": "h", "SERVER_PORT": "443"}).startswith("https://h/")
    assert url_of({**environ, "SERVER_NAME": "h", "SERVER_PORT": "8443"}).startswith("https://h:8443/")


def test_a_request_that_passes_two_middlewares_is_one_entry_with_the_outer_ones_labels(log: testing.Log) -> None:
    inner = ApitrailMiddleware(echo, platform="shopee")
    with served(ApitrailMiddleware(inner, paths=PATHS)) as url:
        httpx.post(f"{url}/hooks/ups", content=b"1Z")
        httpx.post(f"{url}/elsewhere", content=b"2")
    log.assert_recorded(count=1, platform="ups", url="/hooks/ups")
    log.assert_recorded(count=1, platform="shopee", url="/elsewhere")
    assert len(log.exchanges) == 2


def recorded(log: testing.Log, app: Any, *, announced: str) -> Message:
    """What is kept of a request whose body is `abc`."""
    environ = {
        "REQUEST_METHOD": "POST", "CONTENT_LENGTH": announced, "HTTP_HOST": "a", "wsgi.input": io.BytesIO(b"abc")
    }  # fmt: skip
    ApitrailMiddleware(app)(environ, lambda *_: None)
    return log.assert_recorded(count=1).request


def test_a_body_that_breaks_off_is_incomplete_though_the_handler_reads_to_its_end(log: testing.Log) -> None:
    def reads(environ: Any, start_response: Any) -> Iterable[bytes]:
        while environ["wsgi.input"].read(2):
            pass
        start_response("400 Bad Request", [])
        return []

    request = recorded(log, reads, announced="300")
    assert (request.body, request.incomplete) == (b"abc", True)


def test_a_body_that_is_read_again_from_its_beginning_is_kept_once(log: testing.Log) -> None:
    def reads(environ: Any, start_response: Any) -> Iterable[bytes]:
        for _ in range(2):
            environ["wsgi.input"].seek(0)
            assert environ["wsgi.input"].read() == b"abc"
        start_response("204 No Content", [])
        return []

    request = recorded(log, reads, announced="3")
    assert (request.body, request.incomplete) == (b"abc", False)


def test_an_answer_that_cannot_be_sent_is_recorded_with_what_the_server_meets(log: testing.Log) -> None:
    def answering_nothing(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])

    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/hooks", "wsgi.url_scheme": "http", "HTTP_HOST": "shop.example"}
    assert ApitrailMiddleware(answering_nothing)(environ, lambda *_: None) is None
    exchange = log.assert_recorded(count=1, status=200, error="TypeError")
    assert exchange.response is not None
    assert exchange.response.incomplete
