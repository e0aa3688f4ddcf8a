"""An in-memory recorder for the tests of programs that use Apitrail. Needs no server, no spool, no test runner.

    with apitrail.testing.recording() as log:
        fetch_orders()
        log.assert_recorded(action="order.list", status=200, platform="shopee")

What it holds went through the same assembly and masking as what is shipped. It is there as soon as the call is over:
for a streamed response that is when the body has been read or closed.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any

from apitrail import __version__
from apitrail.exchange import Exchange, Message, Stated
from apitrail.recorder import capture, clients, losses, process, unfinished
from apitrail.recorder.assembly import Assembler, Identity, Redacting
from apitrail.recorder.body import Gauge
from apitrail.recorder.capture import Capture
from apitrail.recorder.process import redactor_of
from apitrail.recorder.settings import Settings

_UNSAID: Any = object()


class Log:
    """What was recorded, oldest first."""

    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self.body_limit = settings.body_limit
        self.body_edge = settings.body_edge
        self.gauge = Gauge(2**63)
        self._exchanges: list[Exchange] = []
        self._taken: SimpleQueue[Capture | Exchange] = SimpleQueue()
        self._sequence = itertools.count(1)

        def make() -> Redacting:
            return redactor_of(b"apitrail.testing", settings)

        self._assembler = Assembler(settings, Identity("test", time.time_ns(), __version__), make)

    def take(self, captured: Capture | Exchange) -> None:
        """Called by the hooks."""
        self._taken.put(captured)

    def follow(self) -> None:
        """Called by the hooks: a stream's time is looked at when `exchanges` are asked for."""

    @property
    def exchanges(self) -> list[Exchange]:
        """In the order in which they ended."""
        unfinished.end_streams()
        # Assembled when they are asked for: by then it is known which of them belong together.
        with suppress(Empty):
            while True:
                captured = self._taken.get_nowait()
                exchange = self._assembler.exchange(captured, next(self._sequence))
                self._assembler.encoded(exchange)  # what could not be sent must not look recorded
                self._exchanges.append(exchange)
        return self._exchanges

    def clear(self) -> None:
        """Forget what was recorded so far."""
        self.exchanges.clear()

    def find(
        self,
        *,
        action: str | None = _UNSAID,
        direction: str = _UNSAID,
        ec_integration: str | None = _UNSAID,
        error: str | None = _UNSAID,
        merchant: str | None = _UNSAID,
        method: str = _UNSAID,
        not_sent: str | None = _UNSAID,
        platform: str | None = _UNSAID,
        reference: tuple[str, str] = _UNSAID,
        shipping_integration: str | None = _UNSAID,
        source: tuple[str, str] | None = _UNSAID,
        status: int | None = _UNSAID,
        url: str = _UNSAID,
    ) -> list[Exchange]:
        """Exchanges of which all that is said here holds.

        `url` holds where it is a part of the exchange's, `error` where it is a part of its class or text, accounts
        by their ids, `source` by (type, id), `reference` where it is one of them. None means that there is none.
        """
        said = {name: value for name, value in locals().items() if name != "self" and value is not _UNSAID}
        return [exchange for exchange in list(self.exchanges) if not _differences(exchange, said)]

    def assert_recorded(self, *, count: int | None = None, **said: Any) -> Exchange:
        """At least one exchange, or exactly `count`, of which all that is said holds; returns the first.

        Takes what `find` takes. Raises AssertionError that shows what was recorded instead, and TypeError for
        something that cannot be said.
        """
        found = self.find(**said)
        if found and count in (None, len(found)):
            return found[0]
        wanted = ", ".join(f"{name}={value!r}" for name, value in said.items()) or "any"
        number = "an exchange" if count is None else f"exactly {count}"
        raise AssertionError(f"expected {number} with {wanted}; found {len(found)}.\n{self._told(said)}")

    def assert_not_recorded(self, **said: Any) -> None:
        """No exchange of which all that is said holds. Takes what `find` takes."""
        found = self.find(**said)
        if found:
            wanted = ", ".join(f"{name}={value!r}" for name, value in said.items()) or "any"
            raise AssertionError(f"expected no exchange with {wanted}; found {len(found)}.\n{self._told(said)}")

    def _told(self, said: dict[str, Any]) -> str:
        if not self.exchanges:
            return (
                "Nothing was recorded. Is the client's library instrumented, and has the response been read or closed?"
            )
        lines = ["Recorded:"]
        for number, exchange in enumerate(self.exchanges, 1):
            differences = _differences(exchange, said)
            verdict = f"   differs in {', '.join(differences)}" if differences else "   fits"
            lines.append(f"  {number}. {_line(exchange)}{verdict}")
        return "\n".join(lines)


@contextmanager
def recording(*names: str, settings: Settings | None = None) -> Iterator[Log]:
    """Record into memory instead of the spool, for as long as the block lasts.

    The named client libraries are instrumented, or all that are supported; what was not instrumented before is not
    afterwards. One at a time per process.
    """
    log = Log(settings)
    before = clients.installed()
    capture.set_sink(log)
    try:
        clients.instrument(names)
        yield log
    finally:
        added = [name for name in clients.installed() if name not in before]
        if added:
            clients.uninstrument(added)
        process.resume()


def text(message: Message | None) -> str:
    """A body as text, by UTF-8; other bytes are shown as `\\x…`. For assertions."""
    if message is None:
        return ""
    return message.text if message.text is not None else message.body.decode("utf-8", "backslashreplace")


def losses_so_far() -> dict[str, int]:
    """What the recorder had to give up in this process, by reason. Empty is good."""
    return losses.ledger.counts()


def _differences(exchange: Exchange, said: dict[str, Any]) -> list[str]:
    return [name for name, wanted in said.items() if not _holds(exchange, name, wanted)]


def _holds(exchange: Exchange, name: str, wanted: Any) -> bool:
    stated = exchange.stated or Stated()
    if name == "url":
        return wanted in exchange.url
    if name == "error":
        there = exchange.error
        if wanted is None or there is None:
            return wanted is None and there is None
        return str(wanted) in there.type or str(wanted) in there.text
    if name in ("ec_integration", "shipping_integration"):
        account = getattr(stated, name)
        return bool((account.id if account is not None else None) == wanted)
    if name == "source":
        owner = (stated.source.type, stated.source.id) if stated.source is not None else None
        return owner == (tuple(wanted) if wanted is not None else None)
    if name == "reference":
        return any((reference.type, reference.id) == tuple(wanted) for reference in stated.references)
    if name in ("direction", "method", "status"):
        return bool(getattr(exchange, name) == wanted)
    return bool(getattr(stated, name) == wanted)


def _line(exchange: Exchange) -> str:
    stated = exchange.stated or Stated()
    verdict = (
        exchange.status if exchange.status is not None else (exchange.error.type if exchange.error else "not sent")
    )
    parts = [exchange.direction, exchange.method, exchange.url, str(verdict)]
    for name in ("action", "platform", "merchant"):
        if getattr(stated, name):
            parts.append(f"{name}={getattr(stated, name)}")
    for name in ("ec_integration", "shipping_integration"):
        if getattr(stated, name):
            parts.append(f"{name}={getattr(stated, name).id}")
    if stated.source:
        parts.append(f"source=({stated.source.type}, {stated.source.id})")
    return " ".join(parts)
