"""Kinds of work: each action belongs to one at least, and what two kinds of people do to both."""

from __future__ import annotations

import pytest

from apitrail.profiles.catalogue import BUILT_IN, UNKNOWN
from apitrail.profiles.work import WORKS, Work, is_of


def works(action: str) -> list[Work]:
    return [one for one in WORKS if is_of(action, one)]


@pytest.mark.parametrize("action", sorted(BUILT_IN.actions.keys() - {UNKNOWN}))
def test_every_action_of_the_catalogue_belongs_to_some_work(action: str) -> None:
    assert works(action)


def test_what_is_not_known_belongs_to_none() -> None:
    assert works(UNKNOWN) == []


def test_what_a_caller_names_belongs_where_its_object_does() -> None:
    assert works("label.reprint") == ["shipping"]
    assert works("stock.count") == ["stock"]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("order.list", ["orders"]),
        ("order.ship.update", ["orders", "shipping"]),
        ("store.update", ["shipping"]),
        ("store.settings.update", ["accounts"]),
        ("webhook.label.ready", ["shipping"]),
        ("webhook.order.shipped", ["orders", "shipping"]),
        ("webhook.register", ["accounts"]),
        ("inbound.create", ["stock"]),
        ("schedule.missed", ["orders", "stock", "shipping", "accounts"]),
    ],
)
def test_an_action_belongs_to_whoever_works_with_it(action: str, expected: list[Work]) -> None:
    assert works(action) == expected
