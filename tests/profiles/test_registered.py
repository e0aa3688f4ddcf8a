"""Which calls are put down to a registered integration, and which are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apitrail.entry import Entry
from apitrail.exchange import Exchange, Integration, Message, Reference, Source, Stated
from apitrail.profiles import Profiles
from apitrail.registration import Registration

Make = Callable[..., Exchange]
ORDERS = "https://partner.shopeemobile.com/api/v2/order/get_order_list?shop_id=7"
LINK = "https://erp.example/integrations/42"


def shop(**changes: object) -> Registration:
    given: dict[str, object] = {
        "id": "42",
        "name": "Tea House",
        "side": "ec",
        "platform": "Shopee",
        "accounts": ("7",),
        "merchant": "M9",
        "link": LINK,
    }
    return Registration(**given | changes)  # type: ignore[arg-type]


@pytest.fixture
def derive(profiles: Profiles) -> Callable[..., Entry]:
    def derived(x: Exchange, *registrations: Registration) -> Entry:
        return profiles.entry(x, registered=profiles.registered(registrations))

    return derived


def test_a_platforms_account_becomes_the_registered_integration(derive: Callable[..., Entry], make: Make) -> None:
    entry = derive(make("GET", ORDERS), shop())
    assert entry.ec_integration == Integration("42", "Tea House")
    assert entry.merchant == "M9"
    assert entry.source == Source("ec_account", "42", "Tea House", LINK)
    assert Reference("account", "7") in entry.references


def test_an_account_of_another_platform_is_not_taken_for_it(derive: Callable[..., Entry], make: Make) -> None:
    entry = derive(make("GET", ORDERS), shop(platform="Lazada"))
    assert entry.ec_integration == Integration("7", "Shopee 7")
    assert entry.merchant is None


def test_an_account_that_is_the_registered_id_is_matched_too(derive: Callable[..., Entry], make: Make) -> None:
    entry = derive(make("GET", ORDERS), shop(id="7", accounts=()))
    assert entry.ec_integration == Integration("7", "Tea House")
    assert Reference("account", "7") not in entry.references


def test_an_integration_without_a_name_is_called_by_platform_and_id(derive: Callable[..., Entry], make: Make) -> None:
    assert derive(make("GET", ORDERS), shop(name="")).ec_integration == Integration("42", "Shopee 42")


def test_a_registered_host_tells_platform_and_integration(derive: Callable[..., Entry], make: Make) -> None:
    call = make("GET", "https://tea.example/shop/api/orders")
    assert derive(call).platform is None
    entry = derive(call, shop(platform="WooCommerce", accounts=(), hosts=("Tea.Example",)))
    assert entry.platform == "woocommerce"
    assert entry.ec_integration == Integration("42", "Tea House")


def test_a_registered_host_is_surer_than_a_signature(derive: Callable[..., Entry], make: Make) -> None:
    call = make("GET", "https://tea.example/wp-json/wc/v3/orders")
    assert derive(call).platform == "woocommerce"
    assert derive(call, shop(platform="magento", hosts=("tea.example",))).platform == "magento"


def test_a_platforms_own_host_is_surer_than_a_registered_one(derive: Callable[..., Entry], make: Make) -> None:
    entry = derive(make("GET", ORDERS), shop(platform="magento", accounts=(), hosts=("partner.shopeemobile.com",)))
    assert entry.platform == "shopee"


def test_a_stated_platform_is_surer_than_a_registered_host(derive: Callable[..., Entry], make: Make) -> None:
    call = make("GET", "https://tea.example/rest/V1/orders", stated=Stated(platform="magento"))
    entry = derive(call, shop(platform="woocommerce", hosts=("tea.example",)))
    assert entry.platform == "magento"
    assert entry.derived is not None
    assert entry.derived.platform == "woocommerce"


def test_a_host_of_a_platform_without_a_profile_still_tells_the_integration(
    derive: Callable[..., Entry], make: Make
) -> None:
    entry = derive(make("GET", "https://tea.example/x"), shop(platform="Corner Shop", hosts=("tea.example",)))
    assert (entry.platform, entry.ec_integration) == ("Corner Shop", Integration("42", "Tea House"))


@pytest.mark.parametrize("account", ["acme", "acme.myshopify.com", "ACME.myshopify.com"])
def test_a_shop_domain_is_matched_by_its_name_and_by_the_whole_of_it(
    derive: Callable[..., Entry], make: Make, account: str
) -> None:
    registered = shop(platform="Shopify", accounts=(account,))
    called = derive(make("GET", "https://acme.myshopify.com/admin/api/2025-01/orders.json"), registered)
    assert called.ec_integration == Integration("42", "Tea House")
    notified = make("POST", "https://us.example/hooks", direction="inbound")
    notified.request = Message(
        headers=[
            ("Content-Type", "application/json"),
            ("X-Shopify-Topic", "orders/create"),
            ("X-Shopify-Shop-Domain", "acme.myshopify.com"),
        ],
        body=b'{"id": 1}',
    )
    assert derive(notified, registered).ec_integration == Integration("42", "Tea House")


def test_the_notification_of_a_self_hosted_shop_is_matched_by_its_host(
    derive: Callable[..., Entry], make: Make
) -> None:
    notified = make("POST", "https://us.example/hooks", direction="inbound")
    notified.request = Message(
        headers=[
            ("Content-Type", "application/json"),
            ("X-WC-Webhook-Topic", "order.created"),
            ("X-WC-Webhook-Source", "https://tea.example/"),
        ],
        body=b'{"id": 1}',
    )
    entry = derive(notified, shop(platform="WooCommerce", accounts=(), hosts=("tea.example",)))
    assert entry.ec_integration == Integration("42", "Tea House")


def test_a_carriers_account_is_a_shipping_integration(derive: Callable[..., Entry], make: Make) -> None:
    call = make("POST", "https://api.suda.com.tw/api/Egs/PrintOBT", sent='{"CustomerId": "8091234567"}')
    entry = derive(call, shop(side="shipping", platform="T-Cat", accounts=("8091234567",)))
    assert entry.shipping_integration == Integration("42", "Tea House")
    assert entry.ec_integration is None


def test_of_two_with_the_same_account_the_enabled_one_is_found(derive: Callable[..., Entry], make: Make) -> None:
    old, new = shop(id="1", name="Old", enabled=False), shop(id="2", name="New")
    assert derive(make("GET", ORDERS), old, new).ec_integration == Integration("2", "New")
    assert derive(make("GET", ORDERS), old).ec_integration == Integration("1", "Old")


def test_a_stated_integration_takes_name_merchant_and_link_where_it_stated_none(
    derive: Callable[..., Entry], make: Make
) -> None:
    bare = derive(make(stated=Stated(ec_integration=Integration("42"))), shop())
    assert bare.ec_integration == Integration("42", "Tea House")
    assert bare.merchant == "M9"
    assert bare.source == Source("ec_account", "42", "Tea House", LINK)
    assert bare.stated == Stated(ec_integration=Integration("42"))
    named = derive(make(stated=Stated(ec_integration=Integration("42", "As it was"), merchant="M1")), shop())
    assert named.ec_integration == Integration("42", "As it was")
    assert named.merchant == "M1"
    assert named.source == Source("ec_account", "42", "As it was", LINK)


def test_a_stated_account_as_source_takes_name_and_link_where_it_stated_none(
    derive: Callable[..., Entry], make: Make
) -> None:
    entry = derive(make(stated=Stated(source=Source("ec_account", "42"))), shop())
    assert entry.source == Source("ec_account", "42", "Tea House", LINK)
    own = Source("ec_account", "42", "Own", "https://own.example/")
    assert derive(make(stated=Stated(source=own)), shop()).source == own


def test_a_stated_integration_tells_the_platform_of_a_host_that_nothing_else_tells(
    derive: Callable[..., Entry], make: Make
) -> None:
    stated = Stated(ec_integration=Integration("42"))
    call = make("GET", "https://tea.example/api/orders", stated=stated)
    assert derive(call, shop(platform="PrestaShop", accounts=())).platform == "prestashop"
    other = make("GET", "https://tea.example/wp-json/wc/v3/orders", stated=stated)
    assert derive(other, shop(platform="PrestaShop", accounts=())).platform == "woocommerce"


def test_another_integrations_merchant_is_not_taken(derive: Callable[..., Entry], make: Make) -> None:
    entry = derive(make("GET", ORDERS, stated=Stated(ec_integration=Integration("other"))), shop())
    assert entry.merchant is None
    assert entry.derived is not None
    assert entry.derived.ec_integration == Integration("42", "Tea House")
