"""Templates of links to the host system: only to where they say, and only what is known."""

from __future__ import annotations

import pytest

from apitrail.server.linking import LinkTemplates
from apitrail.server.problems import Problem


def test_a_template_is_filled_in_and_escaped() -> None:
    links = LinkTemplates(["order=https://erp.example/{merchant}/orders/{id}?on={platform}#top", "sku=http://w/{id}"])
    link = links.link("order", "A/1 ?&#%", merchant="M 1", platform="shopee")
    assert link == "https://erp.example/M%201/orders/A%2F1%20%3F%26%23%25?on=shopee#top"
    assert links.link("sku", "{merchant}") == "http://w/%7Bmerchant%7D"


def test_where_something_is_not_known_there_is_no_link() -> None:
    links = LinkTemplates(["order=https://erp.example/{merchant}/{id}"])
    assert links.link("order", "1") == ""
    assert links.link("order", "", merchant="M") == ""
    assert links.link("shipment", "1", merchant="M") == ""


@pytest.mark.parametrize(
    "wrong",
    [
        "https://erp.example/{id}",
        "order",
        "order=",
        "Order Number=https://erp.example/{id}",
        "order=javascript:alert({id})",
        "order=ftp://erp.example/{id}",
        "order=/orders/{id}",
        "order=https://{id}.example/",
        "order=https://{merchant}@erp.example/{id}",
        "order=https://erp.example/orders",
        "order=https://erp.example/{id}/{secret}",
        "order=https://erp.example/{id}/{",
        "order=https://erp.example/{{id}}",
        "order=https://erp.example/a b/{id}",
        "order=https://[erp/{id}",
    ],
)
def test_a_template_that_cannot_be_is_named(wrong: str) -> None:
    with pytest.raises(Problem) as caught:
        LinkTemplates(["sku=https://erp.example/{id}", wrong])
    assert (caught.value.fault.field, caught.value.fault.value) == ("link_templates", wrong)
    assert caught.value.fault.fix
