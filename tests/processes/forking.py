"""For RQ: its own worker, but for one question that the broker in Python cannot answer."""

from __future__ import annotations

from typing import Any

from rq.worker import Worker


class Forking(Worker):  # type: ignore[misc,unused-ignore]
    def _set_ip_address(self, connection: Any) -> None:
        self.ip_address = "127.0.0.1"
