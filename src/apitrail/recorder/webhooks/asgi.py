"""Webhooks: an ASGI middleware that records what platforms send in and what we answer.

    app = ApitrailMiddleware(app, paths={
        "/hooks/shopee": {"ec": "shopee-tw-01", "platform": "shopee"},
        "/hooks/ups": {"shipping": "ups-1", "platform": "ups", "action": "webhook.tracking.updated"},
    })

Keeps the messages that pass; reads none early, sends none. A handler that raises is recorded with the error, and
with status 500 where it had not begun to answer, which is what every server then sends; the error goes on its way.
Other scopes (websocket, lifespan) and other paths pass untouched.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import quote

from apitrail.exchange import Stated
from apitrail.recorder import process
from apitrail.recorder.capture import Capture, begin, described
from apitrail.recorder.context import AnyIntegration, labels
from apitrail.recorder.losses import never_raise

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Labels: TypeAlias = Mapping[str, Any]
"""`ec`, `shipping`, `name`, `platform`, `merchant`, `action`: as `apitrail.integration` and `apitrail.action` take."""
Paths: TypeAlias = str | Iterable[str] | Mapping[str, Labels] | Callable[[Scope], "bool | Labels | None"] | None

LABELS = frozenset({"ec", "shipping", "name", "platform", "merchant", "action"})
DEFAULT_PORTS = {"http": 80, "https": 443}
ENDS = ("http.response.pathsend", "http.response.zerocopysend")
"""Messages that send a body which does not pass here."""


class ApitrailMiddleware:
    """Records the requests that are webhooks.

    `paths` says which: None for all, a prefix, several, a mapping from prefixes to their labels, or a function of
    the scope that answers True, False or labels. A prefix ends where a part of the path does: `/hooks` takes
    `/hooks` and `/hooks/ups`, and not `/hooksmith`; the longest that fits wins. The labels given beside it hold for
    all and yield to those of a path.

    Raises ValueError for a label that does not exist.
    """

    def __init__(
        self,
        app: App,
        *,
        paths: Paths = None,
        ec: AnyIntegration | None = None,
        shipping: AnyIntegration | None = None,
        name: str | None = None,
        platform: str | None = None,
        merchant: str | None = None,
        action: str | None = None,
    ) -> None:
        self.app = app
        given = {
            "ec": ec,
            "shipping": shipping,
            "name": name,
            "platform": platform,
            "merchant": merchant,
            "action": action,
        }
        self._general: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        self._choose = paths if callable(paths) else None
        self._prefixes = [] if callable(paths) else self._ordered(paths)
        process.recorder()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stated = self._stated(scope) if scope["type"] == "http" else None
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

    def _ordered(self, paths: str | Iterable[str] | Mapping[str, Labels] | None) -> list[tuple[str, Stated]]:
        if paths is None:
            rules: Mapping[str, Labels] = {"": {}}
        elif isinstance(paths, str):
            rules = {paths: {}}
        elif isinstance(paths, Mapping):
            rules = paths
        else:
            rules = {path: {} for path in paths}
        for path, said in rules.items():
            for label in set(said) - LABELS:
                raise ValueError(f"paths[{path!r}] holds {label!r}: a label is one of {', '.join(sorted(LABELS))}")
        found = [(path.rstrip("/"), labels(**(self._general | dict(said)))) for path, said in rules.items()]
        return sorted(found, key=lambda rule: len(rule[0]), reverse=True)

    @never_raise
    def _stated(self, scope: Scope) -> Stated | None:
        if self._choose is not None:
            answer = self._choose(scope)
            if not isinstance(answer, Mapping):
                return labels(**self._general) if answer else None
            return labels(**(self._general | dict(answer)))
        path = scope["path"]
        for prefix, stated in self._prefixes:
            if path == prefix or path.startswith(f"{prefix}/") or not prefix:
                return stated
        return None


@never_raise
def _begun(scope: Scope, receive: Receive, send: Send, stated: Stated) -> _Watch | None:
    capture = begin("asgi", scope["method"], url_of(scope), list(scope["headers"]), "inbound")
    if capture is None:
        return None
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
        if message["type"] == "http.request" and self._capture.request_body is not None:
            self._capture.request_body.feed(message.get("body", b""))
            if not message.get("more_body", False):
                self._capture.request_incomplete = False

    @never_raise
    def _sent(self, message: Message) -> None:
        capture = self._capture
        kind = message["type"]
        if kind == "http.response.start":
            capture.answered(message["status"], list(message.get("headers", ())), capture.http_version)
        elif kind == "http.response.body" and capture.response_body is not None:
            capture.response_body.feed(message.get("body", b""))
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
        if capture.response_headers is None:
            capture.status = 500
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
