"""The thread that looks for what stands twice: it survives what goes wrong, says so once, and ends when it shall."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from apitrail.server.settling import Settler
from apitrail.store import StoreError


class Log:
    """Stands for the store, which has tests of its own: it fails twice, and then has removed something."""

    def __init__(self, *, shared: bool = True) -> None:
        self.shared = shared
        self.asked = 0
        self.looked_back = False
        self.done = threading.Event()

    def look_back(self) -> None:
        assert self.asked == 0
        self.looked_back = True

    def settle(self) -> int:
        assert self.looked_back
        self.asked += 1
        if self.asked < 3:
            raise StoreError("no replica answers")
        if self.asked == 3:
            return 7
        self.done.set()
        return 0


def test_a_failure_is_told_once_and_tried_again_and_closing_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "apitrail.server")
    store: Any = Log()
    settler = Settler(store, every=0.01)
    assert store.done.wait(30)
    settler.close()
    asked = store.asked
    assert not threading.Event().wait(0.05)
    assert store.asked == asked
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert "no replica answers" in said[0]
    assert "removed 7 copies" in said[1]


def test_a_log_that_is_one_servers_own_is_not_looked_at() -> None:
    store: Any = Log(shared=False)
    settler = Settler(store, every=0.0)
    assert not threading.Event().wait(0.05)
    settler.close()
    assert store.asked == 0
