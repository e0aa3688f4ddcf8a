"""Webhooks: a WSGI middleware that records what platforms send in and what we answer (PEP 3333).

    app.wsgi_app = ApitrailMiddleware(app.wsgi_app, paths={"/hooks/shopee": {"ec": "shopee-tw-01"}})    # Flask
    application = ApitrailMiddleware(application, paths="/hooks")                                         # any other

Keeps what the handler reads and what it answers; reads nothing early, answers nothing itself. A handler that raises
is recorded with the error and with status 500 where it had not begun to answer; the error goes on its way. WSGI folds
the names of header fields (`HTTP_X_SHOPIFY_TOPIC`) and loses their order: they are written `X-Shopify-Topic`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import quote

from apitrail.exchange import Stated
from apitrail.recorder import process
from apitrail.recorder.body import Body
from apitrail.recorder.capture import Capture, begin, described
from apitrail.recorder.losses import never_raise
from apitrail.recorder.webhooks.rules import RECORDED, Paths, Rules

Environ: TypeAlias = MutableMapping[str, Any]
Start: TypeAlias = Callable[..., Any]
App: TypeAlias = Callable[[Any, Any], Iterable[bytes]]

DEFAULT_PORTS = {"http": "80", "https": "443"}
SAFE = "/:@!$&'()*+,;=~-._%"


class ApitrailMiddleware:
    """Records the requests that are webhooks.

    `paths` and labels: see `apitrail.recorder.webhooks.rules`; a function of the host's gets the environ.
    Raises ValueError for a label that does not exist.
    """

    def __init__(self, app: App, *, paths: Paths = None, **labels: Any) -> None:
        self.app = app
        self._rules = Rules(paths, labels)
        process.recorder()

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        root = environ.get("SCRIPT_NAME", "")
        stated = None
        if RECORDED not in environ:
            stated = self._rules.stated(root + environ.get("PATH_INFO", ""), environ, root)
        watch = _begun(environ, start_response, stated) if stated is not None else None
        if watch is None:
            return self.app(environ, start_response)
        try:
            answer = self.app(environ, watch.start)
        except BaseException as error:
            watch.failed(error)
            raise
        return watch.answering(answer, environ)


@never_raise
def _begun(environ: Environ, start: Start, stated: Stated) -> _Watch | None:
    capture = begin("wsgi", environ["REQUEST_METHOD"], url_of(environ), headers_of(environ), "inbound")
    if capture is None:
        return None
    environ[RECORDED] = True
    capture.stated = stated
    capture.http_version = environ.get("SERVER_PROTOCOL", "")
    announced = environ.get("CONTENT_LENGTH") or "0"
    if announced != "0" or environ.get("HTTP_TRANSFER_ENCODING"):
        # A handler may leave the body unread; then what was sent is not known.
        capture.request_body = capture.body()
        capture.request_incomplete = True
        environ["wsgi.input"] = Input(environ["wsgi.input"], capture, announced)
    return _Watch(capture, start)


class _Watch:
    """One request, from its handler's side."""

    def __init__(self, capture: Capture, start: Start) -> None:
        self.capture = capture
        self._start = start

    def start(self, status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Callable[[bytes], Any]:
        write = self._start(status, headers, *exc_info)
        self._started(status, headers, exc_info)

        def writing(chunk: bytes) -> Any:
            self.capture.received(chunk)
            return write(chunk)

        return writing

    @never_raise
    def _started(self, status: str, headers: list[tuple[str, str]], exc_info: Any) -> None:
        capture = self.capture
        pairs = [(name, value.encode("latin-1", "replace")) for name, value in headers]
        capture.answered(int(status[:3]), pairs, capture.http_version)
        if exc_info and exc_info[0]:
            capture.error = described(exc_info[0][1])

    def answering(self, answer: Iterable[bytes], environ: Environ) -> Iterable[bytes]:
        """The handler's answer, watched where it is made while it is sent; else as it is."""
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(answer, (list, tuple)):
            self._whole(answer)
            return answer
        if isinstance(wrapper, type) and isinstance(answer, wrapper):
            self.over(incomplete=True)  # the server sends the file itself
            return answer
        try:
            return _Answer(answer, self)
        except Exception as error:
            self.failed(error)
            return answer  # it cannot be iterated over: the server finds out as it would without us

    @never_raise
    def _whole(self, answer: list[bytes] | tuple[bytes, ...]) -> None:
        for chunk in answer:
            self.capture.received(chunk)
        self.capture.finish()

    @never_raise
    def failed(self, error: BaseException) -> None:
        """The handler raised."""
        capture = self.capture
        if capture.done:
            return
        capture.error = described(error)
        if capture.response_headers is None and isinstance(error, Exception):
            capture.status = 500  # else the handler was stopped from outside: nobody answers
        capture.finish(incomplete=capture.response_headers is not None)

    @never_raise
    def over(self, *, incomplete: bool) -> None:
        """The answer has been sent, or given up."""
        self.capture.finish(incomplete=incomplete)


class _Answer:
    """An answer that is made while it is sent."""

    def __init__(self, answer: Iterable[bytes], watch: _Watch) -> None:
        self._watch = watch
        self._answer = answer
        self._chunks = iter(answer)

    def __del__(self) -> None:
        self._watch.over(incomplete=True)  # dropped unread, and not closed: a test client may

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = next(self._chunks)
        except StopIteration:
            self._watch.over(incomplete=False)
            raise
        except BaseException as error:
            self._watch.failed(error)
            raise
        self._watch.capture.received(chunk)
        return chunk

    def close(self) -> None:
        try:
            close = getattr(self._answer, "close", None)
            if close is not None:
                close()
        finally:
            self._watch.over(incomplete=True)  # says nothing where its end had come


class Input:
    """In place of a request's body: keeps what is read. Looks like it in all else."""

    def __init__(self, inner: Any, capture: Capture, announced: str = "") -> None:
        self._inner = inner
        self._capture = capture
        self._announced = int(announced) if announced.isascii() and announced.isdigit() and int(announced) else None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.__dict__["_inner"], name)
        if name == "read1":  # not every server has it
            return lambda *args: self._passed(found(*args))
        if name == "seek":
            return lambda *args: self._sought(found(*args))
        return found

    def __iter__(self) -> Iterator[bytes]:
        for line in self._inner:
            self._passed(line)
            yield line

    def read(self, *args: Any) -> Any:
        return self._passed(self._inner.read(*args), at_end=not args or args[0] in (None, -1))

    def readinto(self, buffer: Any) -> Any:
        inner = getattr(self._inner, "readinto", None)
        if inner is not None:
            count = inner(buffer)
            self._passed(bytes(memoryview(buffer)[:count]) if count else b"")
            return count
        data = self.read(len(buffer))  # PEP 3333 promises no more
        buffer[: len(data)] = data
        return len(data)

    def readline(self, *args: Any) -> Any:
        return self._passed(self._inner.readline(*args))

    def readlines(self, *args: Any) -> Any:
        lines = self._inner.readlines(*args)
        for line in lines:
            self._passed(line)
        return lines

    def _passed(self, chunk: Any, at_end: bool = False) -> Any:
        self._keep(chunk, at_end)
        return chunk

    @never_raise
    def _keep(self, chunk: Any, at_end: bool) -> None:
        body = self._capture.request_body
        if self._capture.done or not isinstance(body, Body):
            return
        if chunk:
            body.feed(chunk)
        ended = at_end or not chunk if self._announced is None else body.size >= self._announced
        if ended:
            self._capture.request_incomplete = False

    def _sought(self, at: Any) -> Any:
        self._again(at)
        return at

    @never_raise
    def _again(self, at: Any) -> None:
        body = self._capture.request_body
        if at == 0 and isinstance(body, Body) and not self._capture.done:
            body.clear()  # it is read once more, from its beginning
            self._capture.request_incomplete = True


def headers_of(environ: Environ) -> list[tuple[str, bytes]]:
    """The header fields, as far as WSGI tells them."""
    found = []
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            name = key[5:]
        elif key in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            name = key
        else:
            continue
        found.append((name.replace("_", "-").title(), str(value).encode("latin-1", "replace")))
    return found


def url_of(environ: Environ) -> str:
    """The full URL as sent, from its parts in the environ; raw where the server tells it (gunicorn, uWSGI)."""
    scheme = environ.get("wsgi.url_scheme", "http")
    host = environ.get("HTTP_HOST", "")
    if not host:
        host = environ.get("SERVER_NAME", "localhost")
        port = environ.get("SERVER_PORT", "")
        if port and port != DEFAULT_PORTS.get(scheme):
            host = f"{host}:{port}"
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if raw.startswith("/"):
        return f"{scheme}://{host}{raw}"
    path = quote((environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1"), safe=SAFE)
    query = environ.get("QUERY_STRING", "")
    return f"{scheme}://{host}{path}{'?' + query if query else ''}"
