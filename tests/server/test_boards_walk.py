"""What the boards say of a log that was made by chance is what a plain list of the same entries says.

Two shops of two platforms with the same order numbers, two carriers, orders with several parcels, retries, calls that
fail in part or get no answer, notifications, calls without an account, entries that arrive late, in any order, and
twice. `plain_boards` is the plain list. What is asked: the API's numbers and states, that the links of the pages lead
to exactly the entries that are counted, whom failures hold up, and what has worked since.

It is biased: to few numbers, so that calls meet; to calls that fail; to one day; to one way of writing a number for
each shop and action; and to logs so small that no limit of a board is met. Which parcel a call belongs to that names an
order alone is not compared, only that a row counts what it lists.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from tests.server import plain_boards as plain

from apitrail.entry import Cause, Entry, Item, Outcome, Payload
from apitrail.exchange import Integration, Reference, Source
from apitrail.store import open_store

SEEDS = range(int(os.environ.get("APITRAIL_WALKS", "1")))
CALLS = 120
HOURS = 7
ORDERS = ("1001", "1002", "AB77X", "260101A")
SKUS = ("MUG-1", "MUG-2", "TEE")
SIGNED = ("order.list", "order.get", "webhook.order.created", "webhook.order.paid")
SHOPS = (("s1", "shopify"), ("s2", "shopee"))
CARRIERS = (("c1", "ups"), ("c2", "tcat"), ("c3", "ups"))


class Day:
    """The entries of one day, by one seed, oldest first."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = datetime.now(UTC)
        moments = sorted(self.dice.sample(range(1, HOURS * 3_600_000), CALLS))
        self.begin = self.now - timedelta(hours=HOURS)
        self.down = self.begin + timedelta(hours=1.5)
        """Until then, nobody reached one of the carriers."""
        kinds = [self.fetch, self.read, self.notice, self.ship, self.ship_many, self.label, self.label, self.label]
        kinds += [self.number, self.void, self.scan, self.scanned, self.push, self.push]
        self.entries = [self.dice.choice(kinds)(self.begin + timedelta(milliseconds=moment)) for moment in moments]

    def fetch(self, at: datetime) -> Entry:
        shop = self.dice.choice(SHOPS)
        outcome = self.outcome()
        some = self.dice.sample(ORDERS, self.dice.choice([0, 1, 3])) if outcome in ("success", "warning") else []
        return self.entry(at, "order.list", outcome, shop, references=[("order", one) for one in some])

    def read(self, at: datetime) -> Entry:
        if self.dice.random() < 0.3:
            return self.several(at, "order.get", self.dice.choice(SHOPS), "order", ORDERS)
        order = self.dice.choice(ORDERS)
        return self.entry(at, "order.get", self.outcome(), self.dice.choice(SHOPS), references=[("order", order)])

    def notice(self, at: datetime) -> Entry:
        action = self.dice.choice(["webhook.order.created", "webhook.order.paid"])
        references = [("order", self.dice.choice(ORDERS))]
        shop = self.dice.choice(SHOPS)
        return self.entry(at, action, self.outcome(), shop, references=references, direction="inbound")

    def ship(self, at: datetime) -> Entry:
        order = self.dice.choice(ORDERS)
        references = [("order", order)]
        references += [("tracking", f"T{order}")] if self.dice.random() < 0.3 else []
        return self.entry(
            at, "order.ship", self.outcome(), self.dice.choice(SHOPS), references=references, source=order
        )

    def ship_many(self, at: datetime) -> Entry:
        return self.several(at, "order.ship", self.dice.choice(SHOPS), "order", ORDERS)

    def label(self, at: datetime) -> Entry:
        order, outcome = self.dice.choice(ORDERS), self.outcome()
        references = [("order", order)]
        if outcome in ("success", "warning"):
            references.append(("tracking", f"T{order}{self.dice.choice(['', '', '-2'])}"))
        shop = self.dice.choice([*SHOPS, None])
        source = order if self.dice.random() < 0.5 else ""
        carrier = self.dice.choice([*CARRIERS, None])
        return self.entry(at, "label.create", outcome, shop, carrier, references=references, source=source)

    def number(self, at: datetime) -> Entry:
        order, outcome = self.dice.choice(ORDERS), self.outcome()
        references = [("order", order)]
        references += [("tracking", f"T{order}")] if outcome == "success" else []
        return self.entry(at, "tracking.allocate", outcome, None, self.dice.choice(CARRIERS), references=references)

    def void(self, at: datetime) -> Entry:
        references = [("tracking", f"T{self.dice.choice(ORDERS)}")]
        return self.entry(at, "label.void", self.outcome(), None, self.dice.choice(CARRIERS), references=references)

    def scan(self, at: datetime) -> Entry:
        some = [f"T{one}" for one in ORDERS]
        if self.dice.random() < 0.3:
            return self.several(at, "tracking.get", None, "tracking", some, self.dice.choice(CARRIERS))
        references = [("tracking", self.dice.choice(some))]
        return self.entry(at, "tracking.get", self.outcome(), None, self.dice.choice(CARRIERS), references=references)

    def scanned(self, at: datetime) -> Entry:
        references = [("tracking", f"T{self.dice.choice(ORDERS)}")]
        carrier = self.dice.choice(CARRIERS)
        action = "webhook.logistics.status"
        return self.entry(at, action, self.outcome(), None, carrier, references=references, direction="inbound")

    def push(self, at: datetime) -> Entry:
        return self.several(at, "stock.push", self.dice.choice(SHOPS), "sku", SKUS)

    def several(
        self,
        at: datetime,
        action: str,
        shop: tuple[str, str] | None,
        kind: str,
        of: tuple[str, ...] | list[str],
        carrier: tuple[str, str] | None = None,
    ) -> Entry:
        """One call for several, which may fail for some."""
        some = self.dice.sample(of, self.dice.choice([2, 3]))
        outcome = self.dice.choice(["partial", "partial", self.outcome()])
        items = []
        if outcome == "partial" and self.dice.random() < 0.9:
            bad = self.dice.sample(some, self.dice.choice([1, len(some) - 1]))
            items = [Item(kind, one, "request_error" if one in bad else "success") for one in some]
        references = [(kind, one) for one in some]
        return self.entry(at, action, outcome, shop, carrier, references=references, items=items)

    def name(self, at: datetime) -> str:
        """A UUIDv7."""
        milliseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        return str(UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | self.dice.getrandbits(62)))

    def outcome(self) -> Outcome:
        outcomes: list[Outcome] = ["success", "warning", "request_error", "platform_error"]
        return self.dice.choices(outcomes, [50, 5, 30, 15])[0]

    def entry(
        self,
        at: datetime,
        action: str,
        outcome: Outcome,
        shop: tuple[str, str] | None,
        carrier: tuple[str, str] | None = None,
        *,
        references: list[tuple[str, str]],
        source: str = "",
        **fields: Any,
    ) -> Entry:
        if shop == SHOPS[0] and action in SIGNED:  # as this shop's platform writes it; who ships it writes it plainly
            references = [(kind, f"#{one}" if kind == "order" else one) for kind, one in references]
            items = fields.get("items", [])
            fields["items"] = [replace(one, id=f"#{one.id}") for one in items]
        if carrier and carrier[1] == "ups" and at < self.down and fields.get("direction") != "inbound":
            outcome, fields = "platform_error", {**fields, "items": []}
            if action in ("label.create", "tracking.allocate"):  # what was not made has no number
                references = [one for one in references if one[0] == "order"]
        failed = outcome in plain.FAILED
        wrong = failed or outcome == "partial"
        cause: Cause | None = None
        status: int | None = 200
        if failed:
            cause = self.dice.choice(
                ["address", "bad_data", "duplicate"] if outcome == "request_error" else ["timeout"]
            )
            status = None if cause == "timeout" else self.dice.choice([200, 422])
        elif wrong:
            cause = self.dice.choice(["bad_data", None])
        return Entry(
            id=self.name(at),
            created_at=at,
            method="POST",
            url="https://api.example/call",
            path="/call",
            action=action,
            outcome=outcome,
            status=status,
            cause=cause,
            code=self.dice.choice(["E1", None]) if wrong and status else None,
            platform=(carrier or shop or (None, None))[1],
            ec_integration=Integration(shop[0], shop[0].upper()) if shop else None,
            shipping_integration=Integration(carrier[0], carrier[0].upper()) if carrier else None,
            source=Source("order", source) if source else None,
            references=[Reference(*one) for one in references],
            request=Payload(),
            response=None if status is None else Payload(),
            **fields,
        )


class Answers:
    """A server on that log, and what it says."""

    def __init__(self, day: Day, server: Any) -> None:
        self.entries, self.server, self.dice = day.entries, server, day.dice
        self.since = day.begin - timedelta(minutes=1)
        self.by_id = {one.id: one for one in day.entries}

    def json(self, path: str, **asked: Any) -> Any:
        answer = self.server.get(f"/api/v1/{path}", params={"from": self.since.isoformat(), **asked})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def page(self, path: str, **asked: Any) -> str:
        answer = self.server.get(path, params={"from": self.since.isoformat(), "tz": "UTC", "lang": "en", **asked})
        assert answer.status_code == 200, answer.text
        return answer.text  # type: ignore[no-any-return]

    def behind(self, link: str) -> frozenset[str]:
        """What the list shows that a page's link leads to."""
        query = re.sub(r"(^|&)(range|tz|lang)=[^&]*", "", unescape(link).partition("?")[2])
        found = self.server.get(f"/api/v1/entries?{query}&limit=500")
        assert found.status_code == 200, found.text
        return frozenset(one["id"] for one in found.json()["entries"])


@pytest.fixture(params=SEEDS)
def told(request: pytest.FixtureRequest, tmp_path: Path, new_data: Path, serve: Any) -> Answers:
    """Written late, in any order, and partly twice."""
    day = Day(request.param)
    folder = tmp_path / "walked"
    shutil.copytree(new_data, folder, symlinks=True)
    store = open_store(folder, durable=False)
    late = day.dice.sample(day.entries, CALLS)
    for number in range(0, CALLS, 20):
        store.write(late[number : number + 25])
    store.close()
    return Answers(day, serve(folder=folder))


def test_the_boards_say_what_a_plain_list_says(told: Answers) -> None:
    wrong: list[str] = []
    for check in (problems, orders, parcels, shift, lines, outages, since, missing, labels, stock):
        wrong += [f"{check.__name__}: {one}" for one in check(told)]
    assert not wrong, "\n".join(wrong)


def problems(told: Answers) -> Iterator[str]:
    """Of all, and narrowed in two ways."""
    ways: list[tuple[Callable[[Entry], bool], dict[str, str]]] = [
        (lambda one: plain.ec(one) == "s1", {"ec_integration": "s1"}),
        (lambda one: plain.shipping(one) == "c1", {"shipping_integration": "c1"}),
        (lambda one: one.outcome == "partial", {"outcome": "partial"}),
        (lambda one: one.outcome == "request_error", {"outcome": "request_error"}),
        (lambda one: one.cause == "timeout", {"cause": "timeout"}),
        (lambda one: one.direction == "inbound", {"work": "webhooks"}),
        (lambda one: one.action == "stock.push", {"work": "stock"}),
    ]
    yield from _problems(told, lambda _: True)
    for asked, narrowed in told.dice.sample(ways, 2):
        yield from _problems(told, asked, **narrowed)


def _problems(told: Answers, asked: Callable[[Entry], bool], **narrowed: str) -> Iterator[str]:
    expected = plain.problems(filter(asked, told.entries))
    seen = set()
    for one in told.json("problems", **narrowed)["problems"]:
        sides = account(one), account(one, "shipping_integration")
        key = (one["platform"], one["action"], one["direction"], *sides, one["code"], one["status"], one["cause"])
        seen.add(key)
        failures = expected.get(key, [])
        about = Counter(kind for kind, _ in set().union(*map(plain.hit, failures)))
        ways = [each for each in told.entries if plain.way(each) == key[:5]]
        end = plain.ended_by(told.entries, failures[-1]) if failures else None
        wanted = (
            len(failures),
            len(ways),
            about["order"],
            about["parcel"],
            about["product"],
            "over" if end else "going_on",
            end.id if end else "",
        )
        said = tuple(one[name] for name in ("count", "calls", "orders", "parcels", "products", "state", "ended_by"))
        if said != wanted:
            yield f"{narrowed} {key}: {said}, should be {wanted}"
    if seen != set(expected):
        yield f"{narrowed} not these groups: {seen ^ set(expected)}"
    page = told.page("/problems", shown="all", **narrowed)
    links = re.findall(r'<a class="button" href="(/\?[^"]*)"', page)
    lists = Counter(map(told.behind, links))
    groups = Counter(frozenset(each.id for each in some) for some in expected.values())
    for some in groups - lists:
        yield f"{narrowed} no link leads to {describe(told, some)}"
    for some in lists - groups:
        yield f"{narrowed} a link leads to {describe(told, some)}"


def describe(told: Answers, ids: frozenset[str]) -> list[Any]:
    return [(*plain.kind(told.by_id[one]), told.by_id[one].outcome) for one in ids]


def orders(told: Answers) -> Iterator[str]:
    numbers = {number for one in told.entries for number in plain.orders(one)}
    expected = {}
    for number in numbers:
        shops = plain.shops(told.entries, number)
        for shop in shops if len(shops) == 1 else {*shops, ""}:
            if calls := plain.of_order(told.entries, number, shop):
                expected[number, shop] = calls
    found = told.json("orders")["orders"]
    said = {key_of(one): one for one in found}
    if set(said) != set(expected):
        yield f"not these: {set(said) ^ set(expected)}"
    page = told.page("/orders")
    links = re.findall(r'<th class="ids" scope="row"><span class="name"><a href="([^"]*)"', page)
    for key, one, link in zip(said, found, links, strict=True):
        number, calls = key[0], expected[key]
        failures = [each for each in calls if plain.failed_for(each, {number})]
        first, still = plain.told(calls, number), plain.still_open(calls, number)
        wanted = (len(calls), len(failures), calls[-1].id, first and first.id, still and still.id, still is not None)
        got = (
            one["calls"],
            one["failures"],
            one["last"]["entry"],
            one["told"] and one["told"]["entry"],
            one["open_failure"] and one["open_failure"]["entry"],
            one["open"],
        )
        if got != wanted:
            yield f"{key}: {got}, should be {wanted}"
        if (listed := told.behind(link)) != {each.id for each in calls}:
            yield f"{key}: the link {unescape(link)} leads to {len(listed)} of {len(calls)} calls"
    for shop, _ in SHOPS:
        mine = set(map(key_of, told.json("orders", ec_integration=shop)["orders"]))
        if mine != {key for key in expected if key[1] == shop}:
            yield f"of {shop}: {mine}"
    failed = set(map(key_of, told.json("orders", failed="1")["orders"]))
    if failed != {key for key, calls in expected.items() if any(plain.failed_for(one, {key[0]}) for one in calls)}:
        yield f"failed: {failed}"
    alone = set(map(key_of, told.json("orders", only="open")["orders"]))
    if alone != {key for key, calls in expected.items() if plain.still_open(calls, key[0])}:
        yield f"open: {alone}"


def key_of(order: dict[str, Any]) -> tuple[str, str]:
    return order["number"].removeprefix("#"), account(order)


def account(one: dict[str, Any], side: str = "ec_integration") -> str:
    """Its id; empty for none."""
    return one[side]["id"] if one[side] else ""


def parcels(told: Answers) -> Iterator[str]:
    found = told.json("shipments")["shipments"]
    page = told.page("/shipments")
    links = re.findall(r'<td class="calls"[^>]*><div><span><a href="([^"]*)"', page)
    for one, link in zip(found, links, strict=True):
        ids = told.behind(link)
        names = {each.split(":", 1)[1] for each in one["references"]} | set(one["orders"])
        failed = sum(plain.failed_for(told.by_id[each], names) for each in ids)
        if (one["calls"], one["failures"]) != (len(ids), failed):
            said = f"{one['failures']} of {one['calls']}"
            yield f"{one['tracking']} {one['orders']}: {said}, should be {failed} of {len(ids)}"
        if one["tracking"] and one["label"] != (state := plain.label_of(told.entries, *one["tracking"])):
            yield f"{one['tracking']}: {one['label']}, should be {state}"
        for number in one["tracking"]:
            places = [
                each
                for each in told.entries
                if each.action in ("tracking.get", "webhook.logistics.status") and plain.worked_for(each, number)
            ]
            if (one["seen"] and one["seen"]["entry"]) != (places[-1].id if places else None):
                yield f"{number}: seen {one['seen']}, should be {places[-1:]}"


def shift(told: Answers) -> Iterator[str]:
    found = told.json("shift")
    if found["calls"] != len(told.entries):
        yield f"{found['calls']} calls"
    expected = plain.held(told.entries, told.since)
    for one in found["causes"]:
        key = one["cause"], one["direction"]
        failures = [
            each for each in told.entries if plain.went_wrong(each) and (each.cause or "", each.direction) == key
        ]
        stuck = expected.pop(key, set())
        counted = Counter(kind for kind, *_ in stuck)
        of = {(*about, plain.ec(each)) for each in failures for about in plain.hit(each)}
        # A call that names no shop may be about the order of one that does.
        every = Counter(
            kind
            for kind, name, shop in of
            if shop or kind == "product" or not any((kind, name, each) in of for each, _ in SHOPS)
        )
        wanted = (
            len(failures),
            *(each for kind in ("order", "parcel", "product") for each in (every[kind], counted[kind])),
        )
        names = ("failures", "orders", "orders_held", "parcels", "parcels_held", "products", "products_held")
        said = tuple(one[name] for name in names)
        named = {(each["kind"], each["id"].removeprefix("#"), account(each)) for each in one["held"]}
        if said != wanted or (len(stuck) <= 12 and named != stuck):
            yield f"{key}: {said}, should be {wanted}; {sorted(named ^ stuck)}"
    if expected:
        yield f"also held: {expected}"


def lines(told: Answers) -> Iterator[str]:
    """The links of Start of shift lead to problems, whole."""
    groups = Counter(frozenset(each.id for each in some) for some in plain.problems(told.entries).values())
    page = told.page("/shift")
    links = re.findall(r'<span class="line"><a href="([^"]*)"', page)
    for link in links:
        if (listed := told.behind(link)) not in groups:
            yield f"a line leads to {describe(told, listed)}"
    for link, count in re.findall(r'<p><a href="(/problems[^"]*)">[^<]*?(\d+)[^<]*</a></p>', page):
        query = re.sub(r"(^|&)(tz|lang)=[^&]*", "", unescape(link).partition("?")[2])
        found = told.server.get(f"/api/v1/problems?{query}").json()["problems"]
        if len(found) != int(count) and "cause=" in query:
            yield f"{query}: {count} problems, and the link shows {len(found)}"


def outages(told: Answers) -> Iterator[str]:
    """Each is counted as the list shows it that its link leads to."""
    found = told.json("shift")["outages"]
    page = told.page("/shift")
    links = [one for one in re.findall(r'</span> <a href="(/\?[^"]*)"', page) if "cause=timeout" in one]
    for one, link in zip(found, links, strict=True):
        since, until = (datetime.fromisoformat(one[name]) for name in ("since", "until"))
        failed = {
            each.id
            for each in told.entries
            if each.platform == one["platform"]
            and each.action in one["actions"]
            and each.cause == "timeout"
            and each.direction == "outbound"
            and since <= each.created_at <= until
        }
        if told.behind(link) != failed or one["failed"] != len(failed):
            yield f"{one}: {len(failed)} failed, {len(told.behind(link))} are listed"


def since(told: Answers) -> Iterator[str]:
    failures = [one for one in told.entries if one.outcome in plain.FAILED and one.action != "stock.push"]
    for one in failures:
        if not 0 < len(one.references) < 3:  # it is about no single order or parcel
            continue
        page = told.server.get(f"/entries/{one.id}", params={"lang": "en"}).text
        said = re.search(r'<p class="since( worked)?" id="since-[^"]*">(.*?)</p>', page, re.DOTALL)
        later = plain.worked_since(told.entries, one)
        if later is None:
            if said and said[1] and one.cause != "duplicate":
                yield f"{one.action} {one.references}: {said[2][-200:]}, but none worked"
        elif not (said and said[1] and f"/entries/{later.id}" in said[2]):
            what = f"{one.action} of {plain.ec(one)} {one.references}"
            yield f"{what}: not that {later.id} ({later.outcome}) worked: {said and said[2][-250:]}"


def guided(told: Answers, path: str, **asked: str) -> str:
    page = told.server.get(path, params={"lang": "en", **asked}).text
    answer = page[page.index('id="what-to-do"') :]
    return " ".join(unescape(re.sub("<[^>]+>", " ", answer)).split())


def missing(told: Answers) -> Iterator[str]:
    for number in ORDERS:
        for shop, _ in SHOPS:
            page = guided(told, "/help/order-missing", order=number, where=f"ec:{shop}")
            arrived = "The platform has told your system of the order" in page
            if arrived != plain.has_arrived(told.entries, number, shop):
                yield f"{number} of {shop}: {page[:300]}"


def labels(told: Answers) -> Iterator[str]:
    for number in ORDERS:
        page = guided(told, "/help/label-failed", number=number)
        apart = plain.attempts(told.entries, number)
        every = [one for some in apart.values() for one in some]
        bad = sum(plain.failed_for(one, {number}) for one in every)
        counted = re.search(r"(\d+) calls? about [^;]*; (\d+) failed\.", page)
        if every and (counted is None or (int(counted[1]), int(counted[2])) != (len(every), bad)):
            yield f"{number}: not {bad} of {len(every)} failed: {page[:600]}"
        exist = {shop: plain.has_label(told.entries, some, number) for shop, some in apart.items()}
        if page.count("A label or its number was made already") != sum(exist.values()):
            yield f"{number}: a label exists {exist}: {page[:900]}"
        worked = [exist[shop] for shop, some in apart.items() if plain.fate(some[-1], number) == "worked"]
        said = page.count("The latest attempt worked: look"), page.count("There is no label now")
        if said != (worked.count(True), worked.count(False)):
            yield f"{number}: at last {worked} worked: {page[:600]}"


def stock(told: Answers) -> Iterator[str]:
    for sku in SKUS:
        page = guided(told, "/help/stock-wrong", number=sku)
        last = {shop: plain.fate(some[-1], sku) for shop, some in plain.pushes(told.entries, sku).items()}
        good = sorted(shop.upper() for shop, came in last.items() if came == "worked")
        found = re.search(r"Accepted by the platform: ([^.]*)\.", page)
        if sorted(found[1].split(", ") if found else []) != good:
            yield f"{sku}: {last}: {page[:300]}"
        for shop, came in last.items():
            refused = f"{shop.upper()} did not confirm the latest quantity" in page
            unclear = f"{shop.upper()}: the latest call failed in part" in page
            if (refused, unclear) != (came == "failed", came == "unclear"):
                yield f"{sku} of {shop} {came}: {page[:300]}"
