"""Hook for requests: what passes HTTPAdapter.send, so also its subclasses, and every SDK that is built on requests.

Not Session.send: one send may be several exchanges (redirects, digest authentication). The response's raw object is
watched while its body is read, at the two places where urllib3 takes bytes from the connection, so whatever the host
reads with (`content`, `iter_lines`, `raw.read`, `raw.stream`) it reads the same bytes as without us. An exchange ends
when the body has been read, fails, or is closed or dropped.

Retries that urllib3 makes inside one send (`HTTPAdapter(max_retries=…)`) are one exchange: the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests.adapters
from requests import PreparedRequest, Response

from apitrail.recorder.body import Body
from apitrail.recorder.capture import Capture, begin
from apitrail.recorder.clients.patch import Patch
from apitrail.recorder.losses import lose, never_raise

VERSIONS = {9: "HTTP/0.9", 10: "HTTP/1.0", 11: "HTTP/1.1", 20: "HTTP/2"}


def _send(original: Callable[..., Response], patch: Patch) -> Callable[..., Response]:
    def send(self: Any, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        capture = _begun(request) if patch.on else None
        if capture is None:
            return original(self, request, *args, **kwargs)
        body = request.body
        _teed(capture, request)
        try:
            response = original(self, request, *args, **kwargs)
        except BaseException as error:
            capture.failed(error)
            raise
        finally:
            if request.body is not body:
                request.body = body
        _answered(capture, response)
        return response

    return send


class RequestsClient:
    """Replaces one method of the adapter."""

    name = "requests"
    _patch = Patch(requests.adapters.HTTPAdapter, "send", _send)

    def install(self) -> None:
        """Replace it."""
        self._patch.install()

    def remove(self) -> None:
        """Put it back."""
        self._patch.remove()


CLIENT = RequestsClient()


@never_raise
def _begun(request: PreparedRequest) -> Capture | None:
    return begin("requests", request.method or "-", request.url, list(request.headers.items()))


@never_raise
def _teed(capture: Capture, request: PreparedRequest) -> None:
    """Note the body if it is in memory; else put a tee in its place."""
    body: Any = request.body
    if body is None or isinstance(body, (str, bytes, bytearray, memoryview)):
        capture.sends(body)
        return
    capture.request_body = capture.body()
    capture.request_incomplete = True
    tee = _FileTee if hasattr(body, "read") else _IterableTee
    request.body = tee(body, capture, capture.request_body)  # type: ignore[assignment]


@never_raise
def _answered(capture: Capture, response: Response) -> None:
    raw: Any = response.raw
    headers: Any = getattr(raw, "headers", None)
    # urllib3's own headers keep repeated fields apart; those of requests join them.
    pairs = list(headers.iteritems() if hasattr(headers, "iteritems") else response.headers.items())
    capture.answered(response.status_code, pairs, VERSIONS.get(getattr(raw, "version", None) or 0, ""))
    kind = type(raw)
    if not all(hasattr(kind, name) for name in ("_fp_read", "_handle_chunk", "_error_catcher", "release_conn")):
        # Not urllib3's (a test's mock): there is no place to watch. The head is recorded, and says that it is no more.
        capture.finish(incomplete=not getattr(response, "_content_consumed", False))
        return
    if _ended(raw):
        capture.finish()
        return
    raw._apitrail = capture
    raw.__class__ = _watched(kind)


class _IterableTee:
    """In place of an iterable body while it is sent. Looks like the body in all else."""

    def __init__(self, inner: Any, capture: Capture, body: Body) -> None:
        self._inner = inner
        self._capture = capture
        self._body = body

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # urllib3 asks whether a body is text by isinstance
        return type(self._inner)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.__dict__["_inner"], name)
        if name == "seek":  # sent again from an earlier place
            return self._seeking(found)
        return found

    def __iter__(self) -> Iterator[Any]:
        self._restarted()
        for chunk in self._inner:
            self._passed(chunk)
            yield chunk
        self._capture.request_incomplete = False

    def _seeking(self, seek: Callable[..., Any]) -> Callable[..., Any]:
        def seeking(*args: Any, **kwargs: Any) -> Any:
            self._restarted()
            return seek(*args, **kwargs)

        return seeking

    @never_raise
    def _restarted(self) -> None:
        self._body.clear()
        self._capture.request_incomplete = True

    def _passed(self, chunk: Any) -> None:
        try:
            if chunk:
                self._body.feed(chunk.encode("utf-8") if isinstance(chunk, str) else chunk)
        except Exception as error:
            lose("capture_failed", error)


class _FileTee(_IterableTee):
    """In place of a file."""

    def read(self, *args: Any, **kwargs: Any) -> Any:
        chunk = self._inner.read(*args, **kwargs)
        if chunk:
            self._passed(chunk)
        else:
            self._capture.request_incomplete = False
        return chunk


_kinds: dict[type, type] = {}


def _watched(kind: type) -> type:
    """A subclass that tells what passes. The object gets its own class back as soon as its body has ended.

    A subclass and not methods set on the object: those would tie it into a cycle, and a response that the host only
    drops would no longer give its connection back at once.
    """
    known = _kinds.get(kind)
    if known is None:
        known = _kinds[kind] = type(kind.__name__, (_Watched, kind), {"__module__": kind.__module__})
    return known


class _Watched:
    _apitrail: Capture

    def _fp_read(self, *args: Any, **kwargs: Any) -> Any:
        return _fed(self, super()._fp_read(*args, **kwargs))  # type: ignore[misc]

    def _handle_chunk(self, *args: Any, **kwargs: Any) -> Any:
        return _fed(self, super()._handle_chunk(*args, **kwargs))  # type: ignore[misc]

    @contextmanager
    def _error_catcher(self) -> Iterator[None]:
        try:
            with super()._error_catcher():  # type: ignore[misc]
                yield
        except GeneratorExit:
            _finished(self, incomplete=True)
            raise
        except BaseException as error:
            _finished(self, error=error)
            raise
        if _ended(self):
            _finished(self)

    def close(self) -> None:
        try:
            super().close()  # type: ignore[misc]
        finally:
            _finished(self, incomplete=True)

    def release_conn(self) -> Any:
        # The host may give the connection back without reading on (`Response.close`).
        try:
            return super().release_conn()  # type: ignore[misc]
        finally:
            if not _ended(self):
                _finished(self, incomplete=True)


def _fed(raw: Any, data: Any) -> Any:
    try:
        capture = raw.__dict__.get("_apitrail")
        if data and capture is not None:
            capture.response_body.feed(data)
    except Exception as error:
        lose("capture_failed", error)
    return data


def _ended(raw: Any) -> bool:
    """Whether nothing more can come."""
    try:
        return bool(raw.isclosed())
    except Exception:
        return False


@never_raise
def _finished(raw: Any, *, incomplete: bool = False, error: BaseException | None = None) -> None:
    capture = raw.__dict__.pop("_apitrail", None)
    if capture is None:
        return
    raw.__class__ = type(raw).__mro__[2]
    if error is not None:
        capture.failed(error)
    else:
        capture.finish(incomplete=incomplete)
