"""What must be so of an exchange, beside what its types say."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

from apitrail.exchange import SCHEMA, Exchange, Message
from apitrail.server.identity import EPOCH, milliseconds, time_of
from apitrail.server.problems import Fault, shorten

TIME_FIX = "Write 2026-03-09T14:30:00.123456Z, or with +08:00."
_INT_MAX = 2**63 - 1
_CANONICAL_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s]")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Refused(Exception):
    """One that cannot be taken, and why."""

    def __init__(self, field: str, reason: str, fix: str, value: object = "") -> None:
        super().__init__(reason)
        self.fault = Fault(field=field, value=shorten(value), reason=reason, fix=fix)


def check(exchange: Exchange, latest: datetime) -> None:
    """What the types do not say. Puts `text` into `body`, and an empty answer where only a status was sent.

    What is usual is told from what is not in place: it is done for every exchange that comes, and calls would be half
    of what it costs.
    """
    stated, response, recorder = exchange.stated, exchange.response, exchange.recorder
    if not 1 <= exchange.schema <= SCHEMA:
        raise Refused(
            "$.schema",
            f"this server reads schemas 1 to {SCHEMA}",
            "Update the server to the recorder's version, or newer.",
            exchange.schema,
        )
    check_time("$.created_at", exchange.created_at, latest)
    if exchange.id:
        _check_id(exchange)
    if _ABSOLUTE.match(exchange.url) is None or "[" in exchange.url:
        _check_url(exchange)
    if exchange.status is None or response is None or (stated is not None and stated.not_sent):
        _check_answer(exchange)
        response = exchange.response
    if not math.isfinite(exchange.duration_ms):
        raise Refused("$.duration_ms", "is not a number", "Give milliseconds.", exchange.duration_ms)
    if exchange.attempt > 65535:
        check_int("$.attempt", exchange.attempt, high=65535)
    if recorder is not None and not 0 <= recorder.sequence <= _INT_MAX:
        check_int("$.recorder.sequence", recorder.sequence)
    if exchange.request.text is not None or exchange.request.size is not None or exchange.request.sha256 is not None:
        _check_message("$.request", exchange.request)
    if response is not None and (response.text is not None or response.size is not None or response.sha256 is not None):
        _check_message("$.response", response)


def check_time(field: str, at: datetime, latest: datetime) -> None:
    """Raises Refused where a time has no offset, or can be that of no call: before 1970, or after `latest`."""
    if at.tzinfo is None:
        raise Refused(field, "has no offset", TIME_FIX, at.isoformat())
    try:
        fits = EPOCH <= at <= latest
    except OverflowError:  # the first or last hours of the calendar, moved over its edge by their offset
        fits = False
    if not fits:
        raise Refused(
            field,
            f"is not between 1970 and {latest.astimezone(UTC):%Y-%m-%d}, the latest that a wrong clock may say",
            "Look at the sender's clock, and at the unit if it was made from a number.",
            at.isoformat(),
        )


def _check_id(exchange: Exchange) -> None:
    fix = "Leave id out: the server makes one from the content."
    if not _CANONICAL_ID.fullmatch(exchange.id):
        try:
            identifier = UUID(exchange.id)
        except ValueError as error:
            raise Refused("$.id", "is not a UUID", fix, exchange.id) from error
        if identifier.version != 7:
            raise Refused("$.id", "is a UUID, but not of version 7", fix, exchange.id)
        exchange.id = str(identifier)
    if time_of(exchange.id) != milliseconds(exchange.created_at):
        raise Refused("$.id", "does not hold the milliseconds of created_at", fix, exchange.id)


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
        raise Refused("$.url", "is not an absolute URL", "Give the full URL as sent: https://host/path?query.")


def _check_answer(exchange: Exchange) -> None:
    if exchange.status is None and exchange.response is not None:
        raise Refused("$.status", "a response without a status", "Give the status, or leave response out.")
    if exchange.status is not None:
        if exchange.stated and exchange.stated.not_sent:
            raise Refused(
                "$.status", "what was not sent has no answer", "Leave status out, or stated.not_sent.", exchange.status
            )
        if exchange.response is None:
            exchange.response = Message()


def _check_message(field: str, message: Message) -> None:
    if message.text is not None:
        if message.body:
            raise Refused(f"{field}.text", "stands beside a body", "Give one of the two: text, or body for bytes.")
        message.body, message.text = message.text.encode("utf-8"), None
    if message.size is not None:
        check_int(f"{field}.size", message.size)
    if message.sha256 is not None and not _SHA256.fullmatch(message.sha256):
        raise Refused(f"{field}.sha256", "is not a SHA-256 in hex", "Give 64 digits 0-9a-f, or leave it out.")


def check_int(field: str, value: int, high: int = _INT_MAX) -> None:
    """Raises Refused for a number out of range."""
    if not 0 <= value <= high:
        raise Refused(field, f"is not between 0 and {high}", "Give a number in range, or leave it out.", value)
