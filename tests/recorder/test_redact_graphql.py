"""GraphQL: the operation stays readable, the values of its variables are masked."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from tests.recorder.growth import assert_it_grows_as_its_input_does

from apitrail.exchange import Exchange, Message
from apitrail.recorder.redact import Redactor

SECRET = "s3cr3tVALUE9xyzQ1"
REDACTOR = Redactor(b"a key of the host's own")
OPERATION = """mutation update($customerAccessToken: String!, $password: [String!]! = [], $note: String) {
  customerUpdate(customerAccessToken: $customerAccessToken, customer: {password: $password, note: $note}) {
    customerAccessToken { accessToken expiresAt }
  }
}"""


def masked(body: str, url: str = "https://shop.example/graphql.json", kind: str = "application/json") -> Exchange:
    request = Message(headers=[("Content-Type", kind)], body=body.encode())
    given = Exchange(created_at=datetime(2026, 5, 4, tzinfo=UTC), method="POST", url=url, request=request)
    once = REDACTOR.exchange(given)
    assert REDACTOR.exchange(once) == once
    return once


def test_an_operation_stays_and_the_values_of_its_variables_are_masked() -> None:
    variables = {"customerAccessToken": SECRET, "password": [SECRET + "2"], "note": "plain"}
    found = json.loads(masked(json.dumps({"query": OPERATION, "variables": variables})).request.body)
    assert found["query"] == OPERATION
    assert found["variables"]["note"] == "plain"
    assert found["variables"]["customerAccessToken"].startswith("masked~")
    assert found["variables"]["password"][0].startswith("masked~")


def test_an_operation_stays_by_itself_and_in_a_url() -> None:
    assert masked(OPERATION, kind="application/graphql").request.body == OPERATION.encode()
    url = f"https://shop.example/graphql?query={quote(OPERATION)}"
    assert masked("", url).url == url


@pytest.mark.parametrize("first", ["query", "variables"])
def test_a_variable_is_as_secret_as_the_argument_that_it_is_given_to(first: str) -> None:
    body = {"query": "mutation ($p: String!, $n: Int) { login(password: $p, page: $n) { id } }"}
    values = {"variables": {"p": SECRET, "n": 12}}
    given = {**body, **values} if first == "query" else {**values, **body}
    found = json.loads(masked(json.dumps(given)).request.body)
    assert found["query"] == body["query"]
    assert found["variables"]["p"].startswith("masked~")
    assert found["variables"]["n"] == 12


@pytest.mark.parametrize(
    "text",
    [
        f'mutation {{ login(password: "{SECRET}") {{ id }} }}',
        f'mutation ($n: Int) {{ login(password: "{SECRET}", page: $n) {{ id }} }}',
        f"password: ${SECRET}",
        f"a query of ours failed: $password: {SECRET}",
    ],
)
def test_a_secret_that_is_no_variable_is_masked(text: str) -> None:
    assert SECRET not in masked(json.dumps({"query": text})).request.body.decode()


@pytest.mark.parametrize("part", ["query ", "query ($a: ", "$a: ", "password: $a ", '"a": ', "($"])
def test_it_takes_as_long_as_the_body_is(part: str) -> None:
    def made(size: int) -> Callable[[], object]:
        body = json.dumps(
            {"variables": {}, "query": "query ($a: String) { login(password: $a) }" + part * (size // len(part))}
        )
        request = Message(headers=[("Content-Type", "application/json")], body=body.encode())
        given = Exchange(
            created_at=datetime(2026, 5, 4, tzinfo=UTC), method="POST", url="https://x.example/", request=request
        )
        return lambda: REDACTOR.exchange(given)

    assert_it_grows_as_its_input_does(made)
