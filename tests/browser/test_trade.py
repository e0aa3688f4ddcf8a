"""Orders and Shipments: from an order to its parcel, the broken link of its label, and the calls, without a script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from apitrail.exchange import Exchange, Integration, Reference, Source, Stated

Call = Callable[..., Exchange]


def test_that_a_parcel_has_no_number_yet_is_said_on_one_line(
    desk: Any, server: Any, call: Call, account: Integration
) -> None:
    carrier = Integration(f"sh-{account.id}", "Carrier")
    order = Source("order", f"O2{account.id}")
    server.record(call("label.create", status=422, source=order, ec=None, shipping=carrier))
    page = desk.open(f"/shipments?number={order.id}", width=390)
    parcel = page.locator(".rows tbody tr").filter(has_text=order.id)
    said = parcel.get_by_text("No number yet").bounding_box()
    assert said is not None
    assert said["height"] < 30


@pytest.mark.parametrize("width", [1440, 390])
def test_several_orders_are_looked_up_at_once_from_the_search_and_what_is_missing_leads_on(
    desk: Any, server: Any, call: Call, account: Integration, width: int
) -> None:
    name = uuid4().hex[:8].upper()
    known = [f"8{name}", f"9{name}"]
    server.record(*(call("order.get", source=Source("order", one)) for one in known))
    page = desk.open("/", width=width)
    page.fill("#find", f"#{known[0]}, #{known[1]} 7{name}")
    page.press("#find", "Enter")
    page.get_by_role("link", name="These 3 orders, one by one").click()
    expect(page.locator(".rows tbody th")).to_have_text(known)
    expect(page.locator("#missing")).to_contain_text(f"The log does not show order 7{name}.")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator("#missing").get_by_role("link", name="An order is missing").click()
    expect(page.locator("#order")).to_have_value(f"7{name}")


@pytest.mark.parametrize("width", [1440, 390])
def test_whoever_searches_for_an_order_reads_above_the_list_what_is_open_and_who_acts(
    desk: Any, server: Any, call: Call, account: Integration, width: int
) -> None:
    order, said = Source("order", f"5{uuid4().hex[:8].upper()}"), b'{"message":"Key ended"}'
    server.record(
        call("order.ship", ago=timedelta(minutes=9), source=order, status=401, body=said),
        *(call("order.get", ago=timedelta(minutes=one), source=order) for one in (8, 7)),
    )
    page = desk.open("/", width=width)
    page.fill("#find", f"#{order.id}")
    page.press("#find", "Enter")
    told = page.locator(".standing-of")
    expect(told).to_contain_text("Key ended")
    expect(told).to_contain_text("Who acts: merchant")
    expect(told.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody.rows .entry")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".entry .toggle").first.click()
    expect(page.locator(".panel")).to_be_visible()
    told.get_by_role("link", name=order.id).click()
    expect(page.locator(".entry")).to_have_count(3)
    page.goto(f"{server.url}/?ec_integration={account.id}")
    expect(page.locator(".entry")).to_have_count(3)
    expect(page.locator(".standing-of table")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
def test_one_walks_from_an_order_to_its_parcel_and_to_the_call_that_broke_its_label(
    desk: Any, server: Any, call: Call, account: Integration, width: int
) -> None:
    name = uuid4().hex[:8].upper()
    order, tracking = Source("order", f"O1{name}"), f"T1{name}"

    def label(action: str, minutes: int, *more: Reference, status: int = 200) -> Exchange:
        stated = Stated(
            action=action,
            platform="easypost",
            shipping_integration=Integration(f"sh-{name}", "Carrier"),
            references=[Reference("order", order.id), *more],
        )
        return call(action, ago=timedelta(minutes=minutes), status=status, stated=stated)

    [notice, _, broken] = server.record(
        call("webhook.order.created", ago=timedelta(minutes=9), source=order, direction="inbound"),
        label("tracking.allocate", 8, Reference("tracking", tracking)),
        label("label.create", 7, status=503),
    )
    page = desk.open(f"/orders?number={order.id}", width=width, java_script_enabled=False)
    row = page.locator(".rows tbody tr").filter(has_text=order.id)
    expect(row).to_contain_text("by notification")
    assert row.locator(f"a[href='/entries/{notice}']").count() == 1
    expect(row).to_contain_text("1 of 3 failed")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    height = row.evaluate("one => one.getBoundingClientRect().height")
    assert width > 390 or height < 8 * 24, "an order is seven lines at most, and a margin"
    page.goto(f"{server.url}/shipments?number={order.id}")
    parcel = page.locator(".rows tbody tr").filter(has_text=order.id)
    expect(parcel.locator(".pill")).to_contain_text("Failed")
    expect(parcel).to_contain_text("Broken at “Label”")
    expect(parcel).to_contain_text("A number exists already")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    lines = parcel.evaluate("one => one.getBoundingClientRect().height") / 24
    assert width > 390 or lines < 10, "what it is called and said takes six lines, and what went wrong two"
    parcel.locator(".chain .broken a").click()
    expect(page).to_have_url(f"{server.url}/entries/{broken}")


@pytest.mark.parametrize("board", ["orders", "shipments"])
def test_a_number_that_was_looked_for_is_read_whole_on_a_phone(desk: Any, server: Any, board: str) -> None:
    page = desk.open(f"/{board}?number=19068774385624309570", width=390)
    field = page.locator(".by-number input[type=search]")
    assert field.evaluate("field => field.scrollWidth <= field.clientWidth")
    expect(page.get_by_role("link", name="Back to the latest")).to_be_visible()


@pytest.mark.parametrize("board", ["orders", "shipments"])
@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_on_a_phone_the_choices_are_a_row_of_menus_that_name_what_is_chosen(
    desk: Any, server: Any, call: Call, account: Integration, board: str, language: str
) -> None:
    references = [Reference("order", f"R-{account.id}"), Reference("tracking", f"T-{account.id}")]
    stated = Stated(action="order.ship", ec_integration=account, references=references)
    server.record(call(status=401, stated=stated))
    path = f"/{board}?ec_integration={account.id}&lang={language}"
    page = desk.open(path, width=390, height=844, java_script_enabled=False)
    menus = page.locator(".pick > summary")
    assert len({one.bounding_box()["y"] for one in menus.all()}) == 1
    expect(page.locator(".rows tbody tr").first).to_be_in_viewport()
    expect(page.locator(".choose:visible, .between:visible")).to_have_count(0)
    page.goto(f"{server.url}{path}&failed=1&from=2026-01-02T18:00&tz=Asia/Taipei")
    mentioned, shown = menus.all()
    expect(mentioned).to_contain_text("2026-01-02 18:00:00")
    expect(shown).to_contain_text("With failures" if language == "en" else "有失敗的")
    desk.open_each(page, (mentioned, shown))
    mentioned.click()
    form = page.locator(".pick[open] form")
    form.locator("input:visible").first.fill("2026-02-03T04:05")
    form.locator("button").click()
    expect(mentioned).to_contain_text("2026-02-03 04:05:00")
    expect(page.locator(".pick[open]")).to_have_count(0)
    assert "failed=1" in page.url
    assert account.id in page.url


@pytest.mark.parametrize("script", [True, False])
def test_a_menu_of_choices_is_used_by_keys_alone(desk: Any, script: bool) -> None:
    page = desk.open("/orders", width=390, java_script_enabled=script)
    menu = page.locator(".pick > summary", has_text="Show")
    menu.focus()
    for key in ("Enter", "Tab", "Tab", "Tab"):
        page.keyboard.press(key)
    expect(page.get_by_role("link", name="Still open")).to_be_focused()
    page.keyboard.press("Enter")
    expect(menu).to_contain_text("Still open")
    assert "only=open" in page.url


@pytest.mark.parametrize("board", ["orders", "shipments"])
def test_where_there_is_room_all_choices_stand_there(desk: Any, board: str) -> None:
    page = desk.open(f"/{board}")
    expect(page.locator(".pick > summary:visible")).to_have_count(0)
    links = page.locator(".choose a")
    expect(page.locator(".choose a:visible")).to_have_count(links.count())
    expect(page.locator(".between input:visible")).to_have_count(2)
