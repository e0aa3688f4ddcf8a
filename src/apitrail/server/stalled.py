"""Connections whose other side has stopped: they are closed, and what they held is free again.

A machine that loses its power or its network in the middle of a batch says nothing of it: without this, its connection
and its part of `in_flight` would be held until the server is started again, and a few of them would let nobody else
send. Who opens connections and never asks for anything would hold them, too.

Only waiting for the other side counts, never our own work: a request that is being answered has all its time.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

STALLED_S = 60.0
"""How long a request's head may take as a whole, and its body without a byte coming."""

_Base: Any = AutoHTTPProtocol
if TYPE_CHECKING:
    _Base = asyncio.Protocol


class Protocol(_Base):  # type: ignore[misc,unused-ignore]
    """uvicorn's, that waits no longer than `stalled_s`."""

    stalled_s = STALLED_S

    def connection_made(self, transport: Any) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._heard = self._head_since = self.loop.time()
        self._look = self.loop.call_later(self.stalled_s, self._looked)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._heard = self.loop.time()
        super().data_received(data)

    def on_response_complete(self) -> None:
        """See uvicorn: the next request may come."""
        self._head_since = self.loop.time()
        super().on_response_complete()

    def _looked(self) -> None:
        left = self._waited_since() + self.stalled_s - self.loop.time()
        if left <= 0:
            self.transport.abort()
        else:
            self._look = self.loop.call_later(left, self._looked)

    def _waited_since(self) -> float:
        """Since when the other side is waited for; now, if it is not."""
        since: float = self.loop.time()
        if self.cycle is None or self.cycle.response_complete:
            since = self._head_since
        elif self.cycle.more_body and not self.flow.read_paused:
            since = self._heard
        return since
