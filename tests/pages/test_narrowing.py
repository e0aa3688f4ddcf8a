"""The search line in the URL: what it chooses becomes filters, what it does not understand is named."""

from __future__ import annotations

from urllib.parse import parse_qs, quote

import pytest
from tests.pages.test_query import NOW

from apitrail.server.pages.query import PageQuery
from apitrail.store import Term


def read(url: str) -> PageQuery:
    return PageQuery.read(parse_qs(url.partition("?")[2], keep_blank_values=True))


def search(line: str) -> PageQuery:
    return read(f"/?text={quote(line)}")


def test_what_the_line_chooses_becomes_filters_and_the_words_stay() -> None:
    query = search('outcome:partial timeout status:4xx duration:>2s order:A-1 -action:stock.push "not in range"')
    assert (query.outcome, query.status, query.reference) == (("partial",), ("4xx",), ("order:A-1",))
    assert query.duration_over == 2000.0
    assert query.text == 'timeout "not in range" -action:stock.push'
    asked = query.filter(NOW)
    assert asked.text == (Term("timeout"), Term("not in range"))
    assert asked.without == (("action", "stock.push"),)
    assert read(query.url()) == query


def test_a_choice_that_is_typed_joins_those_of_the_menus() -> None:
    assert read("/?outcome=success&text=outcome:partial").outcome == ("success", "partial")


@pytest.mark.parametrize(
    ("line", "range_"),
    [("260101ABCDEF12", "all"), ("timeout", "24h"), ("page 2", "24h"), ("-260101ABCDEF12", "24h"), ("1001", "all")],
)
def test_a_number_is_looked_for_in_all_of_the_log_and_words_in_the_latest(line: str, range_: str) -> None:
    assert search(line).range == range_


def test_taking_the_line_back_takes_its_range_back_too() -> None:
    assert search("260101ABCDEF12").but(text="") == read("/")
    assert read("/?range=7d&text=260101ABCDEF12").but(text="") == read("/?range=7d")


@pytest.mark.parametrize(
    ("url", "field", "kind"),
    [
        ("/?text=outcome:red", "text", "no_value"),
        ("/?text=colour:red", "text", "no_filter"),
        ('/?text="open', "text", "open_quote"),
        ("/?status=4", "status", ""),
        ("/?duration_over=long", "duration_over", ""),
    ],
)
def test_what_is_not_understood_is_named_and_kept_as_it_was_typed(url: str, field: str, kind: str) -> None:
    query = read(url)
    assert [(one.field, one.kind) for one in query.misread] == [(field, kind)]
    assert field != "text" or query.text == url.partition("text=")[2]


def test_every_typed_and_chosen_filter_survives_its_url() -> None:
    url = "/?direction=inbound&merchant=m-1&source=order%3AA-1&method=POST&status=4xx&path=%2Fa&code=E-7"
    url += "&duration_over=1500&text=a"
    assert read(url).url() == url
