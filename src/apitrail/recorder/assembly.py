"""From what was captured to what travels: runs in the worker's thread, and once per exchange.

assemble → redact → encode. If masking fails nothing unmasked may be kept: headers, bodies, query and error text go,
a note says so in their place, and `redact_failed` is counted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

import msgspec

from apitrail.exchange import Exchange, Failure, Headers, Message, Recorder
from apitrail.recorder.body import Body, Cut, Gauge
from apitrail.recorder.capture import Capture, RawHeaders, WholeOrFed
from apitrail.recorder.decoding import BOMB_FACTOR, NOTE, NotDecodable, decoded, encodings_of
from apitrail.recorder.decompressors import ZSTD
from apitrail.recorder.identifiers import Identifiers
from apitrail.recorder.losses import lose
from apitrail.recorder.settings import program_name

if TYPE_CHECKING:
    from apitrail.recorder.settings import Settings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BEGINNINGS = {"gzip": b"\x1f\x8b", "zstd": ZSTD}
"""How encoded bodies begin: a library that undoes encodings leaves those that it does not know."""


class Redacting(Protocol):
    """Masks secrets: takes an exchange, returns a masked one, and leaves the first as it is."""

    def exchange(self, x: Exchange, /) -> Exchange:
        """The masked exchange."""


class Identity:
    """Who records: one per process and start, so a child after a fork has its own."""

    def __init__(self, service: str | None, started_ns: int, version: str) -> None:
        self.id = Identifiers().uuid7(started_ns)
        self.host = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
        self.process = f"{os.getpid()} {service or program_name()}"[:200]
        self.version = version


class Assembler:
    """Builds, masks and encodes. `redactor` is made at first use: it is dear to import."""

    def __init__(self, settings: Settings, identity: Identity, redactor: Callable[[], Redacting]) -> None:
        self._settings = settings
        self._identity = identity
        self._make_redactor = redactor
        self._redactor: Redacting | None = None
        self._identifiers = Identifiers()
        self._encoder = msgspec.msgpack.Encoder(enc_hook=_plain_text)
        self._gauge = Gauge(2**63)  # what is unfolded here is held for a moment only

    def exchange(self, captured: Capture | Exchange, sequence: int) -> Exchange:
        """The masked exchange."""
        if isinstance(captured, Exchange):
            exchange = self._completed(captured, sequence)
        else:
            exchange = self._assembled(captured, sequence)
        try:
            if self._redactor is None:
                self._redactor = self._make_redactor()
            return self._redactor.exchange(exchange)
        except Exception as error:
            lose("redact_failed", error)
            return stripped(exchange, type(error).__name__)

    def encoded(self, exchange: Exchange) -> bytes:
        """As MessagePack. Lone surrogates, which no UTF-8 can hold, become `\\udc80` and the like in plain text."""
        try:
            return self._encoder.encode(exchange)
        except UnicodeEncodeError:
            return self._encoder.encode(_plain(msgspec.to_builtins(exchange, builtin_types=(bytes, datetime))))

    def _assembled(self, captured: Capture, sequence: int) -> Exchange:
        sent, received = captured.heads()
        request_headers = headers_of(sent)
        response = None
        if received is not None:
            response = self._message(
                headers_of(received), captured.response_body, captured.response_incomplete, captured.response_unfolded
            )
        status = captured.status if captured.status is not None and 100 <= captured.status <= 999 else None
        version = captured.http_version
        given = self._identifiers.uuid7(captured.started_ns)
        call = captured.call
        if call is not None and not call.id and call.linked():
            call.id = given
        return Exchange(
            id=given,
            created_at=EPOCH + timedelta(microseconds=captured.started_ns // 1000),
            direction=cast('Literal["outbound", "inbound"]', captured.direction),
            method=str(captured.method)[:40] or "-",
            url=str(captured.url) or "-",
            request=self._message(
                request_headers, captured.request_body, captured.request_incomplete, captured.request_unfolded
            ),
            response=response,
            status=status,
            duration_ms=max(captured.duration_ns, 0) / 1e6,
            error=_failure(captured.error),
            http_version=text_of(version)[:20],
            attempt=captured.attempt,
            call=call.id if call is not None else "",
            trace=next((value for name, value in request_headers if name.lower() == "traceparent"), None),
            stated=captured.stated,
            recorder=self._recorder(captured.client, sequence),
        )

    def _completed(self, exchange: Exchange, sequence: int) -> Exchange:
        """What `apitrail.record` was given, with what only the recorder knows filled in."""
        created_at = exchange.created_at if exchange.created_at.tzinfo else exchange.created_at.astimezone()
        recorder = exchange.recorder or self._recorder("record", sequence)
        at_ns = (created_at - EPOCH) // timedelta(microseconds=1) * 1000
        return msgspec.structs.replace(
            exchange,
            id=exchange.id or self._identifiers.uuid7(at_ns),
            created_at=created_at,
            request=self._limited(exchange.request),
            response=self._limited(exchange.response) if exchange.response is not None else None,
            recorder=recorder,
        )

    def _recorder(self, client: str, sequence: int) -> Recorder:
        who = self._identity
        return Recorder(
            id=who.id, sequence=sequence, host=who.host, process=who.process, version=who.version, client=client
        )

    def _body(self) -> Body:
        return Body(self._settings.body_limit, self._settings.body_edge, self._gauge)

    def _message(self, headers: Headers, body: WholeOrFed, incomplete: bool, unfolded: bool) -> Message:
        cut = body.taken() if isinstance(body, Body) else Cut(body or b"")
        size = cut.size if cut.size is not None else len(cut.body)
        if incomplete and size and _joined(headers, "content-length") == str(size):
            incomplete = False  # all of it had passed when the caller stopped reading
        encodings = encodings_of(_joined(headers, "content-encoding")) if cut.body else []
        if unfolded and encodings and not cut.body.startswith(BEGINNINGS.get(encodings[-1], b"\0never")):
            encodings = []
        if encodings:
            try:
                cut, whole = decoded(cut, encodings, self._body, BOMB_FACTOR * self._settings.body_limit)
                incomplete = incomplete or not whole
            except NotDecodable as error:
                headers = [*headers, (NOTE, f"body kept as it came: {error}")]
        return Message(
            headers=headers,
            body=cut.body,
            tail=cut.tail,
            size=cut.size,
            sha256=cut.sha256,
            truncated=cut.truncated,
            incomplete=incomplete,
        )

    def _limited(self, message: Message) -> Message:
        if message.truncated or message.text is not None or len(message.body) <= self._settings.body_limit:
            return message
        body = self._body()
        body.refer_to(message.body)
        cut = body.taken()
        return msgspec.structs.replace(
            message, body=cut.body, tail=cut.tail, size=cut.size, sha256=cut.sha256, truncated=cut.truncated
        )


def stripped(exchange: Exchange, why: str) -> Exchange:
    """The exchange without anything that may hold a secret."""
    note: Headers = [(NOTE, f"headers, bodies and query left out: masking failed ({why})")]

    def bare(message: Message) -> Message:
        size = message.size if message.size is not None else len(message.body)
        return Message(headers=note, size=size, truncated=size > 0, incomplete=message.incomplete)

    url = exchange.url.partition("?")[0].partition("#")[0]
    scheme, mark, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return msgspec.structs.replace(
        exchange,
        url=f"{scheme}{mark}{authority.rpartition('@')[2]}{slash}{path}" or "-",
        request=bare(exchange.request),
        response=bare(exchange.response) if exchange.response is not None else None,
        error=Failure(exchange.error.type, "") if exchange.error is not None else None,
    )


def headers_of(raw: RawHeaders) -> Headers:
    """Header fields as text: ASCII nearly always, else UTF-8, else Latin-1, which every byte has a place in."""
    return [(text_of(name), text_of(value)) for name, value in raw]


def text_of(value: bytes | str) -> str:
    """Bytes of a header field as text; never raises."""
    if isinstance(value, str):
        return value if type(value) is str else str.__str__(value)  # aiohttp's names are of a kind of their own
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _joined(headers: Iterable[tuple[str, str]], name: str) -> str:
    return ",".join(value for given, value in headers if given.lower() == name)


def _failure(error: BaseException | tuple[str, str] | None) -> Failure | None:
    if error is None:
        return None
    kind, text = error if isinstance(error, tuple) else (type(error).__qualname__, str(error))
    return Failure(kind[:200], text)


def _plain_text(value: Any) -> str:
    """A text of some library's own kind, as the encoder takes it."""
    if isinstance(value, str):
        return str.__str__(value)
    raise NotImplementedError


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
