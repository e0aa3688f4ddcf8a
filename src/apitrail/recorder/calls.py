"""One logical call of the host, which may become several exchanges: redirects, retries, authentication.

A client's front opens it (`opened`), its transport begins exchanges in it. Exchanges of one call carry the same
`call`, the id of the first of them; the same request sent again is the next `attempt`. A layer that is built on
another is one call with it: what requests sends passes urllib3 and http.client, and is one exchange.

Of an exchange that failed, the host may see another exception than the transport raised (urllib3's become those of
requests). So while a call is open its last failure waits for what the host receives; the next attempt lets it go.
"""

from __future__ import annotations

from collections.abc import Container
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

from apitrail.recorder.losses import lose

BELOW = {"requests": ("urllib3",), "urllib.request": (), "urllib3": (), "httpx": (), "httpx2": (), "aiohttp": ()}
"""Fronts that are passed inside another's call and belong to it."""


class Request(Protocol):
    """What a front asks its transport to send: a library's own object, or `Asked`."""

    @property
    def method(self) -> Any: ...
    @property
    def url(self) -> Any: ...
    @property
    def headers(self) -> Any: ...
    @property
    def body(self) -> Any: ...


class Failed(Protocol):
    """An exchange that failed, and waits for what the host is told: see `capture`."""

    def finish_failed(self, error: BaseException | None) -> None: ...


class Asked(NamedTuple):
    """A request of a library that has no object for it."""

    method: str
    url: str
    """Whole, or what follows the host's name."""
    headers: Any
    body: Any
    pool: Any
    """Who is asked: knows the host, and headers where none are given."""


class Call:
    """What the exchanges of one call share."""

    # What a class holds, an instance need not be given at every call.
    open = True
    exchanges = 0
    attempt = 0
    id = ""
    """Given by the assembler."""
    asked: Request | None = None
    """What the innermost front was asked for: its transport may fail before it begins an exchange, or has the body."""
    unfolds = False
    """Whether the client hands bodies over with their Content-Encoding undone."""
    outer: Call | None = None
    """The call inside which it was opened."""
    _method = ""
    _url: Any = None
    _failing: Failed | None = None

    def __init__(self, client: str, owner: object) -> None:
        self.client = client
        """The outermost library: the one that the host uses."""
        self.owner = owner
        """The session, opener or client; a call of another one inside it is a call of its own."""

    def begins(self, method: str, url: Any) -> None:
        """Another exchange; the one before has failed for good, if it has."""
        if self._failing is not None:
            self.lets_go()
        again = self.exchanges and method == self._method and url == self._url
        self.attempt = self.attempt + 1 if again else 1
        self._method = method
        self._url = url
        self.exchanges += 1

    def holds(self, failed: Failed) -> None:
        """It is over, and waits for the exception that the host gets."""
        if failed is not self._failing:  # else it is met again by who reads on
            self.lets_go()
            self._failing = failed

    def lets_go(self, error: BaseException | None = None) -> None:
        """Hand over the failure that waits."""
        failing, self._failing = self._failing, None
        if failing is not None:
            failing.finish_failed(error)

    def linked(self) -> bool:
        """Whether it has, or may yet have, more than one exchange."""
        return self.exchanges > 1 or (self.open and self.exchanges == 1)


here: ContextVar[Call | None] = ContextVar("apitrail_call", default=None)
"""The call that was opened last in this context; it may be over."""


def opened(client: str, owner: object) -> Call | None:
    """Open a call here, unless this is a part of the one that is open. Never raises."""
    try:
        outer = here.get()
        if outer is None:
            call = Call(client, owner)
        else:
            if outer.open:
                if outer.client == client:
                    if outer.owner is owner or owner is None:
                        return None
                elif client in BELOW[outer.client]:
                    return None
            call = Call(client, owner)
            call.outer = outer
        here.set(call)
        return call
    except Exception as error:
        lose("capture_failed", error)
        return None


def closed(call: Call, error: BaseException | None = None) -> None:
    """Close it again; `error` is what the host receives. Never raises."""
    try:
        call.open = False
        call.owner = call.asked = None
        if call._failing is not None:
            call.lets_go(error)
        if here.get() is call:  # else a host's generator was left in another context than it was entered in
            here.set(call.outer)
        if call.outer is not None:
            call.outer = None
    except Exception as problem:
        lose("capture_failed", problem)


def current(clients: Container[str]) -> Call | None:
    """The call of one of these clients in which an exchange begins here."""
    call = here.get()
    return call if call is not None and call.open and call.client in clients else None
