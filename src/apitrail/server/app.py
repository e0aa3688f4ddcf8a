"""The application: what is served, under which rules. What runs it is `apitrail.server.serve`.

Three things hold for every answer, whoever gives it: the headers that keep a browser from doing harm; that a sender
is heard out before it is refused (a client that is cut off while it writes never sees the answer); and that it is the
last one to whoever gave a body two lengths.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from litestar import Litestar, Response
from litestar.datastructures import State
from litestar.di import Provide
from litestar.enums import HttpMethod, ScopeType
from litestar.response import Redirect
from litestar.types import HTTPScope, LifeSpanReceive, LifeSpanScope, LifeSpanSend, Message, Receive, Scope, Send

from apitrail.absent import absent
from apitrail.profiles import Profiles
from apitrail.server import admin, api, export, health, integrations, login, recorders, reference, storage, views
from apitrail.server.access import Gate, Tokens
from apitrail.server.answers import AnyRequest, exception_handlers, wants_page
from apitrail.server.backlogs import Backlogs
from apitrail.server.boards import routes as boards
from apitrail.server.digest import Deriver, Digester
from apitrail.server.exports import Exports
from apitrail.server.health import Health
from apitrail.server.ingest import Ingest, post_exchanges
from apitrail.server.intake import Intake
from apitrail.server.known import Known
from apitrail.server.linking import LinkTemplates
from apitrail.server.masking import fingerprint_key
from apitrail.server.masking import redactor as redactor_of
from apitrail.server.missing import Missing
from apitrail.server.pages import routes as page_routes
from apitrail.server.problems import Problem
from apitrail.server.registry import Registry
from apitrail.server.settings import Settings, workers
from apitrail.server.shared import SharedViews
from apitrail.server.usual import Durations
from apitrail.server.workers import Nursery, Pool, Terms
from apitrail.store import Store, Writer

_HEADERS = {
    b"content-security-policy": b"default-src 'self'; img-src 'self' data: blob:; object-src 'self'; "
    b"frame-ancestors 'self'; base-uri 'none'; form-action 'self'",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"SAMEORIGIN",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cache-control": b"private, no-cache",
}
"""Set where a handler has not set its own."""

_TWO_LENGTHS = {b"content-length", b"transfer-encoding"}
"""With both, a proxy before us may have taken another end of the body for its end, and what follows for another's
request: RFC 9112, 6.3, has us close the connection.
"""

_SMALL_BODY = 64 << 10
"""Bytes of a request's body, batches apart."""
_DRAIN_BYTES = 256 << 20
_DRAIN_S = 10.0


def create_app(
    store: Store, writer: Writer, profiles: Profiles, settings: Settings, nursery: Nursery | None = None
) -> Litestar:
    """The application on an open store. Closes nothing: whoever opened the store closes it.

    Handlers get `store`, `known`, `settings` and so on by name. `settings.data` must exist. With a `nursery`, batches
    are digested by processes of it. Raises Problem for link
    templates that cannot be.
    """
    tokens = Tokens(store)
    gate = Gate(tokens, settings)
    key = fingerprint_key(settings.data, settings.fingerprint_key_file)
    redactor = redactor_of(key, profiles)
    registry = Registry(store, profiles)
    digester: Digester = Deriver(profiles, redactor, max_batch=settings.max_batch, max_exchanges=settings.max_exchanges)
    closing: list[Callable[[], None]] = []
    if nursery is not None:
        terms = Terms(key, settings.max_batch, settings.max_exchanges)
        digester = pool = Pool(nursery, workers(settings), terms, digester)
        closing.append(pool.close)
    ingest = Ingest(Intake(writer, digester, registry.current), settings, workers(settings))
    state = Health()
    shared = SharedViews(store)
    backlogs = Backlogs()
    given = {
        "shared": shared,
        "backlogs": backlogs,
        "exports": Exports(),
        "store": store,
        "writer": writer,
        "known": Known(
            profiles,
            registry,
            LinkTemplates(settings.link_templates),
            Durations(store),
            Missing(store, backlogs),
            shared,
            settings.export_limit,
        ),
        "registry": registry,
        "redactor": redactor,
        "settings": settings,
        "tokens": tokens,
        "gate": gate,
        "ingest": ingest,
        "health": state,
    }
    with absent("pydantic"):  # what Litestar has for it takes as long to load as all the routes
        return _application(given, gate, state, [ingest.close, *closing])


def _application(
    given: dict[str, Any], gate: Gate, state: Health, on_shutdown: list[Callable[[], None]]
) -> Application:
    return Application(
        route_handlers=[
            post_exchanges,
            *integrations.routes,
            *views.routes,
            api.routes,
            boards.routes,
            export.routes,
            storage.get_stats,
            recorders.get_recorders,
            admin.routes,
            *health.routes,
            *reference.routes,
            login.form,
            login.sign_in,
            login.sign_out,
            *page_routes,
        ],
        dependencies={name: Provide(_giver(value), sync_to_thread=False) for name, value in given.items()},
        guards=[gate.check],
        exception_handlers=exception_handlers(_to_login),
        request_max_body_size=_SMALL_BODY,
        on_shutdown=on_shutdown,
        openapi_config=None,  # our own is at /docs: see apitrail.server.openapi
        logging_config=None,
        state=State({"health": state}),
    )


class Application(Litestar):
    """Litestar, with what holds for every answer around it."""

    async def __call__(
        self, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Send | LifeSpanSend
    ) -> None:
        """An ASGI application."""
        if scope["type"] == ScopeType.HTTP:
            await self._answer(cast("HTTPScope", scope), cast("Receive", receive), cast("Send", send))
        else:
            await super().__call__(scope, receive, send)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        body = _Body(receive)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                if scope["method"] in ("POST", "PUT", "DELETE"):
                    await body.drain()
                names = {name.lower() for name, _ in message["headers"]}
                more = [(name, value) for name, value in _HEADERS.items() if name not in names]
                if {name for name, _ in scope["headers"]} >= _TWO_LENGTHS:
                    more.append((b"connection", b"close"))
                message["headers"] = [*message["headers"], *more]
            await send(message)

        asked = scope.copy()
        if asked["method"] == HttpMethod.HEAD:
            asked["method"] = HttpMethod.GET  # the HTTP server leaves the body out
        await super().__call__(asked, body.receive, send_with_headers)


class _Body:
    """A request's body as it comes in, to be read to its end even if nobody wants it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def receive(self) -> Any:
        message = await self._receive()
        self._ended = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Reads and forgets the rest, up to a bound of bytes and time."""
        size = 0
        try:
            async with asyncio.timeout(_DRAIN_S):
                while not self._ended and size < _DRAIN_BYTES:
                    size += len((await self.receive()).get("body", b""))
        except TimeoutError:
            return


def _giver(value: Any) -> Any:
    def give() -> Any:
        return value

    return give


def _to_login(request: AnyRequest, error: Exception) -> Response[Any] | None:
    """Sends a person's browser to sign in, instead of telling it about headers."""
    if isinstance(error, Problem) and error.status == 401 and wants_page(request) and request.method == "GET":
        return Redirect(login.login_url(request.scope["path"], request.scope["query_string"]), status_code=303)
    return None
