"""Reads one batch of exchanges and checks it. Pure: bytes in, exchanges and refusals out.

A batch that cannot be read as a whole is a Problem. Within a readable one each exchange stands for itself: a bad one
is refused by its index, with the field, what was found, why, and what to do, and the others go on. Values are shown
only of fields that cannot hold a secret.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from apitrail.exchange import SCHEMA, Exchange, Loss, Message
from apitrail.server.identity import EPOCH, milliseconds, time_of
from apitrail.server.problems import Fault, Problem, shorten

JSON = "application/json"
MESSAGEPACK = "application/msgpack"
_MESSAGEPACK_NAMES = frozenset({MESSAGEPACK, "application/x-msgpack", "application/vnd.msgpack"})

_EARLY = timedelta(days=1)
"""How far ahead of ours a sender's clock may be."""
_INT_MAX = 2**63 - 1
_SHOWABLE = frozenset(
    {"schema", "id", "created_at", "direction", "method", "status", "duration_ms", "http_version", "attempt", "call"}
)
_CANONICAL_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s]")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PATH = re.compile(r"(?P<reason>.*?)(?: - at `(?P<path>[^`]*)`)?", re.DOTALL)


class Refusal(Struct, frozen=True):
    """An exchange (or loss) that was not taken. The index counts from 0 within its list of the batch."""

    index: int
    field: str
    value: str
    reason: str
    fix: str


class Batch:
    """A readable batch. Its exchanges are decoded as they are asked for: all of them at once take several times the
    memory, and more time, because a processor's cache does not hold them.
    """

    def __init__(self, kind: str, raw: Sequence[Raw], latest: datetime) -> None:
        self._form = _FORMATS[kind]
        self._raw = raw
        self._latest = latest
        self.refused: list[Refusal] = []
        """Of the exchanges that were asked for."""
        self.losses: list[Loss] = []
        self.refused_losses: list[Refusal] = []

    def exchanges(self) -> Iterator[tuple[int, Exchange]]:
        """Those that can be taken, each with its index. To be gone through once."""
        decode = self._form.exchange.decode
        for index, raw in enumerate(self._raw):
            try:
                exchange: Exchange = decode(raw)
                check(exchange, self._latest)
            except (_Refused, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                self.refused.append(_refusal(index, error, raw, self._form.anything))
            else:
                yield index, exchange

    def read_losses(self, losses: Sequence[Raw]) -> None:
        """Reads the batch's losses, which are few."""
        for index, raw in enumerate(losses):
            try:
                loss: Loss = self._form.loss.decode(raw)
                _check_time("$.first_at", loss.first_at, self._latest)
                _check_time("$.last_at", loss.last_at, self._latest)
                _check_int("$.count", loss.count)
            except (_Refused, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                self.refused_losses.append(_refusal(index, error, raw, self._form.anything))
            else:
                self.losses.append(loss)


class _Envelope(Struct):
    exchanges: list[Raw]
    losses: list[Raw] = []


class _Format(Struct, frozen=True):
    envelope: Any
    exchange: Any
    loss: Any
    anything: Any


_FORMATS = {
    JSON: _Format(
        msgspec.json.Decoder(_Envelope),
        msgspec.json.Decoder(Exchange),
        msgspec.json.Decoder(Loss),
        msgspec.json.Decoder(),
    ),
    MESSAGEPACK: _Format(
        msgspec.msgpack.Decoder(_Envelope),
        msgspec.msgpack.Decoder(Exchange),
        msgspec.msgpack.Decoder(Loss),
        msgspec.msgpack.Decoder(),
    ),
}


class _Refused(Exception):
    def __init__(self, field: str, reason: str, fix: str, value: object = "") -> None:
        super().__init__(reason)
        self.fault = Fault(field=field, value=shorten(value), reason=reason, fix=fix)


def media_type(content_type: str) -> str:
    """JSON or MESSAGEPACK. Raises Problem (415) for another declared type."""
    name = content_type.partition(";")[0].strip().lower()
    if name == JSON:
        return JSON
    if name in _MESSAGEPACK_NAMES:
        return MESSAGEPACK
    raise Problem(
        "is not a format of batches", field="Content-Type", value=name, fix=f"Send {MESSAGEPACK} or {JSON}.", status=415
    )


def read_batch(data: bytes, kind: str, *, now: datetime, max_exchanges: int) -> Batch:
    """The batch in `data`. Raises Problem: 400 where it cannot be read as a whole, 413 for too many exchanges."""
    form = _FORMATS[kind]
    try:
        envelope: _Envelope = form.envelope.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        field, reason = place_of(error)
        raise Problem(
            f"the batch cannot be read: {reason}",
            field=field,
            fix='Send {"exchanges": [...], "losses": [...]} as the Content-Type says; /docs has an example.',
        ) from error
    if len(envelope.exchanges) > max_exchanges:
        raise Problem(
            f"holds more than {max_exchanges} exchanges",
            field="$.exchanges",
            value=len(envelope.exchanges),
            fix="Send smaller batches, or raise the setting max_exchanges.",
            status=413,
        )
    batch = Batch(kind, envelope.exchanges, now + _EARLY)
    batch.read_losses(envelope.losses)
    return batch


def check(exchange: Exchange, latest: datetime) -> None:
    """What the types do not say. Puts `text` into `body`, and an empty answer where only a status was sent.

    What is usual is told from what is not in place: it is done for every exchange that comes, and calls would be half
    of what it costs.
    """
    stated, response, recorder = exchange.stated, exchange.response, exchange.recorder
    if not 1 <= exchange.schema <= SCHEMA:
        raise _Refused(
            "$.schema",
            f"this server reads schemas 1 to {SCHEMA}",
            "Update the server to the recorder's version, or newer.",
            exchange.schema,
        )
    _check_time("$.created_at", exchange.created_at, latest)
    if exchange.id:
        _check_id(exchange)
    if _ABSOLUTE.match(exchange.url) is None or "[" in exchange.url:
        _check_url(exchange)
    if exchange.status is None or response is None or stated is not None:
        _check_answer(exchange)
        response = exchange.response
    if not math.isfinite(exchange.duration_ms):
        raise _Refused("$.duration_ms", "is not a number", "Give milliseconds.", exchange.duration_ms)
    if exchange.attempt > 65535:
        _check_int("$.attempt", exchange.attempt, high=65535)
    if recorder is not None and not 0 <= recorder.sequence <= _INT_MAX:
        _check_int("$.recorder.sequence", recorder.sequence)
    if exchange.request.text is not None or exchange.request.size is not None or exchange.request.sha256 is not None:
        _check_message("$.request", exchange.request)
    if response is not None and (response.text is not None or response.size is not None or response.sha256 is not None):
        _check_message("$.response", response)


def refusal(index: int, field: str, reason: str, fix: str) -> Refusal:
    """A refusal that shows no value."""
    return Refusal(index=index, field=field, value="", reason=reason, fix=fix)


def _check_time(field: str, at: datetime, latest: datetime) -> None:
    if at.tzinfo is None:
        raise _Refused(field, "has no offset", "Write 2026-03-09T14:30:00.123456Z, or with +08:00.", at.isoformat())
    try:
        fits = EPOCH <= at <= latest
    except OverflowError:  # the first or last hours of the calendar, moved over its edge by their offset
        fits = False
    if not fits:
        raise _Refused(
            field,
            f"is not between 1970 and tomorrow ({latest.astimezone(UTC):%Y-%m-%d})",
            "Look at the sender's clock, and at the unit if it was made from a number.",
            at.isoformat(),
        )


def _check_id(exchange: Exchange) -> None:
    fix = "Leave id out: the server makes one from the content."
    if not _CANONICAL_ID.fullmatch(exchange.id):
        try:
            identifier = UUID(exchange.id)
        except ValueError as error:
            raise _Refused("$.id", "is not a UUID", fix, exchange.id) from error
        if identifier.version != 7:
            raise _Refused("$.id", "is a UUID, but not of version 7", fix, exchange.id)
        exchange.id = str(identifier)
    if time_of(exchange.id) != milliseconds(exchange.created_at):
        raise _Refused("$.id", "does not hold the milliseconds of created_at", fix, exchange.id)


def _check_url(exchange: Exchange) -> None:
    if exchange.stated and exchange.stated.not_sent:
        return  # decided against before there was an address
    whole = _ABSOLUTE.match(exchange.url) is not None
    if whole and "[" in exchange.url:  # an IPv6 address, or what looks like one: the only thing that urlsplit refuses
        try:
            urlsplit(exchange.url)
        except ValueError:
            whole = False
    if not whole:
        # The URL itself may hold a secret: it is not shown.
        raise _Refused("$.url", "is not an absolute URL", "Give the full URL as sent: https://host/path?query.")


def _check_answer(exchange: Exchange) -> None:
    if exchange.status is None and exchange.response is not None:
        raise _Refused("$.status", "a response without a status", "Give the status, or leave response out.")
    if exchange.status is not None:
        if exchange.stated and exchange.stated.not_sent:
            raise _Refused(
                "$.status", "what was not sent has no answer", "Leave status out, or stated.not_sent.", exchange.status
            )
        if exchange.response is None:
            exchange.response = Message()


def _check_message(field: str, message: Message) -> None:
    if message.text is not None:
        message.body, message.text = message.text.encode("utf-8"), None
    if message.size is not None:
        _check_int(f"{field}.size", message.size)
    if message.sha256 is not None and not _SHA256.fullmatch(message.sha256):
        raise _Refused(f"{field}.sha256", "is not a SHA-256 in hex", "Give 64 digits 0-9a-f, or leave it out.")


def _check_int(field: str, value: int, high: int = _INT_MAX) -> None:
    if not 0 <= value <= high:
        raise _Refused(field, f"is not between 0 and {high}", "Give a number in range, or leave it out.", value)


def place_of(error: Exception) -> tuple[str, str]:
    """(path, reason) of what msgspec found wrong."""
    if isinstance(error, RecursionError):
        return "$", "nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "$", f"text that is not UTF-8, at byte {error.start}"
    match = _PATH.fullmatch(str(error))
    assert match is not None
    return match["path"] or "$", match["reason"]


def _refusal(index: int, error: Exception, raw: Raw, anything: Any) -> Refusal:
    if isinstance(error, _Refused):
        fault = error.fault
        return Refusal(index, fault.field, fault.value, fault.reason, fault.fix)
    field, reason = place_of(error)
    name = field.removeprefix("$.")
    value: object = ""
    if name in _SHOWABLE:
        with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            found = anything.decode(raw)
            value = found.get(name, "") if isinstance(found, dict) else ""
    return Refusal(index, field, shorten(value), reason, "Send it as /docs describes an exchange.")
