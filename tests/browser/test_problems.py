"""Problems: from a failure to what ended it, to its entries and to the host system, without a script too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from apitrail.exchange import Exchange, Integration, Source

Call = Callable[..., Exchange]


@pytest.mark.parametrize("width", [1440, 390])
def test_one_walks_from_a_problem_to_what_ended_it_and_to_its_entries(
    desk: Any, server: Any, call: Call, account: Integration, width: int
) -> None:
    source = Source("order", f"O-{account.id}")
    server.record(
        *(call("order.get", status=401, ago=timedelta(minutes=one), source=source) for one in (30, 20)),
        call("order.ship", status=503, ago=timedelta(minutes=15)),
    )
    [ended] = server.record(call("order.get", ago=timedelta(minutes=10)))
    page = desk.open("/problems?shown=all", width=width, java_script_enabled=False)
    row = page.locator(".trouble").filter(has_text=account.name)
    expect(row).to_have_count(2)
    row.first.locator("summary").click()
    row.first.get_by_role("link", name=account.name).first.click()
    expect(page.locator(".narrowed")).to_contain_text(account.name)
    over = page.locator(".trouble").filter(has_text="Fetch order detail")
    expect(page.locator("section", has=page.get_by_role("heading", name="Over")).locator(".trouble")).to_have_count(1)
    expect(over.locator("summary")).to_contain_text("Who acts: merchant")
    expect(over.locator("summary").get_by_text("of 3 calls")).to_be_visible()
    over.locator("summary").click()
    expect(over.get_by_role("link", name=source.id)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert over.locator(f"a[href='/entries/{ended}']").count() == 1
    over.get_by_role("link", name="In the log").click()
    expect(page.locator(".entry")).to_have_count(2)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_problem_leads_to_its_first_failure_to_the_parcels_it_hit_and_to_all_of_its_action(
    desk: Any, server: Any, call: Call, account: Integration, width: int
) -> None:
    parcel = Source("shipment", f"S-{account.id}")
    [first, _] = server.record(
        *(call("label.void", status=422, ago=timedelta(minutes=one), source=parcel) for one in (30, 20)),
    )
    once = call("order.get", status=422, ago=timedelta(minutes=10))
    server.record(once)
    page = desk.open(f"/problems?ec_integration={account.id}", width=width, java_script_enabled=False)
    row = page.locator(".trouble").filter(has_text="Cancel label")
    row.locator("summary").click()
    expect(row.get_by_role("link", name="The first failure")).to_have_attribute("href", f"/entries/{first}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    other = page.locator(".trouble").filter(has_text="Fetch order detail")
    other.locator("summary").click()
    expect(other.get_by_role("link", name="The latest failure")).to_be_visible()
    expect(other.get_by_role("link", name="The first failure")).to_have_count(0)
    row.get_by_role("link", name="Cancel label", exact=True).click()
    expect(page.locator(".trouble")).to_have_count(1)
    expect(page.locator(".narrowed")).to_contain_text("Cancel label")
    page.locator(".trouble summary").click()
    page.get_by_role("link", name=parcel.id).click()
    expect(page.locator(".rows tbody th")).to_contain_text(parcel.id)


def test_fifty_problems_on_a_phone_are_a_list_that_says_what_since_when_how_many_and_who_acts(
    desk_at: Callable[..., Any], empty_server: Any, call: Call, account: Integration
) -> None:
    accounts = [replace(account, id=f"{account.id}-{number}", name=f"Shop {number}") for number in range(50)]
    empty_server.record(
        *(call("order.get", status=401, ec=one, ago=timedelta(minutes=40)) for one in accounts),
        *(call("order.get", status=401, ec=one, ago=timedelta(minutes=20)) for one in accounts[:1]),
    )
    page = desk_at(empty_server).open("/problems", width=390, height=844, java_script_enabled=False)
    listed = page.locator(".trouble")
    expect(listed).to_have_count(25)
    assert listed.last.bounding_box()["y"] - listed.first.bounding_box()["y"] < 3 * 844
    first = listed.first.locator("summary")
    for told in ("Fetch order detail", "Shop 0", "2 failures", "Credentials", "merchant", "since"):
        expect(first.get_by_text(told).first).to_be_visible()
    expect(listed.first.locator(".opened")).to_be_hidden()
    page.get_by_role("link", name="Show 25 more").click()
    expect(listed).to_have_count(50)
    expect(listed.nth(25)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_state_is_chosen_by_a_link_and_kept_with_the_language(
    desk: Any, server: Any, call: Call, account: Integration
) -> None:
    server.record(call("order.get", status=401), call("order.ship", status=503, ago=timedelta(minutes=15)))
    server.record(call("order.ship", ago=timedelta(minutes=10)))
    page = desk.open(f"/problems?ec_integration={account.id}")
    page.get_by_role("link", name="Over").click()
    expect(page.locator(".trouble")).to_have_count(1)
    page.get_by_role("link", name="繁體中文").click()
    expect(page.get_by_role("heading", name="問題")).to_be_visible()
    expect(page.locator(".trouble")).to_have_count(1)
    expect(page.locator(".troubles h3")).to_contain_text("已結束")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_warehouse_sees_its_own_work_alone_in_each_state_and_walks_on_from_it(
    desk: Any, server: Any, call: Call, account: Integration, width: int
) -> None:
    server.record(
        call("label.create", status=401, ago=timedelta(minutes=5)),
        call("stock.push", status=401, ago=timedelta(minutes=4)),
    )
    page = desk.open(f"/problems?ec_integration={account.id}", width=width, java_script_enabled=False)
    listed = page.locator(".trouble")
    expect(listed).to_have_count(2)
    desk.choose(page, "Work", "Labels and shipping")
    expect(listed).to_have_count(1)
    expect(page.get_by_role("navigation", name="State", include_hidden=True).locator("[aria-current]")).to_have_text(
        "All 1"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    desk.choose(page, "State", "Over")
    expect(page.locator("#none")).to_contain_text("Labels and shipping · Over:")
    desk.choose(page, "State", "Going on")
    listed.locator("summary").click()
    listed.get_by_role("link", name=account.name).first.click()
    work = page.get_by_role("navigation", name="Work", include_hidden=True)
    expect(work.locator("[aria-current]")).to_have_text("Labels and shipping")
    expect(listed).to_contain_text("Generate label")
    listed.locator("summary").click()
    listed.get_by_role("link", name="In the log").click()
    expect(page.locator(".entry")).to_have_count(1)


def test_a_range_is_chosen_to_the_second_and_keeps_what_narrows_the_board(
    desk: Any, server: Any, call: Call, account: Integration
) -> None:
    [ago] = server.record(call("order.get", status=401, ago=timedelta(minutes=50)))
    server.record(call("order.ship", status=503, ago=timedelta(minutes=5)))
    page = desk.open(f"/problems?ec_integration={account.id}", java_script_enabled=False)
    expect(page.locator(".trouble")).to_have_count(2)
    now = datetime.now(UTC).replace(second=30)  # a field drops seconds that are 00
    page.get_by_label("From").fill(f"{now - timedelta(minutes=55):%Y-%m-%dT%H:%M:%S}")
    page.get_by_label("To").fill(f"{now - timedelta(minutes=45):%Y-%m-%dT%H:%M:%S}")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".trouble")).to_have_count(1)
    expect(page.locator(".narrowed")).to_contain_text(account.name)
    assert page.locator(f"a[href*='/entries/{ago}']").count() == 1
    assert page.get_by_label("From").input_value() == f"{now - timedelta(minutes=55):%Y-%m-%dT%H:%M:%S}"


def test_a_phone_has_the_lesser_pages_in_a_menu(desk: Any) -> None:
    page = desk.open(width=390)
    page.locator(".pages").get_by_text("More").click()
    page.get_by_role("link", name="Storage").click()
    expect(page.get_by_role("heading", name="Storage")).to_be_visible()
