"""Hook for urllib.request: openers make calls, whose redirects and authentications are exchanges of http.client."""

from __future__ import annotations

from urllib.request import OpenerDirector  # by name: it is loaded while its package does not know it yet

from apitrail.recorder.clients.fronts import front
from apitrail.recorder.clients.hooks import WiredHooks
from apitrail.recorder.clients.patch import Patch

CLIENT = WiredHooks("urllib.request", (Patch(OpenerDirector, "open", front("urllib.request")),))
