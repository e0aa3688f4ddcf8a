"""Bytes of schema version 1, as they were written in November 2026, are read for good.

The samples are never made anew. Where this fails, a reader of old spools and old batches has been broken: give the
new field a default, and leave names, types and meanings as they are.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from apitrail.exchange import (
    SCHEMA,
    Exchange,
    Failure,
    Integration,
    Loss,
    Message,
    Recorder,
    Reference,
    Source,
    Stated,
)

HERE = Path(__file__).parent


class Batch(msgspec.Struct):
    exchanges: list[Exchange]
    losses: list[Loss] = []


WHOLE = Exchange(
    schema=1,
    id="01938f2a-7c4b-7d21-9a5e-3f0c6b1d2e4f",
    created_at=datetime(2026, 11, 23, 8, 15, 30, 123456, tzinfo=UTC),
    direction="outbound",
    method="POST",
    url="https://shop.example/api/orders?page=2&access_token=masked",
    request=Message(
        headers=[("Content-Type", "application/json"), ("X-Twice", "a"), ("x-twice", "訂單")],
        body=b'{"order_sn":"2611239KQ4XW","id":9223372036854775809}',
    ),
    response=Message(
        headers=[("Content-Type", "text/plain; charset=big5")],
        body="訂單".encode("big5") + b"\x00\xff",
        tail=b"the end",
        size=7_000_000,
        sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        truncated=True,
        incomplete=True,
    ),
    status=200,
    duration_ms=12.5,
    error=Failure("httpx.ReadError", "connection broken"),
    http_version="HTTP/2",
    attempt=2,
    call="01938f2a-7c4b-7d21-9a5e-000000000000",
    trace="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    stated=Stated(
        action="order.list",
        platform="shopee",
        ec_integration=Integration("shopee-tw-01", "Shopee TW"),
        shipping_integration=Integration("ups-1"),
        merchant="M102",
        source=Source("ec_account", "shopee-tw-01", "蝦皮", "https://oms.example/accounts/1"),
        references=[Reference("order", "2611239KQ4XW"), Reference("sku", "A-1")],
        not_sent="the address has no city",
    ),
    recorder=Recorder("01938f2a-0000-7000-8000-000000000000", 42, "oms-1", "4711 gunicorn", "0.1.0", "httpx"),
)
LEAST = Exchange(created_at=datetime(2026, 11, 23, 8, 15, 31, tzinfo=UTC), method="GET", url="https://shop.example/")
LOST = Loss(
    recorder="01938f2a-0000-7000-8000-000000000000",
    host="oms-1",
    process="4711 gunicorn",
    reason="spool_full",
    count=17,
    first_at=datetime(2026, 11, 23, 8, 0, 0, 1, tzinfo=UTC),
    last_at=datetime(2026, 11, 23, 8, 1, 0, tzinfo=UTC),
    text="over spool_limit",
)
SAMPLE = Batch([WHOLE, LEAST], [LOST])


def test_msgpack_of_version_1_is_read() -> None:
    assert msgspec.msgpack.decode((HERE / "batch-1.msgpack").read_bytes(), type=Batch) == SAMPLE


def test_json_of_version_1_is_read() -> None:
    assert msgspec.json.decode((HERE / "batch-1.json").read_bytes(), type=Batch) == SAMPLE


def test_a_body_may_be_given_as_text() -> None:
    data = b'{"created_at":"2026-11-23T16:15:30+08:00","method":"GET","url":"x","request":{"text":"\xe8\xa8\x82"}}'
    exchange = msgspec.json.decode(data, type=Exchange)
    assert exchange.request == Message(text="訂")
    assert exchange.created_at == datetime(2026, 11, 23, 8, 15, 30, tzinfo=UTC)


def test_fields_of_a_later_version_do_not_stop_an_older_reader() -> None:
    data = msgspec.to_builtins(LEAST, builtin_types=(datetime,)) | {"schema": 99, "new": {"a": 1}}
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(data), type=Exchange).schema == 99


@pytest.mark.parametrize("field", ["created_at", "method", "url"])
def test_what_an_exchange_cannot_be_without_is_named(field: str) -> None:
    data = msgspec.to_builtins(LEAST)
    del data[field]
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert(data, Exchange)


def test_a_new_schema_version_brings_samples_of_its_own() -> None:
    assert (HERE / f"batch-{SCHEMA}.msgpack").exists()
    assert (HERE / f"batch-{SCHEMA}.json").exists()
