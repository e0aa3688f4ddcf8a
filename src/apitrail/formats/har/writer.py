"""From entries to a HAR 1.2 file: what browsers' tools and proxies open.

Every field that HAR asks for is there. What HAR has no field for stands in fields of our own, which begin with an
underscore as HAR wants it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from apitrail.entry import Entry, Payload
from apitrail.formats.har.bodies import to_bytes
from apitrail.formats.har.fields import clean, header
from apitrail.formats.har.own import CREATOR, NOT_SENT, Own


def write(entries: Iterable[Entry]) -> Iterator[bytes]:
    """A HAR file, piece by piece: memory holds one entry at a time."""
    creator = {"name": CREATOR, "version": _version()}
    yield b'{"log":{"version":"1.2","creator":' + msgspec.json.encode(creator) + b',"pages":[],"entries":['
    separator = b"\n"
    for entry in entries:
        yield separator + msgspec.json.encode(_entry(entry))
        separator = b",\n"
    yield b"\n]}}\n"


def _entry(entry: Entry) -> dict[str, Any]:
    own = Own(entry.id, entry.direction, entry.stated, entry.error, entry.call, entry.attempt, entry.trace)
    return {
        "startedDateTime": entry.created_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "time": entry.duration_ms,
        "request": _request(entry),
        "response": _response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": entry.duration_ms, "receive": 0},
        **msgspec.to_builtins(own),
        "_direction": entry.direction,
        "_platform": entry.platform,
        "_action": entry.action,
        "_outcome": entry.outcome,
        **({"_derived": entry.derived} if entry.derived is not None else {}),
    }


def _request(entry: Entry) -> dict[str, Any]:
    payload = entry.request
    result: dict[str, Any] = {
        "method": clean(entry.method),
        "url": clean(entry.url),
        "httpVersion": entry.http_version or "unknown",
        "cookies": [],
        "headers": _pairs(payload.headers),
        "queryString": _query(entry.url),
        "headersSize": -1,
        "bodySize": payload.size or len(payload.body),
    }
    if payload.body or payload.truncated or payload.incomplete:
        result["postData"] = {"mimeType": _type(payload), **_body(payload)}
    return result


def _response(entry: Entry) -> dict[str, Any]:
    payload = entry.response or Payload()
    result: dict[str, Any] = {
        "status": entry.status or 0,
        "statusText": "",
        "httpVersion": entry.http_version or "unknown",
        "cookies": [],
        "headers": _pairs(payload.headers),
        "content": {"size": payload.size or len(payload.body), "mimeType": _type(payload), **_body(payload)},
        "redirectURL": clean(header(payload.headers, "location")),
        "headersSize": -1,
        "bodySize": -1,
    }
    if entry.error:
        result["_error"] = clean(entry.error.text) or entry.error.type
        result["_errorType"] = clean(entry.error.type)
    elif entry.not_sent:
        result["_error"] = clean(entry.not_sent)
        result["_errorType"] = NOT_SENT
    return result


def _body(payload: Payload) -> dict[str, Any]:
    """The body as text where reading it gives the same bytes again, else as base64."""
    kept: dict[str, Any] = {"text": b64encode(payload.body).decode(), "encoding": "base64"}
    try:
        text = payload.body.decode(payload.charset or "utf-8")
    except (UnicodeError, LookupError):
        pass
    else:
        if to_bytes(text, _type(payload)) == payload.body:
            kept = {"text": text}
    if payload.incomplete and not payload.body:
        kept = {}
    if payload.incomplete:
        kept["_incomplete"] = True
    if payload.truncated:
        kept |= {
            "comment": f"Cut: the first {len(payload.body)} and the last {len(payload.tail)} of {payload.size} bytes.",
            "_truncated": True,
            "_tail": b64encode(payload.tail).decode(),
            "_size": payload.size,
            "_sha256": payload.sha256,
        }
    return kept


def _type(payload: Payload) -> str:
    return clean(payload.content_type or header(payload.headers, "content-type")) or "application/octet-stream"


def _pairs(fields: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": clean(name), "value": clean(value)} for name, value in fields]


def _query(url: str) -> list[dict[str, str]]:
    try:
        query = urlsplit(url).query
    except ValueError:
        return []
    return _pairs(parse_qsl(query, keep_blank_values=True, errors="replace"))


def _version() -> str:
    try:
        return version("apitrail")
    except PackageNotFoundError:
        return "0"
