"""The thread that removes what is due and tells days: by itself, whatever goes wrong, until it shall end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from apitrail.server.keeping import Keeper, rules
from apitrail.server.leaps import Leaps
from apitrail.server.problems import Problem
from apitrail.server.settings import Settings
from apitrail.store import StoreError
from apitrail.store.removals import Removed
from apitrail.store.retention import Keep, Rules


class Log:
    """Stands for the store, which has tests of its own: it tells when it was asked, and fails the first time."""

    def __init__(self) -> None:
        self.asked = 0
        self.twice = threading.Event()
        self.told = threading.Event()

    def tidy(self, which: Rules, *, stop: Callable[[], bool]) -> list[Removed]:
        assert not stop()
        self.asked += 1
        if self.asked == 1:
            raise StoreError("the disk is full")
        self.twice.set()
        return []

    def tell(self, rest: Callable[[float], bool], most_s: float) -> int:
        assert not rest(0)
        self.told.set()
        return 1

    def go_on(self, rest: Callable[[float], bool]) -> int:
        assert not rest(0)
        return 0


def test_a_failure_is_tried_again_and_closing_ends_it() -> None:
    log: Any = Log()
    keeper = Keeper(log, Rules(), first=0.0, every=0.01)
    assert log.told.wait(30)
    assert log.twice.wait(30)
    keeper.close()
    asked = log.asked
    assert not threading.Event().wait(0.05)
    assert log.asked == asked


class Leapt(Leaps):
    """A clock that has leapt ahead by a year, and is put right after it was asked three times."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def ahead(self) -> float:
        self.asked += 1
        return 365 * 86_400.0 if self.asked < 4 else 0.0


def test_nothing_is_removed_while_the_clock_is_not_believed(caplog: pytest.LogCaptureFixture) -> None:
    log: Any = Log()
    leaps = Leapt()
    keeper = Keeper(log, Rules(), first=0.0, every=0.01, leaps=leaps)
    assert log.told.wait(30)  # days are told all the same
    assert log.twice.wait(30)
    keeper.close()
    assert leaps.asked >= 5
    assert log.asked == leaps.asked - 3
    assert caplog.text.count("leapt ahead by 365 days") == 3


def test_settings_make_the_rules() -> None:
    found = rules(Settings(keep_success_bodies=1, keep_entries=9, keep_integration=("ec:a=b=1/2/3",), disk_budget=7))
    assert found.default == Keep(1, 90, 9)
    assert found.accounts == {("ec", "a=b"): Keep(1, 2, 3)}
    assert found.disk_budget == 7


@pytest.mark.parametrize("text", ["other:x=1/2/3", "ec:x=0/2/3", "ec:x=1/2/100001", "ec:y=4/5/6"])
def test_a_rule_that_is_none_or_is_given_twice_is_named(text: str) -> None:
    with pytest.raises(Problem, match=text):
        rules(Settings(keep_integration=("ec:y=1/2/3", text)))
