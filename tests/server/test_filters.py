"""A query string is read exactly, or refused: it never widens an answer."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.server.filters import LIMIT_DEFAULT, parse, read_bars, read_moment, read_page
from apitrail.server.problems import Problem
from apitrail.store.model import Cursor, Filter, Term


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_nothing_asks_for_the_newest_of_everything() -> None:
    query = read_page(b"")
    assert (query.filter, query.limit, query.after) == (Filter(), LIMIT_DEFAULT, None)


def test_repeated_values_are_alternatives_and_counted_once() -> None:
    query = read_page(b"action=order.list&action=stock.push&action=order.list&platform=shopee")
    assert query.filter.action == ("order.list", "stock.push")
    assert query.filter.platform == ("shopee",)


def test_a_reference_is_taken_as_it_is_and_asks_for_no_dates() -> None:
    found = read_page(b"cause=address&reference=order:%20A-1&reference=%23A").filter
    assert found == Filter(cause=("address",), reference=("order: A-1", "#A"))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-03-09", "2026-03-09T00:00:00Z", "2026-03-09T23:59:59.999999Z"),
        ("2026-03-09T14:30:00Z", "2026-03-09T14:30:00Z", "2026-03-09T14:30:00.999999Z"),
        ("2026-03-09T14:30+08:00", "2026-03-09T06:30:00Z", "2026-03-09T06:30:59.999999Z"),
        ("2026-03-09t14:30:00.5z", "2026-03-09T14:30:00.5Z", "2026-03-09T14:30:00.599999Z"),
        ("2026-03-09T14:30:00.123456-05:30", "2026-03-09T20:00:00.123456Z", "2026-03-09T20:00:00.123456Z"),
    ],
)
def test_both_ends_of_a_range_include_all_that_was_typed(text: str, first: str, last: str) -> None:
    assert read_moment(text, "from") == at(first)
    assert read_moment(text, "to", last=True) == at(last)


def test_a_plus_sign_that_was_not_escaped_is_still_an_offset() -> None:
    assert read_page(b"from=2026-03-09T14:30:00+08:00").filter.since == datetime(2026, 3, 9, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (b"form=2026-03-09", "form"),
        (b"action=", "action"),
        (b"from=2026-03-09T14:30:00", "from"),
        (b"from=yesterday", "from"),
        (b"from=2026-02-30", "from"),
        (b"from=0001-01-01", "from"),
        (b"to=9999-12-31", "to"),
        (b"from=2026-03-09T25:00:00Z", "from"),
        (b"from=2026-03-09&from=2026-03-10", "from"),
        (b"from=2026-03-10&to=2026-03-09", "from"),
        (b"outcome=green", "outcome"),
        (b"direction=sideways", "direction"),
        (b"cause=bad_luck", "cause"),
        (b"reference=", "reference"),
        (b"limit=0", "limit"),
        (b"limit=501", "limit"),
        (b"limit=ten", "limit"),
        (b"limit=\xd9\xa5", "query"),
        (b"limit=%D9%A5", "limit"),
        (b"cursor=abc", "cursor"),
        (b"action=%ff", "query"),
        (b"text=outcome:red", "text"),
        (b"text=a&text=b", "text"),
        (b"text=action:a&action=b", "text"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_name(query: bytes, field: str) -> None:
    with pytest.raises(Problem) as caught:
        read_page(query)
    assert caught.value.fault.field == field
    assert caught.value.status == 400
    assert caught.value.fault.fix


def test_a_text_is_words_and_filters() -> None:
    found = read_page(
        urlencode({"text": "#A-1001 取號 platform:shopee -cause:timeout", "action": "label.create"}).encode()
    )
    assert found.filter == Filter(
        action=("label.create",),
        platform=("shopee",),
        text=(Term("A-1001", whole=True), Term("取號")),
        without=(("cause", "timeout"),),
    )


@pytest.mark.parametrize(("query", "field"), [(b"step=2h", "step"), (b"tz=Mars", "tz"), (b"limit=5", "limit")])
def test_bars_that_cannot_be_are_refused_by_name(query: bytes, field: str) -> None:
    with pytest.raises(Problem) as caught:
        read_bars(query)
    assert caught.value.fault.field == field


def test_a_cursor_comes_back_as_the_position_it_was() -> None:
    cursor = Cursor(at("2026-03-09T14:30:00.123456Z"), "019cd2f1-a3fb-7000-8000-000000000001")
    assert read_page(b"cursor=" + cursor.encode().encode()).after == cursor


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(query: bytes) -> None:
    with suppress(Problem):
        read_page(query)


def test_an_address_without_parameters_takes_none() -> None:
    with pytest.raises(Problem, match="not a parameter") as caught:
        parse(b"a=1", ())
    assert caught.value.fault.fix == "Leave it out: this address takes none."


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("form", "from"),
        ("since", "from"),
        ("Until", "to"),
        ("ec-integration", "ec_integration"),
        ("ec_integrations", "ec_integration"),
        ("outcomes", "outcome"),
        ("q", "text"),
        ("order", "reference"),
        ("per_page", "limit"),
    ],
)
def test_an_unknown_parameter_is_refused_with_its_value_and_the_one_that_was_meant(name: str, meant: str) -> None:
    with pytest.raises(Problem) as caught:
        read_page(f"{name}=2026-03-09".encode())
    fault = caught.value.fault
    assert (fault.field, fault.value) == (name, "2026-03-09")
    assert fault.fix.startswith(f"Did you mean {meant}? This address takes from, to, action,")


def test_the_value_of_a_parameter_that_nobody_knows_is_not_shown_as_it_may_be_a_secret() -> None:
    with pytest.raises(Problem) as caught:
        read_page(b"access_token=hunter2")
    assert (caught.value.fault.field, caught.value.fault.value) == ("access_token", "")
    assert caught.value.fault.fix.startswith("Leave it out. This address takes from, to,")


@pytest.mark.parametrize("text", ["1969-12-31T23:59:59Z", "0026-11-26T00:00:00Z", "2200-01-01"])
def test_a_year_of_which_no_call_can_be_is_told_as_that(text: str) -> None:
    with pytest.raises(Problem, match="is not between 1970 and 2199"):
        read_moment(text, "from")
