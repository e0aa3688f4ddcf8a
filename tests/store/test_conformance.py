"""What every store does, whichever engine keeps it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from apitrail.entry import Counts, Entry, EntryRow, Item, Overruled, Payload
from apitrail.exchange import Failure, Integration, Loss, Recorder, Reference, Source, Stated
from apitrail.store import BadEntry, Batch, Filter, Option, Span, Store, StoreError, StoreUnavailable, Token, Written
from apitrail.store.engine import Query
from apitrail.store.queries.where import FIELDS

Make = Callable[..., Entry]
NOON = datetime(2026, 8, 3, 12, 0, 0, 123456, tzinfo=UTC)


def full(make: Make) -> Entry:
    """An entry with something in every field."""
    return make(
        received_at=NOON + timedelta(seconds=3, microseconds=1),
        direction="inbound",
        platform="shopee",
        action="label.create",
        method="POST",
        url="https://partner.example/標籤?a=1&b='); DROP TABLE entries; --",
        path="/標籤",
        ec_integration=Integration("shopee-1", "Shopee TW"),
        shipping_integration=Integration("ups", ""),
        merchant="M102",
        source=Source("shipment", "S-1", "運單 1", "https://oms.example/s/1"),
        references=[Reference("order", "2608ABC"), Reference("tracking", "1Z\\'\"\n\t")],
        status=200,
        outcome="partial",
        cause="address",
        code="E\x0017",
        message="地址不完整",
        reported_by="UPS",
        advice="Correct the address and send it again.",
        retryable=False,
        duration_ms=1234.5678901234567,
        attempt=3,
        call="c1",
        items=[Item("sku", "A-1", "request_error", "17", "無此商品"), Item("sku", "A-2", "success")],
        counts=Counts(returned=0, refused=2**63 - 1),
        not_sent="no address",
        error=Failure("httpx.ReadTimeout", "timed out"),
        http_version="HTTP/2",
        trace="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        stated=Stated(action="label.create", references=[Reference("order", "2608ABC")]),
        derived=Overruled(action="label.get", ec_integration=Integration("7", "Shopee 7"), source=Source("order", "9")),
        recorder=Recorder("r1", 2**64 - 1, "host", "12 app", "0.1", "httpx"),
        request=Payload(
            headers=[("Accept", "*/*"), ("accept", 'a\\"b'), ("Empty", "")],
            body=bytes(range(256)),
            tail=b"\xff\x00tail",
            content_type="text/xml; charset=big5",
            charset="big5",
            size=2**64 - 1,
            digest="0123456789abcdef" * 4,
            truncated=True,
        ),
        response=Payload(
            body="取號".encode("big5"),
            size=4,
            incomplete=True,
        ),
    )


def test_an_entry_comes_back_as_it_was_written(either: Store, make: Make) -> None:
    entries = [
        full(make),
        make(1),
        make(2, response=Payload()),
        make(3, source=Source("", "")),
        make(4, counts=Counts()),
    ]
    assert either.write(entries) == Written(5, 0)
    assert [either.entry(entry.id) for entry in entries] == entries


def test_the_hash_of_a_whole_body_takes_no_room_and_is_that_of_the_body(store: Store, make: Make) -> None:
    body = b"a body that is kept whole"
    entry = make(request=Payload(body=body, size=len(body)))
    store.write([entry])
    [(kept,)] = store.engine.select(Query("SELECT request FROM entries")).rows
    assert kept == '{"sha256":"#"}'
    assert sha256(body).hexdigest() not in kept
    back = store.entry(entry.id)
    assert back == entry
    assert back is not None
    assert back.request.sha256 == sha256(body).hexdigest()


def test_a_list_shows_all_of_an_entry_but_headers_and_bodies(either: Store, make: Make) -> None:
    entry = full(make)
    either.write([entry])
    (row,) = either.page(Filter()).entries
    fields = msgspec.structs.fields(EntryRow)
    assert type(row) is EntryRow
    assert {field.name: getattr(row, field.name) for field in fields} == {
        field.name: getattr(entry, field.name) for field in fields
    }


def test_an_entry_of_any_year_comes_back(either: Store, make: Make) -> None:
    times = [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1999, 12, 31, 23, 59, 59, 999999, UTC),
        datetime(2105, 1, 1, tzinfo=UTC),
    ]
    entries = [make(at) for at in times]
    assert either.write(entries).stored == 3
    assert [either.entry(entry.id) for entry in entries] == entries
    assert either.span() == Span(3, times[0], times[2])


def test_an_import_over_three_hundred_days_is_one_write(either: Store, make: Make) -> None:
    entries = [make(NOON - timedelta(days=days)) for days in range(300)]
    assert either.write(entries) == Written(300, 0)
    assert either.write(entries) == Written(0, 300)
    assert either.span().entries == 300


def test_an_entry_sent_twice_is_stored_once(either: Store, make: Make) -> None:
    first, second, third = make(0), make(1), make(-86400)
    assert either.write([first, second, first]) == Written(2, 1)
    assert either.write([second, third]) == Written(1, 1)
    assert either.span().entries == 3


def test_an_entry_sent_twice_is_found_among_many_of_its_time(either: Store, make: Make) -> None:
    """Within two instants there are more entries than the batch has: the store asks for its ids alone."""
    entries = [make(second) for second in range(50)]
    either.write(entries)
    assert either.write([entries[0], make(20.5), entries[49]]) == Written(1, 2)
    assert either.span().entries == 51


def test_an_id_nobody_has_opens_nothing(either: Store, make: Make) -> None:
    entry = make()
    either.write([entry])
    assert either.entry(entry.id.upper()) == entry
    for unknown in ("", "x", "../..", make().id, "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "f" * 36):
        assert either.entry(unknown) is None


def test_an_entry_whose_id_is_a_millisecond_off_is_still_found(either: Store, make: Make) -> None:
    entries = [make(0, id=make(off).id) for off in (-0.001, 0.001)]
    either.write(entries)
    assert [either.entry(entry.id) for entry in entries] == entries


def test_text_that_is_not_text_is_stored_with_a_mark_in_its_place(either: Store, make: Make) -> None:
    either.write([make(url="https://x/\ud800", request=Payload(headers=[("A", "\udfff")]))], [loss(text="\udc80")])
    (row,) = either.page(Filter()).entries
    assert row.url == "https://x/\N{REPLACEMENT CHARACTER}"
    assert either.losses()[0].text == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"id": "order-1"}, "id is 'order-1'; it must be a UUIDv7"),
        ({"id": "6ba7b810-9dad-41d1-80b4-00c04fd430c8"}, "it must be a UUIDv7"),
        ({"created_at": NOON + timedelta(seconds=1)}, "must be the time in the id"),
        (
            {"created_at": NOON.replace(tzinfo=None)},
            "created_at is 2026-08-03T12:00:00.123456; it must have a UTC offset",
        ),
        ({"received_at": datetime(1969, 12, 31, tzinfo=UTC)}, "it must be between 1970 and 2105"),
        ({"status": 70000}, "status is 70000"),
        ({"duration_ms": float("nan")}, "duration_ms is nan; it must be a finite number"),
        ({"request": Payload(size=-1)}, "request.size is -1"),
    ],
)
def test_an_entry_that_cannot_be_a_row_is_refused_with_its_field(make: Make, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(BadEntry) as refused:
        Batch.of([make(1), make(**fields)])
    assert said in str(refused.value)


def test_nothing_of_a_batch_with_such_an_entry_is_stored(store: Store, make: Make) -> None:
    with pytest.raises(BadEntry):
        store.write([make(1), make(id="x")])
    assert store.span().entries == 0


def test_each_filter_narrows_and_its_values_are_alternatives(either: Store, make: Make) -> None:
    a, b = Integration("a", "A"), Integration("b", "B")
    entries = [
        make(0, action="order.list", ec_integration=a, platform="shopee"),
        make(1, action="order.get", ec_integration=b, platform="shopee", outcome="request_error"),
        make(2, action="label.create", shipping_integration=a, platform="ups", outcome="platform_error"),
        make(3, action="webhook.order.created", ec_integration=a, direction="inbound"),
    ]
    either.write(entries)

    def found(**fields: Any) -> list[int]:
        ids = [entry.id for entry in entries]
        return sorted(ids.index(row.id) for row in either.page(Filter(**fields)).entries)

    assert found() == [0, 1, 2, 3]
    assert found(action=("order.list", "order.get")) == [0, 1]
    assert found(ec_integration=("a",)) == [0, 3]
    assert found(shipping_integration=("a",)) == [2]
    assert found(outcome=("request_error", "platform_error")) == [1, 2]
    assert found(platform=("shopee",)) == [0, 1]
    assert found(direction=("inbound",)) == [3]
    assert found(ec_integration=("a", "b"), outcome=("success",), direction=("outbound",)) == [0]


def test_a_reference_finds_everything_that_holds_that_id_exactly(either: Store, make: Make) -> None:
    entries = [
        make(0, references=[Reference("order", "A-1"), Reference("sku", "12")]),
        make(1, references=[Reference("tracking", "A-1")]),
        make(2, references=[Reference("order", "A-12"), Reference("order", "gid://shopify/Order/12")]),
        make(NOON - timedelta(days=700), references=[Reference("order", "12")], cause="address"),
        make(4),
    ]
    either.write(entries)

    def found(*reference: str, **fields: Any) -> list[int]:
        ids = [entry.id for entry in entries]
        return sorted(ids.index(row.id) for row in either.page(Filter(reference=reference, **fields)).entries)

    assert found("A-1") == [0, 1]
    assert found("order:A-1") == [0]
    assert found("12") == [0, 3]
    assert found("order:12", "tracking:A-1") == [1, 3]
    assert found("gid://shopify/Order/12") == found("order:gid://shopify/Order/12") == [2]
    assert found("12", cause=("address",)) == [3]
    for nothing in ("a-1", "A-", "sku:A-1", ":12", "12:", "order:", "", "A-1' OR '1'='1"):
        assert found(nothing) == []
    assert either.facets(Filter(reference=("12",))).cause == [Option("address", "address", 1)]


def test_a_range_includes_both_of_its_ends_to_the_microsecond(either: Store, make: Make) -> None:
    tick = timedelta(microseconds=1)
    either.write([make(NOON - tick), make(NOON), make(NOON + tick), make(NOON + 2 * tick)])
    taipei = (NOON + tick).astimezone(tz=None)
    assert [row.created_at for row in either.page(Filter(since=NOON, until=taipei)).entries] == [NOON + tick, NOON]
    assert either.page(Filter(since=NOON + tick, until=NOON)).entries == []


def test_an_unknown_value_matches_nothing_and_never_widens(either: Store, make: Make) -> None:
    either.write([make(action="order.list", ec_integration=Integration("a", "A"))])
    for value in ("nope", "", "order.list'", "a' OR '1'='1", "\\", "取號", "{since:Int64}", "%s", "a\tb\n"):
        fields: list[dict[str, Any]] = [{name: (value,)} for name in FIELDS]
        for field in fields:
            assert either.page(Filter(**field)).entries == []
        strange = make(1, action=value)
        either.write([strange])
        assert [row.id for row in either.page(Filter(action=(value,))).entries] == [strange.id]


def test_a_page_ends_where_the_next_begins(either: Store, make: Make) -> None:
    entries = [make(second) for second in range(5)]
    either.write(entries)
    newest_first = [entry.id for entry in reversed(entries)]
    first = either.page(Filter(), limit=2)
    assert first.next_cursor is not None
    second = either.page(Filter(), limit=3, cursor=first.next_cursor)
    assert [row.id for row in first.entries + second.entries] == newest_first
    assert second.next_cursor is None


def test_paging_is_steady_while_entries_arrive(either: Store, make: Make) -> None:
    entries = [make(second) for second in range(6)]
    either.write(entries)
    first = either.page(Filter(), limit=3)
    either.write([make(second) for second in range(6, 12)])
    second = either.page(Filter(), limit=3, cursor=first.next_cursor)
    assert [row.id for row in first.entries + second.entries] == [entry.id for entry in reversed(entries)]


def test_a_page_has_a_size_within_its_limits(store: Store) -> None:
    for limit in (0, -1, 1001):
        with pytest.raises(ValueError, match=f"limit is {limit}; it must be between 1 and 1000"):
            store.page(Filter(), limit=limit)


def test_a_facet_is_counted_under_all_filters_but_its_own(either: Store, make: Make) -> None:
    a, b = Integration("a", "A"), Integration("b", "B")
    either.write(
        [
            make(0, action="order.list", ec_integration=a),
            make(1, action="order.list", ec_integration=b),
            make(2, action="stock.push", ec_integration=b),
            make(3, action="stock.push", ec_integration=b, outcome="request_error"),
            make(4, action="label.create", shipping_integration=a, platform="ups", direction="inbound"),
        ]
    )
    everything = either.facets(Filter())
    assert everything.action == [
        Option("order.list", "order.list", 2),
        Option("stock.push", "stock.push", 2),
        Option("label.create", "label.create", 1),
    ]
    assert everything.ec_integration == [Option("b", "B", 3), Option("a", "A", 1)]
    assert everything.shipping_integration == [Option("a", "A", 1)]
    assert everything.platform == [Option("ups", "ups", 1)]
    assert everything.outcome == [Option("success", "success", 4), Option("request_error", "request_error", 1)]

    chosen = either.facets(Filter(action=("stock.push",), ec_integration=("b",), direction=("outbound",)))
    assert chosen.action == [Option("stock.push", "stock.push", 2), Option("order.list", "order.list", 1)]
    assert chosen.ec_integration == [Option("b", "B", 2)]
    assert chosen.outcome == [Option("request_error", "request_error", 1), Option("success", "success", 1)]
    assert chosen.platform == []
    late = either.facets(Filter(since=NOON + timedelta(seconds=3)))
    assert late.action == [Option("label.create", "label.create", 1), Option("stock.push", "stock.push", 1)]


def test_an_account_has_the_latest_name_that_it_was_given(either: Store, make: Make) -> None:
    either.write([make(5, ec_integration=Integration("a", "New name"))])
    either.write([make(0, ec_integration=Integration("a", "Old name")), make(9, ec_integration=Integration("a"))])
    either.write([make(1, ec_integration=Integration("b"))])
    assert either.facets(Filter()).ec_integration == [Option("a", "New name", 3), Option("b", "b", 1)]


def test_an_empty_log_has_no_ends_and_no_bars(either: Store) -> None:
    assert either.histogram(Filter()).bars == []
    assert either.span() == Span(0, None, None)
    assert either.page(Filter()).entries == []
    assert either.facets(Filter()).action == []
    assert either.losses() == []
    assert either.tokens() == []
    assert either.write([]) == Written(0, 0)


def loss(first: float = 0, last: float = 10, **fields: Any) -> Loss:
    at = NOON + timedelta(seconds=first), NOON + timedelta(seconds=last)
    given: dict[str, Any] = {"recorder": "r1", "reason": "spool_full", "count": 3, "first_at": at[0], "last_at": at[1]}
    return Loss(**(given | fields))


def test_a_loss_told_twice_is_one_gap(either: Store) -> None:
    gap = loss(host="h", process="7 app", text="the spool's limit of 512 MiB")
    assert either.write([], [gap]) == Written(0, 0)
    either.write([], [gap, loss(20, 30)])
    rows = either.losses()
    assert [row.count for row in rows] == [3, 3]
    assert msgspec.structs.asdict(rows[1]) == msgspec.structs.asdict(gap)


def test_losses_are_those_whose_time_touches_the_range(either: Store) -> None:
    either.write([], [loss(0, 10, count=1), loss(20, 30, count=2), loss(40, 50, count=4)])

    def counts(since: float | None, until: float | None) -> list[int]:
        ends = [None if end is None else NOON + timedelta(seconds=end) for end in (since, until)]
        return [row.count for row in either.losses(*ends)]

    assert counts(None, None) == [4, 2, 1]
    assert counts(10, 20) == [2, 1]
    assert counts(31, 39) == []
    assert counts(None, 39) == [2, 1]
    assert counts(31, None) == [4]


def token(name: str, **fields: Any) -> Token:
    given: dict[str, Any] = {"id": name, "name": "shop 店", "scope": "ingest", "digest": "ab" * 32, "created_at": NOON}
    return Token(**(given | fields))


def test_a_token_once_revoked_stays_revoked(either: Store) -> None:
    later = NOON + timedelta(days=1)
    either.add_token(token("t1"))
    either.add_token(token("t2", scope="read", created_at=later))
    either.revoke_token("t1", later)
    either.revoke_token("t1", later + timedelta(days=1))
    assert either.tokens() == [token("t1", revoked_at=later), token("t2", scope="read", created_at=later)]
    with pytest.raises(StoreError, match="token t1: a token with this id already exists"):
        either.add_token(token("t1"))
    with pytest.raises(StoreError, match="token t9: no token has this id"):
        either.revoke_token("t9", later)


def test_a_token_can_be_kept_that_was_revoked_before(either: Store) -> None:
    gone = token("t1", revoked_at=NOON + timedelta(seconds=1))
    either.add_token(gone)
    assert either.tokens() == [gone]


def test_a_store_that_answers_is_ready_and_a_closed_one_says_so(either: Store) -> None:
    either.check()
    either.close()
    with pytest.raises(StoreUnavailable, match="the store is closed"):
        either.check()
    either.close()


def test_a_store_whose_tables_are_gone_is_not_ready(either: Store) -> None:
    either.engine.run(Query("DROP TABLE migrations SYNC"))
    with pytest.raises(StoreError, match="the log's tables no longer exist"):
        either.check()
