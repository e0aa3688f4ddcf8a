"""Two questions at once."""

from __future__ import annotations

import threading

import pytest

from apitrail.store.beside import Beside


def test_each_is_asked_while_the_other_runs_and_both_are_answered() -> None:
    beside, met = Beside(), threading.Barrier(2, timeout=10)
    assert beside.both(lambda: (met.wait() >= 0, "one"), lambda: (met.wait() >= 0, "other")) == (
        (True, "one"),
        (True, "other"),
    )
    beside.close()


def test_nothing_goes_on_once_the_first_has_failed() -> None:
    beside, begun, may, over = Beside(), threading.Event(), threading.Event(), threading.Event()

    def fails() -> None:
        begun.wait(10)
        threading.Timer(0.05, may.set).start()
        raise ValueError("the first")

    def lasts() -> None:
        begun.set()
        may.wait(10)
        over.set()

    with pytest.raises(ValueError, match="the first"):
        beside.both(fails, lasts)
    assert over.is_set()
    beside.close()


def test_what_the_second_raises_is_raised() -> None:
    beside = Beside()
    with pytest.raises(ZeroDivisionError):
        beside.both(lambda: 1, lambda: 1 // 0)
    beside.close()


def test_what_is_asked_after_the_end_is_asked_all_the_same() -> None:
    beside = Beside()
    beside.close()
    assert beside.both(lambda: 1, lambda: 2) == (1, 2)
