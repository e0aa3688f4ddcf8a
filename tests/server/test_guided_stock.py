"""What may be said of a product's stock, from what the log holds: no guess is a fact."""

from __future__ import annotations

from typing import Any

from tests.server.guided_calls import HOUR, NOON, done, entry, keys

from apitrail.entry import EntryRow, Item
from apitrail.exchange import Failure, Integration, Reference
from apitrail.profiles.quantities import Quantity
from apitrail.server.guided import stock
from apitrail.server.guided.finding import Answer

STOCK = stock.Asked(number="TENT-2", since=NOON - 99 * HOUR)


def of_stock(*sets: EntryRow, **fields: Any) -> Answer:
    return stock.answer(STOCK, stock.Evidence(sets=sets, oldest=NOON - 99 * HOUR, **fields))


def test_stock_that_was_accepted_is_told_with_what_was_sent() -> None:
    push = entry("stock.push")
    found = of_stock(push, said={push.id: [Quantity("stock", "5")]})
    assert keys(found) == ["stock_calls", "stock_set_to"]
    assert found.findings[1].named == {"place": "Shop", "action": "stock.push", "at": NOON - HOUR, "said": "stock 5"}
    assert done(found) == ["do.stock_accepted"]
    assert found.conclusions[0].named == {"said": "Shop (stock 5)"}
    assert keys(of_stock(push)) == ["stock_calls", "stock_set"]
    assert of_stock(push).conclusions[0].named == {"said": "Shop"}


def test_a_push_that_failed_for_the_product_alone_is_a_failure_of_its_own() -> None:
    push = entry(
        "stock.push",
        outcome="partial",
        cause="product_mapping",
        status=200,
        platform="shopee",
        items=[Item("variant", "9", "success"), Item("variant", "18", "request_error", "E1", "no such model")],
    )
    before = entry("stock.push", 5 * HOUR)
    found = of_stock(push, before, named={push.id: {"tent-2", "18"}})
    assert keys(found) == ["stock_calls", "stock_refused", "carrier_said", "stock_why", "stock_set_before"]
    assert found.findings[0].named == {"count": 2, "failed": 1}
    assert found.findings[2].named["said"] == "E1 · no such model"
    assert done(found) == ["do.stock_refused"]
    other = of_stock(push, before, named={push.id: {"tent-2", "9"}})
    assert done(other) == ["do.stock_accepted"]


def partly_refused(*references: Reference) -> EntryRow:
    return entry(
        "stock.push",
        outcome="partial",
        cause="product_mapping",
        status=200,
        platform="shopee",
        items=[Item("variant", "18", "request_error", None, "no such model"), Item("variant", "9", "success")],
        references=[*references, Reference("variant", "9"), Reference("variant", "18")],
    )


def test_a_push_that_failed_in_part_is_not_accepted_where_it_does_not_show_for_what() -> None:
    stated = partly_refused(Reference("sku", "TENT-2"), Reference("product", "2480"))
    before = entry("stock.push", 5 * HOUR)
    found = of_stock(stated, before)
    assert keys(found) == ["stock_calls_unclear", "stock_unclear", "stock_set_before"]
    assert found.findings[0].named == {"count": 2, "failed": 0, "unclear": 1}
    assert [one.mark for one in found.findings] == ["note", "unknown", "note"]
    assert done(found) == ["do.stock_unclear"]


def test_a_push_that_failed_for_a_variant_failed_for_a_part_of_its_product_where_that_is_the_only_one() -> None:
    ids = {"tent-2"}
    alone = partly_refused(Reference("product", "TENT-2"))
    found = of_stock(alone, named={alone.id: ids})
    assert keys(found) == ["stock_calls", "stock_partly", "carrier_said", "stock_why", "stock_never_set"]
    assert found.findings[0].named == {"count": 1, "failed": 1}
    assert done(found) == ["do.stock_refused"]
    among_others = partly_refused(Reference("product", "TENT-2"), Reference("product", "LAMP-1"))
    assert done(of_stock(among_others, named={among_others.id: ids})) == ["do.stock_unclear"]
    of_one_variant = partly_refused(Reference("product", "2480"), Reference("sku", "TENT-2"))
    assert done(of_stock(of_one_variant, named={of_one_variant.id: {*ids, "2480"}})) == ["do.stock_unclear"]


def test_a_push_without_an_answer_is_told_by_the_clients_error() -> None:
    push = entry("stock.push", outcome="platform_error", cause="timeout", error=Failure("Timeout", "no answer"))
    found = of_stock(push)
    assert keys(found) == ["stock_calls", "stock_refused", "error_said", "stock_why", "stock_never_set"]


def test_what_our_own_client_says_of_an_answer_that_broke_off_is_not_laid_to_the_platform() -> None:
    cut = Failure("httpx.RemoteProtocolError", "peer closed connection")
    push = entry("stock.push", outcome="platform_error", cause="network", status=200, platform="shopee", error=cut)
    assert "error_said" in keys(of_stock(push))


def test_that_only_the_latest_of_many_pushes_were_looked_at_is_said() -> None:
    assert "only_latest" in keys(of_stock(entry("stock.push"), cut=True))


def test_a_push_that_our_own_system_held_back_is_told_with_its_reason() -> None:
    push = entry("stock.push", outcome="request_error", cause="bad_data", not_sent="quantity below zero")
    found = of_stock(push)
    assert keys(found)[:3] == ["stock_calls", "stock_refused", "not_sent"]
    assert found.findings[2].named["said"] == "quantity below zero"


def test_a_product_that_no_call_refers_to_may_be_in_a_text_that_was_searched() -> None:
    for texts, wanted in (
        ("words", "number_nowhere"),
        ("parts", "number_nowhere"),
        ("short", "number_short"),
        ("too_large", "number_too_large"),
    ):
        assert keys(of_stock(texts=texts)) == [wanted, "log_reaches"]
    push = entry("stock.push")
    found = of_stock(texts="parts", in_text=push)
    assert keys(found) == ["number_not_referred", "in_text", "log_reaches"]
    assert done(found) == ["do.stock_in_text"]
    assert found.conclusions[0].entries == (push,)


def test_each_account_is_told_by_its_latest_call() -> None:
    other = Integration("ec-2", "Other shop")
    found = of_stock(
        entry("stock.push", HOUR, outcome="request_error", cause="credentials", ec_integration=other),
        entry("stock.push", 2 * HOUR),
        entry("stock.push", 3 * HOUR, outcome="request_error", cause="credentials"),
    )
    assert [one.named["place"] for one in found.findings if one.key in ("stock_refused", "stock_set")] == [
        "Other shop",
        "Shop",
    ]
    assert done(found) == ["do.stock_refused", "do.stock_accepted"]


def test_another_quantity_of_the_platform_after_ours_is_a_change_there() -> None:
    push, told = entry("stock.push", 2 * HOUR), entry("stock.get", HOUR)
    for heard, wanted in (("3", "do.stock_changed"), ("5.0", "do.stock_accepted")):
        said = {push.id: [Quantity("stock", "5")], told.id: [Quantity("available", heard)]}
        found = of_stock(push, tells={"ec-1": told}, sold={"ec-1": entry("order.list")}, said=said)
        assert keys(found) == ["stock_calls", "stock_set_to", "stock_told", "stock_sold"]
        assert done(found) == [wanted]
    by_difference = entry("stock.adjust", 2 * HOUR)
    said = {by_difference.id: [Quantity("stock", "5")], told.id: [Quantity("available", "3")]}
    assert done(of_stock(by_difference, tells={"ec-1": told}, said=said)) == ["do.stock_accepted"]


def test_a_quantity_that_a_later_call_replaced_is_told() -> None:
    later, before = entry("stock.push", HOUR), entry("stock.push", 2 * HOUR)
    for sent, replaced in (("12", ["stock_overwritten"]), ("0", [])):
        said = {later.id: [Quantity("stock", "0")], before.id: [Quantity("stock", sent)]}
        assert keys(of_stock(later, before, said=said)) == ["stock_calls", "stock_set_to", *replaced]
    added = entry("stock.adjust", 2 * HOUR)
    said = {later.id: [Quantity("stock", "0")], added.id: [Quantity("stock", "12")]}
    assert "stock_overwritten" not in keys(of_stock(later, added, said=said))


def test_stock_that_was_never_sent_is_said_and_not_called_a_failure() -> None:
    assert keys(of_stock()) == ["number_nowhere", "log_reaches"]
    named = of_stock(mentioned=entry("order.list"))
    assert (keys(named), done(named)) == (["stock_not_set", "log_reaches"], ["do.stock_unsent"])
    in_account = stock.Asked(number="TENT-2", account="ec-1", since=NOON - 99 * HOUR)
    stopped = stock.answer(in_account, stock.Evidence(oldest=NOON - 99 * HOUR))
    assert (keys(stopped)[1], done(stopped)) == ("stock_of_none", ["do.stock_stopped"])
    others = stock.answer(in_account, stock.Evidence(account_last=entry("stock.push"), oldest=NOON - 99 * HOUR))
    assert (keys(others)[1], done(others)) == ("stock_of_others", ["do.stock_unsent"])
    assert all(one.mark != "bad" for found in (stopped, others) for one in (*found.findings, *found.conclusions))
