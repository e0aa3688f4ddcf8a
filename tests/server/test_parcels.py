"""Parcels and orders, judged by what refers to them: the label's chain, its broken link, nothing that is guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apitrail.server.boards.orders import last_seen, orders
from apitrail.server.boards.parcels import Parcel, parcels
from apitrail.store.trade import Latest, Mention

NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def call(minutes: int, action: str, *references: tuple[str, str], **fields: Any) -> Mention:
    given: dict[str, Any] = {
        "id": f"{action}@{minutes}",
        "at": NOON + minutes * MINUTE,
        "direction": "inbound" if action.startswith("webhook.") else "outbound",
        "platform": "ups",
        "ec_integration": "",
        "ec_name": "",
        "shipping_integration": "u",
        "shipping_name": "UPS",
        "merchant": "",
        "outcome": "success",
        "cause": "",
        "code": "",
        "message": "",
        "source_type": "",
        "source_id": "",
    }
    return Mention(action=action, references=references, **(given | fields))


BAD = {"outcome": "request_error", "cause": "address"}
ORDER, TRACKING, SHIPMENT = ("order", "A"), ("tracking", "T"), ("shipment", "S")


def told(*mentions: Mention, wanted: tuple[tuple[str, str], ...] = (TRACKING,)) -> list[Parcel]:
    newest_first = sorted(mentions, key=lambda one: one.at, reverse=True)
    return [one.parcel for one in parcels([Latest(kind, one, NOON) for kind, one in wanted], newest_first)]


def states(parcel: Parcel) -> list[str]:
    return [link.state for link in parcel.chain]


def test_a_whole_chain_is_done_from_number_to_download() -> None:
    [found] = told(
        call(0, "tracking.allocate", ORDER, TRACKING),
        call(1, "label.create", ORDER),
        call(2, "label.status", ORDER),
        call(3, "label.get", ORDER),
    )
    assert states(found) == ["done", "done", "done", "done"]
    assert (found.label, found.warnings, found.orders, found.calls) == ("downloaded", (), ("A",), 4)


def test_a_label_that_failed_after_its_number_is_the_broken_link_with_a_warning() -> None:
    [found] = told(
        call(0, "tracking.allocate", ORDER, TRACKING), call(1, "label.create", ORDER, message="No such street", **BAD)
    )
    assert states(found) == ["done", "failed", "not_shown", "not_shown"]
    assert [link.name for link in found.chain if link.broken] == ["label"]
    assert (found.chain[1].cause, found.chain[1].message) == ("address", "No such street")
    assert (found.label, found.warnings) == ("failed", ("number_exists",))


def test_a_failure_before_a_later_link_worked_breaks_nothing() -> None:
    [found] = told(
        call(0, "label.create", TRACKING), call(1, "label.status", TRACKING, **BAD), call(2, "label.get", TRACKING)
    )
    assert states(found) == ["done", "done", "failed", "done"]
    assert not [link for link in found.chain if link.broken]
    assert found.label == "downloaded"


def test_what_worked_once_is_done_though_it_fails_when_it_is_tried_again() -> None:
    [found] = told(call(0, "label.create", TRACKING), call(1, "label.create", TRACKING, outcome="request_error"))
    assert (found.label, found.failures) == ("created", 1)


def test_a_label_that_was_being_made_and_then_failed_is_not_ready() -> None:
    asked = (call(0, "label.create", ORDER), call(1, "label.status", ORDER), call(2, "label.status", ORDER, **BAD))
    [failed] = told(*asked, wanted=(ORDER,))
    assert (failed.label, [link.name for link in failed.chain if link.broken]) == ("failed", ["callback"])
    [ready] = told(*asked, call(3, "label.status", ORDER), wanted=(ORDER,))
    assert ready.label == "ready"


def test_a_cancelled_label_is_cancelled_until_another_or_its_number_is_made() -> None:
    made, voided = call(0, "label.create", SHIPMENT, TRACKING), call(1, "label.void", SHIPMENT)
    [found] = told(made, voided)
    assert (found.label, found.shipments) == ("cancelled", ("S",))
    [found] = told(made, voided, call(2, "label.create", SHIPMENT, TRACKING))
    assert (found.label, found.warnings) == ("created", ())
    [found] = told(made, voided, call(2, "tracking.allocate", TRACKING))
    assert found.label == "number_only"
    [found] = told(made, call(2, "label.create", SHIPMENT, TRACKING))
    assert found.warnings == ("made_twice",)


def test_a_call_that_names_the_order_alone_is_no_parcels_where_the_order_has_two() -> None:
    other = ("tracking", "T2")
    found = told(
        call(0, "label.create", ORDER, TRACKING),
        call(1, "label.create", ORDER, other),
        call(2, "label.get", ORDER),
        wanted=(TRACKING, other),
    )
    assert [(one.tracking, one.label) for one in found] == [(("T",), "created"), (("T2",), "created")]


def test_a_call_that_names_the_order_alone_is_no_parcels_where_two_accounts_have_that_number() -> None:
    made = call(0, "label.create", ORDER, TRACKING, ec_integration="e")
    [found] = told(made, call(1, "label.get", ORDER, ec_integration="f"))
    assert found.label == "created"


def test_a_parcel_without_a_number_is_told_by_its_order() -> None:
    [found] = told(call(0, "label.create", ORDER, **BAD), wanted=(ORDER,))
    assert (found.tracking, found.orders, found.label) == ((), ("A",), "failed")


def test_an_id_that_is_the_number_of_one_of_several_parcels_is_that_parcels() -> None:
    numbers = [("tracking", each) for each in "TUV"]
    made = call(0, "label.create", ORDER, ("shipment", "T"), *numbers)
    found = told(made, wanted=(("shipment", "T"), *numbers))
    assert [(one.tracking, one.shipments) for one in found] == [(("T",), ("T",)), (("U",), ()), (("V",), ())]


PACKAGE = ("package", "P")


def test_the_one_package_of_an_order_is_its_one_parcel_though_no_call_names_both() -> None:
    found = told(
        call(0, "order.get", ORDER, PACKAGE, ec_integration="e"),
        call(1, "tracking.allocate", ORDER, TRACKING),
        call(2, "label.create", ORDER, PACKAGE),
        call(3, "label.get", ORDER),
        wanted=(PACKAGE, TRACKING),
    )
    assert [(one.packages, one.tracking, one.orders, one.label) for one in found] == [
        (("P",), ("T",), ("A",), "downloaded")
    ]


def test_of_several_packages_it_is_not_known_which_one_has_the_number() -> None:
    other = ("package", "P2")
    found = told(
        call(0, "label.create", ORDER, PACKAGE),
        call(1, "label.create", ORDER, other),
        call(2, "label.create", ORDER, TRACKING),
        call(3, "label.get", ORDER),
        wanted=(PACKAGE, other, TRACKING),
    )
    assert [(one.packages, one.tracking, one.label) for one in found] == [
        (("P",), (), "created"),
        (("P2",), (), "created"),
        ((), ("T",), "downloaded"),
    ]


def test_a_number_that_a_call_names_with_several_packages_is_still_its_orders() -> None:
    [found] = told(call(0, "label.create", ORDER, TRACKING, PACKAGE, ("package", "P2")))
    assert (found.packages, found.orders, found.label) == ((), ("A",), "created")


def test_two_orders_in_one_parcel_have_both_of_their_packages_there() -> None:
    other = ("order", "B")
    found = told(
        call(0, "order.get", ORDER, PACKAGE),
        call(1, "order.get", other, ("package", "P2")),
        call(2, "label.create", ORDER, TRACKING),
        call(3, "label.create", other, TRACKING),
        wanted=(TRACKING, PACKAGE),
    )
    assert [(one.packages, one.tracking, one.orders) for one in found] == [(("P", "P2"), ("T",), ("A", "B"))]


def test_a_fetch_of_many_orders_says_nothing_of_the_package_of_each() -> None:
    fetched = call(5, "order.get", ORDER, ("order", "B"), PACKAGE, ("package", "P2"))
    [found] = told(call(0, "label.create", ORDER, PACKAGE), fetched, wanted=(PACKAGE,))
    assert (found.packages, found.calls) == (("P",), 1)
    [shipped] = told(call(0, "order.ship", PACKAGE, ("package", "P2")), wanted=(PACKAGE,))
    assert (shipped.packages, shipped.calls) == (("P",), 1)


def test_a_call_about_many_parcels_joins_none_of_them() -> None:
    other = ("tracking", "T2")
    found = told(call(0, "tracking.get", TRACKING, other, SHIPMENT), wanted=(TRACKING, other))
    assert [one.tracking for one in found] == [("T",), ("T2",)]
    assert [one.seen is not None for one in found] == [True, True]


def test_a_place_that_is_told_of_an_order_alone_is_that_of_its_only_parcel() -> None:
    made, other = call(0, "label.create", ORDER, TRACKING), ("tracking", "T2")
    asked = call(2, "tracking.get", ORDER, platform="shopee")
    [found] = told(made, asked)
    assert found.seen is not None
    assert found.seen.entry == asked.id
    assert [one.seen for one in told(made, call(1, "label.create", ORDER, other), asked)] == [None]
    assert told(asked, wanted=(ORDER,)) == []


def test_what_the_log_does_not_show_is_said_to_be_not_shown() -> None:
    [found] = told(call(0, "order.ship", ORDER, TRACKING))
    assert (found.label, states(found), found.seen) == ("not_shown", ["not_shown"] * 4, None)
    assert told(wanted=(TRACKING,)) == []


def shop(minutes: int, action: str, *references: tuple[str, str], account: str = "e", **fields: Any) -> Mention:
    return call(minutes, action, *references, platform="shopify", ec_integration=account, ec_name="Shop", **fields)


def test_an_order_is_told_by_the_platform_first_and_by_what_was_done_last() -> None:
    number = ("order", "5550001")
    mentions = [
        call(5, "label.create", ORDER, SHIPMENT, TRACKING, **BAD),
        shop(2, "order.list", ORDER, ("order", "B")),
        shop(1, "webhook.order.created", ORDER, number, source_type="order", source_id="A"),
        shop(0, "order.ship", ORDER),
    ]
    [found] = orders([Latest("order", "A", NOON)], mentions)
    assert found.told is not None
    assert (found.told.by, found.told.at) == ("webhook", NOON + MINUTE)
    assert (found.platform, found.tracking, found.shipments) == ("shopify", ("T",), ("S",))
    assert (found.last.action, found.calls, found.failures, found.open) == ("label.create", 4, 1, True)


def test_a_call_that_failed_in_part_failed_for_those_alone_that_it_failed_for() -> None:
    batch = shop(0, "order.ship", ORDER, ("order", "B"), ("order", "C"), outcome="partial", refused=("B",))
    told = {one.number: one for one in orders([Latest("order", one, NOON) for one in "ABC"], [batch])}
    assert {number: (one.open, one.failures) for number, one in told.items()} == {
        "A": (False, 0),
        "B": (True, 1),
        "C": (False, 0),
    }
    assert told["B"].last.outcome == "partial"


def test_a_label_that_a_batch_failed_for_is_the_broken_link_of_its_parcel_alone() -> None:
    other = ("tracking", "U")
    batch = call(1, "label.create", TRACKING, other, outcome="partial", cause="address", refused=("T",))
    mine, others = told(call(0, "tracking.allocate", TRACKING), batch, wanted=(TRACKING, other))
    assert (mine.label, mine.failures, mine.warnings) == ("failed", 1, ("number_exists",))
    assert (others.label, others.failures) == ("created", 0)


def test_an_order_is_not_open_for_what_the_platform_had_already() -> None:
    again = shop(3, "order.ship", ORDER, outcome="request_error", cause="duplicate")
    worked = shop(1, "order.ship", ORDER)
    unanswered = shop(1, "order.ship", ORDER, outcome="platform_error", cause="timeout")
    other = shop(2, "order.get", ORDER, **BAD)
    for calls, failure in (
        ([again, worked], None),
        ([again, unanswered], again),
        ([again], again),
        ([again, other, worked], other),
    ):
        [found] = orders([Latest("order", "A", NOON)], calls)
        assert found.open == (failure is not None)
        assert (found.open_failure and found.open_failure.entry) == (failure and failure.id)


def test_one_number_at_two_accounts_is_two_orders_and_what_names_no_account_is_neithers() -> None:
    mentions = [call(3, "label.create", ORDER), shop(2, "order.get", ORDER), shop(1, "order.get", ORDER, account="f")]
    found = orders([Latest("order", "A", NOON)], mentions)
    assert [(one.ec_integration.id if one.ec_integration else "", one.calls) for one in found] == [
        ("e", 1),
        ("f", 1),
        ("", 1),
    ]


def about(minutes: int, action: str, number: str, other: str, account: str = "e", **fields: Any) -> Mention:
    """A call about one order that names both its numbers."""
    both = (("order", number), ("order", other))
    return shop(minutes, action, *both, account=account, source_type="order", source_id=number, **fields)


def test_an_order_with_a_name_and_an_id_is_one_order_of_all_the_calls_that_name_either() -> None:
    id_alone = ("order", "9140001")
    mentions = [
        shop(3, "order.ship", id_alone, TRACKING, source_type="order", source_id="9140001", **BAD),
        shop(2, "order.list", ("order", "#1001"), id_alone, ("order", "#1002"), ("order", "9140002")),
        about(1, "webhook.order.created", "9140001", "#1001"),
    ]
    for wanted in (["#1001", "9140001"], ["9140001", "#1001"], ["#1001"]):
        [found] = orders([Latest("order", one, NOON) for one in wanted], mentions)
        assert (found.number, found.other_numbers) == ("#1001", ("9140001",))
        assert (found.calls, found.failures, found.open, found.tracking) == (3, 1, True, ("T",))
    other = orders([Latest("order", one, NOON) for one in ("#1002", "9140002")], mentions)
    assert [(one.number, one.other_numbers) for one in other] == [("#1002", ()), ("9140002", ())]


def test_a_number_that_stands_beside_two_others_is_the_other_number_of_neither() -> None:
    mentions = [about(1, "order.get", "A", "B"), about(0, "order.get", "A", "C")]
    assert [one.number for one in orders([Latest("order", one, NOON) for one in "ABC"], mentions)] == ["A", "B", "C"]


def test_two_shops_may_have_one_name_for_two_orders() -> None:
    mentions = [about(1, "order.get", "#1001", "9140001"), about(0, "order.get", "#1001", "7770001", account="f")]
    found = orders([Latest("order", one, NOON) for one in ("#1001", "9140001", "7770001")], mentions)
    assert [(one.number, one.other_numbers) for one in found] == [("#1001", ("9140001",)), ("#1001", ("7770001",))]


def test_a_report_of_many_orders_gives_its_parcel_to_none_of_them() -> None:
    others = [("order", f"B{number}") for number in (1, 2)]
    report = shop(0, "order.ship", ORDER, *others, TRACKING, source_type="order", source_id="A")
    found = orders([Latest("order", one, NOON) for one in ("A", "B1")], [report])
    assert [(one.number, one.tracking) for one in found] == [("A", ()), ("B1", ())]


def test_an_order_that_only_we_named_was_not_told_by_the_platform() -> None:
    [found] = orders([Latest("order", "A", NOON)], [shop(0, "order.get", ORDER, **BAD)])
    assert (found.told, found.open) == (None, True)


def test_each_parcel_of_an_order_was_seen_by_the_latest_call_about_it_that_worked() -> None:
    other = ("tracking", "T2")
    made = [call(0, "label.create", ORDER, TRACKING), call(1, "label.create", ORDER, other)]
    [order] = orders([Latest("order", "A", NOON)], made)
    asked = [
        call(5, "tracking.get", TRACKING, **BAD),
        call(4, "tracking.get", TRACKING),
        call(3, "tracking.get", ORDER),
    ]
    assert {number: seen[0].at for number, seen in last_seen(order, asked).items()} == {"T": NOON + 4 * MINUTE}
    [single] = orders([Latest("order", "A", NOON)], made[:1])
    assert [seen.at for seen in last_seen(single, asked)["T"]] == [NOON + 4 * MINUTE, NOON + 3 * MINUTE]
