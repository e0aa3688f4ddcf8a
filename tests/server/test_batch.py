"""A batch is taken exchange by exchange; a bad one is named, and costs nobody else."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.exchange import Exchange, Loss
from apitrail.server.batch import JSON, MESSAGEPACK, Batch, Refusal, media_type, read_batch
from apitrail.server.openapi import EXAMPLE_BATCH
from apitrail.server.problems import Problem

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
AT = "2026-03-09T06:30:00.123456Z"
ID = "019cd149-cabb-7000-8000-0123456789ab"


def an_exchange(**changes: Any) -> dict[str, Any]:
    plain = {"created_at": AT, "method": "GET", "url": "https://a.test/x", "status": 200, "response": {}, **changes}
    return {name: value for name, value in plain.items() if value is not None}


class Read(NamedTuple):
    """A batch that was gone through."""

    indices: list[int]
    exchanges: list[Exchange]
    refused: list[Refusal]
    losses: list[Loss]
    refused_losses: list[Refusal]


def whole(batch: Batch) -> Read:
    found = list(batch.exchanges())
    indices, exchanges = [index for index, _ in found], [exchange for _, exchange in found]
    return Read(indices, exchanges, batch.refused, batch.losses, batch.refused_losses)


def read(exchanges: Any, losses: Any = (), kind: str = JSON, most: int = 100) -> Read:
    encode = msgspec.json.encode if kind == JSON else msgspec.msgpack.encode
    body = {"exchanges": exchanges, "losses": list(losses)}
    return whole(read_batch(encode(body), kind, now=NOW, max_exchanges=most))


def refusal(**changes: Any) -> Refusal:
    batch = read([an_exchange(), an_exchange(**changes)])
    assert batch.indices == [0]
    [refused] = batch.refused
    assert refused.index == 1
    return refused


@pytest.mark.parametrize("kind", [JSON, MESSAGEPACK])
def test_a_recorders_exchange_arrives_as_it_was_sent(kind: str) -> None:
    sent = msgspec.convert(an_exchange(id=ID, request={"headers": [["A", "1"], ["a", "2"]]}), Exchange)
    sent.request.body = b"\x00\xff"
    assert read([sent], kind=kind).exchanges == [sent]


def test_the_example_of_the_documentation_is_taken() -> None:
    batch = read(EXAMPLE_BATCH["exchanges"])
    assert (len(batch.exchanges), batch.refused) == (1, [])


def test_the_example_of_the_guide_is_taken() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    body = guide.partition("Content-Type: application/json\n\n")[2].partition("```")[0]
    batch = whole(read_batch(body.encode(), JSON, now=NOW, max_exchanges=10))
    assert (len(batch.exchanges), batch.refused) == (1, [])


def test_text_becomes_the_bodys_bytes_and_base64_its_bytes() -> None:
    [one] = read(
        [an_exchange(request={"text": "訂單"}, response={"body": base64.b64encode(b"\xff").decode()})]
    ).exchanges
    assert one.request.body == "訂單".encode()
    assert one.request.text is None
    assert one.response is not None
    assert one.response.body == b"\xff"


def test_a_status_alone_is_an_empty_answer() -> None:
    [one] = read([an_exchange(response=None)]).exchanges
    assert one.response is not None
    assert one.response.body == b""


def test_an_id_in_another_spelling_is_the_same_id() -> None:
    [one] = read([an_exchange(id=ID.upper())]).exchanges
    assert one.id == ID


def test_what_was_never_sent_needs_no_address() -> None:
    assert len(read([an_exchange(url="-", status=None, response=None, stated={"not_sent": "no address"})]).indices) == 1


def test_an_unknown_field_of_a_newer_recorder_is_passed_over() -> None:
    assert len(read([an_exchange(colour="blue")]).exchanges) == 1


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"id": "019cd149-cabc-7000-8000-0123456789ab"}, "$.id", "019cd149-cabc-7000-8000-0123456789ab"),
        ({"id": "4c8e3a52-0f5e-4c5e-9a3e-2b1f7f3b9d11"}, "$.id", "4c8e3a52-0f5e-4c5e-9a3e-2b1f7f3b9d11"),
        ({"id": "one"}, "$.id", "one"),
        ({"created_at": "2026-03-09T06:30:00"}, "$.created_at", "2026-03-09T06:30:00"),
        ({"created_at": "1969-12-31T23:59:59Z"}, "$.created_at", "1969-12-31T23:59:59+00:00"),
        ({"created_at": "2200-01-01T00:00:00Z"}, "$.created_at", "2200-01-01T00:00:00+00:00"),
        ({"created_at": "0001-01-01T00:00:00+23:59"}, "$.created_at", "0001-01-01T00:00:00+23:59"),
        ({"created_at": "today"}, "$.created_at", "today"),
        ({"status": 0}, "$.status", "0"),
        ({"status": "200"}, "$.status", "200"),
        ({"status": None}, "$.status", ""),
        ({"duration_ms": -1}, "$.duration_ms", "-1"),
        ({"attempt": 70_000}, "$.attempt", "70000"),
        ({"schema": 99}, "$.schema", "99"),
        ({"method": ""}, "$.method", ""),
        ({"direction": "sideways"}, "$.direction", "sideways"),
        ({"stated": {"not_sent": "no address"}}, "$.status", "200"),
        ({"request": {"size": -1}}, "$.request.size", "-1"),
        ({"response": {"sha256": "abc"}}, "$.response.sha256", ""),
        ({"request": {"text": "a", "body": "YQ=="}}, "$.request.text", ""),
        ({"recorder": {"id": "r", "sequence": -1}}, "$.recorder.sequence", "-1"),
    ],
)
def test_a_bad_exchange_is_refused_with_field_and_value(changes: dict[str, Any], field: str, value: str) -> None:
    refused = refusal(**changes)
    assert (refused.field, refused.value) == (field, value)
    assert refused.reason
    assert refused.fix


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "/relative?token=hunter2"}, "$.url"),
        ({"url": "https://[hunter2"}, "$.url"),
        ({"url": 7, "id": "hunter2"}, "$.url"),
        ({"request": {"headers": ["hunter2"]}}, "$.request.headers[0]"),
        ({"request": {"body": "hunter2!"}}, "$.request.body"),
        ({"error": {"type": "E", "text": ["hunter2"]}}, "$.error.text"),
        ({"stated": {"merchant": ["hunter2"]}}, "$.stated.merchant"),
    ],
)
def test_a_refusal_shows_no_value_that_may_be_secret(changes: dict[str, Any], field: str) -> None:
    refused = refusal(**changes)
    assert refused.field == field
    assert "hunter2" not in repr(refused)


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"source": {"type": "order", "id": "A" * 231}}, "$.stated.source.id"),
        ({"references": [{"type": "order", "id": "B"}, {"type": "sku", "id": "A" * 231}]}, "$.stated.references[1].id"),
        ({"merchant": "A" * 231}, "$.stated.merchant"),
    ],
)
def test_a_label_that_is_too_long_is_refused_with_what_it_says_and_how_long_it_may_be(
    stated: dict[str, Any], field: str
) -> None:
    refused = refusal(stated=stated)
    assert (refused.field, refused.value[:9]) == (field, "AAAAAAAAA")
    assert refused.fix.startswith("Give 200 characters at most: it has 231.")


def test_a_long_value_is_shortened() -> None:
    assert len(refusal(id="x" * 10_000).value) == 80


def test_a_number_that_is_none_is_refused() -> None:
    [refused] = read([an_exchange(duration_ms=float("nan"))], kind=MESSAGEPACK).refused
    assert refused.field == "$.duration_ms"


def test_a_bad_loss_is_refused_and_the_good_one_told() -> None:
    good = {"recorder": "r", "reason": "spool_full", "count": 3, "first_at": AT, "last_at": AT}
    batch = read([], [{**good, "count": 0}, good, {**good, "last_at": "2026-03-09T06:30:00"}])
    assert batch.losses == [msgspec.convert(good, Loss)]
    assert [(one.index, one.field, one.value) for one in batch.refused_losses] == [
        (0, "$.count", "0"),
        (2, "$.last_at", "2026-03-09T06:30:00"),
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"exchanges": {}}', b"\xff", b'{"exchanges": [', b"[" * 100_000])
@pytest.mark.parametrize("kind", [JSON, MESSAGEPACK])
def test_a_batch_that_is_none_is_refused_as_a_whole(body: bytes, kind: str) -> None:
    with pytest.raises(Problem) as caught:
        read_batch(body, kind, now=NOW, max_exchanges=1)
    assert caught.value.status == 400


@pytest.mark.parametrize("levels", [20, 900, 100_000])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a": ', "}")])
def test_an_exchange_nested_without_end_costs_neither_itself_nor_the_batch(
    opened: str, closed: str, levels: int
) -> None:
    deep = opened * levels + "1" + closed * levels
    ours = [json.dumps(an_exchange(url=f"https://a.test/{n}")) for n in range(3)]
    ours[1] = ours[1][:-1] + f', "extra": {deep}, "status": 201}}'
    batch = whole(read_batch(f'{{"exchanges": [{", ".join(ours)}]}}'.encode(), JSON, now=NOW, max_exchanges=3))
    assert [exchange.status for exchange in batch.exchanges] == [200, 201, 200]
    assert batch.refused == []


@pytest.mark.parametrize("levels", [1, 20, 900, 100_000])
@pytest.mark.parametrize("field", ["text", "body"])
def test_a_body_that_is_given_as_json_is_kept_as_its_text(field: str, levels: int) -> None:
    deep = "[" * levels + '{"n": 12345678901234567890, "t": "a \\"b\\" ]"}' + " ]" * levels
    ours = json.dumps(an_exchange(response={"headers": [["A", "b"]], field: "HERE"})).replace('"HERE"', deep)
    batch = whole(read_batch(f'{{"exchanges": [{ours}]}}'.encode(), JSON, now=NOW, max_exchanges=3))
    assert batch.refused == []
    [exchange] = batch.exchanges
    assert exchange.response is not None
    assert exchange.response.headers == [("A", "b")]
    assert exchange.response.body.decode() == deep


@pytest.mark.parametrize("levels", [20, 900, 100_000])
def test_what_no_exchange_can_have_is_refused_alone_however_deep_it_is(levels: int) -> None:
    deep = "[" * levels + "]" * levels
    ours = [json.dumps(an_exchange()) for _ in range(3)]
    ours[1] = ours[1].replace('"status": 200', f'"status": {deep}')
    batch = whole(read_batch(f'{{"exchanges": [{", ".join(ours)}]}}'.encode(), JSON, now=NOW, max_exchanges=3))
    assert batch.indices == [0, 2]
    assert [(one.index, one.field) for one in batch.refused] == [(1, "$.status")]


@pytest.mark.parametrize("levels", [20, 900, 100_000])
@pytest.mark.parametrize(
    "opened", [b"\x91", b"\x81\xa1a", b"\x92\xc0", b"\xdc\x00\x01", b"\x82\xa1a\xc4\x02\x91\x91\xa1b"]
)
def test_in_messagepack_it_costs_neither_itself_nor_the_batch_either(opened: bytes, levels: int) -> None:
    first, second = (msgspec.msgpack.encode(an_exchange(status=status)) for status in (200, 201))
    assert second[0] == 0x85, "a map of five"
    more = b"\x86" + second[1:] + b"\xa5extra" + opened * levels + b"\xc0"
    packed = b"\x81\xa9exchanges\x93" + first + more + first
    batch = whole(read_batch(packed, MESSAGEPACK, now=NOW, max_exchanges=3))
    assert [exchange.status for exchange in batch.exchanges] == [200, 201, 200]
    assert batch.refused == []


def test_half_a_character_costs_neither_its_exchange_nor_the_batch() -> None:
    cut = [
        an_exchange(response={"text": text})
        for text in ("a \ud83d", "\udc00 b", "\\ud800", "\ud83d\ude00 \ud800\udbff")
    ]
    body = json.dumps({"exchanges": [*cut, an_exchange()]}).encode()  # as every sender writes it in ASCII
    batch = whole(read_batch(body, JSON, now=NOW, max_exchanges=10))
    bodies = [exchange.response.body.decode() for exchange in batch.exchanges if exchange.response]
    assert bodies[:4] == ["a \\ud83d", "\\udc00 b", "\\ud800", "\U0001f600 \\ud800\\udbff"]
    assert batch.refused == []


def test_a_time_that_cannot_be_read_is_told_with_one_that_can() -> None:
    for moment in (1764151200, "2026-11-26"):
        assert "2026-03-09T14:30:00.123456Z" in refusal(created_at=moment).fix


def test_too_many_exchanges_are_refused_with_the_settings_name() -> None:
    with pytest.raises(Problem) as caught:
        read([an_exchange()] * 3, most=2)
    assert caught.value.status == 413
    assert "max_exchanges" in caught.value.fault.fix


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("application/json", JSON),
        ("Application/JSON; charset=utf-8", JSON),
        ("application/msgpack", MESSAGEPACK),
        ("application/x-msgpack", MESSAGEPACK),
    ],
)
def test_the_content_type_says_how_to_read(declared: str, kind: str) -> None:
    assert media_type(declared) == kind


@pytest.mark.parametrize("declared", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_another_content_type_is_refused(declared: str) -> None:
    with pytest.raises(Problem) as caught:
        media_type(declared)
    assert caught.value.status == 415


@given(st.binary(max_size=300), st.sampled_from([JSON, MESSAGEPACK]))
def test_any_bytes_are_read_or_refused(body: bytes, kind: str) -> None:
    with suppress(Problem):
        whole(read_batch(body, kind, now=NOW, max_exchanges=10))
