"""Reads one batch of exchanges and checks it. Pure: bytes in, exchanges and refusals out.

A batch that cannot be read as a whole is a Problem. Within a readable one each exchange stands for itself: a bad one
is refused by its index, with the field, what was found, why, and what to do, and the others go on. Values are shown
only of fields that cannot hold a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Raw, Struct

from apitrail.exchange import Exchange, Loss
from apitrail.server.checks import TIME_FIX, Refused, check, check_int, check_time
from apitrail.server.nesting import IN_A_BATCH, shallow_json, shallow_messagepack
from apitrail.server.problems import Problem, shorten

JSON = "application/json"
MESSAGEPACK = "application/msgpack"
_MESSAGEPACK_NAMES = frozenset({MESSAGEPACK, "application/x-msgpack", "application/vnd.msgpack"})

_EARLY = timedelta(days=400)
"""How far ahead of ours a sender's clock may be. A machine whose date is wrong records what happened all the same, and
what it recorded is nowhere else. What is later is no time: no certificate of a platform is valid for so long."""
_SHOWABLE = frozenset(
    {
        "schema",
        "id",
        "created_at",
        "direction",
        "method",
        "status",
        "duration_ms",
        "http_version",
        "attempt",
        "call",
        "count",
        "first_at",
        "last_at",
    }
)
_LABEL = re.compile(
    r"stated\.(action|platform|merchant|(ec_integration|shipping_integration|source|references\[\d+\])\.(type|id|name))"
)
"""What a caller says of its call, as far as it is shown wherever the entry is; a link may hold a secret."""
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
"""Of JSON; its group, where there is one, is a surrogate without its other half."""
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, IndexError, ValueError)
_STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")
_TOO_LONG = re.compile(r"Expected `str` of length <= (\d+)")
_PATH = re.compile(r"(?P<reason>.*?)(?: - at `(?P<path>[^`]*)`)?", re.DOTALL)


class Refusal(Struct, frozen=True):
    """An exchange (or loss) that was refused. `index` is its position in its list in the batch, from 0."""

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
        for index, raw in enumerate(self._raw):
            try:
                exchange = self._exchange(raw)
                check(exchange, self._latest)
            except (Refused, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                self.refused.append(_refusal(index, error, raw, self._form.anything))
            else:
                yield index, exchange

    def _exchange(self, raw: Raw) -> Exchange:
        try:
            return self._form.exchange.decode(raw)  # type: ignore[no-any-return]
        except (msgspec.MsgspecError, RecursionError) as error:
            with suppress(*_UNREADABLE):
                again = self._form.shallow(bytes(raw), 0)
                if again != bytes(raw):
                    return self._form.exchange.decode(again)  # type: ignore[no-any-return]
            raise error

    def read_losses(self, losses: Sequence[Raw]) -> None:
        """Reads the batch's losses, which are few."""
        for index, raw in enumerate(losses):
            try:
                loss: Loss = self._form.loss.decode(raw)
                check_time("$.first_at", loss.first_at, self._latest)
                check_time("$.last_at", loss.last_at, self._latest)
                check_int("$.count", loss.count)
            except (Refused, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
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
    shallow: Callable[[bytes, int], bytes]
    """Without what lies too deep: see `apitrail.server.nesting`."""


_FORMATS = {
    JSON: _Format(
        msgspec.json.Decoder(_Envelope),
        msgspec.json.Decoder(Exchange),
        msgspec.json.Decoder(Loss),
        msgspec.json.Decoder(),
        shallow_json,
    ),
    MESSAGEPACK: _Format(
        msgspec.msgpack.Decoder(_Envelope),
        msgspec.msgpack.Decoder(Exchange),
        msgspec.msgpack.Decoder(Loss),
        msgspec.msgpack.Decoder(),
        lambda data, _: shallow_messagepack(data),
    ),
}


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
        envelope = _envelope(form, data)
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


def _envelope(form: _Format, data: bytes) -> _Envelope:
    try:
        return form.envelope.decode(data)  # type: ignore[no-any-return]
    except RecursionError as error:
        with suppress(*_UNREADABLE):
            again = form.shallow(data, IN_A_BATCH)
            if again != data:
                return _envelope(form, again)
        raise error
    except msgspec.DecodeError:
        whole = _ESCAPE.sub(_without_lone_surrogate, data) if form is _FORMATS[JSON] and b"\\u" in data else data
        if whole == data:
            raise
        return form.envelope.decode(whole)  # type: ignore[no-any-return]


def _without_lone_surrogate(escape: re.Match[bytes]) -> bytes:
    """Half of a character, as JavaScript sends where a text was cut: it has no place in UTF-8, and is written out."""
    return b"\\\\u" + escape[1] if escape[1] else escape[0]


def refusal(index: int, field: str, reason: str, fix: str) -> Refusal:
    """A refusal that shows no value."""
    return Refusal(index=index, field=field, value="", reason=reason, fix=fix)


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
    if isinstance(error, Refused):
        fault = error.fault
        return Refusal(index, fault.field, fault.value, fault.reason, fault.fix)
    field, reason = place_of(error)
    name = field.removeprefix("$.")
    value: object = ""
    if name in _SHOWABLE or _LABEL.fullmatch(name):
        with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError, LookupError, TypeError):
            found = _at(name, anything.decode(raw))
            value = "" if "." in name and not isinstance(found, str | int | float) else found
    return Refusal(index, field, shorten(value), reason, _fix(reason, value))


def _at(name: str, found: Any) -> Any:
    """What stands at a path such as `stated.references[3].id`. Raises LookupError, TypeError."""
    for step, index in _STEP.findall(name):
        found = found[step][int(index)] if index else found[step]
    return found


def _fix(reason: str, value: object) -> str:
    if long := _TOO_LONG.match(reason):
        has = f": it has {len(value)}" if isinstance(value, str) and value else ""
        return f"Give {long[1]} characters at most{has}. The others of the batch were taken; send this one again."
    if "datetime" in reason:
        return TIME_FIX
    return "Send it as /docs describes it."
