"""Hook for urllib3: pools and managers make calls, in which each attempt (`Retry`) is an exchange of http.client.

An attempt may fail before anything is sent: the address is not found, the certificate is not trusted, the proxy does
not answer. Such an attempt is an exchange too, with what it would have sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import urllib3
import urllib3.connectionpool
import urllib3.poolmanager

from apitrail.recorder import calls
from apitrail.recorder.calls import Call
from apitrail.recorder.capture import begin
from apitrail.recorder.clients.fronts import front
from apitrail.recorder.clients.hooks import WiredHooks
from apitrail.recorder.clients.patch import Patch
from apitrail.recorder.losses import never_raise

FRONTS = ("requests", "urllib3")


def _make_request(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
    def _make_request(self: Any, conn: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        call = calls.current(FRONTS) if patch.on else None
        if call is None:
            return original(self, conn, method, url, *args, **kwargs)
        before = call.exchanges
        call.planned = kwargs.get("body")
        try:
            return original(self, conn, method, url, *args, **kwargs)
        except BaseException as error:
            if call.exchanges == before:
                _unsent(call, self, method, url, kwargs.get("headers"), kwargs.get("body"), error)
            raise

    return _make_request


def _urlopen(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
    """There may be no free connection: then no attempt is made at all."""

    def urlopen(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        call = calls.current(FRONTS) if patch.on else None
        if call is None:
            return original(self, method, url, *args, **kwargs)
        before = call.exchanges
        body = kwargs.get("body", args[0] if args else None)
        headers = kwargs.get("headers", args[1] if len(args) > 1 else None)
        call.asked = (method, url, headers, body)
        try:
            return original(self, method, url, *args, **kwargs)
        except BaseException as error:
            if call.exchanges == before:
                _unsent(call, self, method, url, headers, body, error)
            raise

    return urlopen


def _prepare_proxy(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
    def _prepare_proxy(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, *args, **kwargs)
        except BaseException as error:
            call = calls.current(FRONTS) if patch.on else None
            if call is not None and call.asked:
                method, url, headers, body = call.asked
                _unsent(call, self, method, url, headers, body, error)
            raise

    return _prepare_proxy


@never_raise
def _unsent(call: Call, pool: Any, method: str, url: str, headers: Any, body: Any, error: BaseException) -> None:
    host = f"[{pool.host}]" if ":" in pool.host else pool.host
    if pool.port and pool.port != {"http": 80, "https": 443}.get(pool.scheme):
        host = f"{host}:{pool.port}"
    full = url if "://" in url else f"{pool.scheme}://{host}{url}"
    pairs = list((headers if headers is not None else pool.headers).items())
    capture = begin(call.client, method, full, pairs, "outbound", call)
    if capture is not None:
        if isinstance(body, (bytes, bytearray, memoryview, str)):
            capture.sends(body)
        capture.failed(error)


class _Attempts:
    """The patches that requests needs as well, counted."""

    def __init__(self) -> None:
        self._users: set[str] = set()
        self._patches = (
            Patch(urllib3.connectionpool.HTTPConnectionPool, "_make_request", _make_request),
            Patch(urllib3.connectionpool.HTTPConnectionPool, "urlopen", _urlopen),
            Patch(urllib3.connectionpool.HTTPSConnectionPool, "_prepare_proxy", _prepare_proxy),
        )

    def use(self, client: str) -> None:
        """Install them."""
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
        Patch(urllib3.connectionpool.HTTPConnectionPool, "urlopen", front("urllib3", any_owner=True)),
        Patch(urllib3.poolmanager.PoolManager, "urlopen", front("urllib3", any_owner=True)),
    ),
)
