"""Days that are told: what is found is the same, and little is read for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from msgspec import structs
from tests.store.test_letters import WORDS, some_text, written
from tests.store.test_limits import granules

from apitrail.entry import Entry, Payload
from apitrail.exchange import Reference
from apitrail.store import Filter, Store, Term, slices, told
from apitrail.store import days as days_of
from apitrail.store.engine import Answer, Engine, Query
from apitrail.store.queries import page
from apitrail.store.queries.where import Times
from apitrail.store.retention import Keep, Rules
from apitrail.store.slices import DAY_S, Span
from apitrail.store.times import DAY

Make = Callable[..., Entry]
NOON = 12 * 3600


def body(text: str | bytes) -> Payload:
    return Payload(body=text if isinstance(text, bytes) else text.encode())


def days(store: Store) -> int:
    return sum(day.told for day in days_of.read(store.engine).values())


def found(store: Store, *terms: str, excluded: str = "") -> list[str]:
    text = tuple(Term(term) for term in terms) + ((Term(excluded, excluded=True),) if excluded else ())
    return [row.id for row in store.page(Filter(text=text), 500).entries]


def read(store: Store, *terms: str) -> list[Span] | None:
    where = told.told(store.engine, Filter(text=tuple(map(Term, terms))), store._days, store._today)
    return None if where is None else where.spans(0, 200 * 365 * DAY)


def forget(store: Store) -> None:
    """All that is told."""
    for table in ("told_days", "letters"):
        store.engine.run(Query(f"TRUNCATE TABLE {table}"))
    with store._days.changing():
        pass


def noted(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[Query]:
    """What is asked of the entries from now on."""
    questions: list[Query] = []
    select = type(store.engine).select

    def asked(engine: Engine, query: Query) -> Answer:
        if "FROM entries" in query.sql and not query.sql.startswith("EXPLAIN"):
            questions.append(query)
        return select(engine, query)

    monkeypatch.setattr(type(store.engine), "select", asked)
    return questions


def test_a_text_is_found_in_told_days_as_in_others(store: Store, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "ENTRIES", 3)
    random = Random(8)
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
    assert (store.tell(), days(store)) == (6, 6)
    assert [found(store, *terms) for terms in asked] == before
    assert sum(map(bool, before)) > 15
    assert 0 < len(without) < len(found(store, "kowa"))
    assert found(store, "kowa", excluded="not in range") == without


def test_a_short_statement_finds_what_a_long_one_finds(store: Store, make: Make) -> None:
    random = Random(13)
    entries, pieces = [], [*WORDS]
    for at in range(120):
        ids = [f"{random.choice(['SKUABCD', 'lantern', 'B_'])}-{random.randrange(10**8):08}" for _ in range(2)]
        text = written(random, some_text(random))
        whole = b'{"' + b'","'.join([text, ids[0].encode(), text, ids[1].encode()]) + b'"}'
        for _ in range(2):
            begin = random.randrange(len(whole))
            pieces.append(whole[begin : begin + random.randint(4, 24)].decode("utf-8", "ignore"))
        side = random.choice(["request", "response"])
        references = [Reference("sku", one) for one in ids]
        entries.append(make(at, references=references, message=random.choice(WORDS), **{side: body(whole)}))
    store.write(entries)
    seen = 0
    for piece in filter(str.strip, pieces):
        which = Filter(text=(Term(piece),))
        long, short = (
            store.engine.select(page.page(which, 500, None, Times(spans=[(0, 200 * 365 * DAY)], little=little))).rows
            for little in (False, True)
        )
        assert [row[0] for row in short] == [row[0] for row in long], piece
        seen += len(long)
    assert seen > 1000


def test_days_are_told_on_servers_and_clusters_too(either: Store, make: Make) -> None:
    rare, other = make(0, response=body("an overweight pallet")), make(86400, response=body("plain"))
    either.write([rare, other])
    assert either.tell() == 2
    assert either.tell() == 0
    assert found(either, "overweight") == [rare.id]
    assert found(either, "nowhere") == []
    assert read(either, "nowhere") == []
    assert read(either, "abc") is None
    late = make(60, response=body("an overweight pallet"))
    either.write([late])
    assert found(either, "overweight") == [late.id, rare.id]
    assert either.tell() == 1
    assert found(either, "overweight") == [late.id, rare.id]
    assert [len(read(either, text) or []) for text in ("overweight", "nowhere")] == [1, 0]


def test_only_the_slices_that_may_have_a_text_are_read(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "ENTRIES", 10)
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
    forget(store)
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


def test_a_text_is_counted_where_it_is_and_nowhere_else(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "ENTRIES", 10)
    rare = make(4 * 3600.5, action="label.create", response=body("an overweight pallet"))
    store.write([*(make(number * 28.8, response=body("plain")) for number in range(3000)), rare])
    asked = Filter(since=make(-DAY_S).created_at, until=make(DAY_S).created_at, text=(Term("overweight"),))
    questions = noted(store, monkeypatch)
    before, options = store.histogram(asked, "1h"), store.facets(asked)
    for question in questions:
        left, of = granules(store, question)
        assert left == of > 8
    store.tell()
    questions.clear()
    assert store.histogram(asked, "1h") == before
    assert [sum(bar.outcomes.values()) for bar in before.bars if bar.outcomes] == [1]
    assert store.facets(asked) == options
    assert [option.id for option in options.action] == ["label.create"]
    assert len(questions) == 2
    assert all(granules(store, question)[0] <= 2 for question in questions)
    nowhere = structs.replace(asked, text=(Term("nowhere"),))
    questions.clear()
    assert not any(bar.outcomes for bar in store.histogram(nowhere).bars)
    assert not any(structs.astuple(store.facets(nowhere)))
    assert questions == []
