"""Start of shift: what failed, who acts, whom it holds up, and the way to each order, without a script too."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from apitrail.exchange import Exchange, Integration, Source

Call = Callable[..., Exchange]


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Any:
    """A server of these tests alone: the page shows of a cause what failed last, whichever test made it."""
    return serve()


@pytest.mark.parametrize("width", [1440, 390])
def test_one_walks_from_the_board_to_an_order_that_is_held_up(
    desk: Any, server: Any, call: Call, account: Integration, width: int
) -> None:
    order = Source("order", f"O-{account.id}")
    told = b'{"code":"KX7","message":"Key ended"}'
    server.record(
        call("order.ship", status=401, ago=timedelta(minutes=47), source=order, body=told),
        call("order.ship", status=401, ago=timedelta(minutes=7), source=order, body=told),
        call("order.list", status=401, ago=timedelta(minutes=6)),
    )
    page = desk.open("/shift?since=4h", width=width, java_script_enabled=False)
    desk.choose(page, "Who acts", "merchant")
    card = page.locator(".cause").filter(has=page.get_by_role("heading", name="Credentials", exact=True))
    expect(card).to_contain_text("Who acts: merchant")
    expect(card).to_contain_text("Orders without success since")
    if width < 760:
        expect(card.locator(".lines")).to_be_hidden()  # one reads of one cause after the other
        card.locator("summary").click()
    expect(card.locator(".lines")).to_be_visible()
    line = card.locator(".lines li", has_text=account.name).filter(has_text="KX7")
    expect(line).to_contain_text("Key ended")
    expect(line).to_contain_text("2 × since")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    card.get_by_role("link", name=order.id).click()
    expect(page.locator(".entry")).to_have_count(2)


def test_a_shift_hands_what_is_left_to_the_next_as_text_that_says_the_same_tomorrow(
    desk: Any, server: Any, call: Call, account: Integration
) -> None:
    order = Source("order", f"N-{account.id}")
    server.record(
        call("order.ship", status=401, ago=timedelta(minutes=5), source=order, body=b'{"message":"Key ended"}')
    )
    page = desk.open("about:blank", permissions=["clipboard-read", "clipboard-write"])
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(f"{server.url}/shift?since=4h&acts=merchant")
    page.get_by_role("link", name="Copy for the next shift").click()
    expect(page.locator(".handover")).to_contain_text("Copied")
    told = str(page.evaluate("navigator.clipboard.readText()"))
    assert "Who acts: merchant" in told
    assert order.id in told
    assert account.name in told
    assert "“Key ended”" in told
    assert "(Asia/Taipei)" in told, "the zone of a browser that comes for the first time is not UTC"
    assert "UTC" not in told
    assert "<" not in told
    shown = page.locator(".cause time").first.inner_text()
    assert shown in told, "a time is what the page says"
    assert [one for one in asked if "/shift" in one] == [f"{server.url}/shift?since=4h&acts=merchant"]
    link = told.splitlines()[-1]
    assert "since=" not in link
    page.goto(link)
    expect(page.get_by_role("link", name=order.id)).to_be_visible()
    acts = page.get_by_role("navigation", name="Who acts")
    expect(acts.locator("[aria-current]")).to_contain_text("merchant")
    begun = page.locator("main time").first.inner_text()
    assert f"{begun} – " in told.splitlines()[0]
    typed = page.locator(".since input:visible").input_value()
    assert typed in (begun.replace(" ", "T"), begun.replace(" ", "T").removesuffix(":00"))
    address = page.get_by_role("link", name="Copy for the next shift").get_attribute("href")
    assert order.id in httpx.get(f"{server.url}{address}").text, "without a script it is a page of its own"


@pytest.mark.parametrize("width", [1440, 390])
def test_a_warehouse_sees_its_own_work_by_an_address_that_can_be_kept(
    desk: Any, server: Any, call: Call, account: Integration, width: int
) -> None:
    parcel, shop = Source("order", f"L-{account.id}"), Source("order", f"P-{account.id}")
    server.record(
        call("label.create", status=401, ago=timedelta(minutes=5), source=parcel),
        call("stock.push", status=401, ago=timedelta(minutes=4), source=shop),
    )
    page = desk.open("/shift?since=4h", width=width, java_script_enabled=False)
    desk.choose(page, "Work", "Labels and shipping")
    expect(page.get_by_role("link", name=parcel.id)).to_be_visible()
    expect(page.get_by_role("link", name=shop.id)).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    desk.choose(page, "Since", "24 hours")
    desk.choose(page, "Who acts", "merchant")
    kept = desk.open(page.url.removeprefix(server.url), width=width, java_script_enabled=False)
    work = kept.get_by_role("navigation", name="Work", include_hidden=True)
    expect(work.locator("[aria-current]")).to_have_text("Labels and shipping")
    expect(kept.get_by_role("link", name=parcel.id)).to_be_visible()
    expect(kept.get_by_role("link", name=shop.id)).to_have_count(0)
    kept.get_by_role("link", name="Copy for the next shift").click()
    expect(kept.locator("body")).to_contain_text("Work: Labels and shipping")
    expect(kept.locator("body")).to_contain_text("work=shipping")


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_on_a_phone_the_choices_are_a_row_of_menus_that_name_what_is_chosen(
    desk: Any, server: Any, call: Call, account: Integration, language: str
) -> None:
    server.record(call("order.ship", status=401, ago=timedelta(minutes=5), source=Source("order", f"R-{account.id}")))
    page = desk.open(f"/shift?lang={language}", width=390, height=844, java_script_enabled=False)
    menus = page.locator(".pick > summary")
    first = menus.first.bounding_box()
    assert [one.bounding_box()["y"] for one in menus.all()] == [first["y"]] * 3
    expect(page.locator(".cause h3").first).to_be_in_viewport()
    expect(page.locator(".choose").first).to_be_hidden()
    page.goto(f"{server.url}/shift?work=shipping&acts=merchant&from=2026-01-02T18:00&tz=Asia/Taipei&lang={language}")
    since, work, acts = menus.all()
    expect(since).to_contain_text("2026-01-02 18:00:00")
    expect(work).to_contain_text("Labels and shipping" if language == "en" else "託運單與出貨")
    expect(acts).to_contain_text("merchant" if language == "en" else "商家")
    desk.open_each(page, (since, work, acts))
    since.click()
    form = page.locator(".pick[open] form")
    form.locator("input:visible").fill("2026-02-03T04:05")
    form.locator("button").click()
    expect(page.locator(".since input:visible, .pick[open]")).to_have_count(0)
    assert "2026-02-03" in page.url
    assert "work=shipping" in page.url


def test_where_there_is_room_all_choices_stand_there(desk: Any) -> None:
    page = desk.open("/shift")
    expect(page.locator(".pick > summary:visible")).to_have_count(0)
    links = page.locator(".choose a")
    expect(page.locator(".choose a:visible")).to_have_count(links.count())
    expect(page.locator(".since input:visible")).to_have_count(1)


def test_yesterday_evening_is_that_of_a_browser_that_comes_for_the_first_time(desk: Any, server: Any) -> None:
    page = desk.open("/shift?since=yesterday", timezone_id="Pacific/Auckland")
    expect(page.locator("html")).to_have_attribute("data-zone", "Pacific/Auckland")
    expect(page.locator("main time").first).to_contain_text("18:00:00")


def test_a_zone_that_the_server_does_not_know_is_asked_for_once(desk: Any, server: Any) -> None:
    page = desk.open("about:blank")
    asked: list[str] = []

    def unknowing(route: Any) -> None:
        asked.append(route.request.url)
        answer = route.fetch()
        page_of_utc = re.sub('data-zone="[^"]*"', 'data-zone="UTC"', answer.text())
        route.fulfill(response=answer, body=page_of_utc)

    page.route("**/shift?*", unknowing)
    page.goto(f"{server.url}/shift?since=yesterday")
    page.wait_for_function("() => performance.getEntriesByType('navigation')[0].type === 'reload'")
    page.wait_for_load_state()
    page.evaluate("new Promise((done) => setTimeout(done, 50))")  # what the page does after it was loaded is done
    assert len(asked) == 2


def test_a_time_of_ones_own_is_read_in_the_zone_beside_it(desk: Any, server: Any) -> None:
    page = desk.open("/shift")
    page.locator(".since input").fill("2026-01-02T18:00")
    page.locator(".since select").select_option("Asia/Taipei")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".since input")).to_have_value("2026-01-02T18:00")
    expect(page.locator(".note")).to_contain_text("Only the latest 7 days")


@pytest.mark.parametrize(
    ("path", "zone"),
    [("/shift", "Pacific/Auckland"), ("/orders", "Asia/Taipei"), ("/help/order-missing", "Asia/Taipei")],
)
def test_whoever_comes_first_by_a_link_types_times_in_the_zone_that_is_shown(
    desk: Any, server: Any, path: str, zone: str
) -> None:
    page = desk.open(path, timezone_id=zone)
    expect(page.locator("select[name=tz]").first).to_have_value(zone)
    page.goto(f"{server.url}{path}?tz=Europe/Berlin")
    expect(page.locator("select[name=tz]").first).to_have_value("Europe/Berlin")
