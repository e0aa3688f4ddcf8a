"""What we write, we read back whole: exported and imported, a call means the same again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from apitrail.entry import Entry, Payload
from apitrail.exchange import Exchange, Failure, Integration, Message, Recorder, Reference, Source, Stated
from apitrail.formats import har
from apitrail.profiles import Profiles
from apitrail.profiles.catalogue import HERE
from apitrail.profiles.samples import read_sample

AT = datetime(2026, 5, 4, 3, 2, 1, 123456, tzinfo=UTC)
ID = f"{int(AT.timestamp() * 1000):012x}"
RICH = Stated(
    action="order.ship",
    platform="shopee",
    ec_integration=Integration("shop-7", "Seven"),
    merchant="M1",
    source=Source("order", "A-1", "Order A-1", "https://erp.example/orders/A-1"),
    references=[Reference("order", "A-1"), Reference("warehouse", "W-9")],
)


def named(number: int) -> str:
    return f"{ID[:8]}-{ID[8:]}-7000-8000-{number:012x}"


@cache
def profiles() -> Profiles:
    return Profiles.load()


def call(number: int = 0, **changes: Any) -> Exchange:
    fields: dict[str, Any] = {
        "id": named(number),
        "created_at": AT,
        "method": "POST",
        "url": "https://api.acme.example/orders/A-1?x=1",
        "status": 200,
        "response": Message(headers=[("Content-Type", "application/json")], body=b'{"ok": true}'),
        "duration_ms": 12.5,
        "http_version": "HTTP/1.1",
    }
    return Exchange(**fields | changes)


def written(*entries: Entry) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(b"".join(har.write(entries)))
    return document


def read(document: dict[str, Any]) -> list[Exchange | har.BadEntry]:
    return list(har.read(json.dumps(document).encode()))


def again(entry: Entry) -> Entry:
    """The entry that its export becomes in another log."""
    (exchange,) = har.read(b"".join(har.write([entry])))
    assert isinstance(exchange, Exchange), exchange
    assert exchange.recorder is not None
    assert exchange.recorder.client == "har"
    exchange.recorder = entry.recorder
    return profiles().entry(exchange, received_at=entry.received_at)


def test_every_sample_of_every_platform_means_the_same_again() -> None:
    samples = sorted(HERE.glob("platforms/*/samples/*.http"))
    assert len(samples) > 1000
    for number, path in enumerate(samples):
        exchange = replace(read_sample(path).exchange, id=named(number), created_at=AT)
        for stated in (None, RICH):
            entry = profiles().entry(replace(exchange, stated=stated))
            assert again(entry) == entry, path


CALLS = {
    "decided against": call(status=None, response=None, stated=Stated(not_sent="The order has no street.")),
    "decided against before it had an address": call(
        status=None, response=None, url="/orders", stated=replace(RICH, not_sent="No credentials.")
    ),
    "a failure": call(status=None, response=None, error=Failure("httpx.ConnectTimeout", "timed out")),
    "a failure without words": call(status=None, response=None, error=Failure("httpx.ReadTimeout", "")),
    "no answer and no reason": call(status=None, response=None),
    "an answer that broke off": call(
        response=Message(body=b"{", incomplete=True), error=Failure("httpx.ReadError", "reset")
    ),
    "an answer of which nothing was read": call(response=Message(incomplete=True)),
    "a whole answer beside a failure": call(error=Failure("shop.Rejected", "no")),
    "one of several attempts, within a trace": call(
        attempt=3, call="c-1", trace="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    ),
    "a notification": call(direction="inbound", stated=Stated(merchant="M1")),
    "a body that was shortened by masking": call(request=Message(body=b"token=masked~~1", size=4711)),
    "bodies that have expired": call(request=Message(size=300), response=Message(size=400)),
    "bodies of which the middle is not kept": call(
        request=Message(body=b"a", tail=b"z", size=9_000_000, sha256="ab" * 32, truncated=True),
        response=Message(body=b"a", tail=b"z", size=9_000_000, truncated=True, incomplete=True),
    ),
    "a cut body that has expired": call(
        response=Message(size=9_000_000, sha256="ab" * 32, truncated=True, incomplete=True)
    ),
    "of a recorder": call(recorder=Recorder("r-1", 7, "web-1", "4711 gunicorn", "1.0", "httpx")),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_har_has_no_field_for_comes_back(name: str) -> None:
    entry = profiles().entry(CALLS[name])
    assert again(entry) == entry


def test_the_same_names_in_another_programs_file_mean_nothing_to_us() -> None:
    document = written(profiles().entry(call(1, stated=RICH, attempt=2)))
    document["log"]["creator"]["name"] = "WebInspector"
    (exchange,) = read(document)
    assert isinstance(exchange, Exchange)
    assert (exchange.stated, exchange.attempt) == (None, 1)
    assert exchange.id != named(1)


@pytest.mark.parametrize(
    "given",
    [
        None,
        5,
        "x",
        ["019cf6a2-0000-7000-8000-000000000001"],
        "019cf6a2-0000-7000-8000-000000000001",  # of another time
        named(1).replace("-7000-", "-4000-"),
        named(1).replace("-8000-", "-0000-"),
    ],
)
def test_an_id_that_cannot_be_that_of_the_call_is_replaced(given: object) -> None:
    document = written(profiles().entry(call(1, stated=RICH)))
    document["log"]["entries"][0]["_id"] = given
    (exchange,) = read(document)
    assert isinstance(exchange, Exchange)
    assert exchange.stated == RICH
    assert exchange.id not in ("", given)
    assert exchange.id[:13] == named(1)[:13]


@pytest.mark.parametrize(
    ("field", "value", "at"),
    [
        ("_stated", "order.ship", "_stated"),
        ("_stated", {"action": 5}, "_stated.action"),
        ("_stated", {"merchant": "x" * 201}, "_stated.merchant"),
        ("_stated", {"references": [{"type": "order"}]}, "_stated.references[0]"),
        ("_stated", {"merchant": "\ud800"}, ""),
        ("_failure", {"type": "x"}, "_failure"),
        ("_direction", "sideways", "_direction"),
        ("_attempt", 0, "_attempt"),
        ("_attempt", 1e300, "_attempt"),
        ("_attempt", 2**80, "_attempt"),
        ("_call", [], "_call"),
        ("_trace", 1, "_trace"),
    ],
)
def test_a_field_of_our_own_that_cannot_be_read_is_named_and_costs_its_entry_alone(
    field: str, value: object, at: str
) -> None:
    document = written(*(profiles().entry(call(number)) for number in range(2)))
    document["log"]["entries"][0][field] = value
    bad, good = read(document)
    assert isinstance(good, Exchange)
    assert isinstance(bad, har.BadEntry)
    assert (bad.index, bad.field) == (0, f"$.log.entries[0].{at}".rstrip("."))
    assert bad.reason
    assert bad.fix.endswith(".")


@pytest.mark.parametrize("size", [-1, 1e300, 2**70, "many", None, [], True])
def test_a_size_that_cannot_be_is_left_out(size: object) -> None:
    document = written(profiles().entry(call(response=Message(body=b"ab"))))
    (entry,) = document["log"]["entries"]
    entry["request"]["bodySize"] = entry["response"]["content"]["size"] = size
    (exchange,) = read(document)
    assert isinstance(exchange, Exchange)
    msgspec.msgpack.encode(exchange)
    assert profiles().entry(exchange).response == Payload(body=b"ab", charset="utf-8", size=2)


def test_a_file_of_ours_from_before_failures_had_a_field_keeps_them() -> None:
    document = written(profiles().entry(call(status=None, response=None, error=Failure("httpx.ReadError", "reset"))))
    del document["log"]["entries"][0]["_failure"]
    (exchange,) = read(document)
    assert isinstance(exchange, Exchange)
    assert exchange.error == Failure("httpx.ReadError", "reset")
