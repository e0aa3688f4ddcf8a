"""From a failed entry to the host system: what failed, who acts, and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Page, expect

from apitrail.exchange import Exchange, Integration, Source, Stated

Call = Callable[..., Exchange]
REFUSED = b'{"error":"error_auth","message":"Invalid access_token.","request_id":"1"}'
ORDERS = "https://partner.shopeemobile.com/api/v2/order/get_order_list"
LETTERS_OF_TWICE_THE_SIZE = """() => {
    const all = [...document.querySelectorAll("body *")];
    const sizes = all.map((one) => parseFloat(getComputedStyle(one).fontSize));
    all.forEach((one, at) => { one.style.fontSize = `${2 * sizes[at]}px`; });
}"""


@pytest.fixture(scope="module")
def linked(serve: Any) -> Any:
    """A server that knows where the host system's pages are, and two of its integrations."""
    running = serve(
        "--link-templates",
        "order=https://erp.example/{merchant}/orders/{id}",
        "--link-templates",
        "ec_account=https://erp.example/shops/{id}",
    )
    shop = {
        "id": "42",
        "name": "Tea House",
        "side": "ec",
        "platform": "shopee",
        "accounts": ["7"],
        "merchant": "M9",
        "link": "https://erp.example/integrations/42",
        "settings": {"Stock": "every 5 minutes"},
        "enabled": False,
    }
    plain = {"id": "43", "name": "Tea House two", "side": "ec", "platform": "shopee", "accounts": ["8"]}
    answer = running.http.put("/api/v1/integrations", json={"integrations": [shop, plain]})
    assert answer.status_code == 200, answer.text
    return running


@pytest.fixture
def reader(desk_at: Any, linked: Any) -> Any:
    return desk_at(linked)


@pytest.fixture
def shopee(call: Call) -> Call:
    """Makes exchanges with Shopee; what callers state is given."""

    def make(url: str, body: bytes = b'{"error":""}', stated: Stated | None = None, method: str = "GET") -> Exchange:
        return call(url=url, body=body, stated=stated, method=method)

    return make


def fact(page: Page, name: str) -> Any:
    return page.locator(".facts > div", has=page.locator("dt", has_text=name)).locator("dd")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_failed_row_says_cause_and_words_under_its_path(reader: Any, linked: Any, shopee: Call, width: int) -> None:
    [entry] = linked.record(shopee(f"{ORDERS}?shop_id=7", REFUSED))
    page = reader.open(f"/?open={entry}", width=width)
    row = page.locator(f"#e-{entry}")
    why = row.locator(".c-path .why")
    expect(why.locator(".cause")).to_have_text("Authorisation expired")
    expect(why.locator(".said")).to_have_text("Invalid access_token.")
    path, below = row.locator(".c-path > code").bounding_box(), why.bounding_box()
    assert below["y"] >= path["y"] + path["height"] - 1
    assert abs(below["x"] - path["x"]) < 2
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_panel_says_what_failed_who_acts_whether_to_try_again_and_where(
    reader: Any, linked: Any, shopee: Call
) -> None:
    [entry] = linked.record(shopee(f"{ORDERS}?shop_id=7", REFUSED))
    page = reader.open(f"/?open={entry}")
    verdict = page.locator(".panel > :first-child")
    expect(verdict.locator(".what")).to_have_text("Fetch orders")
    expect(verdict.locator(".advice dt")).to_have_text(["Cause", "Who acts, and how", "Trying again"])
    expect(verdict.locator(".advice .acts")).to_have_text("Merchant")
    expect(verdict.locator(".advice dd").last).to_have_text("It will not help without a change.")
    assert [(link.inner_text(), link.get_attribute("href")) for link in verdict.locator(".docs a").all()] == [
        ("Shopee documentation", "https://open.shopee.com/documents"),
        ("Tea House in your own system", "https://erp.example/integrations/42"),
    ]
    account = fact(page, "EC Integration")
    expect(account.locator("a")).to_have_attribute("href", "https://erp.example/integrations/42")
    expect(account.locator(".setting")).to_have_text(["switched off", "Stock: every 5 minutes"])


def test_templates_link_what_has_no_link_of_its_own(reader: Any, linked: Any, shopee: Call) -> None:
    own = Source("order", "A-1", link="https://oms.example/1")
    plain = Source("order", "A 2")
    for source, link in ((own, own.link), (plain, "https://erp.example/M1/orders/A%202")):
        [entry] = linked.record(shopee(f"{ORDERS}?shop_id=8", stated=Stated(merchant="M1", source=source)))
        page = reader.open(f"/?open={entry}")
        expect(fact(page, "Source").locator("a")).to_have_attribute("href", link)
        chip = page.locator(".ref", has_text=source.id)
        expect(chip.locator("a").first).to_have_attribute("href", f"/?reference=order%3A{quote_plus(source.id)}")
        expect(chip.locator(".away")).to_have_attribute("href", link)
        expect(fact(page, "EC Integration").locator("a")).to_have_attribute("href", "https://erp.example/shops/43")


def test_an_account_that_only_the_platform_knows_has_no_link(reader: Any, linked: Any, shopee: Call) -> None:
    [entry] = linked.record(shopee(f"{ORDERS}?shop_id=999"))
    page = reader.open(f"/?open={entry}")
    expect(fact(page, "EC Integration")).to_have_text("Shopee 999")
    expect(fact(page, "EC Integration").locator("a")).to_have_count(0)
    expect(fact(page, "Source").locator("a")).to_have_count(0)


def test_what_was_stated_and_what_was_derived_are_both_shown_where_they_differ(
    reader: Any, linked: Any, shopee: Call
) -> None:
    stated = Stated(action="product.mapping.sync", ec_integration=Integration("99", "Ours"))
    [entry, same] = linked.record(shopee(f"{ORDERS}?shop_id=7", stated=stated), shopee(f"{ORDERS}?shop_id=7"))
    page = reader.open(f"/?open={entry}")
    expect(fact(page, "Action").locator(".overruled")).to_have_text("stated; derived: Fetch orders order.list")
    expect(fact(page, "EC Integration").locator(".overruled")).to_have_text("stated; derived: Tea House 42")
    expect(reader.open(f"/?open={same}").locator(".overruled")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
def test_several_results_are_counted_and_what_failed_comes_first(
    reader: Any, linked: Any, shopee: Call, width: int
) -> None:
    body = (
        b'{"error":"","response":{"success_list":[{"model_id":1,"stock":[]}],'
        b'"failure_list":[{"model_id":2,"failed_reason":"model not found"}]}}'
    )
    url = "https://partner.shopeemobile.com/api/v2/product/update_stock?shop_id=7"
    [entry] = linked.record(shopee(url, body, method="POST"))
    page = reader.open(f"/?open={entry}", width=width)
    expect(page.locator(f"#e-{entry} .c-action .aside")).to_have_text("1 of 2 refused")
    expect(page.locator(".items caption")).to_contain_text("1 accepted · 1 refused")
    first = page.locator(".items tbody tr").first
    expect(first).to_contain_text("Variant 2")
    expect(first).to_contain_text("model not found")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(LETTERS_OF_TWICE_THE_SIZE)  # as a browser shows that enlarges text alone
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_fetch_that_brought_nothing_says_so(reader: Any, linked: Any, shopee: Call) -> None:
    [entry] = linked.record(shopee(f"{ORDERS}?shop_id=7", b'{"error":"","response":{"order_list":[],"more":false}}'))
    page = reader.open(f"/?open={entry}")
    expect(page.locator(f"#e-{entry} .c-action .nothing")).to_have_text("0 orders")
    expect(fact(page, "Results")).to_have_text("0 orders")


def test_what_we_answered_to_a_notification_is_not_the_platforms_word(reader: Any, linked: Any, shopee: Call) -> None:
    exchange = shopee("https://us.example/hooks/shopee", b'{"message":"bad signature"}', method="POST")
    exchange.direction, exchange.status, exchange.stated = "inbound", 401, Stated(platform="shopee")
    [entry] = linked.record(exchange)
    page = reader.open(f"/?open={entry}")
    expect(page.locator(".said-by .label")).to_have_text("Our answer says")


def test_the_login_has_the_houses_look(reader: Any, linked: Any) -> None:
    for width in (1440, 390):
        page = reader.open("/login", width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        field, button = page.locator("#token"), page.locator("button.main")
        expect(field).to_be_focused()
        accent = page.evaluate("getComputedStyle(document.querySelector('button.main')).backgroundColor")
        assert accent == "rgb(47, 79, 208)"
        reader.expected = ["401"]
        field.fill("nothing")
        button.click()
        expect(page.get_by_role("alert")).to_contain_text("not a read token")


def test_the_login_speaks_the_readers_language(reader: Any, linked: Any) -> None:
    page = reader.open("/login?next=%2F%3Flang%3Dzh-TW")
    expect(page.locator("h2")).to_have_text("登入")
    assert page.evaluate("document.documentElement.lang") == "zh-TW"
    expect(reader.open("/login", locale="zh-TW").locator("h2")).to_have_text("登入")


def test_on_a_phone_a_chosen_outcome_is_in_sight(reader: Any, linked: Any, shopee: Call) -> None:
    linked.record(shopee(f"{ORDERS}?shop_id=7", REFUSED))
    page = reader.open("/?outcome=platform_error", width=390)
    box = page.locator(".chip", has_text="Platform or carrier error").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def test_the_boards_lead_to_the_pages_of_orders_and_accounts(reader: Any, linked: Any, shopee: Call) -> None:
    stated = Stated(source=Source("order", "B-77"))
    linked.record(shopee(f"{ORDERS}?shop_id=7", REFUSED, stated))
    page = reader.open("/problems?range=24h")
    row = page.locator(".trouble").filter(has_text="B-77").first
    links = [one.get_attribute("href") for one in row.locator("a.host").all()]
    assert links == ["https://erp.example/M9/orders/B-77", "https://erp.example/integrations/42"]
    page = reader.open("/orders?number=B-77")
    links = [one.get_attribute("href") for one in page.locator("table.rows a.host").all()]
    assert links == ["https://erp.example/M9/orders/B-77", "https://erp.example/integrations/42"]
