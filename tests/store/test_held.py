"""What is known of a log for as long as nothing is written to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from apitrail.entry import Entry
from apitrail.exchange import Integration, Loss
from apitrail.store import Filter, Store, open_store
from apitrail.store.held import Held

Make = Callable[..., Entry]


class Source:
    """Counts how often it is asked."""

    asked = 0

    def __call__(self) -> int:
        self.asked += 1
        return self.asked


def test_what_is_known_is_not_asked_again_until_something_is_written() -> None:
    held, source = Held[int](kept=True), Source()
    assert [held.get(source), held.get(source), held.known] == [1, 1, 1]
    with held.writing():
        assert held.known is None
    assert held.get(source) == 2


def test_what_is_asked_while_something_is_written_is_not_kept() -> None:
    held, source = Held[int](kept=True), Source()
    with held.writing():
        assert [held.get(source), held.get(source)] == [1, 2]
    assert [held.get(source), held.get(source)] == [3, 3]


def test_a_write_that_begins_while_one_asks_is_noticed() -> None:
    held, source = Held[int](kept=True), Source()

    def overtaken() -> int:
        answer = source()
        with held.writing():
            return answer

    assert [held.get(overtaken), held.get(source)] == [1, 2]


def test_a_write_that_fails_is_a_write() -> None:
    held, source = Held[int](kept=True), Source()
    held.get(source)
    with pytest.raises(OSError, match="full"), held.writing():
        raise OSError("full")
    assert held.get(source) == 2


def test_a_write_that_says_what_is_known_after_it_is_asked_for_nothing() -> None:
    held, source = Held[int](kept=True), Source()
    with held.writing(lambda answer: answer + 10):
        assert [held.get(source), held.get(source)] == [1, 2], "nothing was known before it"
    assert held.get(source) == 3
    with held.writing(lambda answer: answer + 10), held.writing(lambda answer: answer + 100):
        assert held.get(source) == 3
    assert held.get(source) == 113
    with pytest.raises(OSError, match="full"), held.writing(lambda answer: answer):
        raise OSError("full")
    assert held.get(source) == 4


def test_nothing_is_kept_where_others_write() -> None:
    held, source = Held[int](kept=False), Source()
    assert [held.get(source), held.get(source), held.known] == [1, 2, None]


def test_an_account_has_its_latest_name_at_once(store: Store, make: Make) -> None:
    for number, name in enumerate(("Shop", "Shop of Anna", "Anna & Co")):
        store.write([make(number, ec_integration=Integration("a", name))])
        for _ in range(2):
            assert [one.name for one in store.facets(Filter()).ec_integration] == [name]


def test_a_loss_is_told_at_once_and_after_a_restart(tmp_path: Path, make: Make) -> None:
    log = open_store(tmp_path)
    at, later = make(0).created_at, make(60).created_at
    assert log.losses(at) == []
    log.write([], [Loss(recorder="r", reason="full", count=3, first_at=at, last_at=at)])
    assert [(one.count, one.reason) for one in log.losses(at)] == [(3, "full")]
    assert log.losses(later) == []
    log.close()
    again = open_store(tmp_path)
    assert [one.count for one in again.losses(at)] == [3]
    assert again.losses(later) == []
    again.close()
