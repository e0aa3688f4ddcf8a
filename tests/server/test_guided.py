"""What may be said of the log, from what it holds: no guess is a fact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from apitrail.entry import Counts, EntryRow, Item
from apitrail.exchange import Failure, Integration, Reference
from apitrail.profiles.quantities import Quantity
from apitrail.server.guided import fetches, label, missing, stock
from apitrail.server.guided.fetches import Account
from apitrail.server.guided.finding import Answer
from apitrail.store.model import Moment

NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHOP = Integration("ec-1", "Shop")
ASKED = missing.Asked(order="A-1", since=NOON - 12 * HOUR, until=NOON, account="ec-1")


def entry(action: str, ago: timedelta = HOUR, **fields: Any) -> EntryRow:
    given: dict[str, Any] = {
        "outcome": "success",
        "method": "GET",
        "url": "https://a.example/",
        "path": "/",
        "ec_integration": SHOP,
    }
    return EntryRow(id=f"{action}-{ago}", created_at=NOON - ago, action=action, **(given | fields))


def keys(answer: Answer) -> list[str]:
    return [one.key for one in answer.findings]


def done(answer: Answer) -> list[str]:
    return [one.key for one in answer.conclusions]


def moments(*minutes: int, outcome: str = "success") -> list[Moment]:
    return [Moment(NOON - timedelta(minutes=one), outcome) for one in minutes]


def test_an_order_in_a_fetch_or_a_notification_has_arrived() -> None:
    for one in (entry("order.list"), entry("webhook.order.created", direction="inbound")):
        found = missing.answer(ASKED, missing.Evidence(mentions=[one], oldest=NOON - 99 * HOUR))
        assert done(found) == ["do.arrived"]
        assert found.findings[0].entries == (one,)


def test_asking_for_an_order_is_no_word_of_the_platform() -> None:
    asking = [
        entry("order.get", outcome="request_error", cause="not_found"),
        entry("order.list", counts=Counts(returned=0)),
        entry("order.ship"),
    ]
    found = missing.answer(ASKED, missing.Evidence(mentions=asking, oldest=NOON - 99 * HOUR))
    assert keys(found)[:2] == ["never_mentioned", "named_by_us"]
    assert "do.arrived" not in done(found)


def test_an_order_that_the_platform_did_not_know_when_it_was_asked_for_may_be_another_accounts() -> None:
    unknown: dict[str, Any] = {
        "outcome": "request_error",
        "cause": "not_found",
        "message": "the order is not found",
        "platform": "shopee",
    }
    for one, key in (
        (entry("order.get", **unknown), "denied"),
        (entry("order.get", counts=Counts(returned=0)), "denied_nothing"),
    ):
        found = missing.answer(ASKED, missing.Evidence(mentions=[one], oldest=NOON - 99 * HOUR))
        assert key in keys(found)
        assert done(found)[0] == "do.denied"
        assert found.conclusions[0].entries == (one,)
    outage = entry("order.get", outcome="platform_error", cause="platform_outage")
    for mentions in ([outage], [entry("order.get", **unknown), entry("order.list", 2 * HOUR)]):
        assert "do.denied" not in done(missing.answer(ASKED, missing.Evidence(mentions=mentions)))


def test_what_a_fetch_that_failed_should_have_brought_is_to_be_fetched_again() -> None:
    failed = entry("order.list", 5 * HOUR, outcome="platform_error", cause="platform_outage")
    for after, wanted in ((20 * 60, "do.not_given_failed"), (1, "do.not_given")):
        at = failed.created_at
        times = [
            *moments(*range(600, 301, -20)),
            Moment(at, "platform_error"),
            Moment(at + timedelta(seconds=after), "success"),
        ]
        times += moments(*range(260, 0, -20))
        [account] = [Account(id="ec-1", fetches=times, first_failure=failed)]
        found = missing.answer(ASKED, missing.Evidence(accounts=[account], oldest=NOON - 99 * HOUR))
        assert done(found) == [wanted]
    assert fetches.unmended([Moment(NOON, "platform_error")]) == 1


def test_that_the_shop_took_our_access_away_is_told_until_a_fetch_works_again() -> None:
    gone = entry("webhook.app.uninstalled", 5 * HOUR, direction="inbound", platform="shopify")
    for ago, told in ((6 * HOUR, True), (HOUR, False)):
        account = Account(id="ec-1", fetches=moments(60), last_success=entry("order.list", ago))
        found = missing.answer(ASKED, missing.Evidence(accounts=[account], withdrawn=gone))
        assert ("withdrawn" in keys(found)) is told


def test_a_call_that_brought_others_and_failed_for_the_order_did_not_bring_it() -> None:
    items = [Item("order", "A-1", "request_error"), Item("order", "A-2", "success")]
    asking = entry("order.get", outcome="partial", items=items)
    found = missing.answer(ASKED, missing.Evidence(mentions=[asking], oldest=NOON - 99 * HOUR))
    assert keys(found)[:2] == ["never_mentioned", "named_by_us"]
    assert "do.arrived" not in done(found)
    brought = missing.answer(replace(ASKED, order="a-2"), missing.Evidence(mentions=[asking]))
    assert done(brought) == ["do.arrived"]


def test_an_order_of_another_account_is_not_taken_for_this_one() -> None:
    other = entry("order.list", ec_integration=Integration("ec-2", "Other"))
    found = missing.answer(ASKED, missing.Evidence(mentions=[other], oldest=NOON - 99 * HOUR))
    assert keys(found)[0] == "elsewhere"
    assert done(found)[0] == "do.elsewhere"


def test_a_notification_that_we_refused_says_who_acts() -> None:
    refused = entry("webhook.order.created", direction="inbound", outcome="platform_error", cause="platform_outage")
    found = missing.answer(ASKED, missing.Evidence(mentions=[refused], oldest=NOON - 99 * HOUR))
    assert done(found)[0] == "do.refused"
    assert found.conclusions[0].acts == refused


def test_how_the_text_of_bodies_was_searched_for_an_order_is_said() -> None:
    said = entry("order.get", outcome="request_error")
    for given, wanted in (
        ({}, ["never_mentioned"]),
        ({"texts": "parts"}, ["never_mentioned_parts"]),
        ({"texts": "short"}, ["never_mentioned_short"]),
        ({"texts": "too_large"}, ["never_mentioned_too_large"]),
        ({"texts": "parts", "in_text": said}, ["not_referred", "in_text"]),
    ):
        found = missing.answer(ASKED, missing.Evidence(oldest=NOON - 99 * HOUR, **given))
        assert keys(found)[: len(wanted)] == wanted
        assert ("do.in_text" in done(found)) == ("in_text" in wanted)


def test_no_fetch_in_the_time_is_not_called_a_failure() -> None:
    found = missing.answer(ASKED, missing.Evidence(oldest=NOON - 99 * HOUR))
    assert "not_fetched" in keys(found)
    assert done(found) == ["do.not_called"]
    assert {one.mark for one in found.findings} <= {"unknown", "note"}


def test_what_the_log_cannot_cover_is_said() -> None:
    found = missing.answer(ASKED, missing.Evidence(oldest=NOON - HOUR, lost=3))
    assert keys(found)[-2:] == ["log_begins", "lost"]


def test_a_gap_is_told_only_against_a_rhythm() -> None:
    regular = moments(*range(600, 0, -10))
    broken = [one for one in regular if not NOON - 5 * HOUR < one.at < NOON - 3 * HOUR]
    assert fetches.gaps(regular, NOON) == []
    [(before, after, usual)] = fetches.gaps(broken, NOON)
    assert (after - before, usual) == (2 * HOUR, timedelta(minutes=10))
    assert fetches.gaps(moments(700, 10), NOON) == []


def test_pages_of_a_fetch_are_one_fetch_of_its_rhythm() -> None:
    def paged(*minutes: int) -> list[Moment]:
        begun = [NOON - timedelta(minutes=one) for one in minutes]
        return [Moment(at + timedelta(milliseconds=100) * page, "success") for at in begun for page in range(5)]

    assert fetches.gaps(paged(300, 240, 180, 120, 60, 5), NOON) == []
    assert fetches.gaps(paged(120, 60, 5), NOON) == []
    [(_, after, usual)] = fetches.gaps(paged(660, 600, 540, 480, 420, 60, 5), NOON)
    assert after == NOON - timedelta(minutes=60)
    assert timedelta(minutes=59) < usual < timedelta(minutes=61)


def test_calls_that_never_rest_have_a_rhythm_too() -> None:
    steady = [Moment(NOON - timedelta(seconds=10 * one), "success") for one in range(800, 400, -1)]
    [(_, after, usual)] = fetches.gaps(steady, NOON)
    assert (after, usual) == (NOON, timedelta(seconds=10))


def test_a_silence_that_goes_on_is_a_gap_that_is_open() -> None:
    stopped = moments(*range(600, 300, -10))
    found = missing.answer(ASKED, missing.Evidence(accounts=[Account(fetches=stopped)], oldest=NOON - 99 * HOUR))
    assert "gap_open" in keys(found)
    assert done(found) == ["do.gap"]


def test_fetches_that_fail_lead_to_the_last_failure() -> None:
    first = entry("order.list", 3 * HOUR, outcome="request_error", cause="token_expired")
    last = entry("order.list", HOUR, outcome="request_error", cause="permission")
    fetched = moments(180, 60, outcome="request_error")
    account = Account(id="ec-1", fetches=fetched, first_failure=first, last_failure=last)
    found = missing.answer(ASKED, missing.Evidence(accounts=[account], oldest=NOON - 99 * HOUR))
    assert [one for one in keys(found) if "failure" in one] == ["first_failure", "last_failure"]
    assert found.conclusions[0].acts == last


def test_notifications_of_other_orders_are_no_fetches_that_worked() -> None:
    found = missing.answer(ASKED, missing.Evidence(accounts=[Account(id="ec-1")], notices=3, oldest=NOON - 99 * HOUR))
    assert done(found) == ["do.not_told"]


AT_PLATFORM = missing.Asked(order="A-1", since=NOON - 12 * HOUR, until=NOON, platform="shopee")
ANYWHERE = missing.Asked(order="A-1", since=NOON - 12 * HOUR, until=NOON)
EVERY_TEN = range(600, 0, -10)


def of_shops(asked: missing.Asked, *accounts: Account, **fields: Any) -> Answer:
    return missing.answer(asked, missing.Evidence(accounts=accounts, oldest=NOON - 99 * HOUR, **fields))


def shop(name: str, fetched: list[Moment]) -> Account:
    """Its last fetch is its last failure, where it has any."""
    failure = entry("order.list", outcome="request_error", cause="token_expired", ec_integration=Integration(name))
    failed = any(one.outcome == "request_error" for one in fetched)
    return Account(id=name, name=name, fetches=fetched, last_failure=failure if failed else None)


def test_each_account_of_a_platform_is_judged_by_its_own_fetches_whosever_came_last() -> None:
    well = shop("Well", moments(*EVERY_TEN))
    failing = shop("Failing", [*moments(*range(600, 300, -10)), *moments(*range(300, 5, -10), outcome="request_error")])
    stopped = shop("Stopped", moments(*range(605, 300, -10)))
    for accounts in ([well, failing, stopped], [stopped, failing, well]):
        found = of_shops(AT_PLATFORM, *accounts)
        assert [(one.key, one.place) for one in found.conclusions] == [
            ("do.failing", "Failing"),
            ("do.gap", "Stopped"),
            ("do.not_given_others", None),
        ]
        assert found.conclusions[0].acts == failing.last_failure
        assert ("gap_open", "Stopped") in [(one.key, one.place) for one in found.findings]
        assert found.findings[1].named["count"] == 60 + 60 + 31
        [others] = [one for one in found.findings if one.key == "fetched_well"]
        assert others.named == {"count": 1}


def test_an_order_that_was_told_to_one_account_is_not_laid_to_another() -> None:
    refused = entry("webhook.order.created", direction="inbound", outcome="platform_error", platform="shopee")
    stopped = moments(*range(600, 300, -10))
    accounts = [Account(id=one, name=one, fetches=stopped) for one in ("ec-1", "ec-2")]
    found = of_shops(AT_PLATFORM, *accounts, mentions=[refused])
    assert [(one.key, one.place) for one in found.conclusions] == [("do.refused", None), ("do.gap", "ec-1")]


def test_fetches_of_a_platform_worked_only_where_those_of_each_account_did() -> None:
    both = [shop("One", moments(*EVERY_TEN)), shop("Two", moments(*EVERY_TEN))]
    found = of_shops(AT_PLATFORM, *both)
    assert keys(found)[:3] == ["never_mentioned", "fetched", "fetched_all"]
    assert done(found) == ["do.not_given"]
    silent = of_shops(AT_PLATFORM, *both, shop("Three", []))
    assert [(one.key, one.place) for one in silent.conclusions] == [
        ("do.not_called", "Three"),
        ("do.not_given_others", None),
    ]
    assert done(of_shops(AT_PLATFORM, shop("Three", []))) == ["do.not_called"]


def test_accounts_that_fail_are_named_up_to_a_few_the_longest_first() -> None:
    failing = [
        shop(f"S{one}", [*moments(600 - one * 10), *moments(one, outcome="request_error")]) for one in range(1, 6)
    ]
    found = of_shops(AT_PLATFORM, *failing)
    assert [one.place for one in found.conclusions] == ["S1", "S2", "S3", None]
    assert found.conclusions[-1].key == "do.failing_more"
    assert found.conclusions[-1].named == {"count": 2}


def test_where_no_place_is_named_each_account_that_fetched_is_judged() -> None:
    found = of_shops(ANYWHERE, shop("Well", moments(*EVERY_TEN)), shop("Stopped", moments(*range(600, 300, -10))))
    assert [(one.key, one.place) for one in found.conclusions] == [("do.gap", "Stopped"), ("do.choose", None)]
    assert "no_place" not in keys(found)
    silent = of_shops(ANYWHERE, shop("Silent", []))
    assert [(one.key, one.place) for one in silent.findings][1:] == [("not_fetched", "Silent")]
    assert done(silent) == ["do.not_called", "do.choose"]
    assert "no_place" in keys(of_shops(ANYWHERE))
    assert done(of_shops(ANYWHERE)) == ["do.choose"]


def test_that_not_all_fetches_were_looked_at_is_said() -> None:
    found = of_shops(AT_PLATFORM, shop("One", moments(*EVERY_TEN)), looked_from=NOON - 10 * HOUR)
    assert keys(found)[:3] == ["never_mentioned", "fetched", "fetches_cut"]
    assert found.findings[1].named["since"] == NOON - 10 * HOUR


def test_each_cause_has_one_group() -> None:
    made = {
        cause: label.group(entry("label.create", outcome="request_error", cause=cause))
        for cause in ("address", "funds", "timeout", "rate_limit", "duplicate", "state", "unknown")
    }
    assert made == {
        "address": "address",
        "funds": "contract",
        "timeout": "carrier",
        "rate_limit": "pace",
        "duplicate": "repeated",
        "state": "other",
        "unknown": "unknown",
    }


def test_what_the_carrier_allows_later_is_waited_for_and_not_corrected() -> None:
    soon = entry("label.get", outcome="request_error", cause="state", retryable=True)
    assert done(of_label(soon)) == ["do.early"]


def test_a_call_that_did_not_reach_the_carrier_made_no_label() -> None:
    for error, wanted in (
        (Failure("httpx.ConnectError", "[Errno -2] Name or service not known"), "do.unreached"),
        (Failure("httpx.ReadError", "[Errno 104] Connection reset by peer"), "do.carrier"),
    ):
        latest = entry("label.create", outcome="platform_error", cause="network", error=error)
        assert done(of_label(latest)) == [wanted]
        lost = entry("label.create", 2 * HOUR, outcome="platform_error", cause="timeout")
        assert done(of_label(latest, lost)) == ["do.carrier"]


def test_what_our_own_client_says_of_an_answer_that_broke_off_is_not_laid_to_the_carrier() -> None:
    cut = Failure("httpx.RemoteProtocolError", "peer closed connection")
    broken = entry("label.create", outcome="platform_error", cause="network", status=200, platform="tcat", error=cut)
    assert "error_said" in keys(of_label(broken))
    push = entry("stock.push", outcome="platform_error", cause="network", status=200, platform="shopee", error=cut)
    assert "error_said" in keys(of_stock(push))


def labelled(ago: timedelta, tracking: str, *orders: str) -> EntryRow:
    refs = [Reference("order", one) for one in orders or ("S-1",)]
    return entry("label.create", ago, references=[*refs, Reference("tracking", tracking)])


def test_labels_that_separate_calls_made_for_one_number_are_all_named() -> None:
    twice = [labelled(HOUR, "T-2"), labelled(2 * HOUR, "T-1")]
    found = of_label(*twice)
    [several] = [one for one in found.findings if one.key == "labels_several"]
    assert (several.named, several.entries) == ({"count": 2, "said": "T-2 · T-1"}, tuple(twice))
    assert done(found) == ["do.healed", "do.several"]
    for one in (labelled(2 * HOUR, "T-2"), labelled(2 * HOUR, "T-1", "S-1", "S-2", "S-3")):
        assert done(of_label(twice[0], one)) == ["do.healed"]


def test_a_label_that_was_made_after_an_attempt_without_a_clear_answer_may_be_the_second() -> None:
    lost, refused = Failure("httpx.ReadTimeout", "timed out"), Failure("httpx.ConnectError", "Connection refused")
    for error, wanted in ((lost, ["do.healed", "do.doubtful"]), (refused, ["do.healed"])):
        first = entry("label.create", 2 * HOUR, outcome="platform_error", cause="timeout", error=error)
        assert done(of_label(labelled(HOUR, "T-1"), first)) == wanted


def test_that_only_the_latest_of_many_calls_were_looked_at_is_said() -> None:
    many = label.answer(label.Asked(number="S-1"), label.Evidence(attempts=[labelled(HOUR, "T-1")], cut=True))
    assert "only_latest" in keys(many)
    assert "only_latest" in keys(of_stock(entry("stock.push"), cut=True))


def test_a_label_that_was_cancelled_is_none() -> None:
    """It is told by its number, by which it is cancelled, or by the order alone."""
    asked = label.Asked(number="A-1")
    order, tracking = Reference("order", "A-1"), Reference("tracking", "T1")
    made = entry("label.create", 9 * HOUR, references=[order, tracking])
    failed = entry("label.create", HOUR, outcome="request_error", cause="address", references=[order])
    void = entry("label.void", 5 * HOUR, references=[tracking])

    def of(*attempts: EntryRow, voids: list[EntryRow]) -> Answer:
        return label.answer(asked, label.Evidence(attempts=attempts, voids=voids, oldest=NOON - 99 * HOUR))

    for each in (void, entry("label.void", 5 * HOUR, references=[order])):
        assert "label_cancelled" in keys(of(failed, made, voids=[each]))
        assert done(of(failed, made, voids=[each])) == ["do.address"]
        assert done(of(made, voids=[each])) == ["do.cancelled"]
    another = entry("label.void", 5 * HOUR, references=[Reference("tracking", "T2"), order])
    for each in (another, replace(void, created_at=NOON - 10 * HOUR)):
        assert "label_exists" in keys(of(failed, made, voids=[each]))
        assert done(of(failed, made, voids=[each])) == ["do.look_first", "do.address"]
        assert done(of(made, voids=[each])) == ["do.healed"]


def test_a_label_that_exists_is_looked_at_before_another_is_made() -> None:
    attempts = [
        entry("label.create", HOUR, outcome="platform_error", cause="timeout"),
        entry("tracking.allocate", 2 * HOUR),
    ]
    found = label.answer(label.Asked(number="S-1"), label.Evidence(attempts=attempts, oldest=NOON - 99 * HOUR))
    assert "label_exists" in keys(found)
    assert done(found) == ["do.look_first", "do.carrier"]


def test_a_label_that_the_carrier_has_already_is_looked_up_and_not_made_again() -> None:
    again = entry("label.create", HOUR, outcome="request_error", cause="duplicate")
    first = entry("label.create", 2 * HOUR)
    for attempts, shown in (((again, first), (first, again)), ((again,), (again,))):
        found = label.answer(label.Asked(number="S-1"), label.Evidence(attempts=attempts, oldest=NOON - 99 * HOUR))
        assert "group.repeated" in keys(found)
        assert done(found) == ["do.repeated"]
        assert found.conclusions[0].entries == shown


def test_a_batch_that_failed_for_one_label_failed_for_that_alone() -> None:
    batch = entry(
        "label.create",
        outcome="partial",
        cause="address",
        status=200,
        items=[Item("order", "S-1", "request_error", "E7", "no such street"), Item("order", "S-2", "success")],
    )
    for number, wanted in (("S-1", ["do.address"]), ("S-2", ["do.healed"])):
        found = label.answer(label.Asked(number=number), label.Evidence(attempts=[batch], oldest=NOON - 99 * HOUR))
        assert done(found) == wanted
        said = [one.named["said"] for one in found.findings if one.key in ("carrier_said", "error_said")]
        assert said == (["E7 · no such street"] if number == "S-1" else [])


def of_label(*attempts: EntryRow, **asked: Any) -> Answer:
    return label.answer(
        label.Asked(**(asked or {"number": "S-1"})), label.Evidence(attempts=attempts, oldest=NOON - 99 * HOUR)
    )


def test_a_batch_that_failed_for_a_label_that_it_does_not_name_did_not_work_for_this_one() -> None:
    batch = entry(
        "label.create",
        outcome="partial",
        cause="address",
        items=[Item("package", "P-1", "request_error"), Item("package", "P-2", "success")],
        references=[Reference("order", "S-1"), Reference("order", "S-2")],
    )
    found = of_label(batch, entry("label.create", 2 * HOUR, outcome="request_error", cause="funds"))
    assert keys(found)[:2] == ["attempts", "latest_unclear"]
    assert "label_exists" not in keys(found)
    assert done(found) == ["do.label_unclear"]
    assert keys(of_label(entry("label.create", HOUR / 2), batch)) == ["attempts", "last_worked", "label_exists"]


def test_an_accounts_call_that_failed_in_part_is_a_failure_of_the_account() -> None:
    batch = entry("label.create", outcome="partial", cause="address", items=[Item("order", "S-1", "request_error")])
    found = of_label(batch, account="sh-1")
    assert found.findings[0].named == {"count": 1, "failed": 1}
    assert done(found) == ["do.address"]


def test_a_call_about_one_label_that_failed_in_part_failed_for_a_part_of_it() -> None:
    shipment = entry(
        "label.create",
        outcome="partial",
        cause="funds",
        references=[Reference("order", "S-1"), Reference("shipment", "ES-7")],
    )
    assert done(of_label(shipment)) == ["do.contract"]


def test_two_shops_with_one_number_are_concluded_for_each_by_its_name() -> None:
    bad = entry("label.create", 2 * HOUR, outcome="request_error", cause="address", status=200, message="no street")
    good = entry("label.create", HOUR, ec_integration=Integration("ec-2", "Other shop"))
    found = of_label(good, bad)
    assert [(one.key, one.place) for one in found.conclusions] == [("do.healed", "Other shop"), ("do.address", "Shop")]
    told = [(one.key, one.place) for one in found.findings]
    assert told[:3] == [("attempts", None), ("all_worked", "Other shop"), ("label_exists", "Other shop")]
    assert ("group.address", "Shop") in told
    of_shops = [replace(good, ec_integration=Integration(f"ec-{one}")) for one in range(label.SHOPS + 2)]
    assert of_label(*of_shops).conclusions[-1].named == {"count": 2}
    by_carrier = of_label(good, bad, account="sh-1")
    assert [(one.key, one.place) for one in by_carrier.conclusions] == [("do.address", None)]


def test_a_later_success_ends_the_matter() -> None:
    attempts = [entry("label.create", HOUR), entry("label.create", 2 * HOUR, outcome="request_error", cause="address")]
    found = label.answer(label.Asked(number="S-1"), label.Evidence(attempts=attempts, oldest=NOON - 99 * HOUR))
    assert done(found) == ["do.healed"]


def test_a_number_without_attempts_says_what_is_missing() -> None:
    found = label.answer(label.Asked(number="S-1"), label.Evidence(oldest=NOON))
    assert keys(found) == ["number_unknown", "log_reaches"]
    assert done(found) == ["do.no_attempt"]


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
