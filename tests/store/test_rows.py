"""The documents of a row: what went in comes out, and SQL can read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from apitrail.entry import Entry, Item
from apitrail.exchange import Reference, Source
from apitrail.store import Filter, Store, bodies, encoding, rows
from apitrail.store.engine import Query
from apitrail.store.times import micros

Make = Callable[..., Entry]

ORDER = "2602C03Z0FJEQ4"
IDS = st.one_of(
    st.sampled_from(
        [ORDER, "3230144279646", '\x7f0","outcome":"x', "\x7f1", '"id":"', "訂單２６０２００００１", "\\\\\\\\\\\\\\\\"]
    ),
    st.text(st.sampled_from('ab12"\x7f\\:, '), max_size=12),
)


def back(entry: Entry) -> Entry:
    """The entry as its row tells it, without a response."""
    kinds, ids = [one.type for one in entry.references], [one.id for one in entry.references]
    answer = [entry.id, micros(entry.created_at), kinds, ids]
    known = bodies.encoded(ids)
    row = encoding.rows(encoding.columns_of([entry]), [kinds], [known])[0].decode()
    (document,), _, (body,) = encoding.side([entry.request], [bodies.foldable(known)])
    return rows.decode_entry([*answer, row, document.decode(), body, "", b""])


@given(st.lists(IDS, max_size=70), st.lists(IDS, max_size=5), IDS)
def test_a_row_comes_back_whatever_its_ids_are(
    make: Make, ids: Sequence[str], items: Sequence[str], source: str
) -> None:
    entry = make(
        references=[Reference("order", one) for one in ids],
        items=[Item("variant", one, "success") for one in items],
        source=Source("order", source, source),
        message=source,
    )
    assert back(entry) == entry


def test_ids_that_are_references_are_not_kept_twice_and_sql_still_reads_the_row(store: Store, make: Make) -> None:
    entry = make(
        references=[Reference("variant", f"32301442796{n:02}") for n in range(12)],
        items=[Item("variant", f"32301442796{n:02}", "success") for n in range(12)],
        call="32301442796",
    )
    store.write([entry])
    query = Query(
        "SELECT position(row, '3230144279600'), JSONExtractString(row, 'call'), isValidJSON(row) FROM entries"
    )
    assert store.engine.select(query).rows == [(0, "32301442796", 1)]
    assert store.entry(entry.id) == entry
    [row] = store.page(Filter()).entries
    assert row.items == entry.items
