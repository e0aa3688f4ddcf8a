"""Laws of masking, for any bytes: it never raises, keeps what it need not mask, and leaves documents valid."""

import json
import re
import string
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from hypothesis import given
from hypothesis import strategies as st

from apitrail.exchange import Exchange, Failure, Message
from apitrail.recorder.redact import Redactor
from apitrail.recorder.redaction.echoes import COMMON, SHORTEST

REDACTOR = Redactor(b"key")
MASK = re.compile(rb"masked~[A-Za-z0-9._-]{0,4}~[0-9a-f]{10}")

PLAIN_NAMES = st.sampled_from(
    ["author", "keyword", "orders", "page_token", "名", "zip code", "n", "signed_by", "url", "id"]
)
SECRET_NAMES = st.sampled_from(["password", "accessToken", "client_secret", "X-Api-Key", "credentials"])
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
SECRETS = st.text(string.ascii_letters + string.digits + "+/=.-_!\"'\\<>&%許 ", min_size=8, max_size=30).filter(
    lambda text: (
        len(text.strip()) > 7 and "masked~" not in text and not text[0].isspace() and text.lower() not in COMMON
    )
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN_NAMES | SECRET_NAMES | TEXT, inner, max_size=4),
    max_leaves=12,
)


def masked(
    body: bytes, content_type: str = "", *, tail: bytes = b"", cut: bool = False, url: str = "https://a.example/x"
) -> Message:
    given = Exchange(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        method="POST",
        url=url,
        request=Message(headers=[("Content-Type", content_type)], body=body, tail=tail, truncated=cut),
    )
    once = REDACTOR.exchange(given)
    assert REDACTOR.exchange(once) == once, "masking twice is masking once"
    return once.request


def assert_only_masks_differ(before: bytes, after: bytes) -> None:
    """Every byte outside the masks stands in the original, in order."""
    # A number that was masked got quotes, which belong to the mask.
    quoted = re.compile(rb'"?' + MASK.pattern + rb'"?')
    pattern = b".+?".join(rb'"?' + re.escape(piece) + rb'"?' for piece in quoted.split(after))
    assert re.fullmatch(pattern, before, re.DOTALL), (before, after)


@given(
    st.binary(max_size=200), st.binary(max_size=60), st.sampled_from(["", "application/json", "text/xml; charset=big5"])
)
def test_no_bytes_make_it_raise(body: bytes, tail: bytes, content_type: str) -> None:
    once = masked(body, content_type, tail=tail, cut=bool(tail))
    assert once.body == body or MASK.search(once.body.replace(b"\0", b""))


@given(
    st.lists(
        st.sampled_from(
            [
                '"',
                "\\",
                "{",
                "}",
                "[",
                ":",
                ",",
                "<",
                ">",
                "/",
                "=",
                "&",
                "%",
                ";",
                "password",
                "token",
                "'",
                " ",
                "abc12345",
                "x",
                "name",
                "value",
                "\n",
                "--",
                "![CDATA[",
                "]]>",
                "https://",
                "@",
                "?",
                "\\u0022",
                "%22",
                "&quot;",
            ]
        ),
        max_size=40,
    )
)
def test_no_text_makes_it_raise_and_only_masks_differ(pieces: list[str]) -> None:
    text = "".join(pieces)
    once = masked(text.encode())
    assert_only_masks_differ(text.encode(), once.body)
    masked(b"", tail=text.encode(), cut=True)


@given(JSON, st.booleans(), st.sampled_from([None, 2]))
def test_masked_json_stays_valid_and_keeps_the_rest(value: Any, ascii_only: bool, indent: int | None) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    once = masked(body, "application/json").body
    json.loads(once)
    assert_only_masks_differ(body, once)


@given(SECRETS, SECRET_NAMES, st.dictionaries(PLAIN_NAMES, TEXT | st.booleans()), st.integers(0, 3), st.booleans())
def test_a_secret_in_json_is_gone_at_any_depth(
    secret: str, name: str, beside: Any, depth: int, ascii_only: bool
) -> None:
    text = json.dumps({"a": beside, "list": [{name: secret}], "z": 1}, ensure_ascii=ascii_only)
    for _ in range(depth):
        text = json.dumps({"inner": text, "z": 1}, ensure_ascii=ascii_only)
    once = masked(text.encode(), "application/json").body.decode()
    for _ in range(depth):
        once = json.loads(once)["inner"]
    value = json.loads(once)["list"][0][name]
    assert secret not in value
    assert MASK.search(value.encode())


@given(st.lists(st.tuples(PLAIN_NAMES | SECRET_NAMES, TEXT), max_size=5), SECRETS)
def test_a_masked_form_stays_valid_and_keeps_the_rest(pairs: list[tuple[str, str]], secret: str) -> None:
    body = urlencode([("first", "1"), *pairs, ("access_token", secret), ("last", "許")]).encode()
    once = masked(body, "application/x-www-form-urlencoded").body
    read = parse_qsl(once.decode(), keep_blank_values=True)
    assert [name for name, _ in read] == [name for name, _ in parse_qsl(body.decode(), keep_blank_values=True)]
    assert read[-1] == ("last", "許")
    assert quote_plus(secret).encode() not in once
    assert_only_masks_differ(body, once)


@given(XML_TEXT, SECRETS, SECRET_NAMES, st.booleans())
def test_masked_xml_stays_valid_and_keeps_the_rest(text: str, secret: str, name: str, in_attribute: bool) -> None:
    plain = f"<n:name xmlns:n='u' a={quoteattr(text)}>{escape(text)}</n:name>"
    hidden = f"<a {name}={quoteattr(secret)}/>" if in_attribute else f"<{name}>{escape(secret)}</{name}>"
    body = f"<?xml version='1.0'?><root>{plain}{hidden}<last>1</last></root>".encode()
    once = masked(body, "text/xml").body
    element = ElementTree.fromstring(once.decode())[1]
    value = element.get(name, "") if in_attribute else element.text or ""
    assert secret.strip() not in value
    assert MASK.search(value.encode())
    assert b"<last>1</last></root>" in once
    assert_only_masks_differ(body, once)


@given(
    st.text("許功蓋表ソ能甲乙abc\\|{}[] ", max_size=30),
    st.sampled_from(["big5", "gbk", "shift_jis", "euc_kr", "utf-16"]),
)
def test_any_charset_is_kept_byte_for_byte(text: str, charset: str) -> None:
    text = text.encode(charset, "ignore").decode(charset)
    body = json.dumps({"name": text, "password": "hunter2hunter", "z": text}, ensure_ascii=False).encode(charset)
    for content_type in (f"application/json; charset={charset}", "application/json"):
        once = masked(body, content_type).body
        read = json.loads(once.decode(charset))
        assert read == {"name": text, "password": REDACTOR.mask("hunter2hunter"), "z": text}


@given(st.integers(0, 200), JSON)
def test_a_head_cut_anywhere_hides_what_it_has_of_the_secret(at: int, beside: Any) -> None:
    secret = "s3cr3tVALUE9xyzQ1"
    body = json.dumps(
        {"a": beside, "password": secret, "token": [secret], "xml": f"<Password>{secret}</Password>"}
    ).encode()
    head = body[: max(0, len(body) - at)]
    assert secret[:9].encode() not in masked(head, "application/json", cut=True).body


@given(st.integers(0, 200))
def test_a_tail_cut_anywhere_hides_what_it_has_of_the_secret(at: int) -> None:
    secret = "s3cr3tVALUE9xyzQ1"
    body = json.dumps(
        {"a": [{"n": 1}], "password": secret, "b": "x y", "token": [secret, 5], "xml": f"<Password>{secret}</Password>"}
    ).encode()
    tail = body[min(at, len(body) - 1) :]
    assert secret[-9:].encode() not in masked(b'{"a": 1, "b": "', "application/json", tail=tail, cut=True).tail


@given(st.integers(0, 120))
def test_a_tail_of_xml_cut_anywhere_hides_what_it_has_of_the_secret(at: int) -> None:
    secret = "s3cr3tVALUE9xyzQ1"
    body = (
        f'<r><Password>{secret}</Password><b c="1" token="{secret}"/><Key><Secret>{secret}</Secret></Key></r>'.encode()
    )
    tail = body[min(at, len(body) - 1) :]
    assert secret[-9:].encode() not in masked(b"<r><x>1</x>", "text/xml", tail=tail, cut=True).tail


@given(st.integers(0, 60))
def test_a_tail_of_a_form_cut_anywhere_hides_what_it_has_of_the_secret(at: int) -> None:
    secret = "s3cr3tVALUE9xyzQ1"
    body = f"a=1&password={secret}&b=2&token={secret}&c=3".encode()
    tail = body[min(at, len(body) - 1) :]
    assert secret[-9:].encode() not in masked(b"z=1&y=", "application/x-www-form-urlencoded", tail=tail, cut=True).tail


@given(SECRETS, TEXT)
def test_an_echoed_secret_is_gone_from_every_place(secret: str, beside: str) -> None:
    given = Exchange(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        method="GET",
        url=f"https://a.example/x?q={quote_plus(secret)}",
        request=Message(headers=[("X-Api-Key", secret)]),
        response=Message(body=json.dumps({"m": beside + secret, "n": [secret]}).encode()),
        status=200,
        error=Failure("E", f"{beside} {secret}"),
    )
    once = REDACTOR.exchange(given)
    assert once.response is not None
    assert once.error is not None
    read = json.loads(once.response.body)
    if secret not in beside and not secret.partition(" ")[0].isalpha() and len(secret.strip("\"'\\")) >= SHORTEST:
        assert secret not in read["m"]
        assert secret not in read["n"]
        assert secret not in once.error.text
        assert quote_plus(secret) not in once.url
