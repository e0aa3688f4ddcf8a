"""HAR in: every dialect is read, and one bad entry costs only itself."""

import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recordings import RECORDINGS

from apitrail.exchange import Exchange, Failure
from apitrail.formats import har

SAMPLES = Path(__file__).parent.parent / "samples"


def sample(name: str) -> list[Exchange]:
    return whole(har.read((SAMPLES / name).read_bytes()))


def whole(found: Iterable[Exchange | har.BadEntry]) -> list[Exchange]:
    exchanges = []
    for one in found:
        assert isinstance(one, Exchange), one
        exchanges.append(one)
    return exchanges


def file_of(*entries: object) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "startedDateTime": "2026-05-04T03:02:01Z",
        "time": 5,
        "request": {"method": "GET", "url": "https://a.example/x", "headers": []},
        "response": {"status": 200, "headers": [], "content": {"mimeType": "text/plain", "text": "ok"}},
    } | changes


def one(data: bytes) -> Exchange:
    (exchange,) = whole(har.read(data))
    return exchange


def bad(data: bytes) -> har.BadEntry:
    (found,) = har.read(data)
    assert isinstance(found, har.BadEntry)
    return found


def test_a_browsers_file_is_read() -> None:
    posted, image, gone, socket, login = sample("browser.har")

    assert posted.created_at == datetime(2026, 5, 4, 3, 2, 1, 123000, tzinfo=UTC)
    assert posted.duration_ms == pytest.approx(45.678)
    assert (posted.method, posted.url, posted.status) == ("POST", "https://shop.example.com/api/orders?page=2", 201)
    assert posted.http_version == "http/2.0"
    assert posted.request.headers == [
        ("accept", "*/*"),
        ("content-type", "application/json"),
        ("x-dup", "1"),
        ("x-dup", "2"),
    ]
    assert posted.request.body == '{"id": 9007199254740993, "n": "許"}'.encode()
    assert posted.response is not None
    assert posted.response.body == b'{"ok":true}'
    assert posted.error is None

    assert image.response is not None
    assert image.response.body == b"\x89PNG\r\n\x1a\n\0\0\0\r"

    assert (gone.status, gone.response) == (None, None)
    assert gone.error == Failure("net::ERR_NAME_NOT_RESOLVED", "net::ERR_NAME_NOT_RESOLVED")

    assert (socket.status, socket.url) == (101, "wss://shop.example.com/live")

    assert login.request.body == b"user=a+b&q=x%2Fy"
    assert login.duration_ms == 40
    assert login.response is not None
    assert (login.response.body, login.response.size, login.response.incomplete) == (b"", 512, True)


def test_a_proxys_file_is_read() -> None:
    put, refused, soap = sample("proxy.har")
    assert put.created_at == datetime(2026, 5, 4, 11, 2, 1, 123456, tzinfo=timezone(timedelta(hours=8)))
    assert put.request.body == bytes(range(250, 256))
    assert (put.status, put.duration_ms) == (204, 7)
    assert refused.created_at == datetime(2026, 5, 4, 3, 2, 2, tzinfo=UTC)
    assert refused.request.headers == [("Accept", "*/*"), ("X-Many", "1"), ("X-Many", "2")]
    assert (refused.status, refused.response, refused.duration_ms) == (None, None, 3)
    assert refused.error == Failure("har.NoAnswer", "connection refused")
    assert soap.request.body == "<a>許功蓋</a>".encode("big5")
    assert soap.response is not None
    assert soap.response.body == '<?xml version="1.0" encoding="Shift_JIS"?><a>表</a>'.encode("shift_jis")


def test_a_recorders_file_is_read() -> None:
    got, uploaded, first, second = sample("recorder.har")
    assert got.created_at == datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    assert got.request.headers == [("Accept", "*/*"), ("X-N", "5")]
    assert uploaded.created_at == datetime(2026, 5, 4, 3, 2, 1, 123000, tzinfo=UTC)
    assert uploaded.http_version == ""
    assert uploaded.request.body == (
        b'--XX\r\nContent-Disposition: form-data; name="order"\r\n\r\n1\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="file"; filename="l.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n\r\n--XX--\r\n"
    )
    assert uploaded.request.incomplete, "the file's bytes are not in the HAR"
    assert first.direction == second.direction == "inbound"


def test_entries_that_are_the_same_are_all_kept() -> None:
    *_, first, second = sample("recorder.har")
    assert first.id != second.id


@pytest.mark.parametrize("name", ["browser.har", "proxy.har", "recorder.har"])
def test_a_file_read_twice_brings_the_same_ids(name: str) -> None:
    assert [exchange.id for exchange in sample(name)] == [exchange.id for exchange in sample(name)]


def test_an_id_is_a_uuid_of_the_time_of_the_call() -> None:
    exchange = one(file_of(entry()))
    assert UUID(exchange.id).version == 7
    assert UUID(exchange.id).int >> 80 == int(exchange.created_at.timestamp() * 1000)


def test_the_same_entry_has_the_same_id_in_another_file() -> None:
    data = json.dumps({"log": {"entries": [dict(reversed(entry().items()))], "pages": []}}, indent=3).encode()
    assert one(data).id == one(file_of(entry())).id


def test_the_recorder_says_which_file_and_place() -> None:
    first, second = whole(har.read(file_of(entry(), entry(time=6))))
    assert first.recorder is not None
    assert second.recorder is not None
    assert first.recorder.id == second.recorder.id
    assert first.recorder.id.startswith("har:")
    assert (first.recorder.sequence, second.recorder.sequence) == (1, 2)
    assert first.recorder.client == "har"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_no_trouble(mark: bytes) -> None:
    assert one(mark + file_of(entry())).status == 200


def test_utf_16_is_read() -> None:
    assert one(file_of(entry()).decode().encode("utf-16")).status == 200


def test_an_open_file_is_read() -> None:
    assert len(list(har.read(io.BytesIO(file_of(entry()))))) == 1


def test_a_file_without_entries_is_empty() -> None:
    assert list(har.read(file_of())) == []


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "$"),
        (b"<html>", "$"),
        (b"[]", "$.log"),
        (b'{"entries": []}', "$.log"),
        (b'{"log": {}}', "$.log.entries"),
        (b'{"log": {"entries": {}}}', "$.log.entries"),
        (file_of(entry())[:-20], "$"),
    ],
)
def test_a_file_that_is_no_har_is_one_clear_error(data: bytes, field: str) -> None:
    with pytest.raises(har.HarError) as caught:
        har.read(data)
    assert caught.value.field == field
    assert caught.value.reason
    assert caught.value.fix


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"not\njson", "not json"),
        ("<h1>您好".encode()[:-1], "<h1>您\N{REPLACEMENT CHARACTER}"),
        (b"", ""),
        (b'{"entries": [], "b": 1}', "b, entries"),
        (b"[1]", "[1]"),
    ],
)
def test_what_is_no_har_is_shown_as_it_is_in_the_file(data: bytes, value: str) -> None:
    with pytest.raises(har.HarError) as caught:
        har.read(data)
    assert caught.value.value == value


@pytest.mark.parametrize(
    ("broken", "value"), [("an entry", "an entry"), (entry(request=None), ""), (entry(request=[5]), "[5]")]
)
def test_so_is_what_is_wrong_with_an_entry(broken: object, value: str) -> None:
    [found] = har.read(file_of(broken))
    assert isinstance(found, har.BadEntry)
    assert found.value == value


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        (entry(startedDateTime="yesterday"), ".startedDateTime"),
        (entry(startedDateTime=None), ".startedDateTime"),
        (entry(startedDateTime="2026-13-01T00:00:00Z"), ".startedDateTime"),
        (entry(request=None), ".request"),
        (entry(request={"method": "GET"}), ".request.url"),
        (entry(request={"url": "https://a.example"}), ".request.method"),
        (entry(request={"url": "https://a.example", "method": "x" * 41}), ".request.method"),
        (entry(request={"method": "GET", "url": "https://a.example", "headers": [5]}), ".request.headers[0]"),
        (entry(response={"status": 1000}), ".response.status"),
        (entry(response={"status": "fine"}), ".response.status"),
        (entry(response=[]), ".response"),
        (entry(response={"status": 200, "content": {"text": "%%", "encoding": "base64"}}), ".response.content.text"),
        (entry(response={"status": 200, "content": {"text": {}}}), ".response.content.text"),
        ("entry", ""),
        ({}, ""),
    ],
)
def test_a_bad_entry_is_told_by_index_and_the_others_are_read(broken: object, field: str) -> None:
    first, found, last = har.read(file_of(entry(), broken, entry(time=9)))
    assert isinstance(first, Exchange)
    assert isinstance(last, Exchange)
    assert isinstance(found, har.BadEntry)
    assert found.index == 1
    assert found.field == f"$.log.entries[1]{field}"
    assert found.reason
    assert found.fix.endswith(".")


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-05-04T03:02:01Z", datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)),
        ("2026-05-04T03:02:01.5z", datetime(2026, 5, 4, 3, 2, 1, 500000, tzinfo=UTC)),
        ("2026-05-04T03:02:01,123456789Z", datetime(2026, 5, 4, 3, 2, 1, 123456, tzinfo=UTC)),
        ("2026-05-04T03:02:01+0000", datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)),
        ("2026-05-04T03:02:01-03", datetime(2026, 5, 4, 6, 2, 1, tzinfo=UTC)),
        ("2026-05-04T03:02:01+05:30", datetime(2026, 5, 3, 21, 32, 1, tzinfo=UTC)),
        ("2026-05-04T03:02:60Z", datetime(2026, 5, 4, 3, 2, 59, tzinfo=UTC)),
        ("2026-05-04", datetime(2026, 5, 4, tzinfo=UTC)),
        (1777863721, datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)),
        ("1969-12-31T23:59:59Z", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_however_it_is_written(written: object, moment: datetime) -> None:
    exchange = one(file_of(entry(startedDateTime=written)))
    assert exchange.created_at == moment
    assert exchange.created_at.tzinfo is not None


@pytest.mark.parametrize("response", [None, {}, {"status": 0}, {"status": -1}, {"status": None}, {"status": "0"}])
def test_no_answer_has_no_status(response: object) -> None:
    exchange = one(file_of(entry(response=response)))
    assert exchange.status is None
    assert exchange.response is None
    assert exchange.error is not None
    assert exchange.error.text


def test_an_answer_that_broke_off_keeps_what_came() -> None:
    response = entry()["response"] | {"_error": "net::ERR_ABORTED"}
    exchange = one(file_of(entry(response=response)))
    assert exchange.status == 200
    assert exchange.response is not None
    assert exchange.response.body == b"ok"
    assert exchange.response.incomplete
    assert exchange.error == Failure("net::ERR_ABORTED", "net::ERR_ABORTED")


def test_half_a_surrogate_pair_is_no_trouble() -> None:
    data = file_of(entry(), entry()).replace(b'"ok"', b'"a\\ud800b"', 1).replace(b"a.example", b"a.example\\udfff", 1)
    first, second = whole(har.read(data))
    assert first.response is not None
    assert first.response.body == "a\ufffdb".encode()
    assert first.url == "https://a.example\ufffd/x"
    assert second.url == "https://a.example/x"


def test_what_is_not_quite_json_is_read() -> None:
    assert one(file_of(entry(time=5)).replace(b'"time": 5', b'"time": NaN')).duration_ms == 0
    assert one(file_of(entry(time=5)).replace(b'"time": 5', b'"time": ' + b"1" * 400)).duration_ms == 0
    assert one(file_of(entry()).replace(b'"ok"', b'"o\xffk\t"')).status == 200


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "request",
                        "response",
                        "method",
                        "url",
                        "headers",
                        "content",
                        "text",
                        "status",
                        "postData",
                        "params",
                        "timings",
                        "name",
                        "value",
                        "startedDateTime",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_no_entry_makes_it_raise(value: Any) -> None:
    mixed = entry() | value if isinstance(value, dict) else value
    assert len(list(har.read(file_of(mixed, entry())))) == 2


def test_recorded_traffic_is_read_whole() -> None:
    # Where the recordings are not at hand, the samples stand for their dialects.
    for path in RECORDINGS:
        data = path.read_bytes()
        exchanges = whole(har.read(data))
        assert len(exchanges) == len(json.loads(data)["log"]["entries"])
        assert len({exchange.id for exchange in exchanges}) == len(exchanges)
