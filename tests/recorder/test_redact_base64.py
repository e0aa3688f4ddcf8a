"""JSON or XML in base64: its secrets are masked, and nothing else of it changes; a value without any stays as it is."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import pytest
from tests.recorder.growth import assert_it_grows_as_its_input_does

from apitrail.exchange import Exchange, Message
from apitrail.recorder.redact import Redactor
from apitrail.recorder.rules import Rule

SECRET = "s3cr3tVALUE9xyzQ1"
REDACTOR = Redactor(b"a key of the host's own")
MASK = REDACTOR.mask(SECRET)
ORDER = {"MerchantTradeNo": "2611239KQ4XW", "Password": SECRET, "收件人": "許功蓋", "note": "??>>~~"}
HARMLESS = {"MerchantTradeNo": "2611239KQ4XW", "收件人": "許功蓋", "note": "??>>~~"}


def exchange(body: bytes, answer: bytes = b"", url: str = "https://a.example/x", **rest: object) -> Exchange:
    return Exchange(
        created_at=datetime(2026, 5, 4, tzinfo=UTC),
        method="POST",
        url=url,
        request=Message(body=body, **rest),  # type: ignore[arg-type]
        response=Message(body=answer),
    )


def masked(body: bytes) -> bytes:
    return REDACTOR.exchange(exchange(body)).request.body


def in_base64(value: object) -> str:
    return base64.b64encode(json.dumps(value, ensure_ascii=False).encode()).decode()


def for_urls(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, ensure_ascii=False).encode()).decode().rstrip("=")


def read(written: str) -> object:
    plain = written.replace("-", "+").replace("_", "/")
    return json.loads(base64.b64decode(plain + "=" * (-len(plain) % 4)))


Write = Callable[[object], bytes]
Read = Callable[[bytes], object]
PLACES: dict[str, tuple[Write, Read]] = {
    "a form": (
        lambda value: f"id=7&data={quote_plus(in_base64(value))}&x=1".encode(),
        lambda body: read(unquote_plus(body.decode().split("&")[1].partition("=")[2])),
    ),
    "a form, not percent-encoded": (
        lambda value: f"data={in_base64(value)}".encode(),
        lambda body: read(unquote(body.decode().partition("=")[2])),
    ),
    "JSON": (
        lambda value: json.dumps({"id": 7, "Data": in_base64(value), "z": 1}).encode(),
        lambda body: read(json.loads(body)["Data"]),
    ),
    "JSON of PHP, with escaped slashes": (
        lambda value: json.dumps({"Data": in_base64(value)}).replace("/", "\\/").encode(),
        lambda body: read(json.loads(body)["Data"]),
    ),
    "JSON in a string": (
        lambda value: json.dumps({"a": json.dumps({"Data": in_base64(value)})}).encode(),
        lambda body: read(json.loads(json.loads(body)["a"])["Data"]),
    ),
    "JSON, on lines of 76": (
        lambda value: json.dumps({"Data": base64.encodebytes(json.dumps(value).encode()).decode()}).encode(),
        lambda body: read(json.loads(body)["Data"].replace("\n", "")),
    ),
    "JSON, in the alphabet of URLs": (
        lambda value: json.dumps({"payload": for_urls(value)}).encode(),
        lambda body: read(json.loads(body)["payload"]),
    ),
    "XML": (
        lambda value: f"<r><Data>{in_base64(value)}</Data></r>".encode(),
        lambda body: read(body.decode()[9:-11]),
    ),
    "a text": (lambda value: in_base64(value).encode(), lambda body: read(body.decode())),
    "a payload of an unsigned token": (
        lambda value: f'{{"t": "eyJhbGciOiJub25lIn0.{for_urls(value)}"}}'.encode(),
        lambda body: read(json.loads(body)["t"].partition(".")[2]),
    ),
    "base64 again": (
        lambda value: in_base64({"again": in_base64(value)}).encode(),
        lambda body: read(read(body.decode())["again"]),  # type: ignore[index]
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_in_base64_of_json_is_masked_and_all_beside_it_stays(place: str) -> None:
    write, understood = PLACES[place]
    assert understood(masked(write(ORDER))) == {**ORDER, "Password": MASK}


@pytest.mark.parametrize("place", PLACES)
def test_base64_of_json_without_a_secret_stays_byte_for_byte(place: str) -> None:
    body = PLACES[place][0](HARMLESS)
    assert masked(body) == body


@pytest.mark.parametrize("place", PLACES)
def test_masking_twice_is_masking_once(place: str) -> None:
    once = masked(PLACES[place][0](ORDER))
    assert masked(once) == once


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ORDER]),
        json.dumps([[ORDER]]),
        json.dumps(["a", ORDER]),
        json.dumps([1, ORDER]),
        json.dumps(ORDER, indent=1),
        json.dumps([ORDER], indent="\t"),
        json.dumps(ORDER).replace("{", "{\r\n", 1),
        "\ufeff" + json.dumps(ORDER),
        '{ "password" : "' + SECRET + '"}',
        '{"pin":"1234"}',
        json.dumps({"pan": "4111111111111111"}),
        json.dumps({"密碼": SECRET}, ensure_ascii=False),
    ],
)
def test_json_of_every_beginning_is_seen(text: str) -> None:
    body = json.dumps({"d": base64.b64encode(text.encode()).decode()}).encode()
    assert b"masked~" in base64.b64decode(json.loads(masked(body))["d"])


def test_a_last_line_that_is_full_is_a_line_too() -> None:
    text = json.dumps({"a": "", "password": SECRET})
    text = text.replace('""', '"' + "x" * (2 * 57 - len(text)) + '"')
    body = json.dumps({"d": base64.encodebytes(text.encode()).decode()}).encode()
    assert b"masked~" in base64.b64decode(json.loads(masked(body))["d"])


@pytest.mark.parametrize("way", [base64.b64encode, base64.encodebytes])
@pytest.mark.parametrize("charset", ["utf-8", "big5"])
def test_xml_with_its_declaration_is_seen(charset: str, way: Callable[[bytes], bytes]) -> None:
    text = f'<?xml version="1.0" encoding="{charset}"?>\n<order><name>許功蓋</name><password>{{}}</password></order>'
    given = json.dumps({"id": 7, "d": way(text.format(SECRET).encode(charset)).decode()}).encode()
    found = json.loads(masked(given))
    assert base64.b64decode(found["d"]).decode(charset) == text.format(MASK)
    assert masked(json.dumps(found).encode()) == json.dumps(found).encode()


def test_a_label_that_is_xml_in_base64_stays_byte_for_byte() -> None:
    label = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><text>2611239KQ4XW</text></svg>'
    body = json.dumps({"label": base64.b64encode(label.encode()).decode()}).encode()
    assert masked(body) == body


def test_a_query_stays_a_query() -> None:
    given = exchange(b"", url=f"https://a.example/x?data={quote(in_base64(ORDER), safe='')}&page=2")
    value, _, rest = REDACTOR.exchange(given).url.partition("data=")[2].partition("&")
    assert rest == "page=2"
    assert "+" not in value
    assert read(unquote(value)) == {**ORDER, "Password": MASK}


def test_a_header_that_no_name_makes_secret_is_looked_into() -> None:
    [(_, value)] = REDACTOR.exchange(exchange(b"", headers=[("X-Context", in_base64(ORDER))])).request.headers
    assert read(value) == {**ORDER, "Password": MASK}


def test_base64_that_breaks_off_hides_what_it_has_of_the_secret() -> None:
    whole = in_base64({"order": "2611239KQ4XW", "password": SECRET + SECRET})
    kept = masked(f'{{"d": "{whole[:-20]}'.encode()).decode().partition('"d": "')[2]
    assert SECRET[:8].encode() not in base64.b64decode(kept + "=" * (-len(kept) % 4))


def test_a_secret_that_stood_in_base64_is_masked_where_it_is_met_again() -> None:
    given = exchange(f"data={quote_plus(in_base64(ORDER))}".encode(), answer=f"wrong: {SECRET}!".encode())
    answer = REDACTOR.exchange(given).response
    assert answer is not None
    assert answer.body == f"wrong: {MASK}!".encode()


def test_a_rule_that_hides_the_value_hides_all_of_it() -> None:
    redactor = Redactor(b"key", rules=[Rule(json_path="$.Data")])
    given = exchange(json.dumps({"Data": in_base64(ORDER)}).encode())
    assert json.loads(redactor.exchange(given).request.body)["Data"].startswith("masked~")


@pytest.mark.parametrize(
    "value", ["eyes on the parcel", "Wyoming", "eyJub3QganNvbiBhdCBhbGwgaW4gaGVyZQ", "eyJ" * 40, "W3s="]
)
def test_what_only_begins_like_base64_of_json_stays(value: str) -> None:
    body = json.dumps({"d": value}).encode()
    assert masked(body) == body


def test_base64_in_base64_is_followed_a_few_levels_and_no_further() -> None:
    value: object = ORDER
    for _ in range(12):
        value = {"d": in_base64(value)}
    body = in_base64(value).encode()
    assert masked(body) == body


@pytest.mark.parametrize(
    "part", ["eyJ", "%2BeyJhIjox", "eyJhIjoxfQ==,", in_base64({"password": SECRET}) + ",", "W1tb", in_base64("{" * 90)]
)
@pytest.mark.parametrize("before", ["", '{"d": "', "d="])
def test_it_takes_as_long_as_the_body_is(part: str, before: str) -> None:
    def made(size: int) -> Callable[[], object]:
        given = exchange((before + part * (size // len(part))).encode())
        return lambda: REDACTOR.exchange(given)

    assert_it_grows_as_its_input_does(made)
