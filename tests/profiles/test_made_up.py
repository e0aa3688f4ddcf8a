"""What a profile can say that no single platform of ours shows by itself: tried on a made-up one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from apitrail.entry import Counts, Item
from apitrail.exchange import Exchange, Message
from apitrail.profiles import ProfileError, Profiles

Make = Callable[..., Exchange]
SOURCE = 'source = "https://docs.acme.example"\nevidence = "doc"\n'
PROFILE = f"""
name = "acme"
label = "Acme"
side = "ec"
docs = "https://docs.acme.example"
hosts = ["api.acme.example"]
delivery = [
    "request:$.now",
    {{ at = "response:$.parcels[]", id = ["number", "id"], says = ["scans[last].words", "state"] }},
    {{ at = "response:$.events[]", id = "number", says = "[newest at].words" }},
    "response:$.state",
]

[ids]
tracking = ["request:$.numbers[]", "response:$.parcels[].number"]

[[recognise]]
root = "AcmeOrder"

[[recognise]]
header = "Server: ^Acme/[0-9]"

[endpoints]
"GET /orders" = {{ action = "order.list", list = ["response:$.data.orders[]", "response:$.page.rows[]"] }}
"POST /stock" = "stock.push"
"POST /parcels" = "tracking.get"

[webhooks]
topic = "request-header:X-Topic"
answered = ["response:$.0 = 1", "response:$.1 = OK"]

[webhooks.topics]
"parcel.*" = "webhook.logistics.status"
"orders/*" = "webhook.order.updated"
"*" = "webhook.other"

[[sign]]
inbound = true
outcome = "warning"
when = "request:$.failed"
message = "request:$.failed"
{SOURCE}
[[items]]
at = "response:$.errors[]"
id = "sku + warehouse"
type = "sku"
actions = ["stock.push"]
code = "code"
{SOURCE}
[[items]]
at = "response:$.failed[]"
id = "number"
of = "request:$.numbers[]"
type = "tracking"
actions = ["tracking.get"]
code = "code"
{SOURCE}"""


def profiles_of(folder: Path, text: str) -> Profiles:
    (folder / "acme").mkdir()
    (folder / "acme" / "profile.toml").write_text(text, "utf-8")
    return Profiles.load(folder)


@pytest.fixture
def acme(tmp_path: Path) -> Profiles:
    return profiles_of(tmp_path, PROFILE)


def test_an_id_of_two_parts_is_joined(acme: Profiles, make: Make) -> None:
    answer = '{"errors": [{"sku": "A", "warehouse": 7, "code": "E1"}, {"sku": "B", "code": "E1"}]}'
    entry = acme.entry(make("POST", "https://api.acme.example/stock", answer=answer))
    assert [item.id for item in entry.items] == ["A/7", "B"]


def test_what_was_asked_and_is_not_named_among_the_failed_was_accepted(acme: Profiles, make: Make) -> None:
    asked = '{"numbers": ["1", 2, "3"]}'
    answer = '{"failed": [{"number": "2", "code": "E2"}]}'
    entry = acme.entry(make("POST", "https://api.acme.example/parcels", sent=asked, answer=answer))
    assert (entry.outcome, entry.counts) == ("partial", Counts(accepted=2, refused=1))
    assert Item("tracking", "1", "success") in entry.items


def test_where_none_is_named_all_that_was_asked_was_accepted(acme: Profiles, make: Make) -> None:
    entry = acme.entry(make("POST", "https://api.acme.example/parcels", sent='{"numbers": ["1", "2"]}'))
    assert (entry.outcome, entry.counts) == ("success", Counts(accepted=2, refused=0))


def test_a_call_that_failed_as_a_whole_accepted_nothing(acme: Profiles, make: Make) -> None:
    entry = acme.entry(make("POST", "https://api.acme.example/parcels", status=500, sent='{"numbers": ["1"]}'))
    assert (entry.outcome, entry.items, entry.counts) == ("platform_error", [], None)


@pytest.mark.parametrize(
    ("answer", "returned"),
    [
        ('{"data": {"orders": [{}, {}]}}', 2),
        ('{"data": {"orders": []}}', 0),
        ('{"data": {}}', 0),
        ('{"page": {"rows": [1]}}', 1),
        ("[]", 0),
        ("", 0),
        ('{"info": 1}', None),
        ("<html>orders</html>", None),
    ],
)
def test_a_list_that_is_not_there_counts_as_empty_only_beside_what_should_hold_it(
    acme: Profiles, make: Make, answer: str, returned: int | None
) -> None:
    entry = acme.entry(make("GET", "https://api.acme.example/orders", answer=answer))
    assert (entry.counts.returned if entry.counts else None) == returned


@pytest.mark.parametrize(
    ("answer", "status", "outcome"),
    [("1|OK", 200, "success"), ("0|no such order", 200, "request_error"), ("<p>hi</p>", 200, "request_error"),
     ("", 302, "success"), ("1|OK", 500, "platform_error")],
)  # fmt: skip
def test_a_notification_counts_as_received_only_by_the_answer_that_the_platform_expects(
    acme: Profiles, make: Make, answer: str, status: int, outcome: str
) -> None:
    exchange = make("POST", "https://api.acme.example/hook", direction="inbound", status=status)
    exchange.response = Message(headers=[("Content-Type", "text/plain")], body=answer.encode())
    assert acme.entry(exchange).outcome == outcome


@pytest.mark.parametrize(
    ("topic", "action"),
    [
        ("parcel.moved", "webhook.logistics.status"),
        ("Parcel.Moved", "webhook.logistics.status"),
        ("orders/paid", "webhook.order.updated"),
        ("parcels.moved", "webhook.other"),
        ("moved", "webhook.other"),
    ],
)
def test_a_family_of_topics_is_told_by_what_stands_before_the_last_mark(
    acme: Profiles, make: Make, topic: str, action: str
) -> None:
    exchange = make("POST", "https://api.acme.example/hook", direction="inbound", answer="1|OK")
    exchange.request.headers = [("X-Topic", topic)]
    assert acme.entry(exchange).action == action


def test_what_a_notification_reports_is_told_beside_that_it_was_received(acme: Profiles, make: Make) -> None:
    exchange = make("POST", "https://api.acme.example/hook", direction="inbound", sent='{"failed": "No stock"}')
    assert exchange.response is not None
    exchange.response = Message(headers=[("Content-Type", "text/plain")], body=b"1|OK")
    entry = acme.entry(exchange)
    assert (entry.outcome, entry.message, entry.reported_by) == ("warning", "No stock", "acme")
    assert entry.advice is not None
    outbound = acme.entry(make("POST", "https://api.acme.example/stock", sent='{"failed": "No stock"}'))
    assert outbound.outcome == "success"


def test_what_a_notification_reports_is_no_failure_of_the_call(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="of a notification"):
        profiles_of(tmp_path, PROFILE.replace('outcome = "warning"', 'outcome = "failure"'))


def test_a_platform_is_known_by_the_first_element_of_its_soap_body(acme: Profiles, make: Make) -> None:
    envelope = "<s:Envelope xmlns:s='x'><s:Body><a:AcmeOrder xmlns:a='y'/></s:Body></s:Envelope>"
    exchange = make("POST", "https://wms.example/soap", sent=envelope)
    exchange.request.headers = [("Content-Type", "text/xml")]
    assert acme.entry(exchange).platform == "acme"


@pytest.mark.parametrize(("server", "platform"), [("Acme/2", "acme"), ("nginx (Acme)", None)])
def test_a_platform_is_known_by_what_a_header_says(
    acme: Profiles, make: Make, server: str, platform: str | None
) -> None:
    exchange = make("GET", "https://wms.example/x")
    assert exchange.response is not None
    exchange.response.headers = [("server", server)]
    assert acme.entry(exchange).platform == platform


def test_a_way_to_recognise_that_all_traffic_fits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="all traffic"):
        profiles_of(tmp_path, PROFILE.replace('root = "AcmeOrder"', ""))


ASKED = '{"numbers": ["T1", "T2"]}'
TWO = """{"state": "done", "parcels": [{"number": "T1", "scans": [{"words": "left"}, {"words": "arrived"}]},
{"number": "T2", "id": 7, "state": "waiting", "scans": []}]}"""


def test_an_answer_about_several_parcels_tells_of_each_by_any_of_its_numbers(acme: Profiles, make: Make) -> None:
    entry = acme.entry(make("POST", "https://api.acme.example/parcels", sent=ASKED, answer=TWO))
    told = acme.deliveries(entry, [["T1"], ["t2"], ["other", "7"], ["T3"], []])
    assert told == ["arrived", "waiting", "waiting", None, None]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ('{"parcels": [{"id": 9, "state": "waiting"}], "state": "done"}', "waiting"),
        ('{"parcels": [{"id": 8}, {"id": 9}]}', None),
        ('{"parcels": [], "state": "done"}', "done"),
        ("no json", None),
    ],
)
def test_an_answer_about_a_single_parcel_needs_no_number(
    acme: Profiles, make: Make, answer: str, told: str | None
) -> None:
    entry = acme.entry(make("POST", "https://api.acme.example/parcels", sent='{"numbers": ["T1"]}', answer=answer))
    assert acme.deliveries(entry) == [told]


def test_of_several_parts_about_one_parcel_the_newest_speaks(acme: Profiles, make: Make) -> None:
    events = '{"number": "T1", "at": "2026-08-03", "words": "left"}, {"number": "T2", "words": "waiting"}'
    later = ', {"number": "T1", "at": "2026-08-04", "words": "arrived"}, {"number": "T1", "at": "2026-08-02"}'
    for more, words in (("", "left"), (later, "arrived")):
        answer = f'{{"events": [{events}{more}]}}'
        entry = acme.entry(make("POST", "https://api.acme.example/parcels", sent=ASKED, answer=answer))
        assert acme.deliveries(entry, [["T1"], ["T2"]]) == [words, "waiting"]


@pytest.mark.parametrize("wrong", ['at = "parcels[]"', 'says = "scans[newest]"', 'id = "x[="'])
def test_a_part_that_cannot_be_read_is_refused(tmp_path: Path, wrong: str) -> None:
    name = wrong.partition(" ")[0]
    parts = {"at": 'at = "response:$.a[]"', "id": 'id = "b"', "says": 'says = "c"'} | {name: wrong}
    text = PROFILE.replace('    "request:$.now",', "    { " + ", ".join(parts.values()) + " },")
    with pytest.raises(ProfileError, match=r"place|path"):
        profiles_of(tmp_path, text)
