"""Hook for http.client, and so for all that is built on it: urllib.request, urllib3, requests, xmlrpc.client, botocore.

Watches a connection where bytes pass: what `send` is given, and the file that the answer is read from. So whatever the
host reads with, it reads the same bytes, and each exchange on the wire is one entry: every hop of a redirect, every
attempt of a retry. Who sends is known by the call that a front has opened (`apitrail.recorder.calls`).

The head of a request is kept as the bytes that were sent, and read by the worker. Requests to a proxy that only open
a tunnel (CONNECT) are no exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPSConnection, ResponseNotReady
from typing import Any

from apitrail.recorder import calls
from apitrail.recorder.capture import Capture, begin, streams_events
from apitrail.recorder.clients.framing import Unchunked
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
        if "_apitrail" in self.__dict__:
            _abandoned(self)
        wire = _begun(self, method, url) if patch.on else None
        if wire is not None:
            self._apitrail = wire
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
        if wire is None or wire.sending:
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
            wire.not_sent(error)
            raise
        finally:
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
            wire.failed(error)
            raise
        try:
            wire.answered(response)
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


def _begun(connection: Any, method: Any, target: Any) -> Wire | None:
    try:
        call = calls.current(FRONTS)
        if call is None and "http.client" not in _users:
            return None
        client = call.client if call is not None else "http.client"
        capture = begin(client, method, url_of(connection, target), (), "outbound", call)
        if capture is None:
            return None
        wire = Wire(capture)
        if call is not None and call.planned is not None:
            wire.planned, call.planned = call.planned, None
        return wire
    except Exception as error:
        lose("capture_failed", error)
        return None


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
    secure = isinstance(connection, HTTPSConnection)
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    if port and port != (443 if secure else 80):
        host = f"{host}:{port}"
    return f"{'https' if secure else 'http'}://{host}{target}"


class Head:
    """Header fields as they were sent: lines of bytes, read when they are iterated."""

    __slots__ = ("_sent",)

    def __init__(self, sent: bytes) -> None:
        self._sent = sent

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        lines: list[bytes] = []
        for line in self._sent.split(b"\r\n")[1:]:
            if line[:1] in (b" ", b"\t") and lines:
                lines[-1] += b" " + line.strip()
            elif line:
                lines.append(line)
        for line in lines:
            name, _, value = line.partition(b":")
            yield name, value.strip()

    def chunked(self) -> bool:
        """Whether the body comes in chunks (RFC 9112 §7.1)."""
        head = self._sent.lower()
        at = head.find(b"\r\ntransfer-encoding:")
        return at >= 0 and b"chunked" in head[at : head.find(b"\r\n", at + 2)]


class Received:
    """Header fields as http.client gives them: bytes in the clothes of Latin-1."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def __iter__(self) -> Iterator[tuple[bytes | str, bytes | str]]:
        for name, value in self._pairs:
            try:
                yield name.encode("latin-1"), value.encode("latin-1")
            except UnicodeEncodeError:
                yield name, value


class Wire:
    """One exchange on a connection, until its answer has come."""

    # What a class holds, an instance need not be given at every call.
    planned: Any = None
    sending = False
    _over = False
    _head: Head | None = None
    _feed: Callable[[Any], None] | None = None
    _error: BaseException | tuple[str, str] | None = None

    def __init__(self, capture: Capture) -> None:
        self.capture = capture

    def __del__(self) -> None:
        if not self._over:
            self.abandoned()

    def passing(self, data: Any) -> Any:
        """Keep what is about to be sent; returns it, or a tee in its place where it is read while it is sent."""
        if self._head is None:
            sent = data if type(data) is bytes else bytes(data)
            end = sent.find(b"\r\n\r\n") + 4
            if 4 <= end < len(sent):
                self._head = self.capture.request_headers = Head(sent[:end])
                self._passed(sent[end:])
            else:
                self._head = self.capture.request_headers = Head(sent)
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
        if self._feed is None:
            body = self.capture.request_body = self.capture.body()
            self.capture.request_incomplete = True  # until its end has passed, or as many bytes as were announced
            self._feed = body.feed
            if self._head is not None and self._head.chunked():
                self._feed = Unchunked(body.feed, self._ended)
            elif type(chunk) is bytes:
                body.refer_to(chunk)
                return
        self._feed(chunk.encode("latin-1") if isinstance(chunk, str) else chunk)

    def _ended(self) -> None:
        self.capture.request_incomplete = False

    def not_sent(self, error: BaseException) -> None:
        """Sending failed. The host may read the answer all the same, or go on to close the connection."""
        if isinstance(error, GOES_ON):
            self._error = error
        else:
            self.failed(error)

    @never_raise
    def failed(self, error: BaseException | tuple[str, str]) -> None:
        """There will be no answer."""
        if self.capture.done:
            return
        if self.capture.request_body is None and isinstance(self.planned, (bytes, bytearray, str)):
            self.capture.sends(self.planned)
        self.planned = None
        self.capture.failed(error)

    def abandoned(self) -> None:
        """Nobody has asked for the answer."""
        if not self._over and not self.capture.ended:
            self.failed(self._error or ("ConnectionClosed", "the connection was closed before the answer was read"))

    def answered(self, response: Any) -> None:
        """The head of the answer is there; watch the file that the rest is read from."""
        self._over = True
        self._error = None
        capture = self.capture
        pairs = list(response.headers.raw_items())
        capture.answered(response.status, Received(pairs), VERSIONS.get(response.version, ""))
        if streams_events(pairs):
            capture.streams()
        file = response.fp
        if file is None or response.length == 0:
            capture.finish()
        elif response.chunked:
            response.fp = _Answer(file, capture, None, chunked=True)
        else:
            response.fp = _Answer(file, capture, response.length)


class _Answer:
    """In place of the file that an answer's body is read from. Looks like it in all else."""

    _ended = False
    _feed: Callable[[Any], None] | None = None
    """Of a chunked body."""

    def __init__(self, file: Any, capture: Capture, length: int | None, *, chunked: bool = False) -> None:
        self._file = file
        self._capture = capture
        self._left = length
        """Bytes that are still to come; None where only the end tells."""
        if chunked:
            self._feed = Unchunked(capture.received, self._all_came)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def __del__(self) -> None:
        if not self._capture.ended:
            self._finished()

    def read(self, *args: Any) -> Any:
        try:
            data = self._file.read(*args)
        except BaseException as error:
            self._capture.failed(error)
            raise
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
        if self._feed is not None:
            self._feed(data)
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
        if self._left is None and self._feed is None:
            self._all_came()
            return
        missing = f", {self._left} bytes before the body's end" if self._left else ""
        self._capture.failed(("http.client.IncompleteRead", f"the connection was closed{missing}"))

    @never_raise
    def _finished(self) -> None:
        if not self._capture.ended:
            self._capture.finish(incomplete=not self._ended)
