"""Hook for urllib.request: openers make calls, whose redirects and authentications are exchanges of http.client."""

from __future__ import annotations

import urllib.request

from apitrail.recorder.clients.fronts import front
from apitrail.recorder.clients.hooks import WiredHooks
from apitrail.recorder.clients.patch import Patch

CLIENT = WiredHooks("urllib.request", (Patch(urllib.request.OpenerDirector, "open", front("urllib.request")),))
