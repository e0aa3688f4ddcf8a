"""Hook for requests: sessions and adapters make calls; what they send passes urllib3 and http.client.

So every hop of a redirect, every step of an authentication and every retry that urllib3 makes inside one send is an
exchange, and all of them are one call. An adapter that sends nothing over the network (a test's) is not recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests.adapters
import requests.sessions

from apitrail.recorder import calls
from apitrail.recorder.clients import urllib3
from apitrail.recorder.clients.fronts import front
from apitrail.recorder.clients.hooks import WiredHooks
from apitrail.recorder.clients.patch import Patch

FRONTS = ("requests",)


def _sending(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
    """An adapter's `send`: part of whatever call of requests is open, else a call."""

    def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not patch.on:
            return original(self, request, *args, **kwargs)
        call = entered = calls.opened("requests", None)
        if call is None:
            call = calls.current(FRONTS)
            if call is None:
                return original(self, request, *args, **kwargs)
        before = call.exchanges
        call.asked = request
        try:
            answer = original(self, request, *args, **kwargs)
        except BaseException as error:
            if call.exchanges == before:
                urllib3.unsent(call, error)
            if entered is not None:
                calls.closed(entered, error)
            raise
        if entered is not None:
            calls.closed(entered)
        return answer

    return send


class RequestsClient(WiredHooks):
    """Needs to know of urllib3's attempts, too, where those do not reach the wire."""

    def install(self) -> None:
        """Replace the methods."""
        urllib3.attempts.use(self.name)
        super().install()

    def remove(self) -> None:
        """Put them back."""
        super().remove()
        urllib3.attempts.leave(self.name)


CLIENT = RequestsClient(
    "requests",
    (
        Patch(requests.sessions.Session, "send", front("requests")),
        Patch(requests.adapters.HTTPAdapter, "send", _sending),
    ),
)
