"""Hook for aiohttp's client: from the connector, which may fail, to the stream that an answer's body is fed into.

A session's request may be several exchanges (redirects, retries, middlewares): it is their call. What arrives is kept
when it arrives, whether the host reads it or not; aiohttp has undone its Content-Encoding by then, unless told not to.
An exchange ends when its answer's end has come, or when the host releases, closes or drops the response. Requests to a
proxy that only open a tunnel are no exchange.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

import aiohttp
import aiohttp.client_reqrep

from apitrail.recorder import calls
from apitrail.recorder.body import Body
from apitrail.recorder.calls import Call
from apitrail.recorder.capture import Capture, begin, streams_events
from apitrail.recorder.clients.hooks import Hooks
from apitrail.recorder.clients.patch import Patch
from apitrail.recorder.losses import lose, never_raise

BROKEN = (asyncio.TimeoutError, asyncio.CancelledError, aiohttp.ClientError, OSError)
"""With one of these in flight, a response is closed because of it."""


def _request(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
    async def _request(self: Any, *args: Any, **kwargs: Any) -> Any:
        call = calls.opened("aiohttp", self) if patch.on else None
        if call is None:
            return await original(self, *args, **kwargs)
        _unfolds(call, self, kwargs)
        try:
            answer = await original(self, *args, **kwargs)
        except BaseException as error:
            calls.closed(call, error)
            raise
        calls.closed(call)
        return answer

    return _request


def _connect(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
    async def connect(self: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
        capture = _begun(req) if patch.on else None
        try:
            return await original(self, req, *args, **kwargs)
        except BaseException as error:
            if capture is not None:
                _planned(capture, req)
                capture.failed(error)
            raise

    return connect


def _send(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
    async def send(self: Any, conn: Any, *args: Any, **kwargs: Any) -> Any:
        capture = self.__dict__.get("_apitrail") if patch.on else None
        if capture is None:
            return await original(self, conn, *args, **kwargs)
        try:
            response = await original(self, conn, *args, **kwargs)
        except BaseException as error:
            capture.failed(error)
            raise
        _sent(capture, self, response)
        return response

    return send


def _write_bytes(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
    async def write_bytes(self: Any, writer: Any, *args: Any, **kwargs: Any) -> Any:
        capture = self.__dict__.get("_apitrail") if patch.on else None
        if capture is not None:
            writer = _writing(capture, writer)
        return await original(self, writer, *args, **kwargs)

    return write_bytes


def _start(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
    async def start(self: Any, *args: Any, **kwargs: Any) -> Any:
        watch = self.__dict__.get("_apitrail")
        if watch is None:
            return await original(self, *args, **kwargs)
        try:
            answer = await original(self, *args, **kwargs)
        except BaseException as error:
            watch.capture.failed(error)
            raise
        watch.started(self)
        return answer

    return start


def _ending(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
    """`close` and `release`: the host is done with it."""

    def ending(self: Any, *args: Any, **kwargs: Any) -> Any:
        watch = self.__dict__.pop("_apitrail", None)
        if watch is not None:
            watch.left(self)
        return original(self, *args, **kwargs)

    return ending


CLIENT = Hooks(
    "aiohttp",
    (
        Patch(aiohttp.ClientSession, "_request", _request),
        Patch(aiohttp.BaseConnector, "connect", _connect),
        Patch(aiohttp.client_reqrep.ClientRequest, "send", _send),
        Patch(aiohttp.client_reqrep.ClientRequest, "write_bytes", _write_bytes),
        Patch(aiohttp.ClientResponse, "start", _start),
        Patch(aiohttp.ClientResponse, "close", _ending),
        Patch(aiohttp.ClientResponse, "release", _ending),
    ),
)


@never_raise
def _unfolds(call: Call, session: Any, kwargs: dict[str, Any]) -> None:
    own = kwargs.get("auto_decompress")
    call.unfolds = bool(session._auto_decompress if own is None else own)


@never_raise
def _begun(request: Any) -> Capture | None:
    capture = begin("aiohttp", request.method, request.url, (), "outbound", calls.current(("aiohttp",)))
    if capture is not None:
        capture.request_headers = list(request.headers.items())
        capture.request_unfolded = True
        request.__dict__["_apitrail"] = capture
    return capture


@never_raise
def _planned(capture: Capture, request: Any) -> None:
    """What would have been sent, where it lies in memory."""
    body = getattr(request, "_body", None)
    value = body if isinstance(body, (bytes, bytearray)) else getattr(body, "_value", None)
    if isinstance(value, (bytes, bytearray, memoryview)):
        capture.sends(value)


@never_raise
def _sent(capture: Capture, request: Any, response: Any) -> None:
    capture.request_headers = list(request.headers.items())  # those that were added on the way out too
    response.__dict__["_apitrail"] = _Watch(capture)


def _writing(capture: Capture, writer: Any) -> Any:
    try:
        capture.request_body = capture.body()
        capture.request_incomplete = True
        return _Writer(writer, capture)
    except Exception as error:
        lose("capture_failed", error)
        return writer


class _Writer:
    """In place of the writer of a request's body, which compresses and frames what passes here."""

    def __init__(self, writer: Any, capture: Capture) -> None:
        self.__dict__.update(_writer=writer, _capture=capture)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._writer, name, value)

    async def write(self, chunk: Any, *args: Any, **kwargs: Any) -> None:
        self._passed(chunk)
        await self._writer.write(chunk, *args, **kwargs)

    async def write_eof(self, chunk: Any = b"") -> None:
        self._passed(chunk)
        self._capture.request_incomplete = False
        await self._writer.write_eof(chunk)

    @never_raise
    def _passed(self, chunk: Any) -> None:
        body = self._capture.request_body
        if chunk and isinstance(body, Body) and not self._capture.done:  # an answer may come before all is sent
            body.feed(chunk)


class _Watch:
    """An answer, until its end has come or the host is done with it."""

    __slots__ = ("_handled", "capture")

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self._handled = id(sys.exc_info()[1])
        """What the host is handling already, as where it asks elsewhere after a failure: no failure of this one. Not
        the exception itself, which holds the host's frames."""

    def __del__(self) -> None:
        if not self.capture.ended:
            self.capture.finish(incomplete=True)

    @never_raise
    def started(self, response: Any) -> None:
        """The head has come, and maybe some of the body."""
        capture = self.capture
        version = response.version
        capture.answered(
            response.status, response.raw_headers, f"HTTP/{version.major}.{version.minor}" if version else ""
        )
        capture.response_unfolded = capture.call is None or capture.call.unfolds
        if streams_events(response.raw_headers):
            capture.streams()
        content = response.content
        for chunk in getattr(content, "_buffer", ()):
            capture.received(chunk)
        if content.is_eof() or response.status == 101:
            capture.finish()
            return
        content._buffer = _Buffer(content._buffer, capture)
        content.on_eof(capture.finish)

    @never_raise
    def left(self, response: Any) -> None:
        """The host closes it, or gives its connection back."""
        if self.capture.ended:
            return
        content = response.content
        error = (content.exception() if content is not None else None) or sys.exc_info()[1]
        if isinstance(error, BROKEN) and id(error) != self._handled:
            self.capture.failed(error)
        else:
            self.capture.finish(incomplete=True)


class _Buffer(deque[bytes]):
    """In place of the queue that a stream keeps its chunks in."""

    def __init__(self, chunks: Any, capture: Capture) -> None:
        super().__init__(chunks)
        self._capture = capture

    def append(self, chunk: bytes) -> None:
        self._capture.received(chunk)
        super().append(chunk)
