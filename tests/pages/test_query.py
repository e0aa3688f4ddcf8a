"""The page's URL: what it means, that it comes back as it was, and that a slip never widens what is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.server.pages.query import PageQuery
from apitrail.store.model import Cursor

NOW = datetime(2026, 8, 17, 6, 3, 0, 123456, tzinfo=UTC)


def read(url: str) -> PageQuery:
    return PageQuery.read(parse_qs(url.partition("?")[2], keep_blank_values=True))


def test_nothing_asked_is_the_last_24_hours() -> None:
    asked = read("/").filter(NOW)
    assert (asked.since, asked.until) == (NOW - timedelta(hours=24), None)


@pytest.mark.parametrize(
    ("name", "back"), [("15m", timedelta(minutes=15)), ("1h", timedelta(hours=1)), ("30d", timedelta(days=30))]
)
def test_a_quick_range_moves_with_the_clock(name: str, back: timedelta) -> None:
    assert read(f"/?range={name}").filter(NOW).since == NOW - back


def test_everything_is_everything() -> None:
    asked = read("/?range=all").filter(NOW)
    assert (asked.since, asked.until) == (None, None)


def test_both_ends_are_included_to_what_was_typed() -> None:
    asked = read("/?from=2026-08-17T14:03:00%2B08:00&to=2026-08-17T14:03:00%2B08:00").filter(NOW)
    assert asked.since == datetime(2026, 8, 17, 6, 3, tzinfo=UTC)
    assert asked.until == datetime(2026, 8, 17, 6, 3, 0, 999999, tzinfo=UTC)


def test_an_instant_without_an_offset_is_of_the_urls_zone_and_else_utc() -> None:
    assert read("/?from=2026-08-17T14:03&tz=Asia/Taipei").since == datetime(2026, 8, 17, 6, 3, tzinfo=UTC)
    assert read("/?from=2026-08-17T14:03").since == datetime(2026, 8, 17, 14, 3, tzinfo=UTC)


def test_an_absolute_range_takes_the_place_of_a_quick_one() -> None:
    query = read("/?range=1h&from=2026-08-17T14:03:00Z&to=")
    assert (query.range, query.until) == ("", None)


@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("/?from=yesterday", "from"),
        ("/?to=2026-13-40T00:00:00Z", "to"),
        ("/?from=2026-08-18T00:00:00Z&to=2026-08-17T00:00:00Z", "order"),
        ("/?range=2h", "range"),
        ("/?tz=Mars/Olympus", "tz"),
        ("/?tz=../../etc/passwd", "tz"),
        ("/?cursor=abc", "cursor"),
        ("/?outcome=red", "outcome"),
        ("/?cause=bad_weather", "cause"),
        ("/?direction=sideways", "direction"),
    ],
)
def test_what_cannot_be_read_is_named(url: str, field: str) -> None:
    assert [one.field for one in read(url).misread] == [field]


def test_a_year_of_which_no_call_can_be_is_not_told_as_no_date() -> None:
    for typed in ("1969-12-31T23:59:59Z", "0026-11-26T08:00"):
        [wrong] = read(f"/?from={typed}").misread
        assert (wrong.field, wrong.kind, wrong.names) == ("from", "years", "1970 – 2199")
    assert [one.kind for one in read("/?from=2026-02-30T00:00:00Z").misread] == [""]


def test_an_unknown_value_stays_in_the_filter() -> None:
    assert read("/?action=no.such&platform=none").filter(NOW).action == ("no.such",)
    assert read("/?outcome=no-such").filter(NOW).outcome == ("no-such",)


def test_taking_a_choice_twice_takes_it_back() -> None:
    query = read("/?action=order.list")
    assert query.toggled("action", "label.create").action == ("order.list", "label.create")
    assert query.toggled("action", "order.list").action == ()


def test_another_filter_begins_at_the_newest() -> None:
    query = read(f"/?cursor={Cursor(NOW, '019b0000-0000-7000-8000-000000000000').encode()}&open=x")
    assert query.but(action=("order.list",)) == read("/?action=order.list")


def test_a_shared_link_says_when() -> None:
    shared = read("/?range=1h&action=order.list").fixed(NOW)
    assert shared.url() == "/?from=2026-08-17T05%3A03%3A00Z&to=2026-08-17T06%3A03%3A00Z&action=order.list"
    assert read(shared.url()).filter(NOW + timedelta(days=1)).since == datetime(2026, 8, 17, 5, 3, tzinfo=UTC)


def test_a_reference_is_looked_for_in_all_of_the_log_unless_dates_are_given() -> None:
    assert read("/?reference=A-1").filter(NOW).since is None
    assert read("/?reference=A-1&range=24h").filter(NOW).since == NOW - timedelta(hours=24)
    assert read("/?reference=A-1&from=2026-08-17T05:03:00Z").filter(NOW).since == datetime(
        2026, 8, 17, 5, 3, tzinfo=UTC
    )
    for url in ("/?reference=A-1", "/?range=24h&reference=A-1", "/?range=all"):
        assert read(url).url() == url


@pytest.mark.parametrize("typed", ["A-1001", "%20A-1001%20", "%23A-1001"])
def test_a_reference_is_found_as_one_pastes_it(typed: str) -> None:
    assert read(f"/?reference={typed}").reference == ("A-1001",)


def test_a_reference_stays_in_the_width_in_which_it_was_pasted() -> None:
    assert read(f"/?reference={quote('＃Ａ－１００１（補）')}").reference == ("Ａ－１００１（補）",)


def test_an_empty_search_asks_for_nothing() -> None:
    assert read("/?reference=&reference=%20&reference=%23") == read("/")


def test_taking_a_reference_back_leads_back_to_the_newest() -> None:
    assert read("/?reference=A-1").toggled("reference", "A-1") == read("/")
    assert read("/?range=7d&reference=A-1").toggled("reference", "A-1") == read("/?range=7d")
    assert read("/?action=order.list").touching("order", "A-1").url() == "/?reference=order%3AA-1"


MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
VALUES = st.lists(st.text(min_size=1, max_size=8), max_size=3, unique=True).map(tuple)


@given(MOMENTS, MOMENTS, VALUES, VALUES, st.sampled_from(["", "Asia/Taipei"]))
def test_every_query_survives_its_url(
    one: datetime, other: datetime, action: tuple[str, ...], account: tuple[str, ...], tz: str
) -> None:
    since, until = sorted((one, other))
    query = PageQuery(
        range="", since=since, until=until.replace(microsecond=999_999), action=action, ec_integration=account, tz=tz
    )
    if query.since and query.until and query.since <= query.until:
        assert read(query.url()) == query
