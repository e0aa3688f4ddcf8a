"""The quick look misses no name that a scanner finds: what it lets pass, a whole scan would leave as it is, too."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest

from apitrail.exchange import Exchange, Message
from apitrail.recorder.redact import Redactor
from apitrail.recorder.redaction.names import Hits, Names

SECRET = "Zq8xW2mN5vT7yK3p"
REDACTOR = Redactor(b"key")

NAMES = (
    *("password", "access_token", "apiKey", "X-Api-Key", "client secret", "api key", "PASSWORD", "user[password]"),
    *("a.password", "2fa_token", "1.api_key", "hash_iv", "密碼", "パスワード"),
)
GAPS = ("", "", " ", "\t", "\n", "\r\n  ")
BEFORE = ("", "", " ", "\n", "\t", "許", "柿", "[", "(", "12 ", "/", "1. ")
KEYS = ("name", "Key", "field", "param", "property", "attribute", "id", "code", "@name", "@key", "n")
VALUES = ("value", "VALUE", "val", "v", "text", "content", "#text", "$")
LABELS = ("name", "Key", "field", "property")
PREFIXES = ("", "", "ns:", "SOAP-ENV:", "a:b:")
ATTRIBUTES = ("", "", " ", ' a="b"', ' xsi:type="xsd:string"', " x='y'")


def written(rnd: random.Random) -> Iterator[str]:
    """The secret beside its name, in each way once."""

    def one(of: tuple[str, ...]) -> str:
        return rnd.choice(of)

    def gap() -> str:
        return one(GAPS)

    name, mark = one(NAMES), one(('"', "'"))
    tag = re.sub(r"[^\w.\-]", "", name).lstrip("0123456789.")
    prefix, attributes = one(PREFIXES), one(ATTRIBUTES)
    yield f"<{prefix}{tag}{attributes}>{SECRET}</{prefix}{tag}>"
    yield f"<x {tag}{gap()}={gap()}{mark}{SECRET}{mark}/>"
    label = prefix + one(LABELS)
    valued = f"<{prefix}value{attributes}>{SECRET}</{prefix}value>"
    yield f"<{label}{attributes}>{gap()}{name}{gap()}</{label}>{gap()}{valued}"
    yield f"<{label}{attributes}>{gap()}<![CDATA[{gap()}{name}{gap()}]]>{gap()}</{label}>{gap()}{valued}"
    yield f"<p {one(LABELS)}{gap()}={gap()}{mark}{name}{mark}>{SECRET}</p>"
    yield f"<p value={mark}{SECRET}{mark} {one(LABELS)}={mark}{name}{mark}/>"
    yield f"<p name={tag} type=hidden>{SECRET}</p>"
    for sign in (":", "=", "=>", "：", "＝"):
        yield f"{name}{gap()}{sign}{one(('', ' '))}{SECRET}"
        yield f"{mark}{name}{mark}{gap()}{sign}{gap()}{mark}{SECRET}{mark}"
    yield f'[["a","b"],{gap()}[{gap()}"{name}"{gap()},{gap()}"{SECRET}"{gap()}]{gap()}]'
    key, value = one(KEYS), one(VALUES)
    yield f'{{"{key}"{gap()}:{gap()}"{name}",{gap()}"{value}"{gap()}:{gap()}"{SECRET}"}}'
    yield f'{{"{value}"{gap()}:{gap()}"{SECRET}",{gap()}"{key}"{gap()}:{gap()}"{name}"}}'
    yield f"[{name}] => {SECRET}"
    yield f's:{len(name.encode())}:"{name}";s:{len(SECRET)}:"{SECRET}";'
    yield f"https://shop:{SECRET}@host.example/x"
    yield f"https://hooks.slack.com/services/T0/{SECRET}"
    yield f"Bearer{one((' ', chr(9)))}{SECRET}{SECRET}"


INTO: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: f"<r>{text}</r>",
    lambda text: f"<r>{escape(text)}</r>",
    lambda text: f"<r><![CDATA[{text}]]></r>",
    lambda text: json.dumps({"d": text}),
    lambda text: json.dumps({"d": text}, ensure_ascii=False),
    lambda text: json.dumps({"d": text}).replace("/", "\\/"),
    lambda text: json.dumps({"a": json.dumps({"b": text})}),
    lambda text: f'{{"a":1,{text}}}',
    lambda text: f"a=1&d={quote(text)}",
    lambda text: f"log line {text} end",
    lambda text: "x" * 8180 + " " + text,
)


def is_left(body: str) -> bool:
    exchange = Exchange(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        method="POST",
        url="https://a.example/x",
        request=Message(body=body.encode()),
    )
    return SECRET in REDACTOR.exchange(exchange).request.body.decode()


@pytest.fixture
def scanned_whole(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], bool]:
    """Whether the secret is left where every scanner looks, whatever the quick look says."""

    def everything(self: Names, text: str) -> Hits:
        keys = re.findall(r'"([^"\\]{1,128}+)\\*+"[ \t\r\n]*+:', text)
        return Hits(frozenset(key for key in keys if self.groups(key)), True, True, True)

    def left(body: str) -> bool:
        with monkeypatch.context() as patched:
            patched.setattr(Names, "hits", everything)
            return is_left(body)

    return left


@pytest.mark.parametrize("seed", range(8))
def test_it_misses_nothing_that_a_scanner_finds(seed: int, scanned_whole: Callable[[str], bool]) -> None:
    rnd = random.Random(seed)
    for _ in range(12):
        for text in written(rnd):
            body = rnd.choice(INTO)(rnd.choice(BEFORE) + text)
            assert not is_left(body) or scanned_whole(body), body


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"payload": json.dumps([{"name": "X-Api-Key", "value": SECRET}])}),
        json.dumps({"payload": json.dumps([{"key": "password", "value": SECRET}])}),
        json.dumps({"xml": f'<Param name="password" value="{SECRET}"/>'}),
        json.dumps({"xml": f'<Param name="password">{SECRET}</Param>'}),
        json.dumps({"html": f'<input type="hidden" name="csrf_token" value="{SECRET}">'}),
        '<item><key xsi:type="xsd:string">password</key><value xsi:type="xsd:string">' + SECRET + "</value></item>",
        f"<r><name >password</name ><value>{SECRET}</value></r>",
        f"<r><field>password</field><value>{SECRET}</value></r>",
        f"<r><property>password</property><value>{SECRET}</value></r>",
        f"<r><name><!-- a -->password</name><value>{SECRET}</value></r>",
        json.dumps({"@name": "password", "#text": SECRET}),
        json.dumps({"key": "api_key", "content": SECRET}),
        json.dumps({"key": "api_key", "v": SECRET}),
        json.dumps([["Accept", "*/*"], ["X-Api-Key", SECRET]]),
        json.dumps({"sent": {"headers": [["X-Api-Key", SECRET]]}}, indent=4),
        json.dumps({"log": json.dumps([["X-Api-Key", SECRET]])}),
        json.dumps({"log": json.dumps({"log": json.dumps([["x-api-key", SECRET], ["Accept", "*/*"]])})}),
        json.dumps({"msg": f"access_token：{SECRET}"}),
        json.dumps({"msg": f"access_token：{SECRET}"}, ensure_ascii=False),
        json.dumps({"msg": f"密碼：{SECRET}"}),
        json.dumps({"msg": f"密碼：{SECRET}"}, ensure_ascii=False),
        f"<msg>密碼：{SECRET}</msg>",
        json.dumps({"msg": f"refused\napi_key={SECRET}"}),
        json.dumps({"msg": f"柿api_key={SECRET}"}),
        json.dumps({"url": f"https://shop:{SECRET}@a.example/x"}).replace("/", "\\/"),
        json.dumps({"url": f"https://hooks.slack.com/services/T0/{SECRET}"}).replace("/", "\\/"),
        f"a=1&2fa_token={SECRET}",
        f"許api key: {SECRET}",
        json.dumps({"name": "password", "x": "-" * 12_000, "list": [{"name": "password", "val": SECRET}]}),
    ],
)
def test_a_name_is_seen_in_odd_places(body: str) -> None:
    assert not is_left(body)


@pytest.mark.parametrize(
    "value",
    [
        {"required": ["password", "emailAddress99"]},
        {"missing": [["first", "second"], ["x_api_keys_count", "emailAddress99"]]},
        [["password", "emailAddress99", "tel"]],
        {"api_key": None, "order": [["buyer", "emailAddress99"]]},
    ],
)
def test_a_list_of_names_keeps_them(value: object) -> None:
    exchange = Exchange(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        method="POST",
        url="https://a.example/x",
        response=Message(body=json.dumps(value).encode()),
    )
    kept = REDACTOR.exchange(exchange).response
    assert kept is not None
    assert b"emailAddress99" in kept.body
