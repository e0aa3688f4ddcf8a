"""From a HAR file to exchanges: one by one, so that a file of 100 MB is held once and not as objects.

An exchange's id is made of its time and its content: imported twice it is stored once, and entries that are the same
within one file are all kept. A file that we wrote ourselves brings the ids that its calls have:
`apitrail.formats.har.own`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

import msgspec
from msgspec.structs import replace

from apitrail.exchange import Exchange, Failure, Message, Recorder, Stated
from apitrail.formats.har.bodies import Held, request_body, response_body
from apitrail.formats.har.fields import (
    BadEntry,
    HarError,
    Unreadable,
    clean,
    header,
    header_fields,
    mapping,
    moment,
    number,
    shown,
    size_of,
)
from apitrail.formats.har.own import CREATOR, NOT_SENT, Own, kept_id, read_own

_PHASES = ("blocked", "dns", "connect", "send", "wait", "receive")
"""Of `timings`; `ssl` is part of `connect` (HAR 1.2)."""

_NO_ANSWER = "har.NoAnswer"


def read(data: bytes | IO[bytes]) -> Iterator[Exchange | BadEntry]:
    """The exchanges of a HAR file, in its order; in the place of what cannot be read, what is wrong with it.

    Nothing is masked: pass each exchange through `Redactor.exchange` before it is stored. Raises HarError, before the
    first exchange, where the file as a whole is no HAR.
    """
    raw = data if isinstance(data, bytes) else data.read()
    entries, ours = _entries(raw)
    recorder = "har:" + hashlib.sha256(raw).hexdigest()[:32]
    return _each(entries, recorder, ours=ours)


def _each(entries: list[Any], recorder: str, *, ours: bool) -> Iterator[Exchange | BadEntry]:
    seen: Counter[bytes] = Counter()
    for index, entry in enumerate(entries):
        at = f"$.log.entries[{index}]"
        try:
            held = mapping(_unpacked(entry, at), at)
            if not held:
                raise Unreadable(at, held, "is empty", "Remove it.")
            exchange = _exchange(held, at, read_own(held, at) if ours else None)
        except Unreadable as problem:
            yield BadEntry(index, problem.field, problem.value, problem.reason, problem.fix)
            continue
        digest = _digest(held)
        exchange.id = exchange.id or _identifier(exchange.created_at, digest, seen[digest])
        seen[digest] += 1
        exchange.recorder = Recorder(id=recorder, sequence=index + 1, client="har")
        yield exchange


def _entries(raw: bytes) -> tuple[list[Any], bool]:
    """The entries, still encoded where the file is as JSON should be, and whether we wrote the file."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw = raw.decode("utf-16", "replace").encode()
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        log = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).get("log")
        held = msgspec.json.decode(log, type=dict[str, msgspec.Raw]) if log else {}
        if entries := held.get("entries"):
            creator = msgspec.json.decode(held["creator"]) if "creator" in held else None
            return list(msgspec.json.decode(entries, type=list[msgspec.Raw])), _is_ours(creator)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass  # the standard library reads what is not quite JSON, and says where it is not at all
    return _liberal_entries(raw)


def _liberal_entries(raw: bytes) -> tuple[list[Any], bool]:
    try:
        document = json.loads(raw.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise HarError(
            "$", shown(raw[:40]), f"is not JSON ({error})", "Export the file anew; a HAR file is one JSON document."
        ) from error
    log = document.get("log") if isinstance(document, dict) else None
    if not isinstance(log, dict):
        found = ", ".join(sorted(document)[:5]) if isinstance(document, dict) else document
        raise HarError("$.log", shown(found), "is missing", 'A HAR file is {"log": {"entries": […]}}.')
    entries = log.get("entries")
    if not isinstance(entries, list):
        raise HarError(
            "$.log.entries", shown(entries), "is not a list", "Export the file with its entries: a list, maybe empty."
        )
    return entries, _is_ours(log.get("creator"))


def _is_ours(creator: object) -> bool:
    return isinstance(creator, dict) and creator.get("name") == CREATOR


def _unpacked(entry: Any, at: str) -> object:
    if not isinstance(entry, msgspec.Raw):
        return entry
    data = bytes(entry)
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(data.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise Unreadable(at, data[:40], f"is not JSON ({error})", "Remove it, or export the file anew.") from error


def _exchange(entry: dict[str, Any], at: str, own: Own | None) -> Exchange:
    """`own`: of a file that we wrote."""
    if not isinstance(entry.get("request"), dict):
        raise Unreadable(f"{at}.request", entry.get("request"), "is missing", "An entry has a request: add it.")
    sent = entry["request"]
    method = _needed(sent, "method", f"{at}.request")
    if len(method) > 40:
        raise Unreadable(f"{at}.request.method", method, "is too long", "A method has at most 40 characters.")
    url = _needed(sent, "url", f"{at}.request")
    created_at = moment(entry.get("startedDateTime"), f"{at}.startedDateTime")
    got = mapping(entry.get("response"), f"{at}.response")
    status = _status(got.get("status"), f"{at}.response.status")
    reason = _reason(entry, sent, got)
    exchange = Exchange(
        created_at=created_at,
        direction="inbound" if entry.get("_direction") == "inbound" else "outbound",
        method=method,
        url=url,
        request=_request(sent, f"{at}.request"),
        response=None if status is None else _response(got, f"{at}.response"),
        status=status,
        duration_ms=_duration(entry, f"{at}.timings"),
        http_version=_version(got.get("httpVersion")) or _version(sent.get("httpVersion")),
    )
    if own is not None:
        _put_back(exchange, own, sent, got, reason)
    elif status is None or reason:
        text = reason or "The file holds no answer to this call, and no reason."
        exchange.error = Failure(_kind(got, text), text)
        if exchange.response is not None:
            exchange.response.incomplete = True
    return exchange


def _put_back(exchange: Exchange, own: Own, sent: dict[str, Any], got: dict[str, Any], reason: str) -> None:
    """What only we write into a file."""
    exchange.id = kept_id(own, exchange.created_at)
    exchange.stated, exchange.call, exchange.attempt, exchange.trace = own.stated, own.call, own.attempt, own.trace
    exchange.error = own.failure
    if own.failure is None and got.get("_errorType") == NOT_SENT:
        stated = own.stated or Stated()
        exchange.stated = stated if stated.not_sent else replace(stated, not_sent=reason)
    elif own.failure is None and reason:
        exchange.error = Failure(_kind(got, reason), reason)
    # A body that has expired, or whose secrets were masked, has the size that it had.
    for message, size in (
        (exchange.request, sent.get("bodySize")),
        (exchange.response, mapping(got.get("content"), "").get("size")),
    ):
        came = size_of(size)
        if message is not None and message.size is None and came != len(message.body):
            message.size = came


def _needed(held: dict[str, Any], name: str, at: str) -> str:
    value = held.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{at}.{name}", value, "is missing", f"Write the {name} as a text.")
    return clean(value)


def _status(value: object, field: str) -> int | None:
    """The status; None where no answer came, which HAR writes as 0, -1, null or nothing."""
    code = number(value)
    if not code:
        if value in (None, "", 0, -1, "0", "-1"):
            return None
    elif 100 <= code <= 999 and code == int(code):
        return int(code)
    raise Unreadable(field, value, "is no HTTP status", "Write a number from 100 to 999, or 0 where no answer came.")


def _reason(entry: dict[str, Any], sent: dict[str, Any], got: dict[str, Any]) -> str:
    """Why there was no (whole) answer, as browsers, proxies and recorders write it."""
    for held, name in (
        (got, "_error"),
        (entry, "_error"),
        (sent, "_error"),
        (got, "_failureText"),
        (entry, "_failureText"),
    ):
        value = held.get(name)
        if value:
            return clean(value.get("message") or value) if isinstance(value, dict) else clean(value)
    if number(got.get("status")):
        return ""
    return next((clean(held[name]) for held, name in ((got, "comment"), (entry, "comment")) if held.get(name)), "")


def _kind(got: dict[str, Any], text: str) -> str:
    given = got.get("_errorType")
    if isinstance(given, str) and given:
        return clean(given)[:200]
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    return first[:200] if first.startswith(("net::", "NS_ERROR_")) else _NO_ANSWER


def _request(sent: dict[str, Any], at: str) -> Message:
    headers = header_fields(sent.get("headers"), f"{at}.headers")
    data = mapping(sent.get("postData"), f"{at}.postData")
    if not data:
        return Message(headers=headers)
    content_type = header(headers, "content-type") or clean(data.get("mimeType"))
    return _message(headers, request_body(data, content_type, f"{at}.postData"))


def _response(got: dict[str, Any], at: str) -> Message:
    headers = header_fields(got.get("headers"), f"{at}.headers")
    content = mapping(got.get("content"), f"{at}.content")
    content_type = header(headers, "content-type") or clean(content.get("mimeType"))
    return _message(headers, response_body(content, content_type, f"{at}.content"))


def _message(headers: list[tuple[str, str]], held: Held) -> Message:
    return Message(
        headers=headers,
        body=held.body,
        tail=held.tail,
        size=held.size,
        sha256=held.sha256,
        truncated=held.truncated,
        incomplete=held.incomplete,
    )


def _duration(entry: dict[str, Any], field: str) -> float:
    total = number(entry.get("time"))
    if total is not None:
        return total
    timings = mapping(entry.get("timings"), field)
    return sum(number(timings.get(phase)) or 0.0 for phase in _PHASES)


def _version(value: object) -> str:
    text = clean(value).strip()
    return "" if text.lower() == "unknown" else text[:20]


def _digest(entry: dict[str, Any]) -> bytes:
    try:
        canonical = msgspec.json.encode(entry, order="deterministic")
    except (UnicodeEncodeError, msgspec.MsgspecError, RecursionError):
        canonical = json.dumps(entry, sort_keys=True).encode()
    return hashlib.sha256(canonical).digest()


def _identifier(at: datetime, digest: bytes, ordinal: int) -> str:
    """A UUIDv7 (RFC 9562 §5.7): the milliseconds of the time, the rest from the content."""
    milliseconds = max(0, int(at.timestamp() * 1000)) & 0xFFFF_FFFF_FFFF
    rest = int.from_bytes(hashlib.sha256(digest + ordinal.to_bytes(8, "big")).digest()[:10], "big")
    bits = milliseconds << 80 | 0x7 << 76 | (rest >> 62 & 0xFFF) << 64 | 0b10 << 62 | rest & (1 << 62) - 1
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
