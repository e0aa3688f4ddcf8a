"""Hook for httpx: see `httpx_like`."""

from __future__ import annotations

import httpx

from apitrail.recorder.clients.httpx_like import hooks

CLIENT = hooks(httpx)
