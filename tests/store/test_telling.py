"""The day that goes on: a text is found in it as if it were not told, and little of it is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from tests.store.test_letters import WORDS, some_text, written
from tests.store.test_told import body, days, forget, found, noted

from apitrail.entry import Entry
from apitrail.store import Filter, Store, Term, open_store, slices, telling, told
from apitrail.store.engine import Engine
from apitrail.store.times import DAY, micros

Make = Callable[..., Entry]
MIDNIGHT = datetime(2026, 8, 1, tzinfo=UTC)
NOON = MIDNIGHT + timedelta(hours=12)
LATER = timedelta(seconds=telling.LAG_S)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of ten entries."""
    monkeypatch.setattr(slices, "ENTRIES", 10)


def at(hour: float, day: int = 0) -> datetime:
    return MIDNIGHT + timedelta(days=day, hours=hour)


def a_morning(make: Make, day: int = 0, hours: int = 12) -> list[Entry]:
    """Ten entries an hour."""
    return [make(at(number / 10, day), response=body("plain")) for number in range(10 * hours)]


def left(store: Store, text: str) -> timedelta:
    """How much of the first day is read for a text."""
    where = told.told(store.engine, Filter(text=(Term(text),)), store._days, store._today)
    whole = [(micros(MIDNIGHT), micros(MIDNIGHT) + DAY - 1)]
    spans = whole if where is None else where.spans(*whole[0])
    return timedelta(microseconds=sum(last + 1 - first for first, last in spans))


def test_what_is_over_of_today_is_not_read_for_a_text_that_is_not_in_it(store: Store, make: Make) -> None:
    rare = make(at(3.05), response=body("an overweight pallet"))
    store.write([*a_morning(make), rare])
    assert left(store, "overweight") == timedelta(days=1)
    assert store.go_on(now=NOON + LATER) == 12
    assert left(store, "nowhere") == timedelta(hours=12)
    assert left(store, "overweight") == timedelta(hours=13)
    assert found(store, "overweight") == [rare.id]
    assert store.go_on(now=NOON + LATER) == 0


def test_a_slice_is_told_a_while_after_it_is_over(store: Store, make: Make) -> None:
    store.write(a_morning(make))
    assert store.go_on(now=NOON) == 11
    assert store.go_on(now=NOON + LATER) == 1


def test_what_comes_late_is_found_at_once_and_its_slice_told_again(store: Store, make: Make) -> None:
    store.write(a_morning(make))
    store.go_on(now=NOON + LATER)
    late = [make(at(2.5), response=body("an overweight pallet")), make(at(2.6)), make(at(7.5)), make(at(15))]
    store.write(late)
    assert found(store, "overweight") == [late[0].id]
    assert left(store, "nowhere") == timedelta(hours=14)
    assert store.go_on(now=NOON + LATER) == 2
    assert left(store, "nowhere") == timedelta(hours=12)
    assert left(store, "overweight") == timedelta(hours=13)
    assert found(store, "overweight") == [late[0].id]


def test_what_comes_while_it_is_told_is_found(store: Store, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(a_morning(make))
    meanwhile = make(at(2.5), response=body("an overweight pallet"))
    insert = telling._insert

    def slowly(engine: Engine, *slices: int) -> None:
        insert(engine, *slices)
        store.write([meanwhile])

    monkeypatch.setattr(telling, "_insert", slowly)
    store.go_on(now=NOON + LATER)
    assert found(store, "overweight") == [meanwhile.id]
    assert left(store, "nowhere") == timedelta(hours=13)


def test_a_day_that_is_over_was_told_as_it_went_on(store: Store, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    rare = make(at(23.5), response=body("an overweight pallet"))
    store.write([*a_morning(make, hours=20), rare])
    store.go_on(now=at(20) + LATER)
    store.write([make(at(0.1, day=1))])
    assert store.go_on(now=at(0.2, day=1)) == 4
    monkeypatch.setattr(telling, "_day", None)  # which would tell it as a whole
    assert store.tell(now=at(0.2, day=1)) == 0
    assert days(store) == 1
    assert left(store, "overweight") == timedelta(hours=1)
    assert found(store, "overweight") == [rare.id]


def test_a_day_that_something_came_to_in_the_end_is_told_as_a_whole(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(a_morning(make, hours=24))
    store.go_on(now=at(23))
    late = make(at(2.5), response=body("an overweight pallet"))
    complete = store._today.complete

    def then_something_came() -> int | None:
        monkeypatch.undo()
        answer = complete()
        store.write([late])
        return answer

    monkeypatch.setattr(store._today, "complete", then_something_came)
    store.go_on(now=at(0.2, day=1))
    assert found(store, "overweight") == [late.id]
    assert store.tell(now=at(0.2, day=1)) == 1
    assert found(store, "overweight") == [late.id]


def test_a_server_that_starts_begins_the_day_anew(store: Store, make: Make) -> None:
    rare = make(at(3.05), response=body("an overweight pallet"))
    store.write([*a_morning(make), rare])
    store.go_on(now=NOON + LATER)
    folder = store._lock.path.parent if store._lock else None
    store.close()
    assert folder is not None
    again = open_store(folder, durable=False)
    try:
        late = make(at(5.05), response=body("overweight too"))
        again.write([late])
        assert left(again, "overweight") == timedelta(days=1)
        assert again.go_on(now=NOON + LATER) == 12
        assert found(again, "overweight") == [late.id, rare.id]
        assert left(again, "overweight") == timedelta(hours=14)
    finally:
        again.close()


def test_a_day_that_becomes_far_larger_is_cut_anew(store: Store, make: Make) -> None:
    store.write(a_morning(make, hours=2))
    assert store.go_on(now=at(2) + LATER) == 2
    rare = make(at(2.9), response=body("an overweight pallet"))
    store.write([*(make(at(2 + number / 1000), response=body("plain")) for number in range(900)), rare])
    store.go_on(now=at(3) + LATER)
    assert left(store, "nowhere") <= timedelta(hours=21.1)
    assert left(store, "overweight") - left(store, "nowhere") < timedelta(minutes=10)
    assert found(store, "overweight") == [rare.id]


def test_of_a_busy_log_less_than_an_hour_is_read_first_for_a_text_that_is_everywhere(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([make(at(number / 1000), response=body("plain")) for number in range(3000)])
    store.go_on(now=at(3) + LATER)
    questions = noted(store, monkeypatch)
    until = at(2.9)
    assert len(store.page(Filter(since=at(0), until=until, text=(Term("plain"),))).entries) == 50
    since = questions[0].params["since"]
    assert isinstance(since, int)
    assert timedelta(0) < timedelta(microseconds=micros(until) - since) < timedelta(minutes=10)


def test_for_a_text_that_is_nowhere_only_what_is_not_told_is_read(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(a_morning(make))
    store.go_on(now=NOON + LATER)
    questions = noted(store, monkeypatch)
    assert found(store, "nowhere") == []
    assert len(questions) == 1
    questions.clear()
    assert store.page(Filter(until=NOON - LATER, text=(Term("nowhere"),))).entries == []
    assert questions == []


def test_a_quiet_day_is_told_when_it_is_over(store: Store, make: Make) -> None:
    store.write([make(at(1), response=body("plain"))])
    assert store.go_on(now=NOON) == 0
    assert store.go_on(now=at(1, day=1)) == 1
    assert left(store, "nowhere") == timedelta(0)


def test_where_others_write_too_a_day_is_told_when_it_is_over(either: Store, make: Make) -> None:
    either.write(a_morning(make))
    assert either.go_on(now=NOON + LATER) == (0 if either.shared else 12)


def test_whatever_comes_when_all_is_found(store: Store, make: Make) -> None:
    random = Random(11)
    now = at(1)
    for _ in range(30):
        now += timedelta(minutes=random.choice((5, 20, 90)))
        some = []
        for _ in range(random.randrange(1, 12)):
            text = random.choice(WORDS) if random.random() < 0.5 else some_text(random)
            when = now - timedelta(seconds=random.random() * random.choice((60, 3600, 20 * 3600)))
            some.append(make(when, response=body(written(random, text))))
        store.write(some)
        if random.random() < 0.5:
            store.go_on(now=now)
        if random.random() < 0.1:
            store.tell(now=now)
    without = {word: found(store, word) for word in WORDS if word.isalpha()}
    store._today.begin(-1, 1)
    forget(store)
    assert without == {word: found(store, word) for word in without}
    assert sum(map(bool, without.values())) > 10
