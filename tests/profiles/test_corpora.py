"""Recorded traffic of carriers and a shop, where it is at hand: each failure, warning and near miss told apart.

What is expected was found by reading the bodies.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.recordings import RECORDINGS

from apitrail.entry import Entry
from apitrail.exchange import Exchange, Headers, Message
from apitrail.profiles import Profiles
from apitrail.profiles.bodies import page_text, parse
from apitrail.profiles.steps import leaves

OUTCOMES = {
    "easypost-python": {
        ("easypost", "success"): 267,
        ("easypost", "warning"): 2,
        ("easypost", "request_error"): 13,
        (None, "request_error"): 1,
    },
    "friendly-shipping": {
        ("shipengine", "success"): 18,
        ("shipengine", "partial"): 3,
        ("shipengine", "request_error"): 14,
        ("rl", "success"): 6,
        ("rl", "request_error"): 3,
        ("tforce", "success"): 3,
        ("tforce", "partial"): 1,
        ("tforce", "request_error"): 3,
        ("ups", "success"): 13,
        ("ups", "warning"): 12,
        ("ups", "request_error"): 8,
        ("ups", "platform_error"): 1,
        ("usps", "success"): 7,
        ("usps", "request_error"): 9,
    },
    "shippo-python": {("shippo", "success"): 134, ("shippo", "warning"): 27, ("shippo", "request_error"): 28},
    "prestashop": {("prestashop", "success"): 418, ("prestashop", "request_error"): 1},
}

EXPECTED = [
    line.split("\t") for line in Path(__file__).with_name("corpora.tsv").read_text("utf-8").splitlines()[1:] if line
]
"""Each exchange that is no plain success: recording, number, outcome, cause, code, who said it, action. All others
are successes, however their bodies look."""


def exchanges(file: Path) -> Iterator[Exchange]:
    for entry in json.loads(file.read_text("utf-8"))["log"]["entries"]:
        sent, answer = entry["request"], entry["response"]
        content = answer["content"]
        text = content.get("text", "")
        body = b64decode(text) if content.get("encoding") == "base64" else text.encode()
        yield Exchange(
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            method=sent["method"],
            url=sent["url"],
            request=Message(headers=headers(sent), body=(sent.get("postData", {}).get("text") or "").encode()),
            response=Message(headers=headers(answer), body=body),
            status=answer["status"],
        )


def headers(message: dict[str, Any]) -> Headers:
    return [(header["name"], header["value"]) for header in message["headers"]]


@pytest.fixture(scope="module")
def entries(profiles: Profiles) -> dict[str, list[Entry]]:
    return {file.stem: [profiles.entry(exchange) for exchange in exchanges(file)] for file in RECORDINGS}


def test_each_outcome_is_counted_as_read(entries: dict[str, list[Entry]]) -> None:
    for name, found in entries.items():
        assert Counter((entry.platform, entry.outcome) for entry in found) == OUTCOMES[name], name


def test_each_failure_and_warning_is_told_and_nothing_else(entries: dict[str, list[Entry]]) -> None:
    told = [
        [
            name,
            str(number),
            entry.outcome,
            entry.cause or "",
            entry.code or "",
            entry.reported_by or "",
            entry.action,
        ]
        for name, found in entries.items()
        for number, entry in enumerate(found)
        if entry.outcome != "success"
    ]
    assert told == [line for line in EXPECTED if line[0] in entries]


def test_a_message_is_the_platforms_own_words(entries: dict[str, list[Entry]]) -> None:
    for name, found in entries.items():
        for number, entry in enumerate(found):
            if entry.message is None or entry.response is None:
                continue
            form, data = parse(entry.response.body, entry.response.content_type, entry.response.charset)
            said = [page_text(data)] if form == "html" else [str(leaf).strip() for leaf in leaves(data)]
            assert entry.message in said, (name, number)


def test_every_call_to_a_known_platform_has_its_action(entries: dict[str, list[Entry]]) -> None:
    unknown = {
        (entry.method, entry.path)
        for found in entries.values()
        for entry in found
        if entry.action == "unknown" and entry.platform is not None
    }
    assert unknown == set()


def test_what_is_not_a_failure_has_no_cause(entries: dict[str, list[Entry]]) -> None:
    for found in entries.values():
        for entry in found:
            if entry.outcome == "success":
                assert (entry.cause, entry.code, entry.message, entry.advice) == (None, None, None, None)
            elif entry.outcome != "warning":
                assert entry.cause is not None
                assert entry.advice is not None


def test_labels_and_parcels_are_found_by_their_numbers(entries: dict[str, list[Entry]]) -> None:
    for found in entries.values():
        for entry in found:
            made = entry.action in ("label.create", "label.void") and entry.outcome == "success"
            if made and entry.response is not None and entry.response.body:
                kinds = {reference.type for reference in entry.references}
                assert kinds & {"tracking", "shipment", "label", "transaction"}, entry.path
