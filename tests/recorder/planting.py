"""Known secrets, and exchanges that have them in every place: in every form of body, and in recorded traffic."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from apitrail.exchange import Exchange, Failure, Message

SECRET = "Zq7xW2mK9vT4pL8n"
OTHER = "hT5rB8wQ3yN6cJ1f"
CARD = "4111111111111111"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyNjExMjM5In0.dGhlLXNpZ25hdHVyZS1vZi1pdA"
BASIC = base64.b64encode(f"shop-77:{SECRET}".encode()).decode()
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----"
PLANTED = (SECRET, OTHER, CARD, JWT, BASIC, "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC")

INNER = {"order": "2611239KQ4XW", "client_secret": SECRET, "card": CARD, "note": f"Bearer {OTHER}{OTHER}"}
BODIES: dict[str, tuple[str, str]] = {
    "json": ("application/json", json.dumps({"password": SECRET, "list": [{"apiKey": OTHER}], "pan": int(CARD)})),
    "json in a string": ("application/json", json.dumps({"payload": json.dumps({"again": json.dumps(INNER)})})),
    "json that breaks off": (
        "application/json",
        json.dumps({"access_token": SECRET, "z": OTHER, "password": OTHER})[:-3],
    ),
    "name and value": ("application/json", json.dumps([{"name": "password", "value": SECRET}])),
    "pairs in a list": (
        "application/json",
        json.dumps({"headers": [["X-Api-Key", SECRET], ["Accept", "*/*"], ["X-Auth-Token", OTHER]]}),
    ),
    "a key": ("application/json", json.dumps({"pem": PEM, "jwt": JWT})),
    "form": ("application/x-www-form-urlencoded", f"a=1&client_secret={SECRET}&data={quote_plus(json.dumps(INNER))}"),
    "elements": ("text/xml", f"<r><Password>{SECRET}</Password><Card>{CARD}</Card><a:Token>{OTHER}</a:Token></r>"),
    "attributes": ("text/xml", f'<Request USERID="{OTHER}" Password="{SECRET}"><x y="1"/></Request>'),
    "soap": (
        "text/xml; charset=utf-8",
        "<s:Envelope xmlns:s='u'><s:Header><w:Security><w:UsernameToken><w:Username>shop</w:Username>"
        f"<w:Password Type='t'>{SECRET}</w:Password></w:UsernameToken></w:Security></s:Header><s:Body/></s:Envelope>",
    ),
    "multipart": (
        "multipart/form-data; boundary=XX",
        f'--XX\r\nContent-Disposition: form-data; name="api_key"\r\n\r\n{SECRET}\r\n'
        f'--XX\r\nContent-Disposition: form-data; name="meta"\r\n\r\n{json.dumps(INNER)}\r\n--XX--\r\n',
    ),
    "text": ("text/plain", f"login failed: password={SECRET}, Authorization: Basic {BASIC}\ntoken: {OTHER}\n"),
    "declared wrongly": ("text/html", json.dumps({"password": SECRET, "credentials": {"a": OTHER}})),
    "no type": ("", f"client_secret={SECRET}&x=1"),
}


def exchange(body: bytes, content_type: str, answer: bytes = b"") -> Exchange:
    """The secrets in the body, and what only a caller knows of them in every other place."""
    return Exchange(
        created_at=datetime.now(UTC),
        method="POST",
        url=f"https://shop:{SECRET}@a.example/x?access_token={OTHER}&q={quote_plus(SECRET)}#token={OTHER}",
        request=Message(
            headers=[
                ("Content-Type", content_type),
                ("Authorization", f"Basic {BASIC}"),
                ("X-Api-Key", SECRET),
                ("Cookie", f"session={OTHER}"),
                ("X-Trace", f"Bearer {JWT}"),
            ],
            body=body,
        ),
        response=Message(headers=[("Set-Cookie", f"sid={OTHER}; Path=/")], body=answer or body),
        status=200,
        error=Failure("E", f"could not send token={OTHER} to https://u:{SECRET}@a.example/"),
    )


def searched(data: bytes, where: str) -> None:
    for secret in PLANTED:
        assert secret.encode() not in data, f"{secret} in {where}"


def planted(entry: Any) -> Exchange:
    request, response = entry["request"], entry["response"]
    content = response["content"]
    text = content.get("text", "")
    answer = base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()
    asked = (request.get("postData") or {}).get("text", "").encode()
    url = request["url"] + ("&" if "?" in request["url"] else "?") + f"access_token={OTHER}"
    headers = [(header["name"], header["value"]) for header in request["headers"]]
    headers += [("Authorization", f"Basic {BASIC}"), ("X-Api-Key", SECRET)]
    return Exchange(
        created_at=datetime.now(UTC),
        method=request["method"],
        url=url,
        request=Message(headers=headers, body=into(asked)),
        response=Message(
            headers=[(header["name"], header["value"]) for header in response["headers"]], body=into(answer)
        ),
        status=response["status"] if response["status"] >= 100 else None,
    )


def into(body: bytes) -> bytes:
    """The body with secrets where its form has room for them."""
    start = body.lstrip()[:1]
    if start == b"{":
        more = json.dumps({"client_secret": SECRET, "pan": CARD, "nested": {"password": OTHER}}).encode()[1:-1]
        head, _, rest = body.partition(b"{")
        return head + b"{" + more + (b"," if rest.lstrip()[:1] != b"}" else b"") + rest
    if start == b"<":
        at = body.rfind(b"</")
        hidden = f"<Password>{SECRET}</Password><Token>{OTHER}</Token>".encode()
        return body[:at] + hidden + body[at:] if at > 0 else body
    if b"=" in body[:200] and b"\n" not in body[:200]:
        return body + f"&password={SECRET}&token={OTHER}".encode()
    return body


def recorded_in(recording: Path) -> list[Exchange]:
    """Every second exchange of a recording, with secrets planted in it."""
    return [planted(entry) for entry in json.loads(recording.read_text("utf-8"))["log"]["entries"][::2]]
