"""Sample exchanges of a platform: `samples/<name>.http` as it goes over the wire, `samples/<name>.toml` as expected.

    # inbound                                  optional: the platform called us
    POST https://api.acme.example/orders HTTP/1.1
    Content-Type: application/json

    {"order": {"number": "A-1"}}

    HTTP/1.1 200
    Content-Type: application/json

    {"error": "E17", "message": "Token expired"}

A body ends where the answer begins, at a line `HTTP/1.1 <status>`; blank lines around a body are not part of it.
`# no answer: httpx.ConnectTimeout: timed out` stands in place of an answer that never came. `# base64` as a
body's first line says that the rest is base64.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import tomli
from msgspec import Struct

from apitrail.entry import Entry
from apitrail.exchange import Direction, Exchange, Failure, Headers, Message
from apitrail.profiles.engine import Profiles
from apitrail.profiles.quantities import in_words, named, quantities

_ANSWER = re.compile(r"^(?:HTTP/[\d.]+ (\d{3})[^\n]*|# no answer: (\S+): ([^\n]*))$", re.MULTILINE)
_CALL = re.compile(r"^([A-Z]+) (\S+)(?: HTTP/[\d.]+)?$")


class Sample(Struct, frozen=True):
    """An exchange and what the profile makes of it."""

    name: str
    exchange: Exchange
    expected: dict[str, Any]


def read_sample(file: Path) -> Sample:
    """The sample in an `.http` file with the `.toml` beside it. Raises ValueError for what is no sample."""
    expected = tomli.loads(file.with_suffix(".toml").read_text("utf-8"))
    return Sample(file.stem, parse_exchange(file.read_text("utf-8")), expected)


def parse_exchange(text: str) -> Exchange:
    """The exchange in a sample's text. Raises ValueError."""
    direction = "outbound"
    while text.startswith("#"):
        comment, _, text = text.partition("\n")
        if comment.strip() == "# inbound":
            direction = "inbound"
    answer = _ANSWER.search(text)
    first, _, rest = (text[: answer.start()] if answer else text).lstrip().partition("\n")
    call = _CALL.match(first.strip())
    if not call:
        raise ValueError(f'"{first}" begins no request: write "METHOD URL"')
    response = failure = None
    if answer is not None and answer[1]:
        response = _message(text[answer.end() :].removeprefix("\n"))
    elif answer is not None:
        failure = Failure(answer[2], answer[3])
    return Exchange(
        id="",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        direction=cast("Direction", direction),
        method=call[1],
        url=call[2],
        request=_message(rest),
        response=response,
        status=int(answer[1]) if answer is not None and answer[1] else None,
        error=failure,
    )


def _message(text: str) -> Message:
    head, _, body = text.partition("\n\n") if not text.startswith("\n") else ("", "", text)
    headers: Headers = []
    for line in head.splitlines():
        name, _, value = line.partition(":")
        if name.strip():
            headers.append((name.strip(), value.strip()))
    body = body.strip("\n")
    if body.startswith("# base64\n"):
        return Message(headers=headers, body=b64decode(body.partition("\n")[2]))
    return Message(headers=headers, body=body.encode())


def differences(profiles: Profiles, entry: Entry, expected: dict[str, Any]) -> list[str]:
    """What an entry has otherwise than expected; empty where all is well.

    `references` (in any order) and `items` are written as texts: `order:A-1`, and `sku:B-2 request_error E17 message`.
    A field that is not expected to be anything may be anything; `""` expects that there is none. `delivery` is what the
    entry tells of its parcel, or a table of what it tells of each number; `making` is the like of a label that is still
    being made; `quantities` a table of what it says of the stock of each product; `expires` the time at which the
    access ends.
    """
    out = []
    for name, wanted in expected.items():
        if name in ("delivery", "making"):
            found = _told(profiles.deliveries if name == "delivery" else profiles.making, entry, wanted)
        elif name == "quantities":
            found = {number: in_words(quantities(entry, named(entry, (number,)))) for number in wanted}
        else:
            found = profiles.expires(entry) if name == "expires" else described(entry, name)
        if found != wanted and not (name == "references" and sorted(found) == sorted(wanted)):
            out.append(f"{name}: expected {wanted!r}, found {found!r}")
    return out


def _told(tell: Callable[..., list[str | None]], entry: Entry, wanted: Any) -> Any:
    if not isinstance(wanted, dict):
        return tell(entry)[0] or ""
    words = tell(entry, [(number,) for number in wanted])
    return {number: said or "" for number, said in zip(wanted, words, strict=True)}


def described(entry: Entry, name: str) -> Any:
    """A field as samples write it."""
    if name == "references":
        return [f"{reference.type}:{reference.id}" for reference in entry.references]
    if name == "items":
        return [
            " ".join(part for part in (f"{item.type}:{item.id}", item.outcome, item.code, item.message) if part)
            for item in entry.items
        ]
    if name == "counts":
        counts = entry.counts
        numbers = {} if counts is None else {key: getattr(counts, key) for key in counts.__struct_fields__}
        return {key: number for key, number in numbers.items() if number is not None}
    if name == "source":
        return f"{entry.source.type}:{entry.source.id}" if entry.source is not None else ""
    if name in ("ec_integration", "shipping_integration"):
        integration = getattr(entry, name)
        return integration.id if integration is not None else ""
    value = getattr(entry, name)
    return "" if value is None else value
