"""What only requests has: the raw object, pickling, adapters, urllib3's retries."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import urllib3
from requests.adapters import HTTPAdapter

from apitrail import testing


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        yield made


@pytest.mark.parametrize("path", ["gzip", "chunked", "text", "big?size=200000"])
@pytest.mark.parametrize("way", ["content", "iter_content", "iter_lines", "raw.read", "raw.read1", "raw.stream", "raw"])
def test_every_way_of_reading_gives_the_same_bytes_and_is_captured(
    session: requests.Session, platform: Any, path: str, way: str
) -> None:
    def read() -> list[bytes]:
        with session.get(f"{platform.url}/{path}", stream=True) as answer:
            match way:
                case "content":
                    return [answer.content]
                case "iter_content":
                    return list(answer.iter_content(1000))
                case "iter_lines":
                    return list(answer.iter_lines())
                case "raw.read":
                    return list(iter(lambda: answer.raw.read(999, decode_content=True), b""))
                case "raw.read1":
                    if path == "chunked":
                        return [answer.raw.read(decode_content=True)]
                    return list(iter(lambda: answer.raw.read1(999, decode_content=True), b""))
                case "raw.stream":
                    return list(answer.raw.stream(500, decode_content=True))
                case _:
                    return [answer.raw.data]

    without = read()
    with testing.recording() as log:
        recorded = read()
    assert b"".join(recorded) == b"".join(without)
    response = log.assert_recorded(count=1, status=200).response
    assert response is not None
    assert not response.incomplete
    if way not in ("iter_lines", "raw"):
        assert response.body == b"".join(without)


def test_a_response_keeps_its_types_and_pickles(session: requests.Session, platform: Any, log: testing.Log) -> None:
    answer = session.get(f"{platform.url}/gzip")
    assert type(answer) is requests.Response
    assert type(answer.raw) is urllib3.response.HTTPResponse
    assert "_apitrail" not in vars(answer.raw)
    again = pickle.loads(pickle.dumps(answer))
    assert again.content == answer.content


def test_while_it_is_read_the_raw_object_is_still_an_instance_of_its_class(
    session: requests.Session, platform: Any, log: testing.Log
) -> None:
    with session.get(f"{platform.url}/big?size=200000", stream=True) as answer:
        assert isinstance(answer.raw, urllib3.response.HTTPResponse)
        assert type(answer.raw).__name__ == "HTTPResponse"


def test_a_subclass_of_the_adapter_is_recorded_once(session: requests.Session, platform: Any, log: testing.Log) -> None:
    class Signing(HTTPAdapter):
        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            request.headers["X-Signed"] = "yes"
            return super().send(request, *args, **kwargs)

    session.mount("http://", Signing())
    session.get(f"{platform.url}/text")
    assert ("X-Signed", "yes") in log.assert_recorded(count=1).request.headers


def test_the_request_keeps_its_own_body(session: requests.Session, platform: Any, log: testing.Log) -> None:
    parts: Any = iter([b"a", b"b"])
    answer = session.post(f"{platform.url}/echo", data=parts)
    assert answer.request.body is parts
    assert log.assert_recorded().request.body == b"ab"


def test_a_form_is_captured_as_sent(session: requests.Session, platform: Any, log: testing.Log) -> None:
    session.post(f"{platform.url}/echo", data={"name": "王小明", "order": "1"})
    assert log.assert_recorded().request.body == platform.bodies[0]


def test_text_that_is_read_is_sent_and_captured_as_utf8(
    session: requests.Session, platform: Any, log: testing.Log
) -> None:
    session.post(f"{platform.url}/echo", data=io.StringIO("order,name\n1,Ann\n"))
    assert platform.bodies == [b"order,name\n1,Ann\n"]
    assert log.assert_recorded().request.body == platform.bodies[0]


def test_a_connection_goes_back_to_the_pool(session: requests.Session, platform: Any, log: testing.Log) -> None:
    for path in ("text", "chunked", "gzip", "empty", "text"):
        session.get(f"{platform.url}/{path}")
    (key,) = session.get_adapter(platform.url).poolmanager.pools.keys()  # type: ignore[attr-defined]
    pool = session.get_adapter(platform.url).poolmanager.pools[key]  # type: ignore[attr-defined]
    assert pool.num_connections == 1
    assert pool.num_requests == 5


def test_a_body_that_fails_before_its_first_piece_is_incomplete(
    log: testing.Log, session: requests.Session, platform: Any
) -> None:
    labels: dict[str, bytes] = {}
    pieces = (labels[name] for name in ["no such label"])
    with pytest.raises(KeyError):
        session.post(f"{platform.url}/echo", data=pieces, timeout=20)
    exchange = log.assert_recorded(count=1, status=None, error="no such label")
    assert (exchange.request.body, exchange.request.incomplete) == (b"", True)
