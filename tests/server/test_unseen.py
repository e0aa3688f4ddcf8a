"""A body that did not pass the recorder is told apart from an empty one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_a_body_that_nobody_read_is_not_called_empty(
    server: Any, ingest: dict[str, str], account: str, an_exchange: Callable[..., dict[str, Any]]
) -> None:
    unread = an_exchange(direction="inbound", request={"incomplete": True}, response={"text": ""})
    server.post("/api/v1/exchanges", headers=ingest, json={"exchanges": [unread]})
    [entry] = server.get("/api/v1/entries", params={"ec_integration": account}).json()["entries"]
    page = server.get(f"/entries/{entry['id']}").text
    assert page.count("Body not seen") == 1
    assert page.count("what it held is not known") == 1
    assert page.count("Empty body") == 1
