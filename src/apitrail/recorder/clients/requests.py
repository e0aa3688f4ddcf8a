"""Hook for requests: sessions and adapters make calls; what they send passes urllib3 and http.client.

So every hop of a redirect, every step of an authentication and every retry that urllib3 makes inside one send is an
exchange, and all of them are one call. An adapter that sends nothing over the network (a test's) is not recorded.
"""

from __future__ import annotations

import requests.adapters
import requests.sessions

from apitrail.recorder.clients import urllib3
from apitrail.recorder.clients.fronts import front
from apitrail.recorder.clients.hooks import WiredHooks
from apitrail.recorder.clients.patch import Patch


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
        Patch(requests.adapters.HTTPAdapter, "send", front("requests", any_owner=True)),
    ),
)
