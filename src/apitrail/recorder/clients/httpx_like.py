"""Hook for httpx, and for httpx2, which goes on from it: what passes HTTPTransport and AsyncHTTPTransport, so also
their subclasses, mounts and proxies.

One Client.send may be several exchanges (redirects, authentication): it is their call. Keeps the chunks that pass;
pulls none, closes nothing. An exchange ends when its response stream is read to the end, fails, or is closed.

A transport that is not one of the library's own (MockTransport, ASGITransport, a user's) sends nothing over the network
by itself, and is not recorded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

from apitrail.recorder import calls
from apitrail.recorder.body import Body
from apitrail.recorder.capture import Capture, begin, streams_events
from apitrail.recorder.clients.fronts import async_front, front
from apitrail.recorder.clients.hooks import Hooks
from apitrail.recorder.clients.patch import Patch
from apitrail.recorder.losses import lose, never_raise


@cache
def hooks(library: ModuleType) -> Hooks:
    """One for each library: `httpx2.alias_httpx` makes `httpx` another name of the same."""
    name = library.__name__
    hook = _Hook(library)
    return Hooks(
        name,
        (
            Patch(library.HTTPTransport, "handle_request", hook.sync),
            Patch(library.AsyncHTTPTransport, "handle_async_request", hook.asynchronous),
            Patch(library.Client, "send", front(name)),
            Patch(library.AsyncClient, "send", async_front(name)),
        ),
    )


class _Hook:
    """What is replaced in one library, whose clients want streams of its own classes."""

    def __init__(self, library: Any) -> None:
        self._name = library.__name__
        self._fronts = (self._name,)
        self._whole = library.ByteStream
        self._sync_stream = library.SyncByteStream
        self._async_stream = library.AsyncByteStream
        streams = (self._sync_stream, self._async_stream)
        self._sync_request = type("SyncRequestTee", (_SyncRequestTee, self._sync_stream), {})
        self._async_request = type("AsyncRequestTee", (_AsyncRequestTee, self._async_stream), {})
        self._request = type("RequestTee", (_SyncRequestTee, _AsyncRequestTee, *streams), {})
        self._sync_response = type("SyncResponseTee", (_SyncResponseTee, self._sync_stream), {})
        self._async_response = type("AsyncResponseTee", (_AsyncResponseTee, self._async_stream), {})

    def sync(self, original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
        """In place of `handle_request`."""

        def handle_request(transport: Any, request: Any) -> Any:
            capture = self._begun(request) if patch.on else None
            if capture is None:
                return original(transport, request)
            stream = self._teed(capture, request)
            try:
                response = original(transport, request)
            except BaseException as error:
                capture.failed(error)
                raise
            finally:
                if stream is not None:
                    request.stream = stream
            self._answered(capture, response, self._sync_stream, self._sync_response)
            return response

        return handle_request

    def asynchronous(self, original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
        """In place of `handle_async_request`."""

        async def handle_async_request(transport: Any, request: Any) -> Any:
            capture = self._begun(request) if patch.on else None
            if capture is None:
                return await original(transport, request)
            stream = self._teed(capture, request)
            try:
                response = await original(transport, request)
            except BaseException as error:
                capture.failed(error)
                raise
            finally:
                if stream is not None:
                    request.stream = stream
            self._answered(capture, response, self._async_stream, self._async_response)
            return response

        return handle_async_request

    @never_raise
    def _begun(self, request: Any) -> Capture | None:
        # `.raw` is a new list and the URL does not change, so the host may alter the request for its next attempt.
        call = calls.current(self._fronts)
        return begin(self._name, request.method, request.url, request.headers.raw, "outbound", call)

    @never_raise
    def _teed(self, capture: Capture, request: Any) -> Any:
        """Note the body if it is in memory; else put a tee in its place and return the stream to put back."""
        stream = request.stream
        if type(stream) is self._whole:
            capture.sends(stream._stream)
            return None
        capture.request_body = capture.body()
        capture.request_incomplete = True
        tee: Any
        if isinstance(stream, self._sync_stream) and isinstance(stream, self._async_stream):
            tee = self._request(stream, capture)  # multipart: one stream for both kinds of client
        elif isinstance(stream, self._async_stream):
            tee = self._async_request(stream, capture)
        else:
            tee = self._sync_request(stream, capture)
        request.stream = tee
        return stream

    @never_raise
    def _answered(self, capture: Capture, response: Any, side: type, tee: Callable[[Any, Capture], Any]) -> None:
        """`side`: what the client will take the stream for, which may be both (some mocks give such)."""
        headers = response.headers.raw
        capture.answered(response.status_code, headers, response.extensions.get("http_version", b""))
        if streams_events(headers):
            capture.streams()
        stream: Any = response.stream
        if type(stream) is self._whole:
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


class _SyncRequestTee(_Tee):
    def __iter__(self) -> Iterator[bytes]:
        self._restarted()
        for chunk in self._stream:
            self._passed(chunk)
            yield chunk
        self._capture.request_incomplete = False

    def close(self) -> None:
        self._stream.close()


class _AsyncRequestTee(_Tee):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._restarted()
        async for chunk in self._stream:
            self._passed(chunk)
            yield chunk
        self._capture.request_incomplete = False

    async def aclose(self) -> None:
        await self._stream.aclose()


class _ResponseTee:
    def __init__(self, stream: Any, capture: Capture) -> None:
        self._stream = stream
        self._capture = capture

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_stream"], name)

    def __del__(self) -> None:
        # Neither read to its end nor closed: the host dropped it.
        self._capture.finish(incomplete=True)


class _SyncResponseTee(_ResponseTee):
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


class _AsyncResponseTee(_ResponseTee):
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
