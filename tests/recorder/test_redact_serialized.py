"""What PHP's `serialize` writes: secrets are masked, and the text can still be read back."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote_plus, unquote_plus

import pytest
from tests.recorder.growth import assert_it_grows_as_its_input_does

from apitrail.exchange import Exchange, Message
from apitrail.recorder.redact import Redactor

SECRET = "s3cr3tVALUE9xyzQ1"
REDACTOR = Redactor(b"a key of the host's own")
MASK = REDACTOR.mask(SECRET)


def serialized(value: object) -> str:
    """As PHP writes it; lengths are of bytes."""
    match value:
        case bool():
            return f"b:{int(value)};"
        case int():
            return f"i:{value};"
        case None:
            return "N;"
        case str():
            return f's:{len(value.encode())}:"{value}";'
        case dict():
            inner = "".join(serialized(part) for pair in value.items() for part in pair)
            return f"a:{len(value)}:{{{inner}}}"
    raise TypeError(value)


def exchange(body: bytes, answer: bytes = b"") -> Exchange:
    return Exchange(
        created_at=datetime(2026, 5, 4, tzinfo=UTC),
        method="POST",
        url="https://a.example/x",
        request=Message(body=body),
        response=Message(body=answer),
    )


def masked(body: str) -> str:
    return REDACTOR.exchange(exchange(body.encode())).request.body.decode()


ORDER = {"order": "2611239KQ4XW", "password": SECRET, "收件人": "許功蓋", "n": 3}
HIDDEN = {**ORDER, "password": MASK}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (ORDER, HIDDEN),
        ({"a": {"b": ORDER}, "z": True}, {"a": {"b": HIDDEN}, "z": True}),
        ({"token": 1234567890, "n": None}, {"token": REDACTOR.mask("1234567890"), "n": None}),
        (
            {"credentials": {"user": SECRET, 0: {"x": SECRET, "y": None}, "f": True}, "n": 1},
            {"credentials": {"user": MASK, 0: {"x": MASK, "y": None}, "f": True}, "n": 1},
        ),
        ({"in": serialized(ORDER), "z": 1}, {"in": serialized(HIDDEN), "z": 1}),
        ({"in": serialized({"in": serialized(ORDER)})}, {"in": serialized({"in": serialized(HIDDEN)})}),
        ({"in": json.dumps({"password": SECRET})}, {"in": json.dumps({"password": MASK})}),
        ({"u": f"https://a.example/?token={SECRET}&x=1"}, {"u": f"https://a.example/?token={MASK}&x=1"}),
        ({"password": 'a";s:1:"b'}, {"password": REDACTOR.mask('a";s:1:"b')}),
    ],
)
def test_a_secret_is_masked_and_every_length_is_right(given: object, kept: object) -> None:
    assert masked(serialized(given)) == serialized(kept)


@pytest.mark.parametrize(
    ("write", "understood"),
    [
        (lambda text: f"id=7&meta={quote_plus(text)}&x=1", lambda body: unquote_plus(body.split("&")[1][5:])),
        (lambda text: json.dumps({"meta": text, "z": 1}), lambda body: json.loads(body)["meta"]),
        (
            lambda text: json.dumps({"a": json.dumps({"meta": text})}),
            lambda body: json.loads(json.loads(body)["a"])["meta"],
        ),
        (
            lambda text: "<r><m>" + text.replace('"', "&quot;") + "</m></r>",
            lambda body: body[6:-8].replace("&quot;", '"'),
        ),
    ],
)
@pytest.mark.parametrize("given", [ORDER, {"token": 1234567890}])
def test_it_is_masked_within_other_documents(
    given: dict[str, object], write: Callable[[str], str], understood: Callable[[str], str]
) -> None:
    hidden = {
        name: value if name not in ("password", "token") else REDACTOR.mask(str(value)) for name, value in given.items()
    }
    assert understood(masked(write(serialized(given)))) == serialized(hidden)


def test_the_name_of_a_private_property_is_compared_without_its_class() -> None:
    text = f'O:5:"Login":1:{{s:15:"\0Login\0password";s:{len(SECRET)}:"{SECRET}";}}'
    assert SECRET not in masked(text)


def test_a_wrong_length_or_a_lost_end_hides_no_less() -> None:
    assert masked(f's:8:"password";s:3:"{SECRET}";s:1:"z";i:1;') == f's:8:"password";s:3:"{MASK}";s:1:"z";i:1;'
    assert SECRET[:6] not in masked(f's:8:"password";s:17:"{SECRET[:12]}')


def test_what_has_no_secret_stays_as_it_is() -> None:
    text = serialized({"order": "2611239KQ4XW", "password": None, "has_password": True, "token_type": "bearer"})
    assert masked(text) == text


def test_masking_twice_is_masking_once() -> None:
    for given in (ORDER, {"token": 1234567890}, {"in": serialized(ORDER)}):
        once = masked(serialized(given))
        assert masked(once) == once


def test_an_echo_in_it_keeps_its_lengths_too() -> None:
    given = exchange(f"password={SECRET}".encode(), serialized({"said": f"wrong: {SECRET}!", "n": 1}).encode())
    answer = REDACTOR.exchange(given).response
    assert answer is not None
    assert answer.body.decode() == serialized({"said": f"wrong: {MASK}!", "n": 1})


def test_base64_of_json_in_it_keeps_its_lengths_too() -> None:
    inner = base64.b64encode(json.dumps({"password": SECRET}).encode()).decode()
    kept = base64.b64encode(json.dumps({"password": MASK}).encode()).decode()
    assert masked(serialized({"d": inner, "n": 1})) == serialized({"d": kept, "n": 1})


@pytest.mark.parametrize(
    "part",
    ['s:8:"password";', 's:8:"password";a:1:{', 's:99999:"', 's:5:"token";s:9:"', 'a:1:{s:5:"token";s:1:"a";', "i:1;"],
)
def test_it_takes_as_long_as_the_body_is(part: str) -> None:
    def made(size: int) -> Callable[[], object]:
        given = exchange((part * (size // len(part))).encode())
        return lambda: REDACTOR.exchange(given)

    assert_it_grows_as_its_input_does(made)


def test_strings_within_strings_take_no_longer_than_their_levels() -> None:
    def made(size: int) -> Callable[[], object]:
        text = serialized({"password": SECRET})
        while len(text) < size // 20:
            text = serialized({"in": text})
        given = exchange((text * 20).encode())
        return lambda: REDACTOR.exchange(given)

    assert_it_grows_as_its_input_does(made)
