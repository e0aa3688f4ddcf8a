"""Bodies: HAR holds them as Unicode text, as base64, or as the fields of a form."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import Any
from urllib.parse import quote_plus

from msgspec import Struct

from apitrail.formats.har.fields import Unreadable, clean, size_of

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:\-]+)", re.IGNORECASE)
_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]+)\"|([^;\s]+))", re.IGNORECASE)
_XML = re.compile(r"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.\-]{1,40})[\"']")
_ENCODED = re.compile(r"(?:[A-Za-z0-9._~!$'()*,;:@/?+\-]|%[0-9A-Fa-f]{2})*")
_REBUILT = "apitrail-rebuilt-boundary"


class Held(Struct, frozen=True):
    """A body as far as the file has it."""

    body: bytes = b""
    tail: bytes = b""
    size: int | None = None
    sha256: str | None = None
    truncated: bool = False
    incomplete: bool = False


def declared_charset(content_type: str, text: str) -> str | None:
    """The charset in which a text was bytes, as its type or its XML declaration says; None means: UTF-8."""
    declared = _CHARSET.search(content_type) or _XML.match(text)
    if not declared:
        return None
    try:
        "".encode(declared[1])
    except LookupError:
        return None
    return declared[1]


def to_bytes(text: str, content_type: str) -> bytes:
    """The bytes that a text was: in its declared charset where that can write it, else UTF-8."""
    text = clean(text)
    if text.isascii():
        return _in(declared_charset(content_type, text), text) if "utf-16" in content_type.lower() else text.encode()
    return _in(declared_charset(content_type, text), text)


def request_body(data: dict[str, Any], content_type: str, field: str) -> Held:
    """The body of `postData`. Raises Unreadable."""
    text = data.get("text")
    if isinstance(text, str) and text:
        encoding = data.get("encoding", data.get("_encoding"))
        body = _decoded(text, encoding, content_type, field)
        return _cut(data, body, None, field)
    params = data.get("params")
    if isinstance(params, list) and params:
        return _rebuilt([one for one in params if isinstance(one, dict)], content_type)
    return _cut(data, b"", None, field)


def response_body(content: dict[str, Any], content_type: str, field: str) -> Held:
    """The body of `content`. A text that was left out leaves its size. Raises Unreadable."""
    text = content.get("text")
    size = size_of(content.get("size"))
    if isinstance(text, str):
        return _cut(content, _decoded(text, content.get("encoding"), content_type, field), size, field)
    if text is not None:
        raise Unreadable(f"{field}.text", text, "is not a text", "Write the body as a string, binary as base64.")
    if size and content.get("_truncated") is not True:
        return Held(size=size, incomplete=True)
    return _cut(content, b"", size, field)


def _cut(data: dict[str, Any], body: bytes, size: int | None, field: str) -> Held:
    """A body of which we wrote head and tail ourselves says so in fields of its own."""
    if data.get("_truncated") is not True:
        return Held(body, incomplete=data.get("_incomplete") is True)
    true_size = size_of(data.get("_size"))
    return Held(
        body,
        tail=_from_base64(clean(data.get("_tail")), f"{field}._tail"),
        size=true_size if true_size is not None else size or len(body),
        sha256=clean(data["_sha256"]) if data.get("_sha256") else None,
        truncated=True,
        incomplete=data.get("_incomplete") is True,
    )


def _decoded(text: str, encoding: object, content_type: str, field: str) -> bytes:
    if isinstance(encoding, str) and encoding.lower() == "base64":
        return _from_base64(text, f"{field}.text")
    return to_bytes(text, content_type)


def _from_base64(text: str, field: str) -> bytes:
    packed = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable(field, text, f"is not base64 ({error})", "Encode it anew, or leave `encoding` out.") from error


def _in(charset: str | None, text: str) -> bytes:
    try:
        return text.encode(charset or "utf-8")
    except (UnicodeError, LookupError):
        return text.encode()


def _rebuilt(params: list[dict[str, Any]], content_type: str) -> Held:
    if "multipart/" not in content_type.lower():
        pairs = (_form(clean(one.get("name"))) + "=" + _form(clean(one.get("value"))) for one in params)
        return Held("&".join(pairs).encode())
    found = _BOUNDARY.search(content_type)
    boundary = (found[1] or found[2]) if found else _REBUILT
    lines: list[str] = []
    for one in params:
        name, file = clean(one.get("name")), clean(one.get("fileName"))
        held = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{file}"' if file else "")
        lines += [f"--{boundary}", held]
        if one.get("contentType"):
            lines.append(f"Content-Type: {clean(one['contentType'])}")
        lines += ["", clean(one.get("value"))]
    body = "\r\n".join([*lines, f"--{boundary}--", ""])
    # HAR names the files that were sent, and seldom holds them.
    return Held(body.encode(), incomplete=any(one.get("fileName") and not one.get("value") for one in params))


def _form(text: str) -> str:
    """Some write names and values as they were sent, some decoded."""
    return text if "%" in text and _ENCODED.fullmatch(text) else quote_plus(text)
