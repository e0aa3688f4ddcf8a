"""Profiles, loaded once, and a short way to write an exchange."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from apitrail.exchange import Exchange, Message
from apitrail.profiles import Profiles

JSON = [("Content-Type", "application/json")]
Make = Callable[..., Exchange]


@pytest.fixture(scope="session")
def profiles() -> Profiles:
    return Profiles.load()


@pytest.fixture
def make() -> Make:
    """An exchange with JSON bodies of text; `answer=None` is a call without an answer."""

    def build(
        method: str = "GET",
        url: str = "https://api.acme.example/things",
        *,
        status: int | None = 200,
        sent: str = "",
        answer: str | None = "{}",
        **fields: Any,
    ) -> Exchange:
        response = None if answer is None else Message(headers=JSON, body=answer.encode())
        return Exchange(
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            method=method,
            url=url,
            request=Message(headers=JSON if sent else [], body=sent.encode()),
            response=response,
            status=None if answer is None else status,
            **fields,
        )

    return build
