"""What holds for every client library, and every way of using it."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import http.client
import io
import socket
import ssl
import threading
import zlib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import trustme
import urllib3

import apitrail
from apitrail import testing
from apitrail.recorder import clients
from apitrail.recorder.capture import described
from apitrail.recorder.settings import Settings

FAILURES: tuple[type[Exception], ...] = (
    httpx.HTTPError,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
)
try:
    import aiohttp
except ImportError:
    pass
else:
    FAILURES = (*FAILURES, aiohttp.ClientError)
if find_spec("httpx2") is not None:
    FAILURES = (*FAILURES, import_module("httpx2").HTTPError)

UNDECODED: tuple[type[Exception], ...] = (zlib.error, *FAILURES)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_every_supported_client_is_in_this_suite(covered: set[str]) -> None:
    assert set(clients.available()) == covered


def test_a_call_is_one_exchange_with_both_sides(caller: Any, platform: Any, log: testing.Log) -> None:
    with apitrail.integration(ec="shop-1", platform="shopee"), apitrail.action("stock.push"):
        answer = caller.call(
            "POST", f"{platform.url}/echo?page=2", body=b'{"sku":"A"}', headers={"Content-Type": "application/json"}
        )
    assert answer.content == b'{"sku":"A"}'
    exchange = log.assert_recorded(count=1, action="stock.push", platform="shopee", ec_integration="shop-1", status=200)
    assert exchange.method == "POST"
    assert exchange.url == f"{platform.url}/echo?page=2"
    assert exchange.response is not None
    assert exchange.request.body == exchange.response.body == b'{"sku":"A"}'
    assert ("content-type", "application/json") in [(n.lower(), v) for n, v in exchange.request.headers]
    assert ("content-length", "11") in [(n.lower(), v) for n, v in exchange.response.headers]
    assert exchange.http_version == "HTTP/1.1"
    assert exchange.error is None
    assert exchange.duration_ms > 0
    assert exchange.recorder is not None
    assert exchange.recorder.client == caller.library


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
def test_an_error_status_is_recorded_with_its_body(caller: Any, platform: Any, log: testing.Log, status: int) -> None:
    assert caller.call("GET", f"{platform.url}/status/{status}").status == status
    exchange = log.assert_recorded(count=1, status=status)
    assert testing.text(exchange.response) == '{"error":"as asked"}'


def test_calls_without_any_context_are_recorded(caller: Any, platform: Any, log: testing.Log) -> None:
    caller.call("GET", f"{platform.url}/text")
    assert log.assert_recorded(count=1).stated is None


def test_bytes_pass_unaltered_whatever_their_charset(caller: Any, platform: Any, log: testing.Log, text: str) -> None:
    assert caller.call("GET", f"{platform.url}/text").content == text.encode("big5")
    response = log.assert_recorded().response
    assert response is not None
    assert response.body == text.encode("big5")


def test_binary_bodies_pass_unaltered(caller: Any, platform: Any, log: testing.Log, binary: bytes) -> None:
    assert caller.call("POST", f"{platform.url}/binary", body=binary).content == binary
    exchange = log.assert_recorded()
    assert exchange.response is not None
    assert exchange.request.body == exchange.response.body == binary
    assert platform.bodies == [binary]


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_content_encoding_is_undone(caller: Any, platform: Any, log: testing.Log, text: str, encoding: str) -> None:
    assert caller.call("GET", f"{platform.url}/{encoding}").content == text.encode()
    response = log.assert_recorded().response
    assert response is not None
    assert response.body == text.encode()
    assert ("content-encoding", encoding) in [(name.lower(), value) for name, value in response.headers]


def test_repeated_headers_stay_apart_and_in_order(caller: Any, platform: Any, log: testing.Log) -> None:
    caller.call("GET", f"{platform.url}/repeated")
    response = log.assert_recorded().response
    assert response is not None
    assert [value for name, value in response.headers if name.lower() == "x-limit"] == ["a", "b"]


def test_an_empty_answer_has_an_empty_body(caller: Any, platform: Any, log: testing.Log) -> None:
    assert caller.call("GET", f"{platform.url}/empty").status == 204
    response = log.assert_recorded(status=204).response
    assert response is not None
    assert response.body == b""
    assert not response.incomplete


def test_an_answer_to_head_is_complete_without_a_body(caller: Any, platform: Any, log: testing.Log) -> None:
    caller.call("HEAD", f"{platform.url}/text")
    response = log.assert_recorded(method="HEAD", status=200).response
    assert response is not None
    assert response.body == b""
    assert not response.incomplete


def test_a_chunked_answer_is_joined(caller: Any, platform: Any, log: testing.Log) -> None:
    assert caller.call("GET", f"{platform.url}/chunked").content == b"chunk 0;chunk 1;chunk 2;chunk 3;"
    response = log.assert_recorded().response
    assert response is not None
    assert response.body == b"chunk 0;chunk 1;chunk 2;chunk 3;"
    assert not response.incomplete


def test_an_upload_is_captured_as_it_passes(caller: Any, platform: Any, log: testing.Log) -> None:
    chunks = [b"first,", b"second,", b"third"]
    assert caller.upload(f"{platform.url}/echo", chunks).content == b"first,second,third"
    assert platform.bodies == [b"first,second,third"]
    exchange = log.assert_recorded(count=1)
    assert exchange.request.body == b"first,second,third"
    assert not exchange.request.incomplete


def test_a_stream_closed_early_is_incomplete(caller: Any, platform: Any, log: testing.Log) -> None:
    assert caller.peek(f"{platform.url}/big?size=3000000") == bytes(range(7))
    exchange = log.assert_recorded(count=1, status=200)
    assert exchange.response is not None
    assert exchange.response.incomplete
    assert exchange.response.body.startswith(bytes(range(7)))
    assert exchange.error is None


@pytest.mark.filterwarnings("ignore:Unclosed connection:ResourceWarning")
def test_an_answer_that_the_host_only_drops_is_recorded(caller: Any, platform: Any, log: testing.Log) -> None:
    caller.drop(f"{platform.url}/big?size=3000000")
    gc.collect()
    response = log.assert_recorded(count=1, status=200).response
    assert response is not None
    assert response.incomplete


def test_each_hop_of_a_redirect_is_an_exchange(caller: Any, platform: Any, log: testing.Log) -> None:
    caller.call("GET", f"{platform.url}/redirect")
    assert [(exchange.url, exchange.status) for exchange in log.exchanges] == [
        (f"{platform.url}/redirect", 302),
        (f"{platform.url}/text", 200),
    ]


def test_the_hops_of_a_redirect_are_one_call(caller: Any, platform: Any, log: testing.Log) -> None:
    if caller.library == "http.client":
        pytest.skip("it follows no redirects")
    caller.call("GET", f"{platform.url}/redirect")
    first, second = log.exchanges
    assert first.call == second.call == first.id
    assert first.attempt == second.attempt == 1


def test_a_call_of_one_exchange_is_not_linked(caller: Any, platform: Any, log: testing.Log) -> None:
    caller.call("GET", f"{platform.url}/text")
    caller.call("GET", f"{platform.url}/text")
    assert [exchange.call for exchange in log.exchanges] == ["", ""]
    assert [exchange.attempt for exchange in log.exchanges] == [1, 1]


def test_the_trace_of_the_host_is_taken_along(caller: Any, platform: Any, log: testing.Log) -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    caller.call("GET", f"{platform.url}/text", headers={"traceparent": parent})
    assert log.assert_recorded(count=1).trace == parent


@pytest.mark.parametrize("encoding", ["br", "zstd"])
def test_newer_encodings_are_undone_too(caller: Any, platform: Any, log: testing.Log, text: str, encoding: str) -> None:
    if encoding == "br":
        pytest.importorskip("brotli")
    with contextlib.suppress(*UNDECODED):  # what a client cannot undo itself is recorded all the same
        caller.call("GET", f"{platform.url}/{encoding}")
    response = log.assert_recorded(count=1, status=200).response
    assert response is not None
    assert response.body == text.encode()


def test_a_stream_of_events_is_cut_off_cleanly(caller: Any, platform: Any, log: testing.Log) -> None:
    assert caller.peek(f"{platform.url}/events") == b"id: 0\nd"
    exchange = log.assert_recorded(count=1, status=200)
    assert exchange.response is not None
    assert exchange.response.incomplete
    assert exchange.response.body.startswith(b"id: 0\nd")
    assert exchange.error is None


def test_a_stream_of_events_that_goes_on_becomes_an_entry_after_a_while(
    caller: Any, platform: Any, log: testing.Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apitrail.recorder import capture

    monkeypatch.setattr(capture, "STREAM_NS", 0)
    caller.peek(f"{platform.url}/events")
    exchange = log.assert_recorded(count=1, status=200)
    assert exchange.response is not None
    assert exchange.response.incomplete
    assert len(exchange.response.body) < 10_000


def test_a_refused_connection_is_an_exchange_without_an_answer(caller: Any, log: testing.Log) -> None:
    with pytest.raises(FAILURES) as raised:
        caller.call("GET", f"http://127.0.0.1:{free_port()}/")
    exchange = log.assert_recorded(count=1, status=None)
    assert exchange.response is None
    assert exchange.error is not None
    assert exchange.error.type.endswith(type(raised.value).__name__)
    assert exchange.error.text == str(raised.value)
    assert exchange.duration_ms > 0


def test_a_host_without_an_address_is_an_exchange_without_an_answer(caller: Any, log: testing.Log) -> None:
    with pytest.raises(FAILURES):
        caller.call("GET", "http://no-such-host.invalid/")
    exchange = log.assert_recorded(count=1, status=None)
    assert exchange.url == "http://no-such-host.invalid/"
    assert exchange.error is not None


def test_a_timeout_is_an_exchange_without_an_answer(caller: Any, platform: Any, log: testing.Log) -> None:
    with pytest.raises(FAILURES):
        caller.call("POST", f"{platform.url}/slow", body=b"label", timeout=0.2)
    exchange = log.assert_recorded(count=1, status=None, error="Timeout")
    assert exchange.request.body == b"label"
    assert exchange.duration_ms >= 190


def test_a_secured_call_has_the_url_that_the_host_asked_for(
    caller: Any, platform: Any, authority: trustme.CA, log: testing.Log
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    platform.socket = context.wrap_socket(platform.socket, server_side=True)
    url = f"https://127.0.0.1:{platform.server_port}/echo?page=2"
    assert caller.call("POST", url, body=b"label").content == b"label"
    exchange = log.assert_recorded(count=1, status=200)
    assert exchange.url == url
    assert exchange.response is not None
    assert exchange.response.body == b"label"


def test_a_certificate_that_is_not_trusted_is_an_exchange_without_an_answer(
    caller: Any, platform: Any, log: testing.Log
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    platform.socket = context.wrap_socket(platform.socket, server_side=True)
    with pytest.raises(FAILURES):
        caller.call("GET", f"https://127.0.0.1:{platform.server_port}/")
    assert log.assert_recorded(count=1, status=None, error="certificate").response is None


@pytest.mark.parametrize("way", ["broken", "chunked-badly"])
def test_an_answer_that_breaks_off_keeps_what_came_and_what_the_host_gets(
    caller: Any, platform: Any, log: testing.Log, way: str
) -> None:
    with pytest.raises(FAILURES) as raised:
        caller.call("GET", f"{platform.url}/{way}")
    exchange = log.assert_recorded(count=1)
    assert exchange.response is not None or caller.library == "aiohttp"  # which may find out before it gives the head
    if exchange.response is not None:
        assert exchange.response.body == b"only this"
        assert exchange.response.incomplete
    assert exchange.error is not None
    received = described(raised.value)[0]
    if type(caller).__name__.endswith("Streamed"):  # read when the call is over: known as the connection knows it
        received = "http.client.IncompleteRead"
    assert exchange.error.type == received


def test_a_body_over_the_limit_keeps_its_ends_size_and_hash(caller: Any, platform: Any) -> None:
    size = 700_001
    whole = bytes(i % 251 for i in range(size))
    with testing.recording(settings=Settings(body_limit=100_000, body_edge=1_000)) as log:
        assert caller.call("POST", f"{platform.url}/echo", body=whole).content == whole
    exchange = log.assert_recorded(count=1)
    for message in (exchange.request, exchange.response):
        assert message is not None
        assert message.truncated
        assert message.body == whole[:1_000]
        assert message.tail == whole[-1_000:]
        assert message.size == size
        assert message.sha256 == hashlib.sha256(whole).hexdigest()


def test_secrets_do_not_reach_the_log(caller: Any, platform: Any, log: testing.Log) -> None:
    secret = "f3c1a9b2d4e5f60718293a4b5c6d7e8f"
    caller.call(
        "POST",
        f"{platform.url}/echo?access_token={secret}",
        body=b'{"password":"%s"}' % secret.encode(),
        headers={"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
    )
    assert secret not in repr(log.assert_recorded(count=1))


@pytest.mark.parametrize("path", ["text", "gzip", "deflate", "chunked", "binary", "empty", "repeated", "redirect"])
def test_the_host_receives_the_same_with_and_without_us(caller: Any, platform: Any, path: str) -> None:
    without = caller.call("GET", f"{platform.url}/{path}")
    with testing.recording():
        recorded = caller.call("GET", f"{platform.url}/{path}")
    dates = ("date",)
    assert recorded.status == without.status
    assert recorded.content == without.content
    assert [pair for pair in recorded.headers if pair[0].lower() not in dates] == [
        pair for pair in without.headers if pair[0].lower() not in dates
    ]


@pytest.mark.parametrize("trouble", ["refused", "timeout", "broken"])
def test_the_host_gets_the_same_exception_with_and_without_us(caller: Any, platform: Any, trouble: str) -> None:
    port = free_port()

    def failing() -> BaseException:
        url = {"refused": f"http://127.0.0.1:{port}/", "timeout": f"{platform.url}/slow"}.get(
            trouble, f"{platform.url}/broken"
        )
        with pytest.raises(FAILURES) as raised:
            caller.call("GET", url, timeout=0.2)
        return raised.value

    without = failing()
    with testing.recording():
        recorded = failing()
    assert type(recorded) is type(without)
    assert type(recorded.__cause__) is type(without.__cause__)


def test_a_failing_recorder_never_fails_the_call(
    caller: Any, platform: Any, log: testing.Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apitrail.recorder import body, capture

    reached: set[str] = set()
    step = ""

    def broken(*_: object, **__: object) -> Any:
        reached.add(step)
        raise RuntimeError("ours")

    steps: list[tuple[Any, str]] = [
        (capture.Capture, "__init__"),
        (capture.Capture, "body"),
        (capture.Capture, "whole"),
        (capture.Capture, "ends"),
        (body.Body, "feed"),
        (body.Body, "refer_to"),
        (body.Body, "clear"),
        (testing.Log, "take"),
    ]
    for owner, step in steps:
        with monkeypatch.context() as patched:
            patched.setattr(owner, step, broken)
            before = testing.losses_so_far().get("capture_failed", 0)
            assert caller.upload(f"{platform.url}/echo", [b"a", b"b"]).content == b"ab"
            assert caller.call("POST", f"{platform.url}/echo", body=b"ab").content == b"ab"
            assert (testing.losses_so_far().get("capture_failed", 0) > before) == (step in reached), step
    assert {"__init__", "body", "feed", "take"} <= reached


def test_threads_record_side_by_side(caller: Any, platform: Any, log: testing.Log) -> None:
    if hasattr(caller, "runner"):
        pytest.skip("one loop is one thread's")

    def calling(number: int) -> None:
        with apitrail.action("order.get", source=("order", number)):
            caller.call("GET", f"{platform.url}/echo?n={number}")

    threads = [threading.Thread(target=calling, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(8):
        assert log.assert_recorded(count=1, source=("order", str(number))).url.endswith(f"?n={number}")


def test_a_file_is_sent_and_captured(caller: Any, platform: Any, log: testing.Log, tmp_path: Path) -> None:
    if hasattr(caller, "runner"):
        pytest.skip("files are for threads")
    path = tmp_path / "label.bin"
    path.write_bytes(b"label" * 50_000)
    with path.open("rb") as file:
        caller.call("POST", f"{platform.url}/echo", body=file)
    with io.BytesIO(b"in memory") as memory:
        caller.call("POST", f"{platform.url}/echo", body=memory)
    assert platform.bodies == [b"label" * 50_000, b"in memory"]
    assert [exchange.request.body for exchange in log.exchanges] == platform.bodies
    assert not any(exchange.request.incomplete for exchange in log.exchanges)
