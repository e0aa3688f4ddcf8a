"""What the read API answers, in JSON.

An entry's fields have the names of `apitrail.entry`. Times are RFC 3339 in UTC with microseconds. Platform ids stay
inside the text of bodies, so that no reader's JSON numbers can round them. Bodies that are text are decoded by their
charset, all others are base64; the exact bytes have their own address.
"""

from __future__ import annotations

import codecs
from base64 import b64encode
from typing import Literal

from msgspec import Struct

from apitrail.entry import Entry, EntryRow, Payload
from apitrail.exchange import Headers
from apitrail.store.model import LossRow

_LONGEST_CHARACTER = 4  # bytes of one character, in UTF-8 and GB18030 alike


class PayloadAnswer(Struct, frozen=True, kw_only=True):
    """The request or the response of an exchange."""

    headers: Headers
    body: str
    """Decoded text, or base64; `encoding` says which."""
    tail: str
    """If the body was too large to be kept completely: its last bytes. `body` then has its first bytes."""
    encoding: Literal["text", "base64"]
    content_type: str | None
    charset: str | None
    size: int
    """The size of the decompressed body in bytes, even if not all of it was kept."""
    sha256: str
    truncated: bool
    incomplete: bool
    """The body was not read to its end: the caller closed it, or the connection broke."""


class EntryAnswer(EntryRow, kw_only=True):
    """A complete entry."""

    request: PayloadAnswer
    response: PayloadAnswer | None


class EntriesAnswer(Struct, frozen=True):
    """One page of entries, newest first, without headers and bodies."""

    entries: list[EntryRow]
    next_cursor: str | None
    """Send it as `cursor` to get the next page; null on the last page."""


class LossesAnswer(Struct, frozen=True):
    """The exchanges that recorders had to discard: the gaps of the log."""

    losses: list[LossRow]


def entry_answer(entry: Entry) -> EntryAnswer:
    """The entry as it is answered."""
    row = {name: getattr(entry, name) for name in EntryRow.__struct_fields__}
    response = None if entry.response is None else payload_answer(entry.response)
    return EntryAnswer(**row, request=payload_answer(entry.request), response=response)


def payload_answer(payload: Payload) -> PayloadAnswer:
    """The payload with its body as text where its bytes are exactly that text, else as base64."""
    body, tail = _as_text(payload)
    text = body is not None and tail is not None
    return PayloadAnswer(
        headers=payload.headers,
        body=body if body is not None and text else b64encode(payload.body).decode(),
        tail=tail if tail is not None and text else b64encode(payload.tail).decode(),
        encoding="text" if text else "base64",
        content_type=payload.content_type,
        charset=payload.charset,
        size=payload.size,
        sha256=payload.sha256,
        truncated=payload.truncated,
        incomplete=payload.incomplete,
    )


def _as_text(payload: Payload) -> tuple[str | None, str | None]:
    if payload.charset is None:
        # No charset means binary; nothing at all is the empty text.
        return (None, None) if payload.body or payload.tail else ("", "")
    try:
        decode = codecs.lookup(payload.charset).decode
    except LookupError:
        return None, None
    cut = payload.truncated or payload.incomplete
    return _decode(payload.body, decode, cut_end=cut), _decode(payload.tail, decode, cut_start=cut)


def _decode(data: bytes, decode: codecs._Decoder, *, cut_end: bool = False, cut_start: bool = False) -> str | None:
    """The text, without the parts of a character that was cut in two at an end; None where it is no such text."""
    for spare in range(_LONGEST_CHARACTER if cut_end or cut_start else 1):
        whole = data[: len(data) - spare] if cut_end else data[spare:]
        try:
            return decode(whole, "strict")[0]
        except UnicodeError:
            continue
    return None
