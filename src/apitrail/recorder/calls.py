"""One logical call of the host, which may become several exchanges: redirects, retries, authentication.

A client's front opens it (`opened`), its transport begins exchanges in it. Exchanges of one call carry the same
`call`, the id of the first of them; the same request sent again is the next `attempt`. A layer that is built on
another is one call with it: what requests sends passes urllib3 and http.client, and is one exchange.

Of an exchange that failed, the host may see another exception than the transport raised (urllib3's become those of
requests). So while a call is open its last failure waits for what the host receives; the next attempt lets it go.
"""

from __future__ import annotations

from collections.abc import Container
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, TypeAlias

from apitrail.recorder.losses import lose

if TYPE_CHECKING:
    from apitrail.recorder.capture import Capture

BELOW = {"requests": ("urllib3",), "urllib.request": (), "urllib3": (), "httpx": (), "aiohttp": ()}
"""Fronts that are passed inside another's call and belong to it."""


class Call:
    """What the exchanges of one call share."""

    # What a class holds, an instance need not be given at every call.
    open = True
    exchanges = 0
    attempt = 0
    id = ""
    """Given by the assembler."""
    planned: Any = None
    """The body of the attempt that begins, where the front has it in one piece: a connection may fail before."""
    asked: tuple[Any, ...] = ()
    """What the innermost front was asked for, where its transport may fail before it begins an exchange."""
    unfolds = False
    """Whether the client hands bodies over with their Content-Encoding undone."""
    _last: tuple[str, Any] | None = None
    _failing: Capture | None = None

    def __init__(self, client: str, owner: object) -> None:
        self.client = client
        """The outermost library: the one that the host uses."""
        self.owner = owner
        """The session, opener or client; a call of another one inside it is a call of its own."""

    def begins(self, method: str, url: Any) -> None:
        """Another exchange; the one before has failed for good, if it has."""
        if self._failing is not None:
            self.lets_go()
        this = (method, url)
        self.attempt = self.attempt + 1 if this == self._last else 1
        self._last = this
        self.exchanges += 1

    def holds(self, failed: Capture) -> None:
        """It is over, and waits for the exception that the host gets."""
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


Opened: TypeAlias = tuple[Call, Token[Call | None]] | None

_call: ContextVar[Call | None] = ContextVar("apitrail_call", default=None)


def opened(client: str, owner: object) -> Opened:
    """Open a call here, unless this is a part of the one that is open. Never raises."""
    try:
        around = _call.get()
        if around is not None and around.open:
            if around.client == client:
                if around.owner is owner or owner is None:
                    return None
            elif client in BELOW[around.client]:
                return None
        call = Call(client, owner)
        return call, _call.set(call)
    except Exception as error:
        lose("capture_failed", error)
        return None


def closed(entered: Opened, error: BaseException | None = None) -> None:
    """Close it again; `error` is what the host receives. Never raises."""
    if entered is None:
        return
    try:
        call, token = entered
        call.open = False
        call.owner = call.planned = None
        call.asked = ()
        if call._failing is not None:
            call.lets_go(error)
        _call.reset(token)
    except Exception as problem:
        lose("capture_failed", problem)


def current(clients: Container[str]) -> Call | None:
    """The call of one of these clients in which an exchange begins here."""
    call = _call.get()
    return call if call is not None and call.open and call.client in clients else None
