"""Large bodies, cut bodies, and what happens when a scanner fails."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from tests.recorder.growth import assert_it_grows_as_its_input_does

from apitrail.exchange import Exchange, Message
from apitrail.recorder.redact import Redactor
from apitrail.recorder.redaction.layers import Span
from apitrail.recorder.redaction.look import Look, Shape
from apitrail.recorder.redaction.names import REMEMBERED, WINDOW, NameBook
from apitrail.recorder.redaction.pieces import BodyPiece, HeaderPiece, TextPiece

SECRET = "s3cr3tVALUE9xyzQ1"
REDACTOR = Redactor(b"key")
NAMES = NameBook().names("a.example", login=False)


def exchange(body: bytes, **changes: object) -> Exchange:
    return Exchange(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        method="POST",
        url="https://a.example/x",
        request=Message(body=body, **changes),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("before", range(WINDOW - 40, WINDOW + 8, 3))
def test_a_name_that_lies_across_two_windows_of_the_quick_look_is_seen(before: int) -> None:
    body = b'{"x": "' + b"-" * (before - 10) + b'", "password": "' + SECRET.encode() + b'"}'
    masked = REDACTOR.exchange(exchange(body)).request.body
    assert SECRET.encode() not in masked
    assert json.loads(masked)["x"] == "-" * (before - 10)


def test_a_label_of_base64_is_kept_whole() -> None:
    body = json.dumps({"label": "QUJD" * 100_000, "token": SECRET}).encode()
    masked = json.loads(REDACTOR.exchange(exchange(body)).request.body)
    assert masked["label"] == "QUJD" * 100_000
    assert masked["token"] == REDACTOR.mask(SECRET)


def test_the_tail_of_a_label_that_was_cut_is_kept() -> None:
    tail = ("QUJD" * 20_000 + '", "carrier": "x", "password": "' + SECRET + '"}').encode()
    masked = REDACTOR.exchange(exchange(b'{"label": "QUJD', tail=tail, truncated=True, size=9_000_000)).request
    assert masked.tail.startswith(b"QUJD" * 20_000 + b'", "carrier": "x"')
    assert SECRET.encode() not in masked.tail
    assert masked.size == 9_000_000


def test_a_broken_off_body_hides_the_secret_that_broke_off() -> None:
    masked = REDACTOR.exchange(exchange(b'{"password": "hunter2hun', incomplete=True)).request
    assert b"hunter" not in masked.body


@pytest.mark.parametrize("opened", ["[", '{"a":', "<a>"])
def test_a_body_nested_without_end_hides_its_secrets(opened: str) -> None:
    inner = f"<password>{SECRET}</password>" if opened == "<a>" else f'{{"password": "{SECRET}"}}'
    body = opened * 100_000 + inner
    masked = REDACTOR.exchange(exchange(body.encode())).request.body
    assert masked == body.replace(SECRET, REDACTOR.mask(SECRET)).encode()


def test_binary_bodies_are_left_alone() -> None:
    body = b"%PDF-1.7\n/Token (abcdefgh) password: hunter2hunter2"
    assert REDACTOR.exchange(exchange(body)).request.body == body


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "application/json", ""])
def test_bytes_that_are_no_text_are_left_alone_whatever_is_declared_of_them(kind: str) -> None:
    body = bytes(i % 251 for i in range(1000)) + b"&token=abcdefgh1"
    assert REDACTOR.exchange(exchange(body, headers=[("Content-Type", kind)])).request.body == body


def test_a_file_among_the_fields_of_a_form_is_left_alone() -> None:
    label = b"%PDF-1.7\n/Token (abcdefgh) password: hunter2hunter2 4111111111111111 \0\xff"
    named = '--b\r\nContent-Disposition: form-data; name="密碼"\r\n\r\nhunter4hunter4\r\n'.encode()
    body = (
        b'--b\r\nContent-Disposition: form-data; name="label"; filename="l.pdf"\r\n\r\n' + label + b"\r\n"
        b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter3hunter3\r\n--b--\r\n'
    )
    kind = [("Content-Type", "multipart/form-data; boundary=b")]
    masked = REDACTOR.exchange(exchange(named + body, headers=kind)).request
    assert label in masked.body
    assert b"hunter3" not in masked.body
    assert b"hunter4" not in masked.body


def test_the_tail_of_a_form_hides_its_fields_behind_the_end_of_a_file() -> None:
    tail = (
        b"\x89\0\1\2 token: abcdefgh1 \r\n"
        b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter3hunter3\r\n--b--\r\n'
    )
    kind = [("Content-Type", "multipart/form-data; boundary=b")]
    head = b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n\0\1'
    cut = Message(headers=kind, body=head, tail=tail, size=10_000_000, truncated=True)
    masked = REDACTOR.exchange(replace(exchange(b""), request=cut)).request
    assert masked.tail.startswith(tail[:24])
    assert b"hunter3" not in masked.tail


class Failing(Look):
    """A scanner that meets what nobody foresaw."""

    def find(self, text: str, shape: Shape | None = None, boundary: str = "") -> list[Span]:
        raise RecursionError

    def sees(self, text: str) -> bool:
        raise RecursionError


def test_a_part_that_cannot_be_scanned_is_masked_whole() -> None:
    look = Failing(NAMES)
    text, body, headers = TextPiece("a text"), BodyPiece(b"a body", ""), HeaderPiece([("X-A", "a value")])
    text.scan(look)
    body.scan(look)
    headers.scan(look, NAMES)
    assert text.masked(REDACTOR.mask) == REDACTOR.mask("a text")
    assert body.masked(REDACTOR.mask) == REDACTOR.mask("a body").encode()
    assert headers.masked(REDACTOR.mask) == [("X-A", REDACTOR.mask("a value"))]


def test_keys_made_of_ids_do_not_fill_the_memory() -> None:
    names = NameBook().names("a.example", login=False)
    for number in range(REMEMBERED + 100):
        names.groups("id" + "abcdefghij"[number % 10] * (number // 10 % 50) + str(number))
    assert len(names._plain) + len(names._judged) <= REMEMBERED + 1
    assert names.groups("access_token")


def test_an_echo_is_found_whatever_the_host_has_made_of_json(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> str:
        raise RuntimeError("the host's")

    secret = 's3cr3t"VALUE/9\u5bc6'
    body = json.dumps({"password": secret, "said": f"wrong: {secret}"}).encode()
    monkeypatch.setattr(json, "dumps", broken)
    monkeypatch.setattr(json, "loads", broken)
    masked = REDACTOR.exchange(exchange(body, headers=[("Content-Type", "application/json")])).request.body
    assert b"VALUE" not in masked
    assert masked.count(b"masked~") == 2


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ("https://u:p@h/?token=abcdefgh1 ", "text/plain"),
        ("https://h/?code=abcdefgh1 ", "text/plain"),
        ("Authorization: Digest a ", "text/plain"),
        ("Cookie: a ", "text/plain"),
        ('{"u":"https://u:p@h/?token=abcdefgh1"},', "application/json"),
        ('{"a":', "application/json"),
        ('<a password="', "text/xml"),
        ("password=a&", "application/x-www-form-urlencoded"),
        ("password=", "text/plain"),
        ("%253D://a%2540b%3d", "text/plain"),
        ("://a@b", "text/plain"),
        ("\\u5bc6\\u78bc", "application/json"),
        ("9", "text/plain"),
        ("0000 ", "text/plain"),
        ("4111111111111111,", "text/plain"),
        ("\x00--b\r\nContent-Disposition: form-data; name=x\r\n\r\n\x00", "multipart/form-data; boundary=b"),
        ("--b\r\nContent-Disposition: form-data; name=", "multipart/form-data; boundary=b"),
    ],
)
def test_masking_takes_as_long_as_the_body_is_whatever_stands_in_it(part: str, kind: str) -> None:
    def made(size: int) -> Callable[[], object]:
        body = exchange((part * (size // len(part))).encode(), headers=[("Content-Type", kind)])
        return lambda: REDACTOR.exchange(body)

    assert_it_grows_as_its_input_does(made)
