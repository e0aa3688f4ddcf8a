"""The Status column: outcome decides, the raw status stands beside it, the platform's code where the two differ."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apitrail.entry import EntryRow
from apitrail.exchange import Failure, Integration
from apitrail.profiles import Profiles
from apitrail.server.pages import language, names
from apitrail.server.pages.clock import Clock, duration
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.status import pill, said

READER = Reader(language.languages()["en"], Clock(ZoneInfo("UTC"), datetime(2026, 8, 17, tzinfo=UTC)), Profiles.load())


def entry(**fields: Any) -> EntryRow:
    at = datetime(2026, 8, 17, tzinfo=UTC)
    given: dict[str, Any] = {
        "id": "x",
        "created_at": at,
        "method": "GET",
        "url": "https://a.example/b",
        "path": "/b",
    } | fields
    return EntryRow(**given)


@pytest.mark.parametrize(
    ("fields", "word", "status", "code"),
    [
        ({"status": 200, "outcome": "success"}, "Success", "200", ""),
        ({"status": 200, "outcome": "request_error", "code": "error_auth"}, "Bad request", "200", "error_auth"),
        ({"status": 200, "outcome": "warning", "code": "W1"}, "Warning", "200", "W1"),
        ({"status": 200, "outcome": "partial", "code": "E1"}, "Partly failed", "200", "E1"),
        ({"status": 422, "outcome": "request_error", "code": "E1"}, "Bad request", "422", ""),
        ({"status": 500, "outcome": "request_error", "code": "E1"}, "Bad request", "500", "E1"),
        ({"status": 404, "outcome": "success"}, "Success", "404", ""),
        ({"outcome": "platform_error", "error": Failure("httpx.ReadTimeout", "slow")}, "No answer", "", "ReadTimeout"),
        ({"outcome": "request_error", "not_sent": "no address"}, "Not sent", "", ""),
        ({"status": 401, "outcome": "request_error", "direction": "inbound"}, "Refused by us", "401", ""),
        ({"status": 500, "outcome": "platform_error", "direction": "inbound"}, "Failed on our side", "500", ""),
    ],
)
def test_status_is_outcome_then_raw_status_then_code(fields: dict[str, Any], word: str, status: str, code: str) -> None:
    found = pill(entry(**fields), READER)
    assert (str(found.word), found.status, found.code) == (word, status, code)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"platform": "ups"}, "Carrier error"),
        ({"platform": "ups", "ec_integration": Integration("shop")}, "Carrier error"),
        ({"platform": "shopify", "shipping_integration": Integration("post")}, "Platform error"),
        ({"platform": "our-own-van", "shipping_integration": Integration("van")}, "Carrier error"),
        ({"shipping_integration": Integration("van"), "ec_integration": Integration("shop")}, "Platform error"),
        ({}, "Platform error"),
    ],
)
def test_a_carrier_that_failed_is_called_a_carrier(fields: dict[str, Any], word: str) -> None:
    assert str(pill(entry(status=503, outcome="platform_error", **fields), READER).word) == word


def test_each_kind_of_status_has_an_icon_of_its_own() -> None:
    from apitrail.server.pages.status import ICONS

    assert len(set(ICONS.values())) == len(ICONS)


def test_the_platforms_words_are_verbatim_and_a_success_has_none() -> None:
    assert said(entry(outcome="request_error", status=200, message="  Invalid <token> ")) == "  Invalid <token> "
    assert said(entry(outcome="platform_error", error=Failure("E", "refused"))) == "refused"
    assert said(entry(outcome="request_error", not_sent="no address")) == "no address"
    assert said(entry(outcome="success", status=200, message="OK")) == ""


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "//evil.example", ""]
)
def test_only_web_links_are_links(link: str) -> None:
    assert names.safe_link(link) == ""


def test_web_links_are_links() -> None:
    assert names.safe_link("HTTPS://wms.example/1") == "HTTPS://wms.example/1"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0.4, "0.40 ms"),
        (412.3, "412 ms"),
        (1234.0, "1.23 s"),
        (90_004.0, "1 min 30 s"),
        (7.3e6, "2 h 01 min"),
    ],
)
def test_a_duration_reads_at_a_glance(ms: float, text: str) -> None:
    assert duration(ms) == text


def test_a_time_is_whole_without_a_script() -> None:
    clock = Clock.of("", "Asia/Taipei")
    tag = clock.tag(datetime(2026, 8, 17, 16, 3, 9, 123_456, tzinfo=UTC), exact=True)
    assert 'datetime="2026-08-17T16:03:09.123Z"' in tag
    assert ">2026-08-18<" in tag
    assert ">00:03:09.123<" in tag


def test_a_cookie_that_names_no_zone_is_utc() -> None:
    assert Clock.of("", "../../etc/passwd").zone.key == "UTC"
