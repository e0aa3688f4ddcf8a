"""A page that cannot be shown says what happened and what to do next, and nothing of what was asked for."""

from __future__ import annotations

import pytest
from litestar import Litestar, get
from litestar.testing import TestClient

from apitrail.server.pages import errors
from apitrail.store.model import QueryTooLarge, StoreError


def shown(error: Exception, path: str = "/?range=7d") -> tuple[int, str, str]:
    """Status, body and policy of the page for an error."""

    @get("/", sync_to_thread=False)
    def fails() -> None:
        raise error

    handlers = {errors.Missing: errors.shown, StoreError: errors.shown}
    app = Litestar([fails], exception_handlers=handlers)  # type: ignore[arg-type]
    with TestClient(app) as client:
        answer = client.get(path)
    return answer.status_code, answer.text, answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("error", "status", "title", "next_step"),
    [
        (errors.Missing("x"), 404, "Not in the log", "To the log"),
        (QueryTooLarge("memory limit"), 422, "too much to look through", "Choose a shorter date range"),
        (StoreError("/data: the engine is closed"), 503, "cannot be read just now", "/data: the engine is closed"),
    ],
)
def test_an_error_says_what_happened_and_what_to_do(error: Exception, status: int, title: str, next_step: str) -> None:
    found, text, policy = shown(error)
    assert found == status
    assert title in text
    assert next_step in text
    assert "default-src 'none'" in policy


def test_trying_again_asks_the_same() -> None:
    assert 'href="/?range=7d&amp;action=order.list"' in shown(StoreError("away"), "/?range=7d&action=order.list")[1]


def test_an_error_is_in_the_readers_language() -> None:
    assert "目前無法讀取紀錄" in shown(StoreError("away"), "/?lang=zh-TW")[1]
