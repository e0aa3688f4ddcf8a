"""The documents of a row: what went in comes out, and SQL can read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.entry import Entry, Incoming, Item, Payload
from apitrail.exchange import Failure, Integration, Reference, Source, Stated
from apitrail.store import Filter, Store, bodies, encoding, open_store, rows
from apitrail.store.engine import Query
from apitrail.store.folding import ADDRESS
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
    incoming = Incoming.of(entry)
    kinds, ids = incoming.kinds, incoming.ids
    answer = [entry.id, micros(entry.created_at), entry.duration_ms, kinds, ids]
    known = bodies.encoded(ids)
    row = encoding.rows(encoding.columns_of([entry]), [kinds], [incoming.runs], [known])[0].decode()
    (document,), _, (body,), _ = encoding.side([entry.request], [bodies.foldable(known)], [len(ids) - 1])
    return rows.decode_entry([*answer, row, document.decode(), body, "", b"", b""])


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


def test_the_sources_id_is_not_kept_twice_and_its_address_is_found(either: Store, make: Make) -> None:
    address = f"https://x.example/orders/{ORDER}/lines?of={ORDER}"
    entry = make(
        url=address,
        path=f"/orders/{ORDER}/lines",
        source=Source("order", ORDER, f"Order {ORDER}"),
        references=[Reference("account", "220000008"), Reference("order", ORDER)],
        outcome="request_error",
        message=f"{ORDER} is closed",
        error=Failure("Closed", f"{ORDER} is closed"),
    )
    either.write([entry])
    for table in ("entries", "failures"):
        query = Query(
            f"SELECT countSubstrings(row, {{order:String}}), {ADDRESS}, JSONExtractString(row, 'error', 'text')"
            f" FROM {table}",
            {"order": ORDER},
        )
        assert either.engine.select(query).rows == [(3, address, f"{ORDER} is closed")]
    assert either.entry(entry.id) == entry
    for path in (f"ers/{ORDER}/li", f"of={ORDER}", ORDER.lower()):
        for outcome in ((), ("request_error", "platform_error")):
            [row] = either.page(Filter(path=(path,), outcome=outcome)).entries
            assert (row.url, row.source, row.duration_ms) == (entry.url, entry.source, entry.duration_ms)
    assert either.page(Filter(path=("0/lines",))).entries == []


def test_the_number_of_a_call_is_not_kept_twice_where_it_is_a_header_field(store: Store, make: Make) -> None:
    number = "66A63HCH6F707HB6BSZFRM"
    fields = Payload(headers=[("Content-Type", "text/plain"), ("bkndtransid", number)])
    entries = [
        make(0, response=fields, references=[Reference("order", ORDER), Reference("request", number)]),
        make(1, request=fields, direction="inbound", references=[Reference("delivery", number)]),
        make(2, request=fields, response=fields),
    ]
    store.write(entries)
    query = Query(
        "SELECT position(request, {number:String}) > 0, position(response, {number:String}) > 0,"
        " isValidJSON(request) FROM entries ORDER BY created_at",
        {"number": number},
    )
    assert store.engine.select(query).rows == [(0, 0, 1), (0, 0, 1), (1, 1, 1)]
    assert [store.entry(entry.id) for entry in entries] == entries


def test_rows_from_before_are_read_alike(
    folder: Path, make: Make, older: Callable[[int], AbstractContextManager[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document that has its duration, in a table of failures that has none beside it."""
    before = [make(number, outcome="platform_error", duration_ms=12.345) for number in range(2)]
    with older(21):
        plain = rows.row_documents
        monkeypatch.setattr(
            "apitrail.store.encoding.row_documents",
            lambda columns: [
                document.replace(b'{"method"', b'{"duration_ms":12.345,"method"', 1) for document in plain(columns)
            ],
        )
        store = open_store(folder, durable=False)
        store.write(before)
        store.close()
    monkeypatch.undo()
    store = open_store(folder, durable=False)
    after = make(2, outcome="platform_error", duration_ms=6.789)
    store.write([after])
    failed = Filter(outcome=("request_error", "platform_error"))
    for which in (Filter(), failed):
        assert [row.duration_ms for row in store.page(which).entries] == [6.789, 12.345, 12.345]
    assert [store.entry(entry.id) for entry in (*before, after)] == [*before, after]
    store.close()


STATED: list[dict[str, Any]] = [
    {},
    {"action": "order.list"},
    {"platform": "shopee"},
    {"merchant": "Lantern"},
    {"source": Source("order", ORDER)},
    {"references": [Reference("order", ORDER)]},
    {"not_sent": "no address"},
]


def test_what_a_caller_stated_comes_back_and_accounts_alone_are_not_kept_twice(store: Store, make: Make) -> None:
    """Every field of a statement is one of these."""
    assert {name for one in STATED for name in one} | {"ec_integration", "shipping_integration"} == set(
        Stated.__struct_fields__
    )
    shop, carrier = Integration("shop-1", "Lantern"), Integration("ups-1")
    entries = [
        make(place, ec_integration=shop, shipping_integration=carrier, stated=stated)
        for place, stated in enumerate(
            [
                *(Stated(ec_integration=shop, shipping_integration=carrier, **more) for more in STATED),
                Stated(ec_integration=shop),
                Stated(ec_integration=Integration("shop-1", "as it was called"), shipping_integration=carrier),
                Stated(),
                None,
            ]
        )
    ]
    store.write(entries)
    assert [store.entry(entry.id) for entry in entries] == entries
    assert [row.stated for row in reversed(store.page(Filter()).entries)] == [entry.stated for entry in entries]
    query = Query("SELECT JSONHas(row, 'stated') FROM entries ORDER BY created_at")
    assert store.engine.select(query).rows == [(0,), *[(1,)] * 9, (0,)]
