"""What a hook does in the caller's thread: refer to what the library already holds, and hand it over.

Called by every client hook and webhook middleware, around the host's own call:

    capture = begin("httpx", method, url, headers)     ours, guarded
    answer = host's call                               never guarded
    capture.answered(…), then capture.finish()         ours, guarded

No parsing, no I/O, no lock. Decoding, masking and writing happen in the worker's thread (`assembly`, `worker`).
What is referred to is either immutable or copied here, for the host may go on to change it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Protocol, TypeAlias

from apitrail.exchange import Exchange, Stated
from apitrail.recorder import context
from apitrail.recorder.body import Body, Gauge
from apitrail.recorder.losses import lose, never_raise

RawHeaders: TypeAlias = Iterable[tuple[bytes | str, bytes | str]]


class Sink(Protocol):
    """Who takes what was captured: the process's recorder, or a test's memory."""

    body_limit: int
    body_edge: int
    gauge: Gauge

    def take(self, captured: Capture | Exchange) -> None:
        """Take it in. Must not block; may be called by any thread, also from a finalizer."""


class Capture:
    """The raw facts of one call, as the library holds them. Handed over once, by `finish`."""

    __slots__ = (
        "begun_ns",
        "client",
        "direction",
        "done",
        "duration_ns",
        "ended",
        "error",
        "http_version",
        "method",
        "request_body",
        "request_headers",
        "request_incomplete",
        "response_body",
        "response_headers",
        "response_incomplete",
        "sequence",
        "started_ns",
        "stated",
        "status",
        "url",
    )

    def __init__(self, client: str, direction: str, method: str, url: Any, headers: RawHeaders) -> None:
        self.client = client
        self.direction = direction
        self.method = method
        self.url = url
        """Anything whose str() is the full URL, and that does not change."""
        self.request_headers = headers
        self.request_body: Body | None = None
        self.request_incomplete = False
        self.status: int | None = None
        self.response_headers: RawHeaders | None = None
        """None until an answer has come."""
        self.response_body: Body | None = None
        self.response_incomplete = False
        self.error: BaseException | tuple[str, str] | None = None
        """The exception's class and text."""
        self.http_version: str | bytes = ""
        self.stated: Stated | None = context.current()
        self.done = False
        """Handed over."""
        self.ended = False
        """The answer's last byte has passed, or it was cut off."""
        self.sequence = 0
        self.duration_ns = 0
        self.started_ns = time.time_ns()
        self.begun_ns = time.perf_counter_ns()

    def body(self) -> Body:
        """A fresh body under this process's limits."""
        return Body(sink.body_limit, sink.body_edge, sink.gauge)

    @never_raise
    def sends(self, whole: bytes | bytearray | memoryview | str | None) -> None:
        """The request's body, which the library has in one piece."""
        if whole:
            self.request_body = self.body()
            self.request_body.refer_to(whole.encode("utf-8", "surrogatepass") if isinstance(whole, str) else whole)

    @never_raise
    def answered(self, status: int | None, headers: RawHeaders, http_version: str | bytes = "") -> None:
        """The head of the answer has come; its body is fed into `response_body` as it passes."""
        self.status = status
        self.response_headers = headers
        self.http_version = http_version
        self.response_body = self.body()

    @never_raise
    def failed(self, error: BaseException) -> None:
        """The call ended by an exception. Class and text are taken at once: the exception holds the caller's frames."""
        if self.done:
            return
        self.error = described(error)
        self.response_incomplete = self.response_headers is not None
        self.finish()

    def ends(self, *, incomplete: bool = False) -> None:
        """The call is over now; `finish` may follow later. Any later call does nothing."""
        if self.ended:
            return
        self.ended = True
        self.duration_ns = time.perf_counter_ns() - self.begun_ns
        if incomplete:
            self.response_incomplete = True

    @never_raise
    def finish(self, *, incomplete: bool = False) -> None:
        """The call is over: hand it over. Any later call does nothing."""
        if self.done:
            return
        self.done = True
        self.ends(incomplete=incomplete)
        sink.take(self)


def begin(client: str, method: str, url: Any, headers: RawHeaders, direction: str = "outbound") -> Capture | None:
    """Begin an exchange; None where nothing is to be recorded. Never raises."""
    try:
        if context.muted.get():
            return None
        return Capture(client, direction, method, url, headers)
    except Exception as error:
        lose("capture_failed", error)
        return None


def described(error: BaseException) -> tuple[str, str]:
    """An exception's class, qualified as its users import it, and its text, which is often empty: then its repr."""
    kind = type(error)
    module = kind.__module__
    # httpx and asyncio show their classes at the top of the package; `httpx._exceptions` is nobody's import.
    parts = [part for part in module.split(".") if not part.startswith("_")]
    name = kind.__qualname__ if module == "builtins" else ".".join([*parts, kind.__qualname__])
    try:
        return name, str(error) or repr(error)
    except Exception:
        return name, ""


class Nowhere:
    """Until `process` or a test puts itself here."""

    body_limit = 0
    body_edge = 0
    gauge = Gauge(0)

    def take(self, captured: Capture | Exchange) -> None:
        raise RuntimeError("no recorder has been set")


sink: Sink = Nowhere()
"""Where captures go. Set by `process` and, for the time of a test, by `apitrail.testing`."""


def set_sink(new: Sink) -> Sink:
    """Put another in place and return the one before."""
    global sink
    before, sink = sink, new
    return before
