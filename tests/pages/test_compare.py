"""What changed between a call that worked and one that did not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apitrail.entry import Entry, Payload
from apitrail.server.pages.compare import LEAVES, Difference, differences, same_address

AT = datetime(2026, 8, 1, tzinfo=UTC)


def call(url: str = "https://api.example/v1/ship", body: bytes = b"", **fields: Any) -> Entry:
    request = Payload(
        headers=fields.pop("headers", []),
        body=body,
        content_type=fields.pop("content_type", "application/json"),
        charset="utf-8",
    )
    given = {"id": "1", "created_at": AT, "method": "POST", "path": "/v1/ship", "outcome": "success", "status": 200}
    return Entry(**{**given, **fields}, url=url, request=request)


def told(good: Entry, bad: Entry) -> list[tuple[str, str, str | None, str | None]]:
    return [(one.part, one.name, one.before, one.now) for one in differences(good, bad)]


def test_the_same_call_shows_no_difference() -> None:
    assert differences(call(body=b'{"a": 1}'), call(body=b'{ "a":1 }')) == []


def test_a_value_is_named_by_where_it_stands_and_keeps_its_digits() -> None:
    good = call(body=b'{"to": {"zip": "100", "parcels": [{"kg": 1.10, "id": 90071992547409931}]}}')
    bad = call(body=b'{"to": {"zip": "99999", "parcels": [{"kg": 1.1, "id": 90071992547409932}]}, "note": null}')
    assert told(good, bad) == [
        ("body", "to.zip", "100", "99999"),
        ("body", "to.parcels[0].kg", "1.10", "1.1"),
        ("body", "to.parcels[0].id", "90071992547409931", "90071992547409932"),
        ("body", "note", None, "null"),
    ]


def test_a_number_that_became_a_text_differs_and_so_does_what_was_emptied() -> None:
    good = call(body=b'{"address_id": 234, "gift": true, "items": [{"sku": "T-1"}], "note": "x"}')
    bad = call(body=b'{"address_id": "234", "gift": "true", "items": [], "note": "x"}')
    assert told(good, bad) == [
        ("body", "address_id", "234", '"234"'),
        ("body", "gift", "true", '"true"'),
        ("body", "items[0].sku", "T-1", None),
        ("body", "items", None, "[]"),
    ]


def test_address_query_headers_and_answer_are_compared() -> None:
    good = call("https://api.example/v1/ship?shop=1&page=1", headers=[("Authorization", "Bearer ****aaaa")])
    bad = call("https://api.example/v2/ship?shop=2&page=1", headers=[("authorization", "Bearer ****bbbb")], status=401)
    assert told(good, bad) == [
        ("url", "path", "/v1/ship", "/v2/ship"),
        ("query", "shop", "1", "2"),
        ("header", "authorization", "Bearer ****aaaa", "Bearer ****bbbb"),
        ("answer", "status", "200", "401"),
    ]


def test_what_differs_in_every_call_comes_last_and_says_so() -> None:
    found = differences(
        call("https://api.example/?timestamp=1&sign=a&shop=1"), call("https://api.example/?timestamp=2&sign=b&shop=2")
    )
    assert [(one.name, one.passing) for one in found] == [("shop", False), ("timestamp", True), ("sign", True)]


def test_forms_are_compared_by_field_and_other_text_by_line() -> None:
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert told(call(body=b"a=1&b=2&b=3", **form), call(body=b"a=1&b=2&b=4", **form)) == [("body", "b", "2, 3", "2, 4")]
    xml = {"content_type": "text/xml"}
    assert told(call(body=b"<a>\n<b>1</b>", **xml), call(body=b"<a>\n<b>2</b>", **xml)) == [
        ("body", "2", "<b>1</b>", "<b>2</b>")
    ]


def test_a_body_of_any_size_and_depth_is_compared_as_far_as_it_is_useful() -> None:
    deep = b"[" * 100_000
    assert differences(call(body=deep), call(body=deep)) == []
    long = b"[" + b",".join(b"%d" % number for number in range(3 * LEAVES)) + b"]"
    assert len(differences(call(), call(body=long))) == LEAVES
    assert Difference("body", "a", "x" * 300 + "…", None, False) in differences(
        call(body=b'{"a": "' + b"x" * 1000 + b'"}'), call()
    )


def test_an_address_is_the_same_where_only_numbers_versions_and_dates_differ() -> None:
    def to(path: str, method: str = "GET") -> Entry:
        return call(path=path, method=method)

    assert same_address(to("/api/2026-10/orders/7.json"), to("/api/2027-01/orders/8.json"))
    assert not same_address(to("/api/orders/7"), to("/api/orders/7", "PUT"))
    assert not same_address(to("/api/orders/7"), to("/api/orders"))
    assert not same_address(to("/api/orders/7"), to("/api/orders/all"))
    assert not same_address(to("/api/stock/set.json"), to("/api/graphql.json"))


def test_of_calls_to_two_addresses_only_these_and_the_answers_are_compared() -> None:
    good = call("https://api.example/v1/stock?a=1", b'{"sku": "T-1"}', path="/v1/stock", headers=[("X-Api", "1")])
    bad = call("https://api.example/v1/graphql", b'{"query": "m"}', path="/v1/graphql", status=422, code="E7")
    assert told(good, bad) == [
        ("url", "path", "/v1/stock", "/v1/graphql"),
        ("answer", "status", "200", "422"),
        ("answer", "code", None, "E7"),
    ]
