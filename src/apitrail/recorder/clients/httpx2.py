"""Hook for httpx2 (github.com/pydantic/httpx2), which has the classes of httpx: see `httpx_like`."""

from __future__ import annotations

from importlib import import_module

from apitrail.recorder.clients.httpx_like import hooks

CLIENT = hooks(import_module("httpx2"))
