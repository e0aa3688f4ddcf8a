"""What belongs to an entry: its call's attempts, the last success and what changed, the account's other calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from apitrail.exchange import Exchange, Integration, Message, Reference, Source, Stated

Call = Callable[..., Exchange]


@pytest.fixture
def mine(account: Integration) -> str:
    return f"/?ec_integration={account.id}"


def body(text: str) -> Message:
    return Message(headers=[("Content-Type", "application/json")], body=text.encode())


def test_a_failure_shows_the_last_success_beside_it_and_what_changed(
    desk: Any, server: Any, call: Call, mine: str
) -> None:
    good = call("label.create", method="POST", ago=timedelta(hours=30), request=body('{"zip": "100", "kg": 1.5}'))
    bad = call("label.create", method="POST", status=422, request=body('{"zip": "99999", "kg": 1.5}'))
    server.record(good, bad, call("order.list"))
    page = desk.open(mine)
    page.locator(".entry", has_text="Generate label").locator(".toggle").click()
    related = page.locator(f"#related-{bad.id}")
    lines = related.locator(".differences tbody tr")
    expect(lines).to_have_count(2)
    assert [cell.strip() for cell in lines.first.locator("th, td").all_inner_texts()] == ["Body zip", "100", "99999"]
    expect(related.locator(".near").first.locator("a")).to_have_attribute("href", f"/entries/{good.id}")
    # Beside it: what else this account called in the minutes around.
    expect(related.locator(".near").last.locator("tr")).to_have_count(1)
    related.get_by_role("link", name="All of them in the list").click()
    expect(page.locator(".rows .entry")).to_have_count(2)


def test_a_failure_is_compared_with_a_success_at_the_same_address_or_says_that_there_was_none(
    desk: Any, server: Any, call: Call
) -> None:
    """An account may push its stock by two of a platform's APIs."""

    def push(path: str, minutes: int, text: str, status: int = 200) -> Exchange:
        url = f"https://api.shop.example/{path}"
        ago = timedelta(minutes=minutes)
        return call("stock.push", method="POST", url=url, ago=ago, status=status, request=body(text))

    good, _, bad = server.record(
        push("graphql.json", 8, '{"query": "b"}'),
        push("levels.json", 7, '{"level": 5}'),
        push("graphql.json", 6, '{"query": "c"}', 422),
    )
    page = desk.open(f"/entries/{bad}")
    expect(page.locator(".near").first.locator("a")).to_have_attribute("href", f"/entries/{good}")
    expect(page.locator(".differences tbody")).to_contain_text("query")
    expect(page.get_by_text("went to another address")).to_have_count(0)
    worked, failed = server.record(push("levels.json", 30, '{"level": 4}'), push("graphql.json", 20, '{"q": 1}', 422))
    page.goto(f"{server.url}/entries/{failed}")
    expect(page.locator(".near").first.locator("a")).to_have_attribute("href", f"/entries/{worked}")
    expect(page.locator(".differences tbody")).to_contain_text("/graphql.json")
    expect(page.locator(".differences tbody")).not_to_contain_text("Body")
    expect(page.get_by_text("That call went to another address")).to_be_visible()


def test_a_notification_shows_each_time_it_came(desk: Any, server: Any, call: Call, account: Integration) -> None:
    """A platform sends again what was refused, under the number that it gave the first time."""

    def notice(minutes: int, number: str, status: int) -> Exchange:
        stated = Stated(
            action="webhook.order.created", ec_integration=account, references=[Reference("delivery", number)]
        )
        return call(
            "webhook.order.created", direction="inbound", ago=timedelta(minutes=minutes), status=status, stated=stated
        )

    name = uuid4().hex
    refused, again, other = server.record(notice(9, name, 500), notice(4, name, 200), notice(3, uuid4().hex, 200))
    page = desk.open(f"/entries/{again}")
    came = page.locator(".related", has_text="Each time this notification came").locator(".near").first.locator("tr")
    expect(came).to_have_count(2)
    expect(came.first).to_have_attribute("aria-current", "true")
    came.last.get_by_role("link").click()
    expect(page).to_have_url(f"{server.url}/entries/{refused}")
    page.goto(f"{server.url}/entries/{other}")
    expect(page.locator(".related")).to_be_visible()
    expect(page.get_by_text("Each time this notification came")).to_have_count(0)


def test_an_entry_says_how_many_calls_the_platform_takes(desk: Any, server: Any, call: Call) -> None:
    told = [("Retry-After", "2.0"), ("X-RateLimit-Remaining", "0"), ("X-Shopify-Shop-Api-Call-Limit", "40/40")]
    answer = Message(headers=[("Content-Type", "application/json"), *told], body=b"{}")
    busy, silent = server.record(call("order.list", status=429, response=answer), call("order.list", status=429))
    page = desk.open(f"/entries/{busy}")
    expect(page.locator(".facts").first).to_contain_text(
        "Retry-After: 2.0 · X-RateLimit-Remaining: 0 · X-Shopify-Shop-Api-Call-Limit: 40/40"
    )
    page.goto(f"{server.url}/entries/{silent}")
    expect(page.locator(".facts").first).to_contain_text("Duration")
    expect(page.locator(".facts").first).not_to_contain_text("Rate limits")


def test_a_failure_says_whether_the_same_has_worked_since_for_its_order(
    desk: Any, server: Any, call: Call, account: Integration
) -> None:
    mine, other = Source("order", f"O1{account.id}"), Source("order", f"O2{account.id}")
    stuck, bad, good, _ = server.record(
        call("label.create", ago=timedelta(minutes=9), source=other, status=422),
        call("label.create", ago=timedelta(minutes=8), source=mine, status=422),
        call("label.create", ago=timedelta(minutes=7), source=mine),
        call("label.void", ago=timedelta(minutes=6), source=other),
    )
    page = desk.open(f"/entries/{bad}")
    expect(page.locator(".since")).to_contain_text(f"Since then, “Generate label” has worked for {mine.id}:")
    page.goto(f"{server.url}/entries/{stuck}")
    expect(page.locator(".since")).to_have_text(
        f"Since then, the log shows no “Generate label” that worked for {other.id}."
    )
    page.goto(f"{server.url}/entries/{bad}")
    page.locator(".since a").click()
    expect(page).to_have_url(f"{server.url}/entries/{good}")
    expect(page.locator(".since")).to_have_count(0)


def test_a_call_that_the_platform_had_already_says_what_the_log_shows_of_the_first(
    desk: Any, server: Any, call: Call, account: Integration
) -> None:
    def ship(order: str, minutes_ago: int, status: int | None, said: str = "ok") -> Exchange:
        source, answer = Source("order", f"{order}{account.id}"), f'{{"message": "{said}"}}'.encode()
        return call("order.ship", ago=timedelta(minutes=minutes_ago), source=source, status=status, body=answer)

    has_it = "this order has already been shipped"
    lost, first, _, *again = server.record(
        ship("P", 9, None),
        ship("W", 9, 200),
        ship("P", 8, 422, "unknown warehouse"),
        ship("P", 5, 409, has_it),
        ship("W", 5, 409, has_it),
        ship("N", 5, 409, has_it),
    )
    page = desk.open(f"/entries/{again[1]}")
    expect(page.locator(".verdict")).to_contain_text("refused the call because it already has what was sent")
    expect(page.locator(".since.worked")).to_contain_text(
        f"“Report shipment to platform” had already worked for W{account.id}:"
    )
    expect(page.locator(".since a")).to_have_attribute("href", f"/entries/{first}")
    page.goto(f"{server.url}/entries/{again[0]}")
    expect(page.locator(".since:not(.worked)")).to_contain_text("An earlier “Report shipment to platform”")
    expect(page.locator(".since a")).to_have_attribute("href", f"/entries/{lost}")
    page.goto(f"{server.url}/entries/{lost}")
    expect(page.locator(".since:not(.worked)")).to_contain_text("Later, the platform said that it already has this")
    expect(page.locator(".since a")).to_have_attribute("href", f"/entries/{again[0]}")
    page.goto(f"{server.url}/entries/{again[2]}")
    expect(page.locator(".since")).to_have_text(
        f"The log shows no “Report shipment to platform” that worked for N{account.id}, neither before nor since."
    )


def test_an_entry_that_is_opened_in_the_list_is_shown_before_it_is_known_whether_the_same_has_worked_since(
    desk: Any, server: Any, call: Call, account: Integration, mine: str
) -> None:
    order = Source("order", f"O3{account.id}")
    bad, good = server.record(
        call("label.create", ago=timedelta(minutes=8), source=order, status=422),
        call("label.create", ago=timedelta(minutes=7), source=order),
    )
    page = desk.open(mine)
    held: list[Any] = []
    page.route("**/related?*", lambda route: held.append(route))
    page.locator(f"[data-entry='{bad}']").click()
    panel = page.locator(f"#panel-{bad}")
    expect(panel.locator(".since")).to_have_text("Looking whether the same has worked since …")
    expect(panel.locator(".sides")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.related-more:not([data-load])')")
    held[0].continue_()
    expect(panel.locator(".since")).to_contain_text(f"“Generate label” has worked for {order.id}:")
    expect(panel.locator(".since a")).to_have_attribute("href", f"/entries/{good}")
    expect(panel.locator(".since time .clock")).to_have_text(
        panel.locator(".related .near a time .clock").first.inner_text()
    )
    page.unroute("**/related?*")
    page.locator(f"[data-entry='{good}']").click()
    expect(page.locator(f"#panel-{good}")).to_be_visible()
    expect(page.locator(f"#panel-{good} .since")).to_have_count(0)


def test_where_it_is_not_told_whether_the_same_has_worked_since_nothing_waits(
    desk: Any, server: Any, call: Call, mine: str
) -> None:
    [bad] = server.record(call("label.create", status=422))
    desk.expected.append("503")
    page = desk.open(mine)
    page.route("**/related?*", lambda route: route.fulfill(status=503, body=""))
    page.locator(f"[data-entry='{bad}']").click()
    expect(page.locator(f"#panel-{bad}")).to_be_visible()
    expect(page.locator(f"#panel-{bad} .since")).to_have_count(0)


def test_a_failure_about_no_single_order_says_whether_its_account_has_worked_since(
    desk: Any, server: Any, call: Call, account: Integration
) -> None:
    shop = Source("ec_account", account.id)
    bad, good = server.record(
        call(ago=timedelta(minutes=9), source=shop, status=503),
        call(ago=timedelta(minutes=8), source=shop),
    )
    page = desk.open(f"/entries/{bad}", width=390)
    expect(page.locator(".since")).to_contain_text(f"has worked for {account.name}:")
    expect(page.locator(".since a")).to_have_attribute("href", f"/entries/{good}")


def test_a_call_that_failed_in_part_says_for_how_many_of_those_the_same_has_worked_since(
    desk: Any, server: Any, call: Call, account: Integration
) -> None:
    def order(letter: str) -> str:
        return f"2026{int(account.id[-8:], 16):013}-{ord(letter):03}-001"

    def report(minutes_ago: int, worked: str = "", failed: str = "") -> Exchange:
        """Shipments as momo is told of them, and what it answers."""
        ok, bad = ([order(one) for one in each.split()] for each in (worked, failed))
        sent = [{"completeOrderNo": one, "slipNo": "905074233685"} for one in (*ok, *bad)]
        told = {"confirmOkList": ok, "confirmFailList": [f"{one}: no such slip" for one in bad]}
        return call(
            "order.ship",
            method="POST",
            url="https://scmapi.momoshop.com.tw/OrderServlet.do",
            ago=timedelta(minutes=minutes_ago),
            source=None,
            request=body(json.dumps({"doAction": "unsendCompanyConfirm", "sendInfoList": sent})),
            body=json.dumps({"ERROR": "", "resultInfo": told}).encode(),
        )

    several, _, mixed, last = server.record(
        report(9, "G", "A B C"),
        report(8, "G"),
        report(7, "A", "B C"),
        report(6, "B C G"),
    )
    page = desk.open(f"/entries/{several}")
    shown = page.locator(".since")
    expect(shown).to_contain_text("has worked for all 3 that this call failed for:")
    expect(shown.locator("a")).to_have_attribute("href", f"/entries/{last}")
    [single, *stuck] = server.record(report(5, "G", "A"), report(4, "G", "A"), report(3, "G B", "C D"))
    page.goto(f"{server.url}/entries/{mixed}")
    expect(page.locator(".since.worked")).to_contain_text("has worked for all 2 that this call failed for:")
    page.goto(f"{server.url}/entries/{single}")
    expect(page.locator(".since")).to_have_text(
        f"Since then, the log shows no “Report shipment to platform” that worked for {order('A')}."
    )
    server.record(report(2, "G C", "A"))
    page.goto(f"{server.url}/entries/{stuck[1]}")
    expect(page.locator(".since:not(.worked)")).to_contain_text(
        f"has worked for 1 of the 2 that this call failed for, but not for {order('D')}:"
    )


def test_the_attempts_of_one_call_are_linked(desk: Any, server: Any, call: Call, mine: str) -> None:
    name = uuid4().hex
    first = call(status=503, call=name, attempt=1, ago=timedelta(seconds=9))
    second = call(status=200, call=name, attempt=2, ago=timedelta(seconds=5))
    server.record(first, second, call())
    page = desk.open(f"{mine}&open={first.id}")
    attempts = page.locator(f"#related-{first.id} .near").first.locator("tr")
    expect(attempts).to_have_count(2)
    expect(attempts.first).to_have_attribute("aria-current", "true")
    expect(attempts.last).to_contain_text("attempt 2")
    attempts.last.locator("a").click()
    page.wait_for_url(f"**/entries/{second.id}*")


def test_that_there_was_no_success_is_said_and_all_of_it_is_a_page(
    desk: Any, server: Any, call: Call, mine: str
) -> None:
    bad = call("stock.push", status=500)
    server.record(bad)
    page = desk.open(f"{mine}&open={bad.id}", java_script_enabled=False)
    page.get_by_role("link", name="What belongs to it").click()
    expect(page.locator(".related")).to_contain_text("The log holds no earlier success of this action and account.")
    expect(page.locator(".related")).to_contain_text("No other call of this account in these minutes.")
