"""Webhooks through a real server: what came in, what we answered, and handlers that fail."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from apitrail import testing
from apitrail.exchange import Failure, Integration
from apitrail.recorder import losses
from apitrail.recorder.webhooks.asgi import ApitrailMiddleware, url_of

App = Callable[[Any, Any, Any], Awaitable[None]]


async def body_of(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


async def answer(send: Any, status: int = 200, body: bytes = b"ok", headers: Any = ()) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


async def echo(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        body = await body_of(receive)
        await answer(send, 200, body, [(b"content-length", b"%d" % len(body)), (b"x-a", b"1"), (b"x-a", b"2")])


@contextmanager
def served(app: App) -> Iterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", loop="asyncio"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            deadline = time.monotonic() + 10
            while not server.started:
                assert time.monotonic() < deadline, "the server did not start"
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
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


def test_a_webhook_is_an_inbound_exchange_and_passes_unaltered(log: testing.Log) -> None:
    app = ApitrailMiddleware(
        echo, ec="shop-1", name="Shop", platform="shopee", merchant="M1", action="webhook.order.created"
    )
    with served(app) as url, httpx.Client() as client:
        got = client.post(
            f"{url}/hooks/%E8%A8%82?shop=1&x=a%20b", content='{"訂單":1}'.encode(), headers={"X-Sign": "no"}
        )
    assert got.content == '{"訂單":1}'.encode()
    until_recorded(log)
    exchange = log.assert_recorded(count=1, direction="inbound", method="POST", status=200)
    assert exchange.url == f"{url}/hooks/%E8%A8%82?shop=1&x=a%20b"
    assert exchange.request.body == '{"訂單":1}'.encode()
    assert not exchange.request.incomplete
    assert exchange.response is not None
    assert exchange.response.body == '{"訂單":1}'.encode()
    assert [value for name, value in exchange.response.headers if name == "x-a"] == ["1", "2"]
    assert exchange.http_version == "HTTP/1.1"
    assert exchange.stated is not None
    assert exchange.stated.ec_integration == Integration("shop-1", "Shop")
    assert (exchange.stated.platform, exchange.stated.merchant) == ("shopee", "M1")
    assert exchange.stated.action == "webhook.order.created"
    assert exchange.recorder is not None
    assert exchange.recorder.client == "asgi"


def test_a_body_that_comes_in_pieces_is_joined(log: testing.Log) -> None:
    with served(ApitrailMiddleware(echo)) as url, httpx.Client() as client:
        pieces = [b"x" * 100_000 for _ in range(5)]
        assert client.post(url, content=iter(pieces)).content == b"x" * 500_000
    until_recorded(log)
    assert log.exchanges[0].request.body == b"x" * 500_000


def test_a_compressed_webhook_is_kept_decoded_and_handled_as_sent(log: testing.Log) -> None:
    with served(ApitrailMiddleware(echo)) as url, httpx.Client() as client:
        sent = gzip.compress(b'{"order":1}')
        assert client.post(url, content=sent, headers={"Content-Encoding": "gzip"}).content == sent
    until_recorded(log)
    assert log.exchanges[0].request.body == b'{"order":1}'


def test_a_handler_that_raises_is_recorded_with_its_error_and_500(log: testing.Log) -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        await body_of(receive)
        raise LookupError("no such order")

    with served(ApitrailMiddleware(failing)) as url, httpx.Client() as client:
        assert client.post(url, content=b"{}").status_code == 500
    until_recorded(log)
    exchange = log.assert_recorded(count=1, status=500)
    assert exchange.error == Failure("LookupError", "no such order")
    assert exchange.response is None


def test_a_handler_that_is_cancelled_gave_no_answer(log: testing.Log) -> None:
    async def cancelled(scope: Any, receive: Any, send: Any) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        called(ApitrailMiddleware(cancelled), scope("/"))
    exchange = log.assert_recorded(count=1, status=None, error="CancelledError")
    assert exchange.response is None


def test_an_error_that_a_framework_answers_and_raises_again_is_recorded_with_both(log: testing.Log) -> None:
    async def framework(scope: Any, receive: Any, send: Any) -> None:
        await body_of(receive)  # or the connection is reset, now and then before the answer has been read
        await answer(send, 500, b"Internal Server Error")
        raise LookupError("no such order")

    with served(ApitrailMiddleware(framework)) as url, httpx.Client() as client:
        client.post(url, content=b"{}")
    until_recorded(log)
    exchange = log.assert_recorded(count=1, status=500, error="no such order")
    assert exchange.response is not None
    assert exchange.response.body == b"Internal Server Error"
    assert not exchange.response.incomplete


def test_an_answer_that_breaks_off_is_incomplete(log: testing.Log) -> None:
    async def breaking(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"only this", "more_body": True})
        raise LookupError("gone")

    with served(ApitrailMiddleware(breaking)) as url, httpx.Client() as client, pytest.raises(httpx.HTTPError):
        client.post(url, content=b"{}")
    until_recorded(log)
    exchange = log.assert_recorded(count=1, status=200, error="gone")
    assert exchange.response is not None
    assert exchange.response.incomplete
    assert exchange.response.body == b"only this"


def test_a_body_that_the_handler_does_not_read_is_incomplete(log: testing.Log) -> None:
    async def refusing(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, 401, b"bad signature")

    with served(ApitrailMiddleware(refusing)) as url, httpx.Client() as client:
        client.post(url, content=b"{}")
        client.get(url)
    until_recorded(log, 2)
    assert [exchange.request.incomplete for exchange in log.exchanges] == [True, False]
    assert [exchange.status for exchange in log.exchanges] == [401, 401]


def test_what_is_done_after_the_answer_does_not_delay_the_entry(log: testing.Log) -> None:
    release = threading.Event()

    async def answering_first(scope: Any, receive: Any, send: Any) -> None:
        await answer(send)
        await asyncio.get_running_loop().run_in_executor(None, release.wait, 10)

    with served(ApitrailMiddleware(answering_first)) as url, httpx.Client() as client:
        client.get(url)
        until_recorded(log)
        release.set()
    log.assert_recorded(count=1, status=200)


def called(app: App, scope: dict[str, Any]) -> list[Any]:
    """Call an application without a server."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return sent


def scope(path: str, **more: Any) -> dict[str, Any]:
    given = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [(b"host", b"oms.example")],
        "query_string": b"",
    }
    return given | more


@pytest.mark.parametrize(
    ("paths", "path", "account"),
    [
        (None, "/any", "general"),
        ("/hooks", "/hooks", "general"),
        ("/hooks/", "/hooks/ups", "general"),
        ("/hooks", "/hooksmith", None),
        ("/hooks", "/", None),
        (["/a", "/b"], "/b/c", "general"),
        ({"/hooks": {}, "/hooks/ups": {"ec": "own"}}, "/hooks/ups/1", "own"),
        ({"/hooks": {}, "/hooks/ups": {"ec": "own"}}, "/hooks/dhl", "general"),
        (lambda scope: scope["path"] == "/yes", "/yes", "general"),
        (lambda scope: scope["path"] == "/yes", "/no", None),
        (lambda scope: {"ec": "own"}, "/x", "own"),
    ],
)
def test_paths_say_which_requests_are_webhooks_and_whose(
    log: testing.Log, paths: Any, path: str, account: str | None
) -> None:
    called(ApitrailMiddleware(echo, paths=paths, ec="general"), scope(path))
    if account is None:
        log.assert_not_recorded()
    else:
        log.assert_recorded(count=1, ec_integration=account)


@pytest.mark.parametrize("paths", ["/hooks/ups", "/shop/hooks/ups"])
def test_the_paths_of_a_mounted_application_are_its_own_or_the_whole_ones(log: testing.Log, paths: str) -> None:
    called(ApitrailMiddleware(echo, paths=paths), scope("/shop/hooks/ups", root_path="/shop"))
    called(ApitrailMiddleware(echo, paths=paths), scope("/shop/hooks", root_path="/shop"))
    log.assert_recorded(count=1, url="/shop/hooks/ups")
    assert len(log.exchanges) == 1


def test_a_label_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match=r"'/hooks'.*'shop': a label is one of action, ec"):
        ApitrailMiddleware(echo, paths={"/hooks": {"shop": "1"}})


def test_a_choice_that_fails_fails_no_request() -> None:
    losses.begin_anew()

    def failing(scope: Any) -> bool:
        raise RuntimeError("theirs")

    with testing.recording("requests") as log:
        assert called(ApitrailMiddleware(echo, paths=failing), scope("/"))[0]["status"] == 200
    log.assert_not_recorded()
    assert losses.ledger.counts() == {"capture_failed": 1}
    losses.begin_anew()


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_other_scopes_get_the_very_same_channels(kind: str) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend((scope, receive, send))

    async def receive() -> Any: ...

    async def send(message: Any) -> None: ...

    given = {"type": kind, "path": "/"}
    asyncio.run(ApitrailMiddleware(app)(given, receive, send))
    assert all(one is other for one, other in zip(seen, (given, receive, send), strict=True))


def test_a_failing_recorder_never_fails_the_request(log: testing.Log, monkeypatch: pytest.MonkeyPatch) -> None:
    from apitrail.recorder import body, capture

    def broken(*_: object, **__: object) -> Any:
        raise RuntimeError("ours")

    for owner, name in (
        (capture.Capture, "__init__"),
        (capture.Capture, "answered"),
        (capture.Capture, "ends"),
        (body.Body, "feed"),
        (testing.Log, "take"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, broken)
            assert called(ApitrailMiddleware(echo), scope("/"))[0]["status"] == 200
        assert losses.ledger.counts()["capture_failed"] >= 1, name
        losses.begin_anew()


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://oms.example/a%20b"),
        ({"scheme": "https", "query_string": b"x=1"}, "https://oms.example/a%20b?x=1"),
        ({"raw_path": b"/%61"}, "http://oms.example/%61"),
        ({"raw_path": b"/%61?x=1", "query_string": b"x=1"}, "http://oms.example/%61?x=1"),
        ({"headers": [], "server": ("10.0.0.1", 8000)}, "http://10.0.0.1:8000/a%20b"),
        ({"headers": [], "server": ("::1", 80)}, "http://[::1]/a%20b"),
        ({"headers": [], "server": ("/run/app.sock", None)}, "http://localhost/a%20b"),
        ({"headers": []}, "http://localhost/a%20b"),
    ],
)
def test_the_full_url_is_put_together_from_the_scope(given: dict[str, Any], url: str) -> None:
    assert url_of(scope("/a b", **given)) == url


def test_a_request_that_passes_two_middlewares_is_one_entry_with_the_outer_ones_labels(log: testing.Log) -> None:
    inner = ApitrailMiddleware(echo, platform="shopee")
    with served(ApitrailMiddleware(inner, paths={"/hooks": {"platform": "ups"}})) as url, httpx.Client() as client:
        client.post(f"{url}/hooks", content=b"1Z")
        client.post(f"{url}/elsewhere", content=b"2")
    until_recorded(log, 2)
    log.assert_recorded(count=1, platform="ups", url="/hooks")
    log.assert_recorded(count=1, platform="shopee", url="/elsewhere")
    assert len(log.exchanges) == 2
