"""How far back a list is read at first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.store.test_told import noted

from apitrail.entry import Entry
from apitrail.store import Filter, Store, depth
from apitrail.store.depth import Depth
from apitrail.store.model import EPOCH
from apitrail.store.times import micros

Make = Callable[..., Entry]
DAY_S = 86_400.0
NOW = EPOCH + timedelta(days=20_000)


def rows(*days: float) -> list[tuple[str, int]]:
    """Of so many days ago."""
    return [("id", micros(NOW - timedelta(days=ago))) for ago in days]


def test_what_a_list_took_is_what_the_next_one_begins_with() -> None:
    known, which = Depth(), Filter(action=("a",))
    assert known.days(which, 2) == 0
    known.learn(which, NOW, 2, rows(1, 10))
    assert known.days(which, 2) == pytest.approx(12.5)
    assert known.days(which, 4) == pytest.approx(25)
    assert known.days(Filter(action=("b",)), 2) == 0
    later = Filter(action=("a",), since=NOW - timedelta(days=30), until=NOW)
    assert known.days(later, 2) == pytest.approx(12.5)
    known.learn(later, NOW, 4, rows(1, 10, 20))
    assert known.days(which, 4) == pytest.approx(50)


def test_of_what_fills_a_day_a_day_is_read() -> None:
    known, which = Depth(), Filter(action=("a",))
    known.learn(which, NOW, 2, rows(0.5, 1))
    assert known.days(which, 2) == 0


def test_nothing_is_learnt_of_all_of_a_log_and_little_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depth, "MOST", 2)
    known = Depth()
    known.learn(Filter(), NOW, 2, rows(1))
    assert known.days(Filter(), 2) == 0
    some = [Filter(action=(name,)) for name in "abc"]
    for which in some:
        known.learn(which, NOW, 2, rows(1, 10))
    assert [bool(known.days(which, 2)) for which in some] == [False, True, True]


def test_a_list_of_rare_entries_becomes_one_statement(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [make(-day * DAY_S, action="label.create") for day in range(40)]
    store.write(entries)
    questions = noted(store, monkeypatch)
    which = Filter(action=("label.create",), since=make(-100 * DAY_S).created_at)
    for statements in (3, 2, 1):  # the second one also reads what is kept in memory
        questions.clear()
        assert [row.id for row in store.page(which, 20).entries] == [entry.id for entry in entries[:20]]
        assert len(questions) == statements
    questions.clear()
    assert [row.id for row in store.page(which, 500).entries] == [entry.id for entry in entries]
    assert len(questions) == 1
