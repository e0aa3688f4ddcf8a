"""A GraphQL document's operation and first root field, without a parser that could fail."""

from __future__ import annotations

import pytest

from apitrail.profiles.graphql import operation


@pytest.mark.parametrize(
    ("document", "name", "found"),
    [
        ("{ orders(first: 5) { id } }", "", ("", "orders")),
        ("query Latest { orders { id } }", "", ("Latest", "orders")),
        ("query Latest($a: In = {b: {c: 1}}) @x { latest: orders { id } }", "", ("Latest", "orders")),
        (
            "mutation M($i: I!) {\n  inventorySetQuantities(input: $i) { userErrors { field } } }",
            "",
            ("M", "inventorySetQuantities"),
        ),
        ("query A { shop { id } } mutation B { orderCancel(id: 1) { job { id } } }", "B", ("B", "orderCancel")),
        ("fragment F on Order { id } query Q { order(id: 1) { ...F } }", "", ("Q", "order")),
        ("# query X { no }\nquery Q { shop { name } }", "", ("Q", "shop")),
        ('query Q { products(query: "mutation Z { bad }") { id } }', "", ("Q", "products")),
        ("query Q { ...F }", "", ("Q", "")),
        ("", "", ("", "")),
        ("query", "", ("", "")),
        ("}{" * 1000, "", ("", "")),
    ],
)
def test_the_root_field_is_found(document: str, name: str, found: tuple[str, str]) -> None:
    assert operation(document, name) == found
