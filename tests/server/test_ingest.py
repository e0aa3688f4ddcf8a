"""`POST /api/v1/exchanges` over real HTTP, into the real engine."""

from __future__ import annotations

import base64
import gzip
import socket
import sys
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from apitrail.exchange import Exchange, Recorder

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PATH = "/api/v1/exchanges"
JSON = {"Content-Type": "application/json"}
MESSAGEPACK = {"Content-Type": "application/msgpack"}
Make = Callable[..., dict[str, Any]]


def entries(server: Any, account: str, **more: Any) -> list[dict[str, Any]]:
    answer = server.get("/api/v1/entries", params={"ec_integration": account, "limit": 500, **more})
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["entries"]
    return found


def test_what_was_acknowledged_is_listed(server: Any, ingest: Any, account: str, an_exchange: Make) -> None:
    answer = server.post(PATH, headers=ingest, json={"exchanges": [an_exchange()]})
    assert answer.status_code == 200
    assert answer.json() == {"stored": 1, "duplicates": 0, "refused": [], "refused_losses": []}
    [entry] = entries(server, account)
    assert (entry["action"], entry["outcome"], entry["status"]) == ("order.get", "success", 200)


def test_a_batch_sent_twice_is_stored_once(server: Any, ingest: Any, account: str, an_exchange: Make) -> None:
    batch = {"exchanges": [an_exchange(), an_exchange()]}
    assert server.post(PATH, headers=ingest, json=batch).json()["stored"] == 2
    again = server.post(PATH, headers=ingest, json=batch).json()
    assert (again["stored"], again["duplicates"]) == (0, 2)
    assert len(entries(server, account)) == 2


def test_two_calls_alike_in_one_batch_are_two_entries(
    server: Any, ingest: Any, account: str, an_exchange: Make
) -> None:
    one = an_exchange()
    assert server.post(PATH, headers=ingest, json={"exchanges": [one, one]}).json()["stored"] == 2


def test_a_bad_exchange_is_refused_by_index_and_the_others_stored(
    server: Any, ingest: Any, account: str, an_exchange: Make
) -> None:
    batch = {"exchanges": [an_exchange(), an_exchange(status=0), an_exchange(), an_exchange(url="nowhere")]}
    answer = server.post(PATH, headers=ingest, json=batch).json()
    assert answer["stored"] == 2
    assert [(one["index"], one["field"]) for one in answer["refused"]] == [(1, "$.status"), (3, "$.url")]
    assert len(entries(server, account)) == 2


@pytest.mark.parametrize("levels", [600, 100_000])
def test_an_exchange_nested_without_end_is_kept_and_costs_its_batch_nothing(
    server: Any, ingest: Any, account: str, an_exchange: Make, levels: int
) -> None:
    deep = '{"a":' * levels + '{"password": "hunter2hunter2"}' + "}" * levels
    given = an_exchange(response={"text": "HERE"}, extra="THERE")
    batch = msgspec.json.encode({"exchanges": [an_exchange(), given, an_exchange()]}).decode()
    batch = batch.replace('"HERE"', deep).replace('"THERE"', deep)
    answer = server.post(PATH, headers={**ingest, **JSON}, content=batch.encode())
    assert answer.json() == {"stored": 3, "duplicates": 0, "refused": [], "refused_losses": []}
    found = entries(server, account)
    assert len(found) == 3
    [entry] = [one for one in found if one["url"] == given["url"]]
    body = server.get(f"/api/v1/entries/{entry['id']}/response/body").text
    assert body.startswith('{"a":' * levels + '{"password": "masked~')
    assert server.get(f"/entries/{entry['id']}").status_code == 200


def test_a_body_nested_without_end_as_a_recorder_sends_it_is_kept(
    server: Any, ingest: Any, account: str, an_exchange: Make
) -> None:
    exchange = msgspec.convert(an_exchange(), Exchange)
    exchange.recorder = Recorder(id="r", sequence=1, version="0.1.0")
    exchange.request.body = b"[" * 100_000 + b"]" * 100_000
    batch = msgspec.msgpack.encode({"exchanges": [exchange]})
    assert server.post(PATH, headers={**ingest, **MESSAGEPACK}, content=batch).json()["stored"] == 1
    [entry] = entries(server, account)
    assert server.get(f"/api/v1/entries/{entry['id']}/request/body").content == exchange.request.body


def test_an_empty_batch_is_fine(server: Any, ingest: Any) -> None:
    answer = server.post(PATH, headers=ingest, json={"exchanges": []})
    assert (answer.status_code, answer.json()["stored"]) == (200, 0)


def test_losses_travel_with_a_batch_and_are_read_again(server: Any, ingest: Any, account: str) -> None:
    loss = {
        "recorder": account,
        "reason": "spool_full",
        "count": 7,
        "first_at": "2026-03-09T06:00:00Z",
        "last_at": "2026-03-09T06:01:00Z",
    }
    bad = {**loss, "count": 0}
    answer = server.post(PATH, headers=ingest, json={"exchanges": [], "losses": [loss, bad]}).json()
    assert [(one["index"], one["field"]) for one in answer["refused_losses"]] == [(1, "$.count")]
    told = [one for one in server.get("/api/v1/losses").json()["losses"] if one["recorder"] == account]
    assert [(one["reason"], one["count"]) for one in told] == [("spool_full", 7)]


def test_messagepack_keeps_every_byte(server: Any, ingest: Any, account: str, an_exchange: Make) -> None:
    exchange = msgspec.convert(an_exchange(), Exchange)
    body = bytes(range(256))
    exchange.request.body = body
    batch = msgspec.msgpack.encode({"exchanges": [exchange], "losses": []})
    assert server.post(PATH, headers={**ingest, **MESSAGEPACK}, content=batch).json()["stored"] == 1
    [entry] = entries(server, account)
    assert server.get(f"/api/v1/entries/{entry['id']}/request/body").content == body
    whole = server.get(f"/api/v1/entries/{entry['id']}").json()
    assert base64.b64decode(whole["request"]["body"]) == body
    assert whole["request"]["encoding"] == "base64"


@pytest.mark.parametrize(
    ("coding", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress), ("deflate", zlib.compress)]
)
def test_compressed_batches_are_unpacked(
    server: Any, ingest: Any, account: str, an_exchange: Make, coding: str, pack: Any
) -> None:
    body = pack(msgspec.json.encode({"exchanges": [an_exchange()]}))
    answer = server.post(PATH, headers={**ingest, **JSON, "Content-Encoding": coding}, content=body)
    assert answer.json()["stored"] == 1
    assert len(entries(server, account)) == 1


def test_a_big_batch_is_taken_whole(server: Any, ingest: Any, account: str, an_exchange: Make) -> None:
    batch = {"exchanges": [an_exchange(request={"text": "x" * 1000}) for _ in range(5000)]}
    assert server.post(PATH, headers=ingest, json=batch).json()["stored"] == 5000
    facets = server.get("/api/v1/facets", params={"ec_integration": account}).json()
    assert [one["count"] for one in facets["action"]] == [5000]


def test_a_body_of_many_megabytes_is_kept_whole(server: Any, ingest: Any, account: str, an_exchange: Make) -> None:
    text = "0123456789abcdef" * (5 << 16)
    answer = server.post(PATH, headers=ingest, json={"exchanges": [an_exchange(response={"text": text})]})
    assert answer.json()["stored"] == 1
    [entry] = entries(server, account)
    assert server.get(f"/api/v1/entries/{entry['id']}").json()["response"]["body"] == text


def test_secrets_of_a_sender_that_does_not_mask_never_reach_the_log(
    server: Any, ingest: Any, account: str, an_exchange: Make
) -> None:
    secret = "hunter2hunter2hunter2"
    one = an_exchange(
        url=f"https://api.carrier.example/x?access_token={secret}",
        request={"headers": [["Authorization", f"Bearer {secret}"]], "text": f'{{"password": "{secret}"}}'},
    )
    assert server.post(PATH, headers=ingest, json={"exchanges": [one, one]}).json()["stored"] == 2
    found = entries(server, account)
    for entry in found:
        assert secret not in server.get(f"/api/v1/entries/{entry['id']}").text
    assert len({entry["url"] for entry in found}) == 1, "one secret has one fingerprint"


def test_what_a_recorder_has_masked_is_taken_as_it_is(
    server: Any, ingest: Any, account: str, an_exchange: Make
) -> None:
    exchange = msgspec.convert(an_exchange(), Exchange)
    exchange.url = "https://api.carrier.example/x?access_token=kept-as-it-came"
    exchange.recorder = Recorder(id="r", sequence=1, version="0.1.0")
    batch = msgspec.msgpack.encode({"exchanges": [exchange]})
    assert server.post(PATH, headers={**ingest, **MESSAGEPACK}, content=batch).json()["stored"] == 1
    assert entries(server, account)[0]["url"] == exchange.url


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (JSON, b"{", 400),
        (JSON, b"[]", 400),
        ({"Content-Type": "text/plain"}, b"{}", 415),
        ({**JSON, "Content-Encoding": "br"}, b"{}", 415),
        ({**JSON, "Content-Encoding": "gzip"}, b"{}", 400),
        ({**JSON, "Content-Encoding": "zstd"}, zstd.compress(bytes(100 << 20)), 413),
    ],
)
def test_a_batch_that_cannot_be_read_is_answered_in_the_one_shape(
    server: Any, ingest: Any, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = server.post(PATH, headers={**ingest, **headers}, content=body)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"field", "value", "reason", "fix"}


def test_a_sender_is_heard_out_before_it_is_refused(server: Any, ingest: Any) -> None:
    # http.client and its kin write the whole body before they read: cut off, they would never see the answer.
    body = bytes(5 << 20)
    assert server.post(PATH, headers={**JSON, "Authorization": "Bearer wrong"}, content=body).status_code == 401
    assert server.post(PATH, headers={**ingest, "Content-Type": "text/plain"}, content=body).status_code == 415
    too_large = server.post(PATH, headers={**ingest, **JSON}, content=bytes(65 << 20))
    assert too_large.status_code == 413
    assert "max_batch" in too_large.json()["error"]["fix"]


def test_limits_are_settings_and_busy_is_said_with_retry_after(serve: Any, an_exchange: Make, eventually: Any) -> None:
    server = serve("--max-batch", "64KiB", "--max-exchanges", "2", "--in-flight", "1KiB")
    headers = {**server.token(), **JSON}
    assert server.post(PATH, headers=headers, json={"exchanges": [an_exchange()] * 3}).status_code == 413
    batch = {"exchanges": [an_exchange(request={"text": "x" * 50_000})]}
    with ExitStack() as stack:
        for _ in range(2):  # in_flight is never less than twice max_batch: these two fill it, and send no body
            address = urlsplit(server.url)
            sender = stack.enter_context(socket.create_connection((address.hostname, address.port), timeout=30))
            lines = [f"POST {PATH} HTTP/1.1", "Host: localhost", "Content-Length: 65000", "Expect: 100-continue"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            sender.sendall("\r\n".join([*lines, "", ""]).encode())
            assert sender.recv(100).startswith(b"HTTP/1.1 100")
        busy = server.post(PATH, headers=headers, json=batch)
        assert busy.status_code == 429
        assert int(busy.headers["Retry-After"]) >= 1
    # Both have gone away: their room is free again.
    assert eventually(lambda: server.post(PATH, headers=headers, json=batch).status_code == 200)
