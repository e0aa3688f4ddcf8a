"""http.client used directly: what no front has opened a call for."""

from __future__ import annotations

from apitrail.recorder.clients.hooks import WiredHooks

CLIENT = WiredHooks("http.client", ())
