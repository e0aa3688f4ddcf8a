"""What did not arrive: a row of the list where it happened, and the page Recorders with all of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from playwright.sync_api import expect
from tests.browser.conftest import calls_of
from tests.recorder.conftest import until

from apitrail.exchange import Exchange, Integration, Loss, Recorder

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def lossy(serve: Callable[..., Any]) -> Any:
    """A server that only these tests read. Two processes of a host: one dropped calls for a while, one left a hole in
    its numbers.
    """
    server, call = serve(), calls_of(Integration("ec-lossy", "Lossy"))
    now = datetime.now(UTC)

    def by(recorder: str, number: int, ago: int) -> Exchange:
        who = Recorder(recorder, number, "wms-7", f"41 {recorder}", "0.1.0", "httpx")
        return msgspec.structs.replace(call(ago=ago * MINUTE), recorder=who)

    lost = Loss(
        recorder="celery",
        host="wms-7",
        process="41 celery",
        reason="spool_full",
        count=37,
        first_at=now - 25 * MINUTE,
        last_at=now - 15 * MINUTE,
    )
    server.record(
        *(by("celery", number, 40 - 10 * number) for number in (1, 2, 3)),
        *(by("web", number, 61 - number) for number in (1, 2, 5)),
        losses=(lost,),
    )
    server.http.post(
        "/api/v1/exchanges", json={"exchanges": []}, headers={"Apitrail-Backlog": "celery 12 3456"}
    ).raise_for_status()
    # What is missing is looked for beside the pages, and the first that asks does not wait for it for long.
    until(lambda: "3 – 4" in httpx.get(server.url, timeout=30).text, seconds=90)
    return server


@pytest.mark.parametrize("width", [1440, 390])
def test_what_was_given_up_is_a_row_where_it_happened(desk_at: Callable[..., Any], lossy: Any, width: int) -> None:
    page = desk_at(lossy).open("/", width=width)
    row = page.locator(".rows .lost", has_text="37 on wms-7")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("spool was full")
    before, after = (
        row.locator(f"xpath={way}-sibling::tr[contains(@class, 'entry')][1]").locator("time").get_attribute("datetime")
        for way in ("preceding", "following")
    )
    end = row.locator("time").last.get_attribute("datetime")
    assert after <= end <= before
    row.get_by_role("link", name="Recorders").click()
    expect(page.get_by_role("heading", name="Recorders")).to_be_visible()


@pytest.mark.parametrize(("width", "lang"), [(1440, "en"), (390, "zh-TW")])
def test_numbers_that_did_not_come_are_a_row_where_they_are_missing(
    desk_at: Callable[..., Any], lossy: Any, width: int, lang: str
) -> None:
    page = desk_at(lossy).open(f"/?lang={lang}", width=width)
    row = page.locator(".rows .lost", has_text="3 – 4")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("41 web")
    above = row.locator("xpath=preceding-sibling::tr[1]").locator("time").first.get_attribute("datetime")
    assert row.locator("time").last.get_attribute("datetime") == above
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    row.get_by_role("link").click()
    expect(page.locator("table.rows").first).to_contain_text("3 – 4")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("lang", ["en", "zh-TW"])
def test_the_page_tells_gaps_and_drops_when_where_and_why(
    desk_at: Callable[..., Any], lossy: Any, width: int, lang: str
) -> None:
    page = desk_at(lossy).open(f"/recorders?lang={lang}", width=width)
    lost, senders = page.locator("table.rows").all()
    expect(lost.locator("tbody tr")).to_have_count(2)
    expect(lost).to_contain_text("3 – 4")
    expect(lost).to_contain_text("37")
    expect(lost).to_contain_text("41 celery")
    expect(senders.locator("tbody tr")).to_have_count(2)
    expect(senders).to_contain_text("0.1.0")
    expect(senders).to_contain_text("3.5 KB")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if lang == "en":
        expect(lost).to_contain_text("The process ended before it could keep them")
        expect(page.locator(".total")).to_have_text("Recorders: 2. Numbers missing: 2. Calls dropped: 37.")


def test_its_rows_lead_to_the_log_of_that_time(desk_at: Callable[..., Any], lossy: Any) -> None:
    page = desk_at(lossy).open("/recorders?days=7")
    expect(page.locator(".choose [aria-current]")).to_have_text("7 days")
    page.locator("table.rows tr", has_text="Numbers 3 – 4").get_by_role("link").click()
    expect(page.locator(".entry")).to_have_count(2)


def test_without_any_recorder_it_says_so(desk_at: Callable[..., Any], empty_server: Any) -> None:
    page = desk_at(empty_server).open("/recorders")
    expect(page.locator("#none")).to_contain_text("Nothing is missing")
    expect(page.get_by_text("Nothing was sent in this time")).to_be_visible()
