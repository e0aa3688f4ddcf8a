"""Blocks in the engine's own format: the engine reads what was written, and rows can be left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from apitrail.entry import Entry, Payload
from apitrail.exchange import Reference
from apitrail.store import Store, Written, native
from apitrail.store.engine import Query
from apitrail.store.native import BYTES, FLOAT64, MICROSECONDS, TEXT, UINT16, UINT64, UUID, array, nullable

Make = Callable[..., Entry]
FEW = native.low_cardinality(TEXT)
FEW_OR_NONE = native.low_cardinality(TEXT, none=True)
COLUMNS: native.Columns = {
    "id": UUID,
    "at": MICROSECONDS,
    "seen_at": nullable(MICROSECONDS),
    "few": FEW,
    "fewer": FEW_OR_NONE,
    "kinds": array(FEW),
    "names": array(TEXT),
    "status": nullable(UINT16),
    "size": UINT64,
    "took": FLOAT64,
    "note": nullable(TEXT),
    "body": BYTES,
}
text = some.text(some.characters(exclude_categories=["Cs"]), max_size=20) | some.integers(126, 300).map("字".__mul__)
rows = some.lists(
    some.tuples(
        some.binary(min_size=16, max_size=16),
        some.integers(0, 10**16),
        some.none() | some.integers(0, 10**16),
        text,
        some.none() | text,
        some.lists(text, max_size=3),
        some.lists(text, max_size=3),
        some.none() | some.integers(0, 2**16 - 1),
        some.integers(0, 2**64 - 1),
        some.floats(allow_nan=False),
        some.none() | text,
        some.binary(max_size=40) | some.integers(127, 20_000).map(bytes),
    ),
    min_size=1,
    max_size=8,
)


def block(values: list[Any]) -> bytes:
    return native.block(COLUMNS, len(values), list(zip(*values, strict=True)))


@given(rows, some.data())
def test_a_block_without_some_rows_is_the_block_of_the_others(values: list[Any], data: some.DataObject) -> None:
    keep = data.draw(some.lists(some.booleans(), min_size=len(values), max_size=len(values)).filter(any))
    kept = [row for row, is_kept in zip(values, keep, strict=True) if is_kept]
    assert native.without(COLUMNS, block(values), keep) == block(kept)


def test_the_engine_reads_what_was_written(store: Store) -> None:
    columns = ", ".join(f"{name} {kind.name}" for name, kind in COLUMNS.items())
    store.engine.run(Query(f"CREATE TABLE all_types ({columns}) ENGINE = Memory"))
    values = [
        (
            number.to_bytes(16, "little"),
            number,
            number if number % 2 else None,
            f"word {number % 300}",
            f"字 {number % 7}" if number % 3 else None,
            ["a", "b"][: number % 3],
            [f"{number}" * 50] * (number % 4),
            number % 60_000 if number % 5 else None,
            2**64 - 1 - number,
            number / 7,
            "" if number % 2 else None,
            bytes([number % 256]) * (number * 5),
        )
        for number in range(1000)
    ]
    # Together more different words than one byte can number, and a body whose length takes three.
    store.engine.insert("all_types", COLUMNS, [block(values[:10]), block(values[10:])])
    texts = ("id", "at", "seen_at")
    shown = [f"toInt64({name})" if name in ("at", "seen_at") else name for name in COLUMNS]
    shown[:3] = ["reinterpretAsFixedString(id)", *(f"toUnixTimestamp64Micro({name})" for name in texts[1:])]
    asked = ", ".join(f"{one} AS c{number}" for number, one in enumerate(shown))
    found = store.engine.select(Query(f"SELECT {asked} FROM all_types ORDER BY at", binary=("c0", "c11"))).rows
    assert [tuple(row) for row in found] == values


@given(some.lists(some.tuples(some.integers(0, 400).map(str), some.integers(1, 9)), min_size=1, max_size=400))
def test_values_given_as_runs_are_written_as_if_each_stood_by_itself(runs: list[tuple[str, int]]) -> None:
    texts, counts = zip(*runs, strict=True)
    each = [text for text, count in runs for _ in range(count)]
    sizes = [1] * len(each)
    columns = {"kinds": array(FEW)}
    as_runs = native.Lists(sizes, native.Runs(texts, counts))
    by_itself = [[one] for one in each]
    assert native.block(columns, len(each), [as_runs]) == native.block(columns, len(each), [by_itself])


@pytest.mark.parametrize(("kind", "value"), [(UINT16, -1), (UINT16, 2**16), (UINT64, 2**64), (MICROSECONDS, 2**63)])
def test_a_number_out_of_its_range_is_no_value(kind: native.Type, value: int) -> None:
    with pytest.raises(ValueError, match=f"a value of {kind.name}".replace("(", r"\(").replace(")", r"\)")):
        native.block({"it": kind}, 1, [(value,)])


def test_a_batch_of_which_some_are_known_keeps_the_others_whole(store: Store, make: Make) -> None:
    entries = [
        make(
            second,
            request=Payload(body=bytes([second]) * 300, size=300),
            references=[Reference("order", f"N-{second}-{number}") for number in range(second % 4)],
            code=None if second % 2 else f"E{second}",
        )
        for second in range(40)
    ]
    assert store.write(entries[::3]) == Written(14, 0)
    assert store.write([*entries, entries[1]]) == Written(26, 15)
    assert [store.entry(entry.id) for entry in entries] == entries
