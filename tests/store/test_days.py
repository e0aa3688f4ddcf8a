"""Which days are told, from one question to the next."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.store.test_told import body, found, read

from apitrail.entry import Entry
from apitrail.store import Store, days
from apitrail.store.engine import Engine

Make = Callable[..., Entry]
DAY_S = 86_400.0


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A number for each time that the engine is asked for days."""
    times: list[int] = []
    ask = days.read

    def noted(engine: Engine) -> dict[int, days.Day]:
        times.append(len(times))
        return ask(engine)

    monkeypatch.setattr(days, "read", noted)
    return times


def test_days_are_asked_for_once_whatever_is_written_meanwhile(store: Store, make: Make, asked: list[int]) -> None:
    store.write([make(day * DAY_S, response=body("plain")) for day in range(3)])
    store.tell()
    asked.clear()
    assert read(store, "nowhere") == []
    late, new = (make(at, response=body("an overweight pallet")) for at in (60, 3 * DAY_S))
    store.write([late])
    assert found(store, "overweight") == [late.id]
    store.write([new])
    assert found(store, "overweight") == [new.id, late.id]
    assert len(read(store, "nowhere") or []) == 2
    assert asked == [0]
    assert store.tell() == 2
    assert read(store, "nowhere") == []
    assert found(store, "overweight") == [new.id, late.id]


def test_a_day_that_a_failed_write_may_have_reached_is_asked_for_again(
    store: Store, make: Make, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([make(0, response=body("plain"))])
    store.tell()
    late = make(60, response=body("an overweight pallet"))
    assert read(store, "nowhere") == []
    insert = store.engine.insert

    def breaks(*values: object) -> None:
        insert(*values)  # type: ignore[arg-type]
        raise RuntimeError("power")

    monkeypatch.setattr(store.engine, "insert", breaks)
    with pytest.raises(RuntimeError, match="power"):
        store.write([late])
    asked.clear()
    assert found(store, "overweight") == [late.id]
    assert asked == [0]


def test_where_others_write_too_nothing_is_kept(either: Store, make: Make, asked: list[int]) -> None:
    either.write([make(0, response=body("plain"))])
    either.tell()
    asked.clear()
    assert read(either, "nowhere") == read(either, "nowhere") == []
    assert asked == ([0, 1] if either.shared else [0])


def test_what_is_told_twice_is_cut_as_before_and_nothing_of_it_is_dropped(store: Store, make: Make) -> None:
    first = make(0, response=body("an overweight pallet"))
    store.write([first])
    store.tell()
    store.write([make(60, response=body("plain"))])
    assert store.tell() == 1
    assert found(store, "overweight") == [first.id]
    [day] = days.read(store.engine).values()
    assert (day.told, day.cut) == (True, 1)
