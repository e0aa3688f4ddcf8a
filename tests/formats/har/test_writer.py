"""HAR out: it is of version 1.2, and what is written is read again."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apitrail.entry import Entry, Overruled, Payload
from apitrail.exchange import Exchange, Failure, Stated
from apitrail.formats import har


def one(data: bytes) -> Exchange:
    (exchange,) = har.read(data)
    assert isinstance(exchange, Exchange), exchange
    return exchange


def logged(request: Payload, response: Payload | None, **changes: Any) -> Entry:
    return Entry(
        id="019cf6a2-0000-7000-8000-000000000001",
        created_at=changes.pop("created_at", datetime(2026, 5, 4, 3, 2, 1, 123456, tzinfo=UTC)),
        method="POST",
        url="https://a.example/x?b=1&b=2&名=許",
        path="/x",
        status=200 if response else None,
        outcome="success",
        duration_ms=12.5,
        http_version="HTTP/1.1",
        request=request,
        response=response,
        **changes,
    )


BODIES = st.binary(max_size=40) | st.text(max_size=20).map(str.encode) | st.just("許功蓋".encode("big5"))
TYPES = st.sampled_from(
    [
        None,
        "application/json",
        "text/xml; charset=big5",
        "text/plain; charset=utf-16",
        "image/png",
        "x; charset=nonsense",
    ]
)
FIELDS = st.lists(
    st.tuples(
        st.sampled_from(["Accept", "X-A", "x-a", "Location"]), st.text(st.characters(codec="utf-8"), max_size=10)
    ),
    max_size=4,
)


@given(BODIES, BODIES, TYPES, TYPES, FIELDS)
def test_what_is_written_is_read_again(
    sent: bytes, got: bytes, sent_type: str | None, got_type: str | None, fields: list[tuple[str, str]]
) -> None:
    def payload(body: bytes, content_type: str | None) -> Payload:
        headers = [*fields, *([("Content-Type", content_type)] if content_type else [])]
        return Payload(headers=headers, body=body, content_type=content_type, size=len(body))

    given_entry = logged(payload(sent, sent_type), payload(got, got_type))
    data = b"".join(har.write([given_entry]))
    exchange = one(data)
    assert exchange.method == given_entry.method
    assert exchange.url == given_entry.url
    assert exchange.status == given_entry.status
    assert exchange.created_at == given_entry.created_at
    assert exchange.duration_ms == given_entry.duration_ms
    assert exchange.request.headers == given_entry.request.headers
    assert exchange.request.body == sent
    assert exchange.response is not None
    assert given_entry.response is not None
    assert exchange.response.headers == given_entry.response.headers
    assert exchange.response.body == got


def test_a_call_without_an_answer_is_written_and_read_again() -> None:
    data = b"".join(har.write([logged(Payload(), None, error=Failure("httpx.ConnectTimeout", "timed out"))]))
    exchange = one(data)
    assert (exchange.status, exchange.response) == (None, None)
    assert exchange.error == Failure("httpx.ConnectTimeout", "timed out")


def test_a_body_that_was_cut_keeps_both_ends_and_its_size() -> None:
    cut = Payload(body=b"head\xff", tail=b"\x00tail", size=9_000_000, digest="ab" * 32, truncated=True)
    exchange = one(b"".join(har.write([logged(cut, cut)])))
    for message in (exchange.request, exchange.response):
        assert message is not None
        assert (message.body, message.tail) == (b"head\xff", b"\x00tail")
        assert (message.size, message.sha256, message.truncated) == (9_000_000, "ab" * 32, True)


def test_what_is_written_is_har_1_2() -> None:
    data = json.loads(b"".join(har.write([logged(Payload(body=b"x"), Payload(body=b"y")), logged(Payload(), None)])))
    log = data["log"]
    assert log["version"] == "1.2"
    assert {"name", "version"} <= log["creator"].keys()
    assert len(log["entries"]) == 2
    for written in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= written.keys()
        assert {
            "method",
            "url",
            "httpVersion",
            "cookies",
            "headers",
            "queryString",
            "headersSize",
            "bodySize",
        } <= written["request"].keys()
        assert {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"} <= written[
            "response"
        ].keys()
        assert {"size", "mimeType"} <= written["response"]["content"].keys()
        assert {"send", "wait", "receive"} <= written["timings"].keys()
        for name in written.keys() - {"startedDateTime", "time", "request", "response", "cache", "timings"}:
            assert name.startswith("_")


def test_what_was_stated_and_what_was_derived_are_both_written() -> None:
    stated, derived = Stated(action="order.get", merchant="M1"), Overruled(action="order.list")
    data = b"".join(har.write([logged(Payload(), None, stated=stated, derived=derived), logged(Payload(), None)]))
    told, plain = json.loads(data)["log"]["entries"]
    assert (told["_stated"], told["_derived"]) == ({"action": "order.get", "merchant": "M1"}, {"action": "order.list"})
    assert not {"_stated", "_derived"} & plain.keys()


def test_a_log_without_entries_is_written_as_an_empty_list() -> None:
    assert list(har.read(b"".join(har.write([])))) == []
