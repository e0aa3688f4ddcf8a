"""What may be said of an order that is missing, from what the log holds: no guess is a fact."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace
from tests.server.guided_calls import HOUR, NOON, done, entry, keys

from apitrail.entry import Counts, Item
from apitrail.exchange import Integration
from apitrail.server.guided import fetches, missing
from apitrail.server.guided.fetches import Account
from apitrail.server.guided.finding import Answer
from apitrail.store.model import Moment

ASKED = missing.Asked(order="A-1", since=NOON - 12 * HOUR, until=NOON, account="ec-1")


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
