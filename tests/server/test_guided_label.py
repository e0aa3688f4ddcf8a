"""What may be said of a label, from what the log holds: no guess is a fact."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace
from tests.server.guided_calls import HOUR, NOON, done, entry, keys

from apitrail.entry import EntryRow, Item
from apitrail.exchange import Failure, Integration, Reference
from apitrail.server.guided import label
from apitrail.server.guided.finding import Answer


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


def test_a_label_that_the_platform_is_still_making_is_waited_for_and_not_looked_for() -> None:
    made, asked = entry("label.create", 2 * HOUR, platform="shopee"), entry("label.status", platform="shopee")
    evidence = label.Evidence(attempts=[asked, made], making={asked.id: "PROCESSING"}, oldest=NOON - 99 * HOUR)
    found = label.answer(label.Asked(number="A-1"), evidence)
    assert keys(found) == ["attempts", "still_making", "label_exists"]
    assert found.findings[1].named == {"platform": "shopee", "said": "PROCESSING", "at": asked.created_at}
    assert done(found) == ["do.still_making"]
