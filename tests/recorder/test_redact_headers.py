"""Header fields: which hold a credential and nothing else, and which only tell who calls, or how."""

import json
from datetime import UTC, datetime

import pytest

from apitrail.exchange import Exchange, Message
from apitrail.recorder.redact import Redactor
from apitrail.recorder.redaction.names import NameBook
from apitrail.recorder.secrets import words

VALUE = "s3cr3tVALUE9xyzQ1"
REDACTOR = Redactor(b"a key of the host's own")

CREDENTIALS = words("""
X-Auth Auth x-auth X-API-AUTH Api-Auth X-Basic-Auth OAuth X-OAuth X-Authentication Authentication X-Authenticate
X-Authorisation Authorisation X-Auth-Key X-Access-Key X-Api-Secret X-Api-Pass X-Auth-Pass X-Auth-Hash X-Auth-Signature
X-Pass X-PW X-Bearer X-Session Session X-SID X-Key X-User-Key Client-Key X-Shop-Key X-Developer-Key DD-APPLICATION-KEY
X-Auth-Token X-Okapi-Key X-RMG-Auth-Token sw-access-key dhl-api-key
""")

HARMLESS = words("""
X-Auth-Method X-Auth-Type X-Auth-User X-Auth-Client X-Auth-Email X-Auth-Id X-Auth-Status WWW-Authenticate
Proxy-Authenticate Authentication-Info X-OAuth-Scopes X-Accepted-OAuth-Scopes X-Authenticated-User Authority X-Author
X-App-Key X-Key-Id X-Cache-Key Surrogate-Key Idempotency-Key X-Session-Timeout X-Passenger X-Request-Id
X-Return-Authorisation-Number Sec-Fetch-Mode
""")


def kept(name: str, value: str = VALUE) -> str:
    given = Exchange(
        created_at=datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC),
        method="GET",
        url="https://api.example.com/v1/orders",
        request=Message(headers=[(name, value)]),
    )
    return REDACTOR.exchange(given).request.headers[0][1]


@pytest.mark.parametrize("name", sorted(CREDENTIALS))
def test_a_header_that_is_a_credential_is_masked_whole(name: str) -> None:
    assert kept(name) == REDACTOR.mask(VALUE)


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_a_header_that_only_tells_who_calls_or_how_stays(name: str) -> None:
    assert kept(name) == VALUE


@pytest.mark.parametrize("value", ["yes", "1", "basic"])
def test_a_header_whose_value_is_too_short_for_a_credential_stays(value: str) -> None:
    assert kept("Auth", value) == value


def test_the_scheme_in_a_header_of_any_such_name_stays() -> None:
    assert kept("X-Auth", f"Bearer {VALUE}") == f"Bearer {REDACTOR.mask(VALUE)}"


def test_a_body_in_which_such_a_name_may_mean_anything_keeps_it() -> None:
    body = json.dumps({"auth": {"mode": "none-at-all"}, "session": "morning-shift", "client_key": "shop-0042"}).encode()
    given = Exchange(
        created_at=datetime(2026, 5, 4, tzinfo=UTC),
        method="POST",
        url="https://a.example/x",
        request=Message(body=body),
    )
    assert REDACTOR.exchange(given) == given


def test_names_of_headers_alone_do_not_make_the_scanners_read_a_body() -> None:
    names = NameBook().names("a.example", login=False)
    assert names.header("Session")
    assert not names.hits('{"session": "morning", "auth": {"mode": 1}, "x": "Auth: a"}')
