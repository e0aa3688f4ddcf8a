"""From what was captured to what travels."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

import apitrail
from apitrail.exchange import Exchange, Failure, Message, Reference, Stated
from apitrail.recorder import capture, losses
from apitrail.recorder.assembly import Assembler, Identity
from apitrail.recorder.body import Gauge
from apitrail.recorder.capture import Capture
from apitrail.recorder.decoding import NOTE
from apitrail.recorder.identifiers import Identifiers
from apitrail.recorder.settings import Settings

SETTINGS = Settings(body_limit=1000, body_edge=100)


class Memory:
    body_limit = 1000
    body_edge = 100
    gauge = Gauge(10**9)

    def __init__(self) -> None:
        self.taken: list[Any] = []

    def take(self, captured: Any) -> None:
        self.taken.append(captured)

    def follow(self) -> None:
        """Nothing ends streams here."""


class AsItIs:
    def exchange(self, x: Exchange) -> Exchange:
        return x


class Failing:
    def exchange(self, x: Exchange) -> Exchange:
        raise KeyError("s3cr3t")


@pytest.fixture
def memory() -> Any:
    losses.begin_anew()
    memory = Memory()
    before = capture.set_sink(memory)
    yield memory
    capture.set_sink(before)


def assembler(redactor: Any = AsItIs) -> Assembler:
    return Assembler(SETTINGS, Identity("orders", time.time_ns(), "1.0"), redactor)


def captured(**changes: Any) -> Capture:
    made = Capture("httpx", "POST", "http://user:pw@shop.example/a?token=s3cr3t")
    made.request_headers = [(b"A", b"s3cr3t")]
    made.sends(b"s3cr3t body")
    made.answered(200, [(b"Content-Type", b"text/plain")], b"HTTP/1.1")
    made.received(b"s3cr3t answer")
    for name, value in changes.items():
        setattr(made, name, value)
    made.finish()
    return made


def test_the_id_holds_the_time_of_the_call(memory: Memory) -> None:
    exchange = assembler().exchange(captured(), 1)
    milliseconds = uuid.UUID(exchange.id).int >> 80
    assert uuid.UUID(exchange.id).version == 7
    assert milliseconds == (exchange.created_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert abs(datetime.now(UTC) - exchange.created_at) < timedelta(minutes=1)


def test_ids_of_one_moment_differ_and_those_of_later_ones_sort_after() -> None:
    identifiers = Identifiers()
    at = 1_700_000_000_123_456_789
    same = [identifiers.uuid7(at) for _ in range(1000)]
    assert len(set(same)) == 1000
    later = [identifiers.uuid7(at + step * 1000) for step in range(100)]
    assert later == sorted(later)
    assert {uuid.UUID(one).variant for one in same} == {uuid.RFC_4122}
    assert identifiers.uuid7(-5).startswith("00000000-0000-7000-")


def test_bytes_of_headers_that_are_no_utf8_are_kept_as_latin1(memory: Memory) -> None:
    exchange = assembler().exchange(captured(request_headers=[(b"X", "訂".encode()), (b"Y", b"\xe9"), ("Z", "z")]), 1)
    assert exchange.request.headers == [("X", "訂"), ("Y", "é"), ("Z", "z")]


def test_the_traceparent_that_was_sent_is_kept(memory: Memory) -> None:
    exchange = assembler().exchange(captured(request_headers=[(b"Traceparent", b"00-abc-def-01")]), 1)
    assert exchange.trace == "00-abc-def-01"


def test_a_status_that_is_none_is_never_zero(memory: Memory) -> None:
    assert assembler().exchange(captured(status=0), 1).status is None


def test_who_recorded_is_told(memory: Memory) -> None:
    recorder = assembler().exchange(captured(), 7).recorder
    assert recorder is not None
    assert recorder.sequence == 7
    assert recorder.process.endswith(" orders")
    assert recorder.client == "httpx"
    assert recorder.host


def test_a_body_that_cannot_be_decoded_stays_and_says_so(memory: Memory) -> None:
    exchange = assembler().exchange(captured(response_headers=[(b"Content-Encoding", b"gzip")]), 1)
    assert exchange.response is not None
    assert exchange.response.body == b"s3cr3t answer"
    assert NOTE in dict(exchange.response.headers)


def test_what_had_passed_whole_before_the_stream_was_closed_is_complete(memory: Memory) -> None:
    headers = [(b"Content-Length", b"13")]
    exchange = assembler().exchange(captured(response_headers=headers, response_incomplete=True), 1)
    assert exchange.response is not None
    assert not exchange.response.incomplete


def test_when_masking_fails_nothing_unmasked_is_kept(memory: Memory) -> None:
    exchange = assembler(Failing).exchange(captured(error=("x.Y", "s3cr3t")), 1)
    assert "s3cr3t" not in repr(exchange)
    assert "user:pw" not in repr(exchange)
    assert exchange.url == "http://shop.example/a"
    assert exchange.status == 200
    assert exchange.error == Failure("x.Y", "")
    assert NOTE in dict(exchange.request.headers)
    assert losses.ledger.counts() == {"redact_failed": 1}


def test_when_the_masking_cannot_even_be_loaded_nothing_unmasked_is_kept(memory: Memory) -> None:
    def missing() -> Any:
        raise ImportError("no redactor")

    assert "s3cr3t" not in repr(assembler(missing).exchange(captured(), 1))


def test_a_lone_surrogate_does_not_lose_the_exchange(memory: Memory) -> None:
    stated = Stated(action="order.get", references=[Reference("order", "A\udc80")])
    made = assembler()
    encoded = made.encoded(made.exchange(captured(stated=stated), 1))
    again = msgspec.msgpack.decode(encoded, type=Exchange)
    assert again.stated is not None
    assert again.stated.references == [Reference("order", "A\\udc80")]
    assert again.request.body == b"s3cr3t body"


def test_what_is_recorded_by_hand_gets_what_only_the_recorder_knows(memory: Memory) -> None:
    at = datetime(2026, 11, 23, 8, 0, 0, 123456, tzinfo=UTC)
    body = b"x" * 5000
    exchange = assembler().exchange(
        Exchange(created_at=at, method="PUT", url="ftp://x/", request=Message(body=body)), 3
    )
    assert uuid.UUID(exchange.id).int >> 80 == int(at.timestamp() * 1000)
    assert exchange.recorder is not None
    assert (exchange.recorder.sequence, exchange.recorder.client) == (3, "record")
    assert exchange.request.truncated
    assert exchange.request.size == 5000


def test_a_time_without_a_zone_is_taken_as_local(memory: Memory) -> None:
    local = datetime(2026, 11, 23, 8, 0, 0)
    exchange = assembler().exchange(Exchange(created_at=local, method="PUT", url="x"), 1)
    assert exchange.created_at == local.astimezone()


def test_a_call_that_was_not_sent_has_no_status_and_its_reason(memory: Memory) -> None:
    with apitrail.integration(shipping="ups-1", platform="ups"):
        apitrail.not_sent("label.create", "the address has no city", source=("order", "1"), body="{}")
    exchange = assembler().exchange(memory.taken[0], 1)
    assert exchange.status is None
    assert exchange.response is None
    assert exchange.stated is not None
    assert exchange.stated.not_sent == "the address has no city"
    assert exchange.stated.action == "label.create"
    assert exchange.stated.platform == "ups"
    assert (exchange.method, exchange.url, exchange.request.body) == ("NONE", "not-sent:", b"{}")
