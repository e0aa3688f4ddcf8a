"""Sending: what each answer of a server does to the spool."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from apitrail.exchange import Exchange, Message
from apitrail.recorder.shipper import BACK_OFF_FIRST_S, BACK_OFF_MOST_S, Shipper
from apitrail.recorder.spool import Spool, SpoolLoss
from apitrail.recorder.transport import HttpTransport

OWNER = ("recorder-1", "host", "1 program")
Making = Callable[..., Shipper]


def exchange(number: int, body: bytes = b"") -> bytes:
    return msgspec.msgpack.encode(
        Exchange(
            id=f"01a20ad7-de4d-700a-b5e5-{number:012d}",
            created_at=datetime(2026, 11, 23, tzinfo=UTC),
            method="GET",
            url=f"http://platform.example/{number}",
            request=Message(body=body),
        )
    )


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool.db", 10**9, OWNER)


@pytest.fixture
def making(server: Any, spool: Spool) -> Iterator[Making]:
    transports: list[HttpTransport] = []

    def make(url: str | None = None, most: int = 100, others: tuple[Spool, ...] = ()) -> Shipper:
        transports.append(HttpTransport(url or server.url, timeout=5))
        return Shipper([spool, *others], transports[-1], "t0k3n", OWNER, 10**7, most, chance=lambda: 1.0)

    yield make
    for transport in transports:
        transport.close()


def test_what_is_stored_is_deleted(server: Any, spool: Spool, making: Making) -> None:
    spool.add([exchange(number) for number in range(5)])
    shipper = making()
    assert shipper.ship() == 0
    assert spool.is_empty()
    assert len(server.stored) == 5
    assert server.tokens == ["Bearer t0k3n"]
    assert shipper.sent.stored == 5


def test_a_large_batch_is_compressed_and_arrives_unaltered(server: Any, spool: Spool, making: Making) -> None:
    body = bytes(range(256)) * 100
    spool.add([exchange(1, body)])
    making().ship()
    (stored,) = server.stored.values()
    assert stored.request.body == body


def test_a_batch_sent_twice_is_stored_once(server: Any, spool: Spool, making: Making) -> None:
    spool.add([exchange(1)])
    spool.add([exchange(1)])
    shipper = making()
    shipper.ship()
    assert len(server.stored) == 1
    assert (shipper.sent.stored, shipper.sent.duplicates) == (1, 1)
    assert spool.is_empty()


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (503, b""),
        (500, b"oops"),
        (429, b""),
        (401, b'{"error":{"field":"Authorization"}}'),
        (403, b""),
        (404, b"not here"),
        (302, b""),
        (200, b"<html>welcome to the hotel's network</html>"),
        (200, b'{"ok":true}'),
        (200, b""),
        (200, b"\xff\xfe"),
        (400, b"bad request, says a proxy"),
    ],
)
def test_any_answer_but_a_good_one_keeps_the_spool(
    server: Any, spool: Spool, making: Making, status: int, answer: bytes
) -> None:
    spool.add([exchange(1)], [SpoolLoss(*OWNER, "in_flight_full", 2, 1, 2, "")])
    server.replies = [(status, answer, {})]
    shipper = making()
    assert shipper.ship() > 0
    assert spool.held().exchanges == 1
    assert shipper.ship() == 0
    assert len(server.stored) == 1
    assert [(loss.reason, loss.count) for loss in server.losses] == [("in_flight_full", 2)]


def test_a_server_that_is_away_keeps_the_spool_and_makes_the_pauses_longer(spool: Spool, making: Making) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    spool.add([exchange(1)])
    shipper = making(url)
    waits = [shipper.ship() for _ in range(10)]
    assert waits[:3] == [BACK_OFF_FIRST_S, 2 * BACK_OFF_FIRST_S, 4 * BACK_OFF_FIRST_S]
    assert waits[-1] == BACK_OFF_MOST_S
    assert "ConnectionRefusedError" in shipper.sent.last_failure
    assert spool.held().exchanges == 1


@pytest.mark.parametrize(
    ("retry_after", "least", "most"),
    [("7", 7, 7), ("Fri, 01 Jan 2100 00:00:00 GMT", 300, 300), ("soon", 0, 1), ("-5", 0, 1), ("86400", 300, 300)],
)
def test_retry_after_is_honoured_within_reason(
    server: Any, spool: Spool, making: Making, retry_after: str, least: float, most: float
) -> None:
    spool.add([exchange(1)])
    server.replies = [(503, b"", {"Retry-After": retry_after})]
    assert least <= making().ship() <= most


def test_a_success_ends_the_pauses(server: Any, spool: Spool, making: Making) -> None:
    spool.add([exchange(1)])
    server.replies = [(503, b"", {}), (503, b"", {})]
    shipper = making()
    assert [shipper.ship(), shipper.ship(), shipper.ship()] == [0.5, 1.0, 0]
    spool.add([exchange(2)])
    server.replies = [(503, b"", {})]
    assert shipper.ship() == 0.5


def test_a_bad_token_is_said_once_without_the_token(
    server: Any, spool: Spool, making: Making, caplog: pytest.LogCaptureFixture
) -> None:
    spool.add([exchange(1)])
    server.replies = [(401, b"", {})] * 3
    shipper = making()
    with caplog.at_level(logging.WARNING, "apitrail"):
        assert all(shipper.ship() >= 30 for _ in range(3))
    assert len(caplog.records) == 1
    assert "401" in caplog.text
    assert "t0k3n" not in caplog.text


def test_what_is_refused_by_index_is_deleted_and_counted(
    server: Any, spool: Spool, making: Making, caplog: pytest.LogCaptureFixture
) -> None:
    spool.add([exchange(number) for number in range(4)])
    server.refuse = lambda one: "no such method" if one.url.endswith("/2") else None
    shipper = making()
    shipper.ship()
    assert len(server.stored) == 3
    assert spool.held().exchanges == 0
    shipper.ship()
    (loss,) = server.losses
    assert (loss.reason, loss.count, loss.text) == ("refused", 1, "$.url: no such method")


def test_a_batch_that_is_too_large_is_halved_until_it_passes(server: Any, spool: Spool, making: Making) -> None:
    spool.add([exchange(number) for number in range(40)])
    server.most = 7
    shipper = making()
    while not spool.is_empty():
        assert shipper.ship() == 0
    assert len(server.stored) == 40
    assert server.sizes[:4] == [40, 20, 10, 5]


def test_an_exchange_that_no_batch_can_carry_does_not_block_the_others(
    server: Any, spool: Spool, making: Making, caplog: pytest.LogCaptureFixture
) -> None:
    spool.add([exchange(1), msgspec.msgpack.encode({"not": "an exchange"}), exchange(3)])

    def judged(self: Any, body: bytes) -> Any:
        try:
            return own(self, body)
        except (msgspec.DecodeError, OSError):
            return 400, b'{"error":{"field":"$.exchanges[1]","reason":"no method"}}', {}

    kind = server.RequestHandlerClass
    own = kind.judged
    kind.judged = judged
    try:
        shipper = making()
        while not spool.is_empty():
            assert shipper.ship() == 0
    finally:
        kind.judged = own
    assert len(server.stored) == 2
    assert [(loss.reason, loss.count) for loss in server.losses] == [("refused", 1)]


def test_what_processes_without_a_url_left_is_sent_too(
    server: Any, spool: Spool, making: Making, tmp_path: Path
) -> None:
    left = Spool(tmp_path / "unaddressed.db", 10**9, OWNER)
    shipper = making(others=(left,))
    assert shipper.ship() > 0
    left.add([exchange(1)])
    assert shipper.ship() == 0
    assert len(server.stored) == 1


def test_a_kept_connection_that_the_server_closed_is_opened_again(server: Any, spool: Spool, making: Making) -> None:
    shipper = making()
    answer = b'{"stored":1,"duplicates":0,"refused":[]}'
    server.replies = [(200, answer, {"Connection": "keep-alive", "Keep-Alive": "timeout=0"})]
    spool.add([exchange(1)])
    shipper.ship()
    transport = shipper._transport
    assert isinstance(transport, HttpTransport)
    assert transport._connection is not None
    transport._connection.sock.shutdown(socket.SHUT_RDWR)
    spool.add([exchange(2)])
    assert shipper.ship() == 0
    assert len(server.stored) == 1


def test_what_waits_beside_a_batch_is_told_with_it(server: Any, spool: Spool, making: Making) -> None:
    payloads = [exchange(number) for number in range(5)]
    spool.add(payloads)
    shipper = making(most=2)
    for _ in range(3):
        assert shipper.ship() == 0
    size = len(payloads[0])
    assert server.backlogs == [f"recorder-1 {left} {left * size}" for left in (3, 1, 0)]


def test_a_backlog_does_not_hold_up_what_is_fresh(server: Any, spool: Spool, making: Making) -> None:
    spool.add([exchange(number) for number in range(10)])
    shipper = making(most=2)
    shipper.ship()
    spool.add([exchange(10), exchange(11)])
    for _ in range(5):
        shipper.ship()
    came = [int(one[-12:]) for one in server.received]
    assert came[:4] == [0, 1, 10, 11]
    assert sorted(came) == list(range(12))
    assert spool.is_empty()


def test_a_server_that_is_away_for_long_is_told_once(
    spool: Spool, making: Making, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        spool.add([exchange(1)])
        shipper = making(f"http://127.0.0.1:{probe.getsockname()[1]}")
        shipper.ship()
        assert not caplog.messages
        monkeypatch.setattr("apitrail.recorder.shipper.AWAY_S", 0.0)
        shipper.ship()
        shipper.ship()
    [message] = caplog.messages
    assert "Connection refused" in message
    assert "apitrail doctor" in message
    assert spool.notes()[0].failure == "ConnectionRefusedError: [Errno 111] Connection refused"
