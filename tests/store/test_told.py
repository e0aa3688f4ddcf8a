"""Days that are told: what is found is the same, and little is read for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from tests.store.test_letters import WORDS, some_text, written

from apitrail.entry import Entry, Payload
from apitrail.store import Filter, Store, Term, told
from apitrail.store.derived import DAY
from apitrail.store.engine import Query
from apitrail.store.retention import Keep, Rules
from apitrail.store.told import _fewer, _start

Make = Callable[..., Entry]
NOON = 12 * 3600


def body(text: str | bytes) -> Payload:
    return Payload(body=text if isinstance(text, bytes) else text.encode())


def days(store: Store) -> int:
    return len(told._known(store.engine))


def found(store: Store, *terms: str, excluded: str = "") -> list[str]:
    text = tuple(Term(term) for term in terms) + ((Term(excluded, excluded=True),) if excluded else ())
    return [row.id for row in store.page(Filter(text=text), 500).entries]


def read(store: Store, *terms: str) -> list[told.Span] | None:
    where = told.told(store.engine, Filter(text=tuple(map(Term, terms))))
    return None if where is None else where.spans(0, 200 * 365 * DAY)


def test_a_text_is_found_in_told_days_as_in_others(store: Store, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "ENTRIES", 3)
    random = Random(7)
    store.write(
        [
            make(
                number * 3000.0,
                action=("order.list", "label.create", "order.get")[number % 3],
                response=body(written(random, some_text(random))),
                message=random.choice(WORDS),
            )
            for number in range(150)
        ]
    )
    asked = [("ange",), ("庫存不足", "kowalczyk"), *((word,) for word in WORDS if len(word.strip()) > 1)]
    before = [found(store, *terms) for terms in asked]
    without = found(store, "kowa", excluded="not in range")
    assert store.tell() == days(store) == 6
    assert [found(store, *terms) for terms in asked] == before
    assert sum(map(bool, before)) > 15
    assert 0 < len(without) < len(found(store, "kowa"))
    assert found(store, "kowa", excluded="not in range") == without


def test_days_are_told_on_a_server_and_not_on_a_cluster(either: Store, make: Make) -> None:
    rare, other = make(0, response=body("an overweight pallet")), make(86400, response=body("plain"))
    either.write([rare, other])
    assert either.tell() == (0 if either.engine.topology.cluster else 2)
    assert found(either, "overweight") == [rare.id]
    assert found(either, "nowhere") == []
    if not either.engine.topology.cluster:
        assert read(either, "nowhere") == []
        assert read(either, "abc") is None


def test_only_the_slices_that_may_have_a_text_are_read(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "ENTRIES", 10)
    entries = [
        make(float(day * 86400 + hour * 3600), response=body("plain")) for day in range(2) for hour in range(-12, 12)
    ]
    entries += [make(float(second), response=body("plain")) for second in range(600)]
    rare = make(4 * 3600.5, response=body("an overweight pallet"))
    store.write([*entries, rare])
    assert store.tell() == 2
    [(first, last)] = read(store, "overweight") or []
    at = (NOON + 4 * 3600.5) * 1_000_000
    assert first % DAY <= at <= last % DAY
    assert last - first < DAY / 50
    assert found(store, "overweight") == [rare.id]
    assert read(store, "overweight", "nowhere") == []


def test_a_day_that_entries_came_to_is_read_until_it_is_told_anew(store: Store, make: Make) -> None:
    store.write([make(0, response=body("plain")), make(86400, response=body("plain"))])
    assert store.tell() == 2
    late = make(60, response=body("an overweight pallet"))
    store.write([late])
    assert found(store, "overweight") == [late.id]
    assert len(read(store, "overweight") or []) == 1
    assert store.tell() == 1
    assert store.tell() == 0
    assert found(store, "overweight") == [late.id]


def test_today_is_not_told_and_what_is_stopped_goes_on_the_next_time(store: Store, make: Make) -> None:
    store.write([make(day * 86400.0, response=body("plain")) for day in range(4)])
    newest = make(3 * 86400.0 + 60).created_at
    assert store.tell(now=newest) == 3
    assert store.tell(now=newest) == 0
    store.engine.run(Query("TRUNCATE TABLE letters"))
    assert store.tell(lambda _: True, now=newest) == 0
    assert store.tell(most_s=-1, now=newest) == 0
    assert read(store, "nowhere") is None
    assert store.tell(now=newest) == 3
    assert len(read(store, "nowhere") or []) == 1


def test_what_retention_drops_is_told_no_longer(store: Store, make: Make) -> None:
    entries = [make(day * 86400.0, response=body("pallet")) for day in range(3)]
    store.write(entries)
    store.tell()
    now = entries[-1].created_at + timedelta(days=2)
    store.tidy(Rules(Keep(success_bodies=2, failure_bodies=2, entries=3)), now)
    assert found(store, "pallet") == [entries[2].id]
    store.tell(now=now)
    assert days(store) == 2
    assert found(store, "pallet") == [entries[2].id]


def test_slices_are_cut_as_the_engine_cuts_them(store: Store) -> None:
    for slices in (1, 7, 32, 33, 1000, 1440):
        [(engine,)] = store.engine.select(
            Query(f"SELECT groupArray(intDiv(number * {slices}, 86400)) FROM numbers(86400)")
        ).rows
        starts = [second for second in range(86400) if not second or engine[second] != engine[second - 1]]
        assert starts == [_start(place, slices) for place in range(slices)]


def test_many_spans_become_few_that_have_all_of_them() -> None:
    spans = [(number * 1000 + number % 7, number * 1000 + 500) for number in range(1000)]
    few = _fewer(spans)
    assert len(few) == told.MOST_SPANS
    assert all(any(first <= begin and end <= last for first, last in few) for begin, end in spans)
    assert few == sorted(few)
    assert _fewer(spans[:5]) == spans[:5]
