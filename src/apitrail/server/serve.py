"""Runs one server from start to stop.

Order of the start: profiles and templates, the nursery of worker processes (which cannot be forked any more once there
are threads), then the port (the most common mistakes), then the folder, the store, the tokens, the socket for the
commands. Whatever is wrong is a Problem with one message, and nothing is left behind.

The first SIGTERM or SIGINT stops in order: no new connections, the requests in hand are answered, the writer writes
what it has, the store is closed; the process ends with 0. The second one ends it at once. Nothing that was
acknowledged is lost either way, and recorders send again what was not.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TextIO, cast

import uvicorn
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import HTTPScope, LifeSpanReceive, LifeSpanScope, LifeSpanSend, Message, Receive, Scope, Send

from apitrail import __version__, compiled
from apitrail.server import allocator, folder, sockets
from apitrail.server.access import INGEST, READ, is_loopback
from apitrail.server.app import create_app
from apitrail.server.keeping import Keeper, rules
from apitrail.server.known import load_profiles
from apitrail.server.linking import LinkTemplates
from apitrail.server.problems import Problem, shorten
from apitrail.server.settings import Settings, workers
from apitrail.server.settings_text import changed
from apitrail.server.settling import Settler
from apitrail.server.stalled import Protocol
from apitrail.server.workers import Nursery
from apitrail.store import Store, Writer, open_store
from apitrail.store.model import FolderInUse, StoreError

log = logging.getLogger("apitrail.server")
access_log = logging.getLogger("apitrail.access")

_LOGGED_PATH = 200
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run(settings: Settings, out: TextIO) -> None:
    """Serves until a signal stops it. Prints the start-up block to `out`.

    Only for the main thread: it takes SIGTERM and SIGINT. Raises Problem for a start that cannot be.
    """
    stop = _Stop()
    with ExitStack() as stack:
        stack.enter_context(stop.by_signals())
        profiles = load_profiles(settings)
        LinkTemplates(settings.link_templates)
        allocator.keep_freed()
        sockets.allow_many()
        nursery = None
        if workers(settings):
            nursery = Nursery.fork(profiles)
            stack.callback(nursery.close)
        held = rules(settings)
        listener = stack.enter_context(sockets.listen_tcp(settings.host, settings.port))
        folder.prepare(settings.data)
        store = open_folder(settings)
        stack.callback(store.close)
        stack.callback(Settler(store).close)
        demand_read_token(store, settings)
        unix = stack.enter_context(sockets.listen_unix(settings.data))
        stack.callback(sockets.remove_unix, settings.data)
        writer = Writer(store)
        stack.callback(writer.close)
        stack.callback(Keeper(store, held).close)
        server = stop.server = _Server(create_app(store, writer, profiles, settings, nursery), settings)
        if stop.asked:
            return
        _collect_seldom()
        out.write(start_block(settings, listener, store))
        out.flush()
        server.run(sockets=[listener, unix])


def _collect_seldom() -> None:
    """Tells Python's garbage collector what this process is like: a large part that stays (profiles, routes, the
    engine's client), and batches of many small objects without cycles. With the usual thresholds it walks over all
    of them again and again: 110 µs of processor time per entry taken in, 83 µs so (measured on 40,000 entries).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def open_folder(settings: Settings) -> Store:
    """The store of the settings. Raises Problem where it is in use or cannot be opened."""
    try:
        return open_store(
            settings.store or settings.data,
            durable=settings.durable,
            memory_limit=settings.memory,
            readers=settings.readers,
            max_seconds=settings.query_seconds,
        )
    except FolderInUse as error:
        raise Problem(
            str(error),
            field="data",
            value=settings.data,
            fix="Commands such as `token` and `import` work beside a running server; a second server needs --data.",
        ) from error
    except StoreError as error:
        field = "store" if settings.store else "data"
        raise Problem(str(error), field=field, fix="See docs/operating.md.") from error


def demand_read_token(store: Store, settings: Settings) -> None:
    """Raises Problem where the network could reach the server and nobody could be let in."""
    if is_loopback(settings.host) and not settings.require_token:
        return
    if not any(token.scope == READ and token.revoked_at is None for token in store.tokens()):
        why = "can be reached by others" if not is_loopback(settings.host) else "asks for a token (require_token)"
        raise Problem(
            f"{why}, and there is no read token to let anybody in",
            field="host",
            value=settings.host,
            fix=f"`apitrail token create --scope read --data {settings.data}`, then start again.",
        )


def start_block(settings: Settings, listener: socket.socket, store: Store) -> str:
    """What a person sees first: where it is, where its data are, what is not as usual, and what is still to do."""
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    lines = [
        f"Apitrail {__version__}: Platform API Logs",
        f"  open    http://{shown}:{port}",
        f"  data    {settings.data.absolute()}",
    ]
    given = [f"{name} = {value}" for name, value in changed(settings) if name not in ("data", "host", "port")]
    if given:
        lines.append(f"  set     {', '.join(given)}")
    count = compiled.in_use()
    lines.append(f"  code    {f'compiled, {count} modules' if count else 'interpreted; see docs/operating.md, Speed'}")
    if not any(token.scope == INGEST and token.revoked_at is None for token in store.tokens()):
        lines.append(f"  token   none to record with yet: apitrail token create --data {settings.data}")
    return "\n".join([*lines, "  stop    Ctrl+C", ""])


class _Server(uvicorn.Server):
    """uvicorn, without its own signal handling: that would raise the signal again before the store is closed."""

    def __init__(self, app: Litestar, settings: Settings) -> None:
        super().__init__(
            uvicorn.Config(
                AccessLog(app),
                http=Protocol,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="on",
                ws="none",
                timeout_graceful_shutdown=settings.stop_timeout,
                timeout_keep_alive=30,
            )
        )
        self._app = app

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing to capture: see `_Stop`."""
        yield

    def stop(self) -> None:
        """From now on: no new connections, and the end when the requests in hand are answered."""
        self._app.state.health.stopping = True
        self.should_exit = True


class _Stop:
    """The way to the end: the first signal asks for it, the second enforces it."""

    def __init__(self) -> None:
        self.asked = False
        self.server: _Server | None = None

    @contextmanager
    def by_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            os.write(2, b"apitrail: stopped at once; recorders send again what was not acknowledged\n")
            os._exit(128 + number)
        self.asked = True
        if self.server:
            self.server.stop()


class AccessLog:
    """One line per request: method, path, status, milliseconds. No query and no header: they hold personal data."""

    def __init__(self, app: Litestar) -> None:
        self._app = app

    async def __call__(
        self, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Send | LifeSpanSend
    ) -> None:
        """An ASGI application."""
        if scope["type"] == ScopeType.HTTP:
            await self._note(cast("HTTPScope", scope), cast("Receive", receive), cast("Send", send))
        else:
            await self._app(scope, receive, send)

    async def _note(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        started, status = time.perf_counter(), 0

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting_send)
        finally:
            took = (time.perf_counter() - started) * 1000
            path = shorten(scope["path"], _LOGGED_PATH)  # a line break in it must not begin a line
            access_log.info("%s %s %d %.1f ms", scope["method"], path, status, took)


def log_to(stream: TextIO, *, verbose: bool) -> None:
    """Sets up our own log lines on `stream`: warnings, or with `verbose` every request."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger("apitrail").setLevel(logging.INFO if verbose else logging.WARNING)
