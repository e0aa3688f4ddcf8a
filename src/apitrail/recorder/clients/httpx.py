"""Hook for httpx: what passes HTTPTransport and AsyncHTTPTransport, so also their subclasses, mounts and proxies.

One Client.send may be several exchanges (redirects, authentication): it is their call. Keeps the chunks that pass;
pulls none, closes nothing. An exchange ends when its response stream is read to the end, fails, or is closed.

A transport that is not one of httpx's own (MockTransport, ASGITransport, a user's) sends nothing over the network
by itself, and is not recorded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
from httpx import AsyncByteStream, ByteStream, Request, Response, SyncByteStream

from apitrail.recorder import calls
from apitrail.recorder.body import Body
from apitrail.recorder.capture import Capture, begin, streams_events
from apitrail.recorder.clients.fronts import async_front, front
from apitrail.recorder.clients.hooks import Hooks
from apitrail.recorder.clients.patch import Patch
from apitrail.recorder.losses import lose, never_raise

FRONTS = ("httpx",)


def _sync(original: Callable[..., Response], patch: Patch) -> Callable[..., Response]:
    def handle_request(self: Any, request: Request) -> Response:
        capture = _begun(request) if patch.on else None
        if capture is None:
            return original(self, request)
        stream = _teed(capture, request)
        try:
            response = original(self, request)
        except BaseException as error:
            capture.failed(error)
            raise
        finally:
            if stream is not None:
                request.stream = stream
        _answered(capture, response, SyncByteStream, _SyncResponseTee)
        return response

    return handle_request


def _async(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
    async def handle_async_request(self: Any, request: Request) -> Response:
        capture = _begun(request) if patch.on else None
        if capture is None:
            return await original(self, request)  # type: ignore[no-any-return]
        stream = _teed(capture, request)
        try:
            response: Response = await original(self, request)
        except BaseException as error:
            capture.failed(error)
            raise
        finally:
            if stream is not None:
                request.stream = stream
        _answered(capture, response, AsyncByteStream, _AsyncResponseTee)
        return response

    return handle_async_request


CLIENT = Hooks(
    "httpx",
    (
        Patch(httpx.HTTPTransport, "handle_request", _sync),
        Patch(httpx.AsyncHTTPTransport, "handle_async_request", _async),
        Patch(httpx.Client, "send", front("httpx")),
        Patch(httpx.AsyncClient, "send", async_front("httpx")),
    ),
)


@never_raise
def _begun(request: Request) -> Capture | None:
    # `.raw` is a new list and the URL does not change, so the host may alter the request for its next attempt.
    return begin("httpx", request.method, request.url, request.headers.raw, "outbound", calls.current(FRONTS))


@never_raise
def _teed(capture: Capture, request: Request) -> SyncByteStream | AsyncByteStream | None:
    """Note the body if it is in memory; else put a tee in its place and return the stream to put back."""
    stream = request.stream
    if type(stream) is ByteStream:
        capture.sends(stream._stream)
        return None
    capture.request_body = capture.body()
    capture.request_incomplete = True
    tee: Any
    if isinstance(stream, SyncByteStream) and isinstance(stream, AsyncByteStream):
        tee = _RequestTee(stream, capture)  # multipart: one stream for both kinds of client
    elif isinstance(stream, AsyncByteStream):
        tee = _AsyncRequestTee(stream, capture)
    else:
        tee = _SyncRequestTee(stream, capture)
    request.stream = tee
    return stream


@never_raise
def _answered(capture: Capture, response: Response, side: type, tee: Callable[[Any, Capture], Any]) -> None:
    """`side`: what the client will take the stream for, which may be both (some mocks give such)."""
    headers = response.headers.raw
    capture.answered(response.status_code, headers, response.extensions.get("http_version", b""))
    if streams_events(headers):
        capture.streams()
    stream: Any = response.stream
    if type(stream) is ByteStream:
        # Made by another hook between us and the network (a test's mock): the body is there already.
        capture.came(stream._stream)
    elif isinstance(stream, side):
        response.stream = tee(stream, capture)
    else:
        capture.finish(incomplete=True)


class _Tee:
    """httpcore keeps it as long as the host keeps the response."""

    def __init__(self, stream: Any, capture: Capture) -> None:
        self._stream = stream
        self._capture = capture

    def _restarted(self) -> None:
        # httpcore begins the stream again when it tries another connection.
        try:
            body = self._capture.request_body
            if isinstance(body, Body) and not self._capture.done:
                body.clear()
                self._capture.request_incomplete = True
        except Exception as error:
            lose("capture_failed", error)

    def _passed(self, chunk: bytes) -> None:
        try:
            body = self._capture.request_body
            if isinstance(body, Body) and not self._capture.done:
                body.feed(chunk)
        except Exception as error:
            lose("capture_failed", error)


class _SyncRequestTee(_Tee, SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        self._restarted()
        for chunk in self._stream:
            self._passed(chunk)
            yield chunk
        self._capture.request_incomplete = False

    def close(self) -> None:
        self._stream.close()


class _AsyncRequestTee(_Tee, AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._restarted()
        async for chunk in self._stream:
            self._passed(chunk)
            yield chunk
        self._capture.request_incomplete = False

    async def aclose(self) -> None:
        await self._stream.aclose()


class _RequestTee(_SyncRequestTee, _AsyncRequestTee):
    pass


class _ResponseTee:
    def __init__(self, stream: Any, capture: Capture) -> None:
        self._stream = stream
        self._capture = capture

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_stream"], name)

    def __del__(self) -> None:
        # Neither read to its end nor closed: the host dropped it.
        self._capture.finish(incomplete=True)


class _SyncResponseTee(_ResponseTee, SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._stream:
                self._capture.received(chunk)
                yield chunk
        except GeneratorExit:
            self._capture.finish(incomplete=True)
            raise
        except BaseException as error:
            self._capture.failed(error)
            raise
        self._capture.finish()

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._capture.finish(incomplete=True)


class _AsyncResponseTee(_ResponseTee, AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                self._capture.received(chunk)
                yield chunk
        except GeneratorExit:
            self._capture.finish(incomplete=True)
            raise
        except BaseException as error:
            self._capture.failed(error)
            raise
        self._capture.finish()

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._capture.finish(incomplete=True)
