"""EC Integrations and Shipping Integrations: every account, how it fares, and where to look next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from apitrail.exchange import Exchange, Integration

Call = Callable[..., Exchange]


@pytest.mark.parametrize("width", [1440, 390])
def test_a_failing_account_says_since_when_and_leads_to_its_entries(
    desk: Any, server: Any, call: Call, account: Integration, width: int
) -> None:
    [worked, *failures] = server.record(
        call(ago=timedelta(hours=2)), *(call(status=401, ago=timedelta(minutes=one)) for one in (30, 20, 10))
    )
    page = desk.open(width=width)
    if width == 390:
        page.locator(".pages").get_by_text("More").click()
    page.get_by_role("link", name="EC Integrations").first.click()
    page.goto(f"{page.url}?ec_integration={account.id}")  # other tests have accounts, too
    card = page.locator(".account").filter(has_text=account.name)
    expect(card.locator(".pill")).to_contain_text("Failing")
    expect(card).to_contain_text("nothing has worked since")
    expect(card).to_contain_text("4 calls, 3 failed (75 %)")
    drawings = card.get_by_role("img")
    expect(drawings).to_have_count(2)
    expect(drawings.nth(1)).to_have_accessible_name("Median duration from 120 ms to 120 ms")
    assert all(one.locator("path").last.get_attribute("d") for one in drawings.all())
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    links = card.locator("tbody td a")
    assert [one.get_attribute("href") for one in links.all()] == [f"/entries/{worked}", f"/entries/{failures[-1]}"]
    card.get_by_role("link", name="In the log").click()
    expect(page.locator(".entry")).to_have_count(4)


def test_a_registered_account_is_there_before_its_first_call_with_its_page(
    desk: Any, server: Any, account: Any
) -> None:
    wish = {
        "id": account.id,
        "name": account.name,
        "side": "shipping",
        "platform": "tcat",
        "link": "https://erp.example/7",
        "settings": {"Cut-off": "17:00"},
    }
    assert server.http.put("/api/v1/integrations", json={"integrations": [wish]}).status_code == 200
    page = desk.open(f"/integrations/shipping?lang=zh-TW&shipping_integration={account.id}")
    card = page.locator(".account").filter(has_text=account.name)
    expect(card).to_contain_text("紀錄中看不到任何呼叫")
    expect(card).to_contain_text("Cut-off: 17:00")
    assert card.get_by_role("link", name="在您的系統中開啟").get_attribute("href") == "https://erp.example/7"


@pytest.mark.parametrize("scripted", [True, False])
def test_of_many_accounts_a_line_opens_to_what_is_told_of_it(
    desk_at: Any, serve: Any, account: Integration, scripted: bool
) -> None:
    server = serve()
    wishes = [
        {"id": f"{account.id}-{one}", "name": f"Shop {one}", "side": "ec", "platform": "shopee", "merchant": "Tea & Co"}
        for one in range(100, 140)
    ]
    server.http.put("/api/v1/integrations", json={"integrations": wishes}).raise_for_status()
    desk = desk_at(server)
    for width in (1440, 390):
        page = desk.open("/integrations/ec", width=width, java_script_enabled=scripted)
        expect(page.locator(".account")).to_have_count(0)
        line = page.locator(".others > li").nth(7)
        line.locator("summary").click()
        if not scripted:
            line.get_by_role("link", name="Show all of it").click()
        card = page.locator(".account")
        expect(card).to_have_count(1)
        expect(card).to_contain_text("the log does not show any call")
        expect(card.get_by_role("link", name="In the log")).to_be_visible()
        if scripted:
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            page.get_by_role("searchbox", name="Name, id, platform or merchant").fill("shop 121")
            page.get_by_role("button", name="Find").click()
            expect(page.locator(".account")).to_have_count(1)
            expect(page.get_by_role("heading", name="Shop 121")).to_be_visible()
