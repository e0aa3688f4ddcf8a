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
from weakref import ref

from apitrail.exchange import Exchange, Stated
from apitrail.recorder import context, unfinished
from apitrail.recorder.body import Body, Gauge
from apitrail.recorder.calls import Call
from apitrail.recorder.losses import lose, never_raise
from apitrail.recorder.pace import pulse
from apitrail.recorder.unfinished import begun

RawHeaders: TypeAlias = Iterable[tuple[bytes | str, bytes | str]]
WholeOrFed: TypeAlias = Body | bytes | None
"""A side's body: as it is fed, or a whole one that came in one piece."""

STREAM_NS = 60_000_000_000
"""How long a stream of events (text/event-stream) is followed before it becomes an entry."""


class Sink(Protocol):
    """Who takes what was captured: the process's recorder, or a test's memory."""

    body_limit: int
    body_edge: int
    gauge: Gauge

    def take(self, captured: Capture | Exchange) -> None:
        """Take it in. Must not block; may be called by any thread, also from a finalizer."""

    def follow(self) -> None:
        """A stream has begun: ask `unfinished.end_streams` in time."""


class Capture:
    """The raw facts of one call, as the library holds them. Handed over once, by `finish`."""

    # Most of them stay as they are: what a class holds, an instance need not be given at every call.
    attempt = 1
    direction = "outbound"
    request_headers: RawHeaders = ()
    request_body: WholeOrFed = None
    request_incomplete = False
    request_unfolded = False
    """The body is as before its Content-Encoding was applied: the library gives it to us so."""
    status: int | None = None
    response_headers: RawHeaders | None = None
    """None until an answer has come."""
    response_body: WholeOrFed = None
    response_incomplete = False
    response_unfolded = False
    stream_ends_ns = 0
    """Of an event stream, which has no end of its own: when to hand over what has come so far."""
    error: tuple[str, str] | None = None
    """The exception's class and text."""
    http_version: str | bytes = ""
    done = False
    """Handed over."""
    ended = False
    """The answer's last byte has passed, or it was cut off."""
    duration_ns = 0
    whole_bytes = 0
    """Of bodies that came in one piece, which the gauge counts until they are released."""
    _gauge: Gauge
    _dropped = False
    """Nobody holds it, unless who watches it is dropped with it, and hands it over later."""

    def __init__(self, client: str, method: str, url: Any, call: Call | None = None) -> None:
        self.client = client
        self.call = call
        self.method = method
        self.url = url
        """Anything whose str() is the full URL, and that does not change."""
        self.stated: Stated | None = context.current()
        self.started_ns = time.time_ns()
        self.begun_ns = pulse.at = time.perf_counter_ns()
        if call is not None:
            call.begins(method, url)
            if call.attempt > 1:
                self.attempt = call.attempt
        begun[id(self)] = ref(self)

    def __del__(self) -> None:
        if not self.ended:  # else it is handed over, or waits in its call to be
            begun.pop(id(self), None)
            self._dropped = True
        if self.whole_bytes:
            self._gauge.bytes -= self.whole_bytes
            self.whole_bytes = 0

    def release(self) -> None:
        """Its bodies are needed no more. Whoever still refers to it, as a response does that the host keeps, does not
        keep them in memory, nor on the gauge."""
        if self.whole_bytes:
            self._gauge.bytes -= self.whole_bytes
            self.whole_bytes = 0
        self.request_body = self.response_body = None

    def _is_ours(self) -> bool:
        """Whether this thread hands it over: where two come at once, one of them does."""
        return begun.pop(id(self), None) is not None or self._dropped

    def heads(self) -> tuple[RawHeaders, RawHeaders | None]:
        """Header fields of both sides. Asked for by the worker, once."""
        return self.request_headers, self.response_headers

    def held(self) -> int:
        """Bytes of its bodies that are held in memory."""
        fed = (body.held for body in (self.request_body, self.response_body) if isinstance(body, Body))
        return self.whole_bytes + sum(fed)

    def body(self) -> Body:
        """A fresh body under this process's limits."""
        return Body(sink.body_limit, sink.body_edge, sink.gauge)

    def sends(self, whole: bytes | bytearray | memoryview | str | None) -> None:
        """The request's body, which the library has in one piece. Never raises."""
        try:
            if whole:
                self.request_body = self.whole(
                    whole.encode("utf-8", "surrogatepass") if isinstance(whole, str) else whole
                )
        except Exception as error:
            lose("capture_failed", error)

    def whole(self, body: bytes | bytearray | memoryview) -> WholeOrFed:
        """A body that is there in one piece: only referred to, unless it may change or is too large to be kept."""
        if type(body) is not bytes:
            body = bytes(body)
        size = len(body)
        if size > sink.body_limit:
            large = self.body()
            large.refer_to(body)
            return large
        self._gauge = gauge = sink.gauge
        self.whole_bytes += size
        gauge.bytes += size
        return body

    def answered(self, status: int | None, headers: RawHeaders, http_version: str | bytes = "") -> None:
        """The head of the answer has come; its body is fed into `response_body` as it passes. Never raises."""
        try:
            self.status = status
            self.response_headers = headers
            self.http_version = http_version
            self.error = None
        except Exception as error:
            lose("capture_failed", error)

    @never_raise
    def streams(self) -> None:
        """The answer is a stream of events: it is handed over after `STREAM_NS`, though it goes on."""
        self.stream_ends_ns = self.begun_ns + STREAM_NS
        unfinished.follow(self)
        sink.follow()

    def received(self, chunk: bytes | bytearray | memoryview) -> None:
        """A piece of the answer's body has passed. Never raises."""
        try:
            if self.done or self.response_headers is None:
                return
            body = self.response_body
            if body is None:
                body = self.response_body = self.body()
            body.feed(chunk)  # type: ignore[union-attr]  # what came whole is done
        except Exception as error:
            lose("capture_failed", error)

    def came(self, whole: bytes) -> None:
        """The answer's body has passed, in one piece, and the call is over. Never raises."""
        if self.done or not self._is_ours():
            return
        try:
            self.done = self.ended = True
            pulse.at = now = time.perf_counter_ns()
            self.duration_ns = now - self.begun_ns
            self.response_body = self.whole(whole)
            sink.take(self)
        except Exception as error:
            lose("capture_failed", error)

    @never_raise
    def failed(self, error: BaseException | tuple[str, str]) -> None:
        """The call ended by an exception. Class and text are taken at once: the exception holds the caller's frames."""
        if self.done:
            return
        self.error = described(error) if isinstance(error, BaseException) else error
        self.ends(incomplete=self.response_headers is not None)
        if self.call is not None and self.call.open:
            self.call.holds(self)
        else:
            self.finish()

    @never_raise
    def finish_failed(self, error: BaseException | None) -> None:
        """It had failed; `error` is what the host got for it, where that is another exception."""
        if error is not None and not self.done:
            self.error = described(error)
        self.finish()

    @never_raise
    def cut_off(self) -> None:
        """The process ends before the call does."""
        answered = self.response_headers is not None
        if not answered and self.error is None:
            self.error = ("ProgramEnded", "the program ended before the answer came")
        self.finish(incomplete=answered)

    def disown(self) -> None:
        """It is another process's, which hands it over: whatever is done here to what it watches, is not recorded."""
        self.done = self.ended = True

    def ends(self, *, incomplete: bool = False) -> None:
        """The call is over now; `finish` may follow later. Any later call does nothing."""
        if self.ended:
            return
        self.ended = True
        pulse.at = now = time.perf_counter_ns()
        self.duration_ns = now - self.begun_ns
        if incomplete:
            self.response_incomplete = True

    def finish(self, *, incomplete: bool = False) -> None:
        """The call is over: hand it over. Any later call does nothing. Never raises."""
        if self.done or not self._is_ours():
            return
        try:
            self.done = True
            if not self.ended:
                self.ends(incomplete=incomplete)
            sink.take(self)
        except Exception as error:
            lose("capture_failed", error)


def begin(
    client: str,
    method: str,
    url: Any,
    headers: RawHeaders,
    direction: str = "outbound",
    call: Call | None = None,
) -> Capture | None:
    """Begin an exchange, in a call where there is one; None where nothing is to be recorded. Never raises."""
    try:
        if context.muted.get():
            return None
        capture = Capture(client, method, url, call)
        capture.request_headers = headers
        if direction != "outbound":
            capture.direction = direction
        return capture
    except Exception as error:
        lose("capture_failed", error)
        return None


def streams_events(headers: Iterable[tuple[Any, Any]]) -> bool:
    """Whether an answer is a stream of server-sent events (WHATWG HTML §9.2)."""
    for name, value in headers:
        if len(name) == 12 and name.lower() in ("content-type", b"content-type"):
            return bool(value.startswith("text/event-stream" if isinstance(value, str) else b"text/event-stream"))
    return False


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

    def follow(self) -> None:
        raise RuntimeError("no recorder has been set")


sink: Sink = Nowhere()
"""Where captures go. Set by `process` and, for the time of a test, by `apitrail.testing`."""


def set_sink(new: Sink) -> Sink:
    """Put another in place and return the one before."""
    global sink
    before, sink = sink, new
    return before
