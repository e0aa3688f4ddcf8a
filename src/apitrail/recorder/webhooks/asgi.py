"""Webhooks: an ASGI middleware that records what platforms send in and what we answer.

    app = ApitrailMiddleware(app, paths={
        "/hooks/shopee": {"ec": "shopee-tw-01", "platform": "shopee"},
        "/hooks/ups": {"shipping": "ups-1", "platform": "ups", "action": "webhook.logistics.status"},
    })

Keeps the messages that pass; reads none early, sends none. A handler that raises is recorded with the error, and
with status 500 where it had not begun to answer, which is what every server then sends; the error goes on its way.
One that is cancelled gave no answer.
Other scopes (websocket, lifespan) and other paths pass untouched.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import quote

from apitrail.exchange import Stated
from apitrail.recorder import process
from apitrail.recorder.body import Body
from apitrail.recorder.capture import Capture, begin, described
from apitrail.recorder.losses import never_raise
from apitrail.recorder.webhooks.rules import RECORDED, Paths, Rules

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
"""Loosely typed: every framework has types of its own for the three."""
DEFAULT_PORTS = {"http": 80, "https": 443}
ENDS = ("http.response.pathsend", "http.response.zerocopysend")
"""Messages that send a body which does not pass here."""


class ApitrailMiddleware:
    """Records the requests that are webhooks.

    `paths` and labels: see `apitrail.recorder.webhooks.rules`; a function of the host's gets the scope.
    Raises ValueError for a label that does not exist.
    """

    def __init__(
        self,
        app: App,
        *,
        paths: Paths = None,
        **labels: Any,
    ) -> None:
        self.app = app
        self._rules = Rules(paths, labels)
        process.recorder()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        stated = None
        if scope["type"] == "http" and RECORDED not in scope:
            stated = self._rules.stated(scope["path"], scope, scope.get("root_path", ""))
        watch = _begun(scope, receive, send, stated) if stated is not None else None
        if watch is None:
            await self.app(scope, receive, send)
            return
        try:
            await self.app(scope, watch.receive, watch.send)
        except BaseException as error:
            watch.failed(error)
            raise
        watch.returned()


@never_raise
def _begun(scope: Scope, receive: Receive, send: Send, stated: Stated) -> _Watch | None:
    capture = begin("asgi", scope["method"], url_of(scope), list(scope["headers"]), "inbound")
    if capture is None:
        return None
    scope[RECORDED] = True
    capture.stated = stated
    capture.request_body = capture.body()
    names = {bytes(name).lower(): value for name, value in scope["headers"]}
    # A handler may leave the body unread; then what was sent is not known. Without these headers there is none.
    capture.request_incomplete = names.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in names
    capture.http_version = f"HTTP/{scope.get('http_version', '1.1')}"
    return _Watch(capture, receive, send)


class _Watch:
    """The two channels of one request."""

    def __init__(self, capture: Capture, receive: Receive, send: Send) -> None:
        self._capture = capture
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        message = await self._receive()
        self._received(message)
        return message

    async def send(self, message: Message) -> None:
        await self._send(message)
        self._sent(message)

    @never_raise
    def _received(self, message: Message) -> None:
        body = self._capture.request_body
        if message["type"] == "http.request" and isinstance(body, Body):
            body.feed(message.get("body", b""))
            if not message.get("more_body", False):
                self._capture.request_incomplete = False

    @never_raise
    def _sent(self, message: Message) -> None:
        capture = self._capture
        kind = message["type"]
        if kind == "http.response.start":
            capture.answered(message["status"], list(message.get("headers", ())), capture.http_version)
        elif kind == "http.response.body" and capture.response_headers is not None:
            capture.received(message.get("body", b""))
            if not message.get("more_body", False):
                self._ended(incomplete=False)
        elif kind in ENDS:
            self._ended(incomplete=True)

    def _ended(self, *, incomplete: bool) -> None:
        capture = self._capture
        capture.ends(incomplete=incomplete)
        # An answer 500 is often sent by the framework, which then raises what the handler raised: wait for that.
        if capture.status is None or capture.status < 500:
            capture.finish()

    @never_raise
    def failed(self, error: BaseException) -> None:
        """The handler raised."""
        capture = self._capture
        if capture.done:
            return
        capture.error = described(error)
        if capture.response_headers is None and isinstance(error, Exception):
            capture.status = 500  # else the handler was stopped from outside: nobody answers
        capture.finish(incomplete=capture.response_headers is not None and not capture.ended)

    @never_raise
    def returned(self) -> None:
        """The handler is done."""
        self._capture.finish(incomplete=not self._capture.ended)


def url_of(scope: Scope) -> str:
    """The full URL as sent, from its parts in the scope (asgi.readthedocs.io, HTTP connection scope)."""
    scheme = scope.get("scheme", "http")
    host = next((bytes(value).decode("latin-1") for name, value in scope["headers"] if name.lower() == b"host"), "")
    if not host:
        name, port = scope.get("server") or ("localhost", None)
        host = f"[{name}]" if ":" in name else name
        if port is None:
            host = "localhost"  # a Unix socket: its name is a path
        elif port != DEFAULT_PORTS.get(scheme):
            host = f"{host}:{port}"
    raw = scope.get("raw_path")
    path = bytes(raw).decode("latin-1").partition("?")[0] if raw else quote(scope["path"], safe="/:@!$&'()*+,;=~-._%")
    query = scope.get("query_string", b"")
    return f"{scheme}://{host}{path}{'?' + bytes(query).decode('latin-1') if query else ''}"
