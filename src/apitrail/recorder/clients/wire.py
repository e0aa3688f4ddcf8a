"""Hook for http.client, and so for all that is built on it: urllib.request, urllib3, requests, xmlrpc.client, botocore.

Watches a connection where bytes pass: what `send` is given, and the file that the answer is read from. So whatever the
host reads with, it reads the same bytes, and each exchange on the wire is one entry: every hop of a redirect, every
attempt of a retry. Who sends is known by the call that a front has opened (`apitrail.recorder.calls`).

The head of a request is kept as the bytes that were sent, and read by the worker. Requests to a proxy that only open
a tunnel (CONNECT) are no exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.client import HTTP_PORT, HTTPS_PORT, HTTPConnection, HTTPSConnection, ResponseNotReady
from typing import Any

from apitrail.recorder import calls, context
from apitrail.recorder.body import Body
from apitrail.recorder.capture import Capture, RawHeaders, streams_events
from apitrail.recorder.clients.framing import Unchunked
from apitrail.recorder.clients.heads import chunked, fields_received, fields_sent
from apitrail.recorder.clients.patch import Patch
from apitrail.recorder.clients.tees import FileTee, IterableTee
from apitrail.recorder.losses import lose, never_raise

VERSIONS = {9: "HTTP/0.9", 10: "HTTP/1.0", 11: "HTTP/1.1", 20: "HTTP/2"}
FRONTS = ("requests", "urllib3", "urllib.request")
GOES_ON = (BrokenPipeError, ConnectionResetError)
"""After these urllib3 still reads the answer: the server may have refused before it had the whole body."""

_users: set[str] = set()
"""The clients that are recorded by this hook."""


def _putrequest(original: Callable[..., None], patch: Patch) -> Callable[..., None]:
    def putrequest(self: Any, method: Any, url: Any, *args: Any, **kwargs: Any) -> None:
        if patch.on or "_apitrail" in self.__dict__:
            _begins(self, method, url, patch.on)
        original(self, method, url, *args, **kwargs)

    return putrequest


def _endheaders(original: Callable[..., None], patch: Patch) -> Callable[..., None]:
    def endheaders(self: Any, *args: Any, **kwargs: Any) -> None:
        wire = self.__dict__.get("_apitrail")
        if wire is not None:
            wire.planned = args[0] if args else kwargs.get("message_body", wire.planned)
        original(self, *args, **kwargs)

    return endheaders


def _send(original: Callable[..., None], patch: Patch) -> Callable[..., None]:
    def send(self: Any, data: Any) -> None:
        wire = self.__dict__.get("_apitrail")
        if wire is None or wire.sending or wire.ended:
            original(self, data)  # unwatched, or the tunnel that is opened before the first byte of ours
            return
        try:
            data = wire.passing(data)
        except Exception as error:
            lose("capture_failed", error)
        wire.sending = True
        try:
            original(self, data)
        except BaseException as error:
            wire.sending = False
            wire.not_sent(error)
            raise
        wire.sending = False

    return send


def _getresponse(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
    def getresponse(self: Any, *args: Any, **kwargs: Any) -> Any:
        wire = self.__dict__.pop("_apitrail", None)
        if wire is None:
            return original(self, *args, **kwargs)
        try:
            response = original(self, *args, **kwargs)
        except (ResponseNotReady, TypeError):
            # Asked for too early; or, as urllib3 1.26 does before it asks again, with what only Python 2 takes.
            self._apitrail = wire
            raise
        except BaseException as error:
            wire.breaks(error)
            raise
        try:
            wire.begins_answer(response)
        except Exception as error:
            lose("capture_failed", error)
        return response

    return getresponse


def _close(original: Callable[..., None], patch: Patch) -> Callable[..., None]:
    def close(self: Any) -> None:
        wire = self.__dict__.get("_apitrail")
        if wire is not None and not wire.sending:
            _abandoned(self)
        original(self)

    return close


_patches = tuple(
    Patch(HTTPConnection, name, wrap)
    for name, wrap in (
        ("putrequest", _putrequest),
        ("endheaders", _endheaders),
        ("send", _send),
        ("getresponse", _getresponse),
        ("close", _close),
    )
)


def watch(client: str) -> None:
    """Record what this client sends by http.client."""
    _users.add(client)
    for patch in _patches:
        patch.install()


def unwatch(client: str) -> None:
    """No more; when it was the last, put everything back."""
    _users.discard(client)
    if not _users:
        for patch in _patches:
            patch.remove()


def _begins(connection: Any, method: Any, target: Any, on: bool) -> None:
    try:
        if "_apitrail" in connection.__dict__:
            _abandoned(connection)
        if not on or context.muted.get():
            return
        call = calls.current(FRONTS)
        if call is not None:
            connection._apitrail = Wire(call.client, method, url_of(connection, target), call)
        elif "http.client" in _users:
            connection._apitrail = Wire("http.client", method, url_of(connection, target))
    except Exception as error:
        lose("capture_failed", error)


@never_raise
def _abandoned(connection: Any) -> None:
    """The connection is closed, or begins another request, and nobody has asked for the answer."""
    wire = connection.__dict__.pop("_apitrail", None)
    if wire is not None:
        wire.abandoned()


def url_of(connection: Any, target: str) -> str:
    """The URL of a request, from the connection that it goes out on: through a tunnel, that is at its other end."""
    if target.startswith(("http://", "https://")):
        return target  # to a proxy
    tunnel = getattr(connection, "_tunnel_host", None)
    host = tunnel or connection.host
    port = getattr(connection, "_tunnel_port", None) if tunnel else connection.port
    # urllib3's secured connection is none of http.client's, but says the same port.
    secure = isinstance(connection, HTTPSConnection) or connection.default_port == HTTPS_PORT
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    if port and port != (HTTPS_PORT if secure else HTTP_PORT):
        host = f"{host}:{port}"
    return f"{'https' if secure else 'http'}://{host}{target}"


class Wire(Capture):
    """One exchange on a connection. Its heads are read by the worker: they are kept as http.client has them."""

    # What a class holds, an instance need not be given at every call.
    planned: Any = None
    """The body that was announced with the head."""
    sending = False
    _over = False
    """The head of the answer has come."""
    _sent: bytes | None = None
    """The head of the request."""
    _fed: Callable[[Any], None] | None = None
    """Takes pieces of the request's body."""
    _trouble: BaseException | None = None
    """Sending failed, and there may be an answer all the same."""

    def __del__(self) -> None:
        if not self._over:
            self.abandoned()
        super().__del__()

    def release(self) -> None:
        super().release()
        self._fed = self.planned = None

    def heads(self) -> tuple[RawHeaders, RawHeaders | None]:
        received: Any = self.response_headers
        return fields_sent(self._sent or b""), fields_received(received) if received is not None else None

    def passing(self, data: Any) -> Any:
        """Keep what is about to be sent; returns it, or a tee in its place where it is read while it is sent."""
        if self._sent is None:
            sent = data if type(data) is bytes else bytes(data)
            end = sent.find(b"\r\n\r\n") + 4
            if 4 <= end < len(sent):
                self._sent = sent[:end]
                self._passed(sent[end:])
            else:
                self._sent = sent
            return data
        if self.request_body is None and type(data) is bytes:
            asked = self.call.asked if self.call is not None else None
            if asked is not None and asked.body is data:  # all of it, and in no chunks
                self.request_body = self.whole(data)
                return data
        if isinstance(data, (bytes, bytearray, memoryview)):
            self._passed(data)
            return data
        if hasattr(data, "read"):
            return FileTee(data, self._passed)
        if hasattr(data, "__iter__") and not hasattr(data, "__array_interface__"):
            return IterableTee(data, self._passed)
        self._passed(bytes(data))
        return data

    def _passed(self, chunk: Any) -> None:
        fed = self._fed
        if fed is None:
            begun = self.request_body
            body = self.request_body = begun if isinstance(begun, Body) else self.body()
            self.request_incomplete = True  # until its end has passed, or as many bytes as were announced
            if isinstance(begun, bytes):
                body.feed(begun)  # it was not all
            self._fed = fed = body.feed
            if self._sent is not None and chunked(self._sent):
                self._fed = fed = Unchunked(body.feed)
            elif type(chunk) is bytes and not body.size:
                body.refer_to(chunk)
                return
        fed(chunk.encode("latin-1") if isinstance(chunk, str) else chunk)
        if isinstance(fed, Unchunked) and fed.ended:
            self.request_incomplete = False

    def not_sent(self, error: BaseException) -> None:
        """Sending failed. The host may read the answer all the same, or go on to close the connection."""
        if isinstance(error, GOES_ON):
            self._trouble = error
        else:
            self.breaks(error)

    @never_raise
    def breaks(self, error: BaseException | tuple[str, str]) -> None:
        """There will be no answer."""
        if self.done:
            return
        if self.request_body is None:
            planned = self.planned
            if planned is None and self.call is not None and self.call.asked is not None:
                planned = self.call.asked.body
            if isinstance(planned, (bytes, bytearray, str)):
                self.sends(planned)
            elif planned is not None:
                self.request_incomplete = True  # it was to be made while it is sent
        self.planned = None
        self.failed(error)

    def abandoned(self) -> None:
        """Nobody has asked for the answer."""
        if not self._over and not self.ended:
            self.breaks(self._trouble or ("ConnectionClosed", "the connection was closed before the answer was read"))

    def begins_answer(self, response: Any) -> None:
        """The head of the answer is there; watch the file that the rest is read from."""
        self._over = True
        self._trouble = self.error = None
        self.status = response.status
        self.response_headers = pairs = list(response.headers.raw_items())
        self.http_version = VERSIONS.get(response.version, "")
        file, length = response.fp, response.length
        if file is None or length == 0:
            self.finish()
            return
        if length is None and streams_events(pairs):
            self.streams()
        response.fp = _Answer(file, self, length, chunked=response.chunked)


class _Answer:
    """In place of the file that an answer's body is read from. Looks like it in all else."""

    _ended = False
    _chunks: Unchunked | None = None
    """Of a chunked body."""

    def __init__(self, file: Any, capture: Capture, length: int | None, *, chunked: bool = False) -> None:
        self._file = file
        self._capture = capture
        self._left = length
        """Bytes that are still to come; None where only the end tells."""
        if chunked:
            self._chunks = Unchunked(capture.received)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._file.__reduce_ex__(protocol)  # copied and pickled as the file is, which is to say mostly not

    def __del__(self) -> None:
        if not self._capture.ended:
            self._finished()

    def read(self, *args: Any) -> Any:
        try:
            data = self._file.read(*args)
        except BaseException as error:
            self._capture.failed(error)
            raise
        if type(data) is bytes and len(data) == self._left and self._capture.response_body is None:
            self._left, self._ended = 0, True  # nearly always: all of it, at once
            self._capture.came(data)
            return data
        wanted = args[0] if args else -1
        return self._passed(data, -1 if wanted is None else wanted)

    def read1(self, *args: Any) -> Any:
        return self._passed(self._watched(self._file.read1, args), 1 if not args or args[0] else 0)

    def readline(self, *args: Any) -> Any:
        return self._passed(self._watched(self._file.readline, args), 1)

    def readinto(self, buffer: Any) -> Any:
        count = self._watched(self._file.readinto, (buffer,))
        self._read_into(buffer, count)
        return count

    def close(self) -> None:
        try:
            self._file.close()
        finally:
            if not self._capture.ended:
                self._finished()

    def _watched(self, read: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        try:
            return read(*args)
        except BaseException as error:
            self._capture.failed(error)
            raise

    def _passed(self, data: Any, wanted: int) -> Any:
        """`wanted`: fewer bytes mean that the connection has ended; below zero: it has, whatever came."""
        try:
            if data:
                self._came(data)
            if not self._ended and wanted and (wanted < 0 or not data or 1 < wanted > len(data)):
                self._at_end()
        except Exception as error:
            lose("capture_failed", error)
        return data

    @never_raise
    def _read_into(self, buffer: Any, count: int | None) -> None:
        if count:
            self._came(bytes(memoryview(buffer).cast("B")[:count]))
        elif len(buffer):
            self._at_end()

    def _came(self, data: Any) -> None:
        if self._chunks is not None:
            try:
                self._chunks(data)
            except ValueError as error:  # what came before is kept, and the client raises its own
                self._capture.failed(("http.client.IncompleteRead", f"the body is not chunked as announced: {error}"))
            if self._chunks.ended:
                self._all_came()
            return
        self._capture.received(data)
        if self._left is not None:
            self._left -= len(data)
            if self._left <= 0:
                self._all_came()

    def _all_came(self) -> None:
        self._ended = True
        if not self._capture.ended:
            self._capture.finish()  # not every way of reading closes the file then

    def _at_end(self) -> None:
        if self._ended or self._capture.done:
            return
        if self._left is None and self._chunks is None:
            self._all_came()
            return
        missing = f", {self._left} bytes before the body's end" if self._left else ""
        self._capture.failed(("http.client.IncompleteRead", f"the connection was closed{missing}"))

    @never_raise
    def _finished(self) -> None:
        if not self._capture.ended:
            self._capture.finish(incomplete=not self._ended)
