"""How many entries a list has: told from what is counted beforehand, or as far as one page tells."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def look(server: Any, ingest: Any, an_exchange: Make, account: str) -> Callable[..., Any]:
    """Stores so many entries a second apart, a fifth of them failed; answers what looks at the page of them."""

    def store(count: int) -> Callable[..., str]:
        sent = [
            an_exchange(
                created_at=(NOON + timedelta(seconds=number)).isoformat(),
                **({"status": 503, "response": None} if number % 5 == 0 else {}),
            )
            for number in range(count)
        ]
        server.post("/api/v1/exchanges", headers=ingest, json={"exchanges": sent})

        def page(path: str = "/", **query: Any) -> str:
            answer = server.get(path, params={"ec_integration": account, "range": "all", "lang": "en", **query})
            assert answer.status_code == 200, answer.text
            return str(answer.text)

        return page

    return store


def total(page: str) -> str:
    found = re.search(r'id="total"[^>]*>([^<]*)<', page)
    assert found
    return found[1]


def chips(page: str) -> list[str]:
    fieldset = page[page.index('id="chips"') :]
    return re.findall(r'<span class="count">([\d,]+)</span></label>', fieldset[: fieldset.index("</fieldset>")])


def test_what_is_counted_beforehand_is_told_in_full(look: Any) -> None:
    page = look(120)()
    assert total(page) == "120 entries"
    assert sum(int(count) for count in chips(page)) == 120
    assert "data-numbers" in page


@pytest.mark.parametrize("query", [{"method": "GET"}, {"text": '"ok"'}, {"text": "-nowhere"}])
def test_a_list_that_only_entries_tell_is_told_as_far_as_its_page(look: Any, query: dict[str, str]) -> None:
    page = look(140)(**query)
    assert total(page) == "More than 50 entries"
    assert chips(page) == []
    assert "data-numbers" not in page
    assert "/histogram?" in page
    older = re.search(r'href="(/\?[^"]*cursor=([^"&]+)[^"]*)"', page)
    assert older
    assert total(look(0)(cursor=older[2], **query)) == "More than 50 older entries"


def test_the_last_page_of_it_says_how_many_are_on_it(look: Any) -> None:
    page = look(53)(method="GET")
    older = re.search(r"cursor=([\w-]+)", page)
    assert older
    assert total(look(0)(cursor=older[1], method="GET")) == "3 older entries"


def test_a_list_that_is_whole_is_counted_by_its_rows(look: Any) -> None:
    page = look(10)(method="GET")
    assert total(page) == "10 entries"
    assert sorted(int(count) for count in chips(page)) == [0, 0, 0, 2, 8]
    assert chips(look(0)(method="GET", outcome="platform_error")) == []
    numbers = re.search(r"data-numbers='([^']*)'", page)
    assert numbers
    counted = json.loads(html.unescape(numbers[1]))["counts"]
    assert {outcome: sum(bars) for outcome, bars in counted.items()} == {"success": 8, "platform_error": 2}


def test_the_numbers_of_a_text_are_there_for_who_asks(look: Any) -> None:
    page = look(60)("/histogram", method="GET")
    assert sum(int(one) for one in re.findall(r"<strong>(\d+)</strong>", page)) == 60


def test_choices_are_those_of_the_range_without_counts(server: Any, look: Any, account: str) -> None:
    page = look(70)(text="-nowhere")
    menu = page[page.index('id="menu-action"') : page.index('id="menu-ec_integration"')]
    assert 'name="action"' in menu
    assert 'class="count"' not in menu
