"""What must not happen to the eye: words cut or struck through, an outline with a gap, a verdict out of sight."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from apitrail.exchange import Exchange, Integration, Source

Call = Callable[..., Exchange]


@pytest.fixture
def mine(account: Integration) -> str:
    return f"/?ec_integration={account.id}"


def box(found: Locator) -> Any:
    made = found.bounding_box()
    assert made is not None
    return made


def test_how_slow_a_call_was_is_read_whole_and_clear_of_its_bar(empty_server: Any, desk_at: Any, call: Call) -> None:
    empty_server.record(*(call("rate.quote", duration_ms=100.0) for _ in range(40)))
    empty_server.record(call("rate.quote", ago=timedelta(0), duration_ms=125_000.0))
    page = desk_at(empty_server).open()
    for _ in range(50):  # what is usual is looked up beside the page, which does not wait for it
        if page.locator(".entry .times").count():
            break
        page.reload()
    words, bar = page.locator(".times").first, page.locator(".pace").first
    expect(words).to_have_text("1,250× the usual")
    for width in (1440, 720, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert box(words)["y"] + box(words)["height"] <= box(bar)["y"] + 1, width
        for one in (words, page.locator(".c-duration").first):
            assert one.evaluate("one => one.scrollWidth <= one.clientWidth"), width


MOVED = """
    window.moved = 0;
    new PerformanceObserver((list) => { for (const one of list.getEntries()) window.moved += one.value; })
      .observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_moves_when_the_script_comes(desk: Any, server: Any, call: Call, mine: str, width: int) -> None:
    server.record(*(call() for _ in range(30)))
    page = desk.open("about:blank", width=width, height=844)
    page.add_init_script(MOVED)
    page.goto(server.url + mine)
    expect(page.locator("html.scripted")).to_have_count(1)
    expect(page.locator(".entry")).to_have_count(30)
    page.evaluate("() => new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)))")
    assert page.evaluate("moved") < 0.02, "of the part of the screen that moved, times how far"


def test_the_row_that_has_the_focus_is_outlined_all_around(desk: Any, server: Any, call: Call, mine: str) -> None:
    server.record(call())
    page = desk.open(mine)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".panel")).to_have_count(1)
    covering = page.locator(".entry > td").evaluate_all(
        "cells => cells.filter(one => getComputedStyle(one).backgroundColor !== 'rgba(0, 0, 0, 0)').length"
    )
    assert covering == 0


def test_a_long_address_leaves_what_was_said_in_sight(desk: Any, server: Any, call: Call) -> None:
    [entry] = server.record(call(url=f"https://api.shop.example/{'very-long-' * 700}end"))
    page = desk.open(f"/entries/{entry}", width=390, height=844)
    assert box(page.locator(".facts").first)["y"] + box(page.locator(".facts .long"))["height"] < 844
    page.locator(".facts .long summary").click()
    expect(page.locator(".facts .long")).to_contain_text("very-long-end")


def test_a_long_message_leaves_who_acts_in_sight(desk: Any, server: Any, call: Call) -> None:
    body = json.dumps({"error": {"code": "E1", "message": "no space on this truck, " * 150 + "the end"}})
    [entry] = server.record(call(status=400, body=body.encode()))
    page = desk.open(f"/entries/{entry}", width=390, height=844)
    assert box(page.locator(".verdict .advice"))["y"] < 844
    page.locator(".said-by .long summary").click()
    expect(page.locator(".said-by .words")).to_contain_text("the end")


def test_what_an_account_called_besides_takes_two_lines_a_call(desk: Any, server: Any, call: Call) -> None:
    body = json.dumps({"error": {"code": "E1", "message": "nospace" * 600}}).encode()
    entry, _, _ = server.record(call(), call(status=500, body=body), call(url=f"https://api.shop.example/{'a' * 900}"))
    for width in (1440, 390):
        page = desk.open(f"/entries/{entry}", width=width)
        expect(page.locator(".near tr")).to_have_count(2)
        for row in page.locator(".near tr").all():
            assert box(row)["height"] < 150, width
            assert box(row)["width"] <= width


def test_a_source_of_many_letters_does_not_widen_the_page(desk: Any, server: Any, call: Call) -> None:
    [entry] = server.record(call(source=Source("order", "O" * 180)))
    for width in (1440, 390):
        page = desk.open(f"/entries/{entry}", width=width)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), width


def test_an_action_of_many_letters_stays_clear_of_what_one_can_do(desk: Any, server: Any, call: Call) -> None:
    [entry] = server.record(call("custom." + "x" * 150))
    for width in (1440, 390):
        page = desk.open(f"/entries/{entry}", width=width)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), width
        what, deeds = box(page.locator(".meaning .what")), box(page.locator(".verdict > .actions"))
        beside = what["x"] + what["width"] <= deeds["x"]
        assert beside or what["y"] + what["height"] <= deeds["y"], width


@pytest.mark.parametrize("width", [390, 320])
def test_the_number_and_the_platforms_code_are_whole_in_a_card(
    desk: Any, server: Any, call: Call, mine: str, width: int
) -> None:
    body = json.dumps({"error": {"code": "shipment.label.address.recipient.postcode_invalid", "message": "no"}})
    server.record(
        call(status=422, body=body.encode(), source=Source("order", "shp_" + "d93cc2d57444efae998dae20f09a7ba5" * 2))
    )
    page = desk.open(mine, width=width)
    for part in (".c-source", ".raw-status"):
        within = "one => one.scrollWidth <= one.clientWidth"
        assert page.locator(f".entry {part}").first.evaluate(within), part


@pytest.mark.parametrize("lang", ["en", "zh-TW"])
def test_at_400_per_cent_the_filters_are_named_in_full_and_clear_of_each_other(desk: Any, mine: str, lang: str) -> None:
    page = desk.open(f"{mine}&from=2026-08-17T06:03:00Z&to=2026-08-18T06:03:00Z&lang={lang}", width=320)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for name in page.locator(".narrow > .menu > summary .label").all():
        assert name.evaluate("name => name.scrollWidth <= name.clientWidth"), name.inner_text()
    chosen, exact = box(page.locator(".created .value")), box(page.locator(".exact > summary"))
    beside = chosen["x"] + chosen["width"] <= exact["x"]
    assert beside or chosen["y"] + chosen["height"] <= exact["y"] or exact["y"] + exact["height"] <= chosen["y"]


@pytest.mark.parametrize("menu", ["#views", "#download"])
def test_a_menu_of_the_bar_is_whole_on_a_phone(desk: Any, server: Any, call: Call, mine: str, menu: str) -> None:
    server.record(call())
    page = desk.open(mine, width=390, height=844)
    page.locator(f"{menu} > summary").click()
    opened = box(page.locator(f"{menu} > .menu-body"))
    assert 0 <= opened["x"] < opened["x"] + opened["width"] <= 390


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1440, 620), (390, 844)])
def test_more_filters_are_all_below_each_other_in_their_box(
    desk: Any, server: Any, call: Call, mine: str, width: int, height: int
) -> None:
    causes = ("no such order", "Unauthorized", "Too Many Requests", "address", "duplicate", "timeout")
    server.record(*(call(status=400, body=json.dumps({"message": one}).encode()) for one in causes), call(status=401))
    page = desk.open(mine, width=width, height=height)
    page.locator("#menu-more summary").click()
    menu = page.locator("#menu-more .menu-body")
    assert menu.evaluate("one => one.scrollWidth <= one.clientWidth"), "a finger scrolls down, and never to the right"
    page.locator("#f-duration_over").scroll_into_view_if_needed()
    assert box(page.locator("#f-duration_over"))["y"] < height


def test_on_its_own_page_an_entry_does_not_lead_to_its_own_page(desk: Any, server: Any, call: Call, mine: str) -> None:
    [entry] = server.record(call())
    page = desk.open(f"/entries/{entry}")
    expect(page.get_by_role("link", name="Own page")).to_be_hidden()
    heights = {box(one)["height"] for one in page.locator(".actions :is(.button, button, summary)").all()}
    assert len(heights) == 1
    page = desk.open(mine)
    page.locator(".toggle").click()
    expect(page.get_by_role("link", name="Own page")).to_be_visible()


def test_what_hides_in_a_message_is_drawn_in_the_row_too(desk: Any, server: Any, call: Call, mine: str) -> None:
    body = '{"error":{"code":"E1","message":"pay \u202eabc"}}'.encode()
    server.record(call(status=400, body=body))
    page = desk.open(mine)
    expect(page.locator(".entry .said")).to_have_text("pay U+202Eabc")
    page.locator(".toggle").click()
    expect(page.locator(".panel .words")).to_have_text("pay U+202Eabc")


def test_that_something_was_done_is_said_of_a_known_platform_alone(desk: Any, server: Any, call: Call) -> None:
    shopee = "https://partner.shopeemobile.com/api/v2/order/get_order_list?shop_id=7"
    known, unknown = server.record(call(url=shopee, body=b'{"error":"","response":{}}'), call())
    expect(desk.open(f"/entries/{known}").locator(".meaning")).to_contain_text("did what was asked")
    expect(desk.open(f"/entries/{unknown}").locator(".meaning")).to_contain_text("The answer shows no failure")


@pytest.mark.parametrize("width", [720, 390])
def test_every_outcome_that_there_was_is_in_sight(desk: Any, server: Any, call: Call, mine: str, width: int) -> None:
    server.record(call(), call(status=404), call(status=500))
    page = desk.open(mine, width=width)
    chips = [one for one in page.locator(".chip").all() if one.is_visible()]
    assert {"Success", "Bad request", "Platform or carrier error"} <= {one.inner_text().split("\n")[0] for one in chips}
    assert all(box(one)["x"] + box(one)["width"] <= width for one in chips)


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_the_first_rows_are_on_a_phones_first_screen_below_what_narrows_them(
    desk: Any, server: Any, call: Call, mine: str, language: str
) -> None:
    server.record(*(call(status=status) for status in (200, 404, 500) for _ in range(4)))
    page = desk.open(f"{mine}&lang={language}", width=390, height=844)
    assert page.locator("#created[open] .quick a").count() == 6
    assert all(box(one)["x"] + box(one)["width"] <= 390 - 24 for one in page.locator(".quick a").all())
    assert box(page.locator(".entry").first)["y"] < 844 * 0.62
    assert box(page.locator(".entry").nth(1))["y"] + box(page.locator(".entry").nth(1))["height"] < 844
    page.locator(".created .exact > summary").click()
    expect(page.locator("#from")).to_be_visible()
