"""The demo's hand behind the stage: makes buyers order, parcels move and platforms stumble.

Speaks to the sandboxes over `http.client`, which the recorder does not hook: nothing of it appears in the log.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

TIMEOUT_S = 10.0


class Director:
    def __init__(self, urls: Mapping[str, str]) -> None:
        """`urls`: each platform's name and base URL, as the sandbox process prints them."""
        self._hosts = {name: urlsplit(url).netloc for name, url in urls.items()}

    def trouble(self, platform: str, kind: str, path: str = "", **facts: Any) -> None:
        """The platform's next call whose path contains `path` meets this trouble."""
        self._ask(platform, "POST", "/_sandbox/trouble", {"kind": kind, "path": path, **facts})

    def event(self, platform: str, name: str, *, to: str | None = None, **facts: Any) -> dict[str, Any]:
        """Something happens at the platform; with `to`, it notifies that URL and waits for the answer.

        Returns what the event made, and under `delivered` the status that the receiver answered.
        """
        return self._ask(platform, "POST", "/_sandbox/event", {"name": name, "to": to, **facts})

    def served(self) -> int:
        """Calls answered and notifications sent by all platforms so far."""
        return sum(self._ask(platform, "GET", "/_sandbox/served")["served"] for platform in self._hosts)

    def _ask(self, platform: str, verb: str, path: str, facts: Mapping[str, Any] | None = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._hosts[platform], timeout=TIMEOUT_S)
        try:
            connection.request(verb, path, msgspec.json.encode(facts or {}), {"content-type": "application/json"})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"the {platform} sandbox answered {verb} {path} with {answer.status}: {body[:300]!r}")
        return msgspec.json.decode(body, type=dict[str, Any])
