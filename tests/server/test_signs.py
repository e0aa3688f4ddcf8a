"""A number with a sign and without: one account's are one order, two accounts' are two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apitrail.server.boards.signs import both_ways, signed
from apitrail.store.trade import Latest, Mention

NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)


def mention(number: str, ec: str = "", **fields: Any) -> Mention:
    empty = ("ec_name", "shipping_integration", "shipping_name", "merchant", "cause", "code", "message")
    given: dict[str, Any] = {**dict.fromkeys(empty, ""), "id": number, "at": NOON, "direction": "outbound"}
    given |= {"platform": "", "action": "order.get", "outcome": "success", "source_type": "", "source_id": ""}
    return Mention(**(given | {"references": (("order", number),), "ec_integration": ec} | fields))


def written(*mentions: Mention) -> list[str]:
    return [one.orders[0] for one in signed(mentions)]


def test_an_account_writes_one_order_in_one_way() -> None:
    assert written(mention("#1001", "a"), mention("1001", "a"), mention("1001")) == ["#1001", "#1001", "#1001"]
    assert written(mention("1001", "a"), mention("1001")) == ["1001", "1001"]


def test_another_accounts_number_stays_as_it_writes_it() -> None:
    assert written(mention("#1001", "a"), mention("1001", "b")) == ["#1001", "1001"]


def test_what_a_call_is_about_and_what_it_failed_for_is_written_alike() -> None:
    about: dict[str, Any] = {"source_type": "order", "source_id": "1001", "refused": ("1001",)}
    _, one = signed([mention("#1001", "a"), mention("1001", "a", **about)])
    assert (one.source_id, one.refused) == ("#1001", ("#1001",))
    _, parcel = signed([mention("#1001"), mention("1002", references=(("tracking", "1001"),))])
    assert parcel.references == (("tracking", "1001"),)


def test_both_ways_are_looked_for_once() -> None:
    found = both_ways([Latest("order", "#1001", NOON), Latest("order", "1001", NOON), Latest("order", "A-2", NOON)])
    assert [one.id for one in found] == ["#1001", "1001", "A-2", "#A-2"]
