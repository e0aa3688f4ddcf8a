"""What changed between a call that worked and one that did not: what was sent, part by part.

Numbers keep their digits, and a number is not the text of its digits. What differs in every call (times, signatures,
request ids) is told apart by its name, so that it does not hide what matters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from apitrail.entry import Entry, EntryRow, Payload
from apitrail.server.pages.bodies.content import decode

LEAVES = 2000
"""Values of a body that are compared."""
SHOWN = 60
VALUE_MAX = 300
DEEPEST = 60

_EVERY_CALL = re.compile(
    r"timestamp|signature|nonce|(^|[_.\-])(sign|ts|time|date|sig|hmac)$|request[_\-]?id|trace|idempotency|content-length",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"[0-9]")
Part = Literal["url", "query", "header", "body", "answer"]


class _Bare(str):
    """A value of JSON that is no text, as it is written: 234, true, null, []."""

    __slots__ = ()


class Difference(Struct, frozen=True):
    part: Part
    name: str
    before: str | None
    """Of the call that worked; None where it had no such thing."""
    now: str | None
    passing: bool
    """It differs in every call, by its name."""


def same_address(one: EntryRow, other: EntryRow) -> bool:
    """Whether both called the same of a platform's addresses: by the same method, and by paths that differ only where
    both have a segment with a digit, which may be a number, a version or a date.
    """
    paths = one.path.split("/"), other.path.split("/")
    return one.method == other.method and len(paths[0]) == len(paths[1]) and all(map(_alike, *paths))


def _alike(one: str, other: str) -> bool:
    return one == other or bool(_DIGIT.search(one) and _DIGIT.search(other))


def differences(good: Entry, bad: Entry) -> list[Difference]:
    """What `bad` sent otherwise than `good`, the telling ones first. Of calls to two addresses only the addresses and
    the answers are compared: what was sent is something else anyway.
    """
    if not same_address(good, bad):
        return [*_changed("url", _address(good), _address(bad)), *_changed("answer", _answer(good), _answer(bad))]
    found = [
        *_changed("url", _address(good), _address(bad)),
        *_changed("query", _pairs(urlsplit(good.url).query), _pairs(urlsplit(bad.url).query)),
        *_changed("header", _headers(good.request), _headers(bad.request)),
        *_changed("body", _leaves(good.request), _leaves(bad.request)),
        *_changed("answer", _answer(good), _answer(bad)),
    ]
    return sorted(found, key=lambda one: one.passing)


def _changed(part: Part, before: dict[str, str], now: dict[str, str]) -> Iterator[Difference]:
    for name in [*before, *(name for name in now if name not in before)]:
        old, new = before.get(name), now.get(name)
        if old == new and type(old) is not type(new):
            old, new = _quoted(old), _quoted(new)
        if old != new:
            yield Difference(part, name, _cut(old), _cut(new), bool(_EVERY_CALL.search(name)))


def _quoted(text: str | None) -> str | None:
    """As JSON has it: what tells a text from a number, where nothing else does."""
    return text if text is None or isinstance(text, _Bare) else json.dumps(text, ensure_ascii=False)


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= VALUE_MAX else text[:VALUE_MAX] + "…"


def _address(entry: Entry) -> dict[str, str]:
    parts = urlsplit(entry.url)
    return {"method": entry.method, "host": parts.netloc.rpartition("@")[2], "path": parts.path or "/"}


def _answer(entry: Entry) -> dict[str, str]:
    found = {"status": "" if entry.status is None else str(entry.status), "code": entry.code or ""}
    if entry.response is not None:
        found["content-type"] = entry.response.content_type or ""
    return {name: value for name, value in found.items() if value}


def _headers(payload: Payload) -> dict[str, str]:
    return _together((name.lower(), value) for name, value in payload.headers)


def _pairs(text: str) -> dict[str, str]:
    return _together(parse_qsl(text, keep_blank_values=True))


def _together(pairs: Any) -> dict[str, str]:
    """By name; a name that is there several times has all its values."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _leaves(payload: Payload) -> dict[str, str]:
    """A body's values by where they stand; the whole text under one name where it is no JSON and no form."""
    if not payload.body:
        return {}
    if payload.charset is None and not (payload.content_type or "").startswith(("application/json", "text/")):
        return {"bytes": f"{payload.size:,} B, SHA-256 {payload.sha256[:12]}"}
    text = decode(payload.body, payload.charset)
    if "x-www-form-urlencoded" in (payload.content_type or ""):
        return _pairs(text)
    try:
        value = json.loads(text, parse_float=_Bare, parse_int=_Bare)
    except (ValueError, RecursionError):
        return {str(number): line for number, line in enumerate(text.splitlines()[:LEAVES], 1)}
    found: dict[str, str] = {}
    for name, leaf in _walk("", value, 0):
        found[name or "value"] = leaf
        if len(found) >= LEAVES:
            break
    return found


def _walk(name: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if depth > DEEPEST:
        return
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _walk(f"{name}.{key}" if name else key, inner, depth + 1)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _walk(f"{name}[{number}]", inner, depth + 1)
    else:
        yield name, value if isinstance(value, str) else _Bare(json.dumps(value))
