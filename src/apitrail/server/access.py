"""Who may do what.

Every route needs the right to read, unless it says otherwise by `opt={"access": …}`:

- `READ`: a read token, a login made with one, or nothing at all where reading is open (see below);
- `INGEST`: an ingest token;
- `OPEN`: nothing (health, the login itself);
- `SOCKET`: the Unix socket in the data folder. Over TCP such a route does not exist.

Whoever comes by the socket could read the folder itself, and may do everything. Reading is open only on a server
that listens on loopback alone, was not told to ask (`require_token`), is called by a loopback name or one of
`allow_host`, and sees no sign of a proxy: a page on the internet can make a browser call a loopback address under
its own name (DNS rebinding), and a proxy can put the whole network behind one.

A login is a cookie signed with the digest of the token it was made with: it needs no memory here, holds on all
servers of a cluster, and ends with the token.
"""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Literal

import anyio
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from apitrail.server.problems import Problem
from apitrail.server.settings import Settings
from apitrail.server.tokens import digest
from apitrail.store import Store
from apitrail.store.model import Token

Access = Literal["read", "ingest", "open", "socket"]
READ: Access = "read"
INGEST: Access = "ingest"
OPEN: Access = "open"
SOCKET: Access = "socket"

REFRESH_S = 1.0
"""How long a token that another process made or revoked may stay unnoticed."""
SESSION_COOKIE = "apitrail_session"
SESSION_S = 30 * 24 * 3600

_PROXY_HEADERS = (b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via")


def is_loopback(host: str) -> bool:
    """Whether the address or name means this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def by_socket(scope: Scope) -> bool:
    """Whether the request came by the Unix socket: uvicorn gives its path, and no port."""
    server = scope.get("server")
    return server is not None and server[1] is None


class Tokens:
    """The tokens that count, read from the store at most once per `REFRESH_S`."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._read_at: float | None = None
        self._by_digest: dict[str, Token] = {}
        self._by_id: dict[str, Token] = {}
        self._lock = anyio.Lock()
        # Apart from the threads that pages wait in: slow queries must not hold up the check.
        self._thread = anyio.CapacityLimiter(1)

    def forget(self) -> None:
        """Read anew on the next use: a token was made or revoked here."""
        self._read_at = None

    async def of_secret(self, secret: str) -> Token | None:
        """The token whose secret this is, unless revoked."""
        await self._refresh()
        wanted = digest(secret)
        found = self._by_digest.get(wanted)
        return found if found and hmac.compare_digest(found.digest, wanted) else None

    async def of_id(self, identifier: str) -> Token | None:
        """The token by its id, unless revoked."""
        await self._refresh()
        return self._by_id.get(identifier)

    async def _refresh(self) -> None:
        async with self._lock:
            now = self._clock()
            if self._read_at is not None and now - self._read_at < REFRESH_S:
                return
            self._read_at = now  # before the read: what is made meanwhile is read again
            try:
                found = await anyio.to_thread.run_sync(self._store.tokens, limiter=self._thread)
            except BaseException:
                self._read_at = None
                raise
            valid = [token for token in found if token.revoked_at is None]
            self._by_digest = {token.digest: token for token in valid}
            self._by_id = {token.id: token for token in valid}


class Gate:
    """Decides on each request before its body is read."""

    def __init__(self, tokens: Tokens, settings: Settings) -> None:
        self._tokens = tokens
        self._open = is_loopback(settings.host) and not settings.require_token
        self._names = {name.lower() for name in settings.allow_host}

    async def check(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """A Litestar guard. Raises Problem: 401 without a right, 403 with another, 404 for the socket's routes."""
        access: Access = handler.opt.get("access", READ)
        if access == OPEN or by_socket(connection.scope):
            return
        if access == SOCKET:
            raise not_found()
        if authorization := connection.headers.get("authorization"):
            await self._check_bearer(authorization, access)
        elif access == INGEST:
            raise _unauthorized("An ingest token is needed.", INGEST)
        elif not await self._logged_in(connection):
            self._check_open(connection)

    async def session(self, secret: str, now: float) -> str | None:
        """The cookie of a login by a read token; None where the secret is none."""
        token = await self._tokens.of_secret(secret.strip())
        if token is None or token.scope != READ:
            return None
        expires = int(now) + SESSION_S
        return f"{token.id}.{expires}.{_sign(token, expires)}"

    async def _check_bearer(self, authorization: str, access: Access) -> None:
        scheme, _, secret = authorization.partition(" ")
        token = await self._tokens.of_secret(secret.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise _unauthorized("The token is not known, or was revoked.", access)
        if token.scope != access:
            raise Problem(
                f"the token is for {token.scope}, and this needs {access}",
                field="Authorization",
                fix=f"Make one with `apitrail token create --scope {access}`.",
                status=403,
            )

    async def _logged_in(self, connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
        identifier, _, rest = connection.cookies.get(SESSION_COOKIE, "").partition(".")
        expires, _, signature = rest.partition(".")
        if not (expires.isascii() and expires.isdigit() and len(expires) < 20) or int(expires) < time.time():
            return False
        token = await self._tokens.of_id(identifier)
        if token is None or token.scope != READ:
            return False
        return hmac.compare_digest(_sign(token, int(expires)).encode(), signature.encode())

    def _check_open(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        if not self._open or any(connection.headers.get(name.decode()) for name in _PROXY_HEADERS):
            raise _unauthorized("A read token or a login is needed.", READ)
        host = _host_name(connection.headers.get("host", ""))
        if not (is_loopback(host) or host in self._names):
            raise Problem(
                "reading without a token is open to loopback names only",
                field="Host",
                value=host,
                fix="Use http://127.0.0.1, send a read token, or start the server with --allow-host and this name.",
                status=403,
            )


def not_found() -> Problem:
    """The answer where there is nothing."""
    return Problem("there is nothing at this address", field="path", fix="/docs lists what there is.", status=404)


def _unauthorized(reason: str, access: Access) -> Problem:
    fix = f"Send `Authorization: Bearer TOKEN`; `apitrail token create --scope {access}` makes one."
    return Problem(reason, field="Authorization", fix=fix, status=401)


def _sign(token: Token, expires: int) -> str:
    return hmac.new(bytes.fromhex(token.digest), f"{token.id}.{expires}".encode(), sha256).hexdigest()


def _host_name(header: str) -> str:
    """The name in a Host header, without port and brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()
