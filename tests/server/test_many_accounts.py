"""The page of integrations where there are hundreds: what needs attention in full, the others in a line each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apitrail.server.pages.integrations import FEW, ROWS

PATH = "/integrations/ec"
FAILING, SET_UP = FEW + 5, 2 * ROWS
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def many(serve: Any, an_exchange: Make) -> Any:
    """A log of more failing accounts than are told in full, and two hundred that are registered and have no calls."""
    server = serve()
    wishes = [
        {"id": f"i-{one:03}", "name": f"Shop {one:03}", "side": "ec", "platform": "shopee", "merchant": f"Firm {one}."}
        for one in range(SET_UP)
    ]
    server.http.put("/api/v1/integrations", json={"integrations": wishes}, headers=server.token()).raise_for_status()
    now = datetime.now(UTC)
    calls = [
        an_exchange(
            created_at=(now - timedelta(minutes=30, seconds=number)).isoformat(),
            status=401,
            stated={"action": "order.list", "ec_integration": {"id": f"bad-{one:02}", "name": f"Bad {one:02}"}},
        )
        for one in range(FAILING)
        for number in range(3)
    ]
    server.post("/api/v1/exchanges", json={"exchanges": calls}, headers=server.token()).raise_for_status()
    return server


def cards(page: str) -> list[str]:
    """The ids of those told in full."""
    return re.findall(r'class="card account".+?<code>(.+?)</code>', page, re.S)


def rows(page: str) -> list[str]:
    """Those of the rows."""
    return re.findall(r"<details data-load=.+?<code>(.+?)</code>", page, re.S)


def pages(server: Any) -> Iterator[str]:
    """The page, and those that follow it, by their links."""
    url = f"{PATH}?lang=en"
    while url:
        yield (page := server.get(url).raise_for_status().text)
        found = re.search(r'<a class="button" href="([^"]+)">Show the next of', page)
        url = found[1].replace("&amp;", "&") if found else ""


def test_so_many_that_need_attention_are_told_in_full_and_each_other_in_a_line_of_some_page(many: Any) -> None:
    failing, set_up = [f"bad-{one:02}" for one in range(FAILING)], [f"i-{one:03}" for one in range(SET_UP)]
    first, *others = pages(many)
    assert cards(first) == failing[:FEW]
    assert rows(first) == [*failing[FEW:], *set_up][:ROWS]
    assert [one for page in others for one in cards(page)] == []
    assert [one for page in (first, *others) for one in rows(page)] == [*failing[FEW:], *set_up]
    assert "Fetch orders: the latest calls all failed" in first.partition('class="others"')[2], "a line says why"


def test_states_can_be_chosen_and_say_how_many_there_are(many: Any) -> None:
    page = many.get(PATH, params={"lang": "en"}).text
    told = re.findall(r"state=(\w+)\".*?>(.+?) <span class=\"count\">(\d+)<", page)
    assert told == [("failing", "Failing", str(FAILING)), ("never", "Never seen", str(SET_UP))]
    never = many.get(PATH, params={"state": "never"}).text
    assert (cards(never), rows(never)) == ([], [f"i-{one:03}" for one in range(ROWS)])


@pytest.mark.parametrize("name", ["shop 042", "I-042", "firm 42."])
def test_one_is_found_by_a_part_of_its_name_id_or_merchant_and_told_in_full(many: Any, name: str) -> None:
    page = many.get(PATH, params={"name": name}).text
    assert (cards(page), rows(page)) == (["i-042"], [])
    assert len(rows(many.get(PATH, params={"name": "Shopee", "lang": "en"}).text)) == ROWS
    assert "There is no such account." in many.get(PATH, params={"name": "nobody", "lang": "en"}).text


def test_a_line_leads_to_the_page_of_that_account_alone(many: Any) -> None:
    page = many.get(PATH, params={"lang": "en"}).text
    url = re.findall(r'<details data-load="([^"]+)"', page)[-1].replace("&amp;", "&")
    assert f'<a href="{url.replace("&", "&amp;")}">' in page, "without a script, too"
    alone = many.get(url).text
    assert cards(alone) == [rows(page)[-1]]
    assert 'name="name"' not in alone


@pytest.mark.parametrize(
    ("asked", "said"),
    [("state=ill", "“ill” is not a state of an account"), ("page=0", "“0” is not a number of a page")],
)
def test_what_cannot_be_understood_is_named_and_nothing_is_shown(many: Any, asked: str, said: str) -> None:
    answer = many.get(f"{PATH}?{asked}&lang=en")
    assert answer.status_code == 400
    assert said in answer.text
    assert cards(answer.text) == []


def test_few_are_told_in_full_whatever_their_state_without_anything_to_choose(serve: Any) -> None:
    server = serve()
    wishes = [{"id": f"i-{one:03}", "name": "Tea", "side": "ec", "platform": "shopee"} for one in range(FEW)]
    server.http.put("/api/v1/integrations", json={"integrations": wishes}, headers=server.token()).raise_for_status()
    page = server.get(PATH, params={"lang": "en"}).text
    assert len(cards(page)) == FEW
    assert rows(page) == []
    assert f"<li>{FEW} never seen</li>" in page
    assert 'name="name"' not in page
    assert "state=" not in page
