"""Hook for urllib3: pools and managers make calls, in which each attempt (`Retry`) is an exchange of http.client.

An attempt may fail before anything is sent: the certificate is not trusted, the proxy does not answer, no connection is
free. Such an attempt is an exchange too, with what it would have sent.
"""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import urllib3
import urllib3.connection
import urllib3.connectionpool
import urllib3.poolmanager

from apitrail.recorder import calls
from apitrail.recorder.calls import Asked, Call
from apitrail.recorder.capture import begin
from apitrail.recorder.clients import CannotRecord
from apitrail.recorder.clients.fronts import front
from apitrail.recorder.clients.hooks import WiredHooks
from apitrail.recorder.clients.patch import Patch
from apitrail.recorder.losses import never_raise

FRONTS = ("requests", "urllib3")
REPLACED = (
    "urllib3 is replaced by urllib3-future here, which niquests brings: what is sent by it cannot be recorded, and"
    " requests sends by it, too. To have both: URLLIB3_NO_OVERRIDE=1 pip install niquests --no-binary urllib3-future"
)


def _urlopen(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
    """A front, and where each attempt begins."""

    def urlopen(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        around = calls.here.get()
        said = around is not None and around.open and around.client == "requests" and type(around.asked) is not Asked
        if said or not patch.on:
            return original(self, method, url, *args, **kwargs)
        entered = calls.opened("urllib3", None)
        call = entered or calls.current(FRONTS)
        if call is None:
            return original(self, method, url, *args, **kwargs)
        body = kwargs.get("body", args[0] if args else None)
        headers = kwargs.get("headers", args[1] if len(args) > 1 else None)
        before = call.exchanges
        call.asked = Asked(method, url, headers, body, self)
        try:
            answer = original(self, method, url, *args, **kwargs)
        except BaseException as error:
            if call.exchanges == before:
                unsent(call, error)
            if entered is not None:
                calls.closed(entered, error)
            raise
        if entered is not None:
            calls.closed(entered)
        return answer

    return urlopen


def _connecting(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
    """Connections that are secured, or go through a proxy, are made before the request begins."""

    def connecting(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, *args, **kwargs)
        except BaseException as error:
            call = calls.current(FRONTS) if patch.on else None
            if call is not None:
                unsent(call, error)
            raise

    return connecting


@never_raise
def unsent(call: Call, error: BaseException) -> None:
    """An attempt has failed before its exchange began."""
    asked = call.asked
    if asked is None:
        return
    url, headers = str(asked.url), asked.headers
    if isinstance(asked, Asked):
        url = url if "://" in url else _base(asked.pool) + url
        headers = asked.pool.headers if headers is None else headers
    capture = begin(call.client, asked.method, _bare(url), list(headers.items()), "outbound", call)
    if capture is not None:
        if isinstance(asked.body, (bytes, bytearray, memoryview, str)):
            capture.sends(asked.body)
        capture.failed(error)


def _base(pool: Any) -> str:
    host = f"[{pool.host}]" if ":" in pool.host else pool.host
    if pool.port and pool.port != {"http": 80, "https": 443}.get(pool.scheme):
        host = f"{host}:{pool.port}"
    return f"{pool.scheme}://{host}"


def _bare(url: str) -> str:
    """What is sent of a URL: user, password and fragment are not."""
    scheme, mark, rest = url.partition("#")[0].partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{mark}{authority.rpartition('@')[2]}{slash}{path}"


class _Attempts:
    """The patches that requests needs as well, counted."""

    def __init__(self) -> None:
        self._users: set[str] = set()
        self._patches = (
            Patch(urllib3.connectionpool.HTTPSConnectionPool, "_validate_conn", _connecting),
            Patch(urllib3.connectionpool.HTTPSConnectionPool, "_prepare_proxy", _connecting),
        )

    def use(self, client: str) -> None:
        """Install them. Raises CannotRecord."""
        if not issubclass(urllib3.connection.HTTPConnection, HTTPConnection):
            raise CannotRecord(REPLACED)
        self._users.add(client)
        for patch in self._patches:
            patch.install()

    def leave(self, client: str) -> None:
        """Remove them with their last user."""
        self._users.discard(client)
        if not self._users:
            for patch in self._patches:
                patch.remove()


attempts = _Attempts()


class Urllib3Client(WiredHooks):
    """Replaces what makes attempts, and what makes calls."""

    def install(self) -> None:
        """Replace the methods."""
        attempts.use(self.name)
        super().install()

    def remove(self) -> None:
        """Put them back."""
        super().remove()
        attempts.leave(self.name)


CLIENT = Urllib3Client(
    "urllib3",
    (
        Patch(urllib3.connectionpool.HTTPConnectionPool, "urlopen", _urlopen),
        Patch(urllib3.poolmanager.PoolManager, "urlopen", front("urllib3", any_owner=True)),
    ),
)
