"""Where the caller stated otherwise than was derived, both are kept; where the two agree, nothing is said twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apitrail.entry import Overruled
from apitrail.exchange import Exchange, Integration, Reference, Source, Stated
from apitrail.profiles import Profiles

Make = Callable[..., Exchange]
SHOPEE = "https://partner.shopeemobile.com/api/v2"
ORDERS = f"{SHOPEE}/order/get_order_list?shop_id=7"
SHIPPED = f"{SHOPEE}/logistics/ship_order?shop_id=7"


def test_what_a_statement_overruled_is_kept_beside_it(profiles: Profiles, make: Make) -> None:
    stated = Stated(
        action="product.mapping.sync",
        platform="Corner Shop",
        ec_integration=Integration("ec-1", "Our shop"),
        source=Source("product", "P-1"),
    )
    entry = profiles.entry(make("POST", SHIPPED, sent='{"order_sn": "2611A"}', answer='{"error": ""}', stated=stated))
    assert entry.action == "product.mapping.sync"
    assert entry.platform == "Corner Shop"
    assert entry.derived is not None
    assert entry.derived.platform == "shopee"
    # By the stated platform's rules, of which there are none.
    assert entry.derived == Overruled(platform="shopee")


def test_each_overruled_field_is_told(profiles: Profiles, make: Make) -> None:
    stated = Stated(
        action="order.cancel",
        shipping_integration=Integration("carrier-1", "Our carrier"),
        source=Source("return", "R-1"),
    )
    entry = profiles.entry(make("POST", SHIPPED, sent='{"order_sn": "2611A"}', answer='{"error": ""}', stated=stated))
    assert entry.derived == Overruled(
        action="order.ship",
        ec_integration=Integration("7", "Shopee 7"),
        source=Source("order", "2611A"),
    )
    assert (entry.ec_integration, entry.shipping_integration) == (None, Integration("carrier-1", "Our carrier"))


@pytest.mark.parametrize(
    "stated",
    [
        Stated(),
        Stated(action="order.list"),
        Stated(platform="SHOPEE", ec_integration=Integration("7", "Our shop")),
        Stated(merchant="M1"),
    ],
)
def test_where_statement_and_derivation_agree_nothing_is_kept_twice(
    profiles: Profiles, make: Make, stated: Stated
) -> None:
    entry = profiles.entry(make("GET", ORDERS, stated=stated))
    assert entry.derived is None


def test_stating_what_nothing_was_derived_of_overrules_nothing(profiles: Profiles, make: Make) -> None:
    stated = Stated(
        action="loyalty.points", platform="Corner Shop", ec_integration=Integration("1"), source=Source("job", "J-1")
    )
    assert profiles.entry(make(stated=stated)).derived is None


def test_a_platform_that_only_its_signature_tells_is_kept_too(profiles: Profiles, make: Make) -> None:
    stated = Stated(platform="magento")
    entry = profiles.entry(make("GET", "https://shop.example/wp-json/wc/v3/orders", stated=stated))
    assert entry.platform == "magento"
    assert entry.derived is not None
    assert entry.derived.platform == "woocommerce"


def test_a_stated_source_is_found_as_a_reference(profiles: Profiles, make: Make) -> None:
    stated = Stated(source=Source("order", "2611A"), references=[Reference("order", "2611A"), Reference("sku", "S")])
    entry = profiles.entry(make("GET", ORDERS, stated=stated))
    assert entry.references[:2] == [Reference("order", "2611A"), Reference("sku", "S")]
    assert entry.references.count(Reference("order", "2611A")) == 1
    assert stated.references == [Reference("order", "2611A"), Reference("sku", "S")]


@pytest.mark.parametrize("kind", ["ec_account", "shipping_account"])
def test_a_stated_account_is_no_reference(profiles: Profiles, make: Make, kind: str) -> None:
    entry = profiles.entry(make(stated=Stated(source=Source(kind, "ec-1"))))
    assert entry.references == []


def test_the_platforms_own_account_stays_findable_under_another_id(profiles: Profiles, make: Make) -> None:
    entry = profiles.entry(make("GET", ORDERS, stated=Stated(ec_integration=Integration("ec-1"))))
    assert Reference("account", "7") in entry.references
    same = profiles.entry(make("GET", ORDERS, stated=Stated(ec_integration=Integration("7"))))
    assert Reference("account", "7") not in same.references
    alone = profiles.entry(make("GET", ORDERS))
    assert Reference("account", "7") not in alone.references
