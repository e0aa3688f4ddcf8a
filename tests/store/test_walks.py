"""A log that is used in any order says what a plain list would say.

What the store keeps in memory (failures, counts, the ends of ranges, days, which slices are told) is kept right by what
is written and removed, so each test of one of them does what comes to mind. Here nobody thinks: a walk writes, repeats,
breaks off, removes, pins, tells and opens anew by chance, and after each step asks by chance, of a log whose limits are
so low that a few hundred entries meet them.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec import structs
from tests.store.plain import GOOD, OPTIONS, PlainLog, age

from apitrail.entry import Entry, Item, Outcome, Payload
from apitrail.exchange import Integration, Reference, Source
from apitrail.store import Cursor, Filter, StoreError, Term, ends, open_store, recent, slices, totals
from apitrail.store.retention import Keep, Rules

Make = Callable[..., Entry]
START = datetime(2026, 8, 28, 19, 40, tzinfo=UTC)
"""So a walk comes into another month."""
STEPS = 60
SEEDS = range(int(os.environ.get("APITRAIL_WALKS", "1")))
"""More by `make test-faults`."""
KEEP = Keep(success_bodies=0, failure_bodies=1, entries=2)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
WORDS = ["blue moon", "lantern", "Tent", "not in range", "請放管理室", "已取消", "timeout", "moonlight"]
ACTIONS = ["order.list", "order.get", "label.create", "stock.push"]


class Walk:
    """One, by one seed. `log` is what it walks over, `plain` what that should be."""

    def __init__(self, folder: Path, make: Make, seed: int) -> None:
        self.dice = random.Random(seed)
        self.folder = folder
        self.make = make
        self.log = open_store(folder, durable=False)
        self.plain = PlainLog()
        self.now = START
        self.begin = START
        """What is looked at, from then on, for a while; some of what comes late is of that time."""
        self.orders = ["".join(self.dice.choices(LETTERS, k=8)) + f"{n:02d}" for n in range(12)]
        self.pinned: set[str] = set()
        self.steps: list[str] = []

    def step(self) -> None:
        """Something happens, and some time goes by."""
        self.now += self.dice.choice([0, 1, 1, 5, 60]) * timedelta(minutes=self.dice.random() * 20)
        if self.dice.random() < 0.1:
            self.begin = self.now - self.dice.choice([1, 24]) * timedelta(hours=1)
        changes = [self.write] * 10 + [self.repeat] * 2 + [self.tidy] * 2 + [self.break_off, self.pin, self.open_anew]
        change = self.dice.choice([*changes, *[self.go_on] * 4, self.tell])
        self.steps.append(change.__name__)
        change()

    def write(self) -> None:
        """New entries, mostly of now, among some that are there already."""
        fresh = [self._entry() for _ in range(self.dice.choice([1, 1, 3, 30]))]
        again = self._some(self.dice.choice([0, 0, 0, 2]))
        batch = [*fresh, *again]
        self.dice.shuffle(batch)
        self._write(batch)

    def repeat(self) -> None:
        """What is there already."""
        self._write(self._some(3))

    def break_off(self) -> None:
        """The engine says that it failed, before or after it wrote; somebody looks; and the batch is sent again."""
        batch = [self._entry() for _ in range(5)]
        insert, late = self.log.engine.insert, self.dice.random() < 0.5

        def breaking(*given: Any) -> None:
            if late:
                insert(*given)
            raise StoreError("the disk is full")

        with pytest.MonkeyPatch.context() as broken:
            broken.setattr(self.log.engine, "insert", breaking)
            with pytest.raises(StoreError, match="full"):
                self.log.write(batch)
        for _ in range(3):
            which = self._filter()
            self.log.page(which)
            self.log.histogram(which)
            self.log.facets(which)
        written = self.log.write(batch)
        assert written.stored + written.duplicates == len(batch)
        self.plain.write(batch)

    def tidy(self) -> None:
        """What is too old goes."""
        self.log.tidy(Rules(KEEP), now=self.now)
        self.plain.remove(lambda one: age(one, self.now) > KEEP.entries, self.pinned)
        self.plain.empty(self._bodies_due, self.pinned)

    def pin(self) -> None:
        """An order is kept from now on."""
        order = self.dice.choice(self.orders)
        self.log.pin("order", order, "")
        self.pinned.add(order)

    def go_on(self) -> None:
        """The day is told as far as it went."""
        self.log.go_on(now=self.now)

    def tell(self) -> None:
        """Days that are over are told."""
        self.log.tell(now=self.now)

    def open_anew(self) -> None:
        """By another process."""
        self.log.close()
        self.log = open_store(self.folder, durable=False)

    def check(self) -> None:
        """Ask something, and some of it twice."""
        which = self._filter()
        for _ in range(self.dice.choice([1, 1, 3])):
            self.dice.choice([self.page, self.page, self.count, self.count, self.options, self.failures])(which)
        if self.dice.random() < 0.1:
            self.whole()

    def page(self, which: Filter) -> None:
        """A list, and what follows it."""
        limit, cursor = self.dice.choice([1, 7, 50]), self._cursor()
        for _ in range(3):
            found = self.log.page(which, limit, cursor)
            assert [one.id for one in found.entries] == self.plain.page(which, limit, cursor), self._said(which, limit)
            cursor = found.next_cursor
            if cursor is None:
                break

    def count(self, which: Filter) -> None:
        """By time, in bars of any length."""
        step = self.dice.choice([None, "15m", "1h", "1d"])
        if step == "15m" and (which.since is None or which.until is None):
            step = "6h"
        found = self.log.histogram(which, step)
        if found.bars:
            assert [bar.outcomes for bar in found.bars] == self.plain.bars(which, found), self._said(which, step)
        counted = sum(sum(bar.outcomes.values()) for bar in found.bars)
        assert counted == len(self.plain.found(which)), self._said(which, step)

    def options(self, which: Filter) -> None:
        """What else could be chosen."""
        found, wanted = self.log.facets(which), self.plain.options(which)
        for field in OPTIONS:
            listed = {one.id: one.count for one in getattr(found, field)}
            assert listed == wanted[field], self._said(which, field)

    def failures(self, which: Filter) -> None:
        """What failed, by what it has in common."""
        found = {one.kind: one for one in self.log.failures(which, 1000)}
        wanted = self.plain.failures(which)
        hit = {kind: (count, len(orders)) for kind, (count, orders) in wanted.items()}
        assert {kind: (one.count, one.orders) for kind, one in found.items()} == hit, self._said(which, "failures")
        for kind, one in found.items():
            assert wanted[kind][1].issuperset(one.some_orders), self._said(which, "failures")

    def whole(self) -> None:
        """One entry, to the byte; and one that is not there."""
        for one in self._some(1):
            assert self.log.entry(one.id) == one, self._said(Filter(), one.id)
        assert self.log.entry(self._entry().id) is None
        covered = self.log.span()
        times = [one.created_at for one in self.plain.entries.values()]
        assert (covered.entries, covered.oldest, covered.newest) == (
            len(times),
            min(times, default=None),
            max(times, default=None),
        ), self._said(Filter(), "span")

    def _write(self, batch: list[Entry]) -> None:
        assert self.log.write(batch).stored == self.plain.write(batch), self._said(Filter(), "write")

    def _entry(self) -> Entry:
        dice = self.dice
        late = dice.choice([0.0] * 6 + [0.01, 0.5, 3.0])
        at = self.now - timedelta(minutes=10 * dice.random()) - late * dice.random() * timedelta(days=1)
        if dice.random() < 0.15:
            at = self.begin + timedelta(minutes=20 * dice.random() - 10)
        if dice.random() < 0.1:  # upon the edge of a quarter, and at the same time as another
            at = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
        outcome = dice.choices(get_args(Outcome), [60, 5, 5, 20, 10])[0]
        failed = outcome not in GOOD
        order, other = dice.sample(self.orders, 2)
        word = dice.choice(WORDS)
        items = []
        if outcome == "partial" and dice.random() < 0.8:
            refused = dice.choice([order, other])
            items = [Item("order", one, "request_error" if one == refused else "success") for one in (order, other)]
        kept = f'{{"order_sn":"{order}","note":"{word}"}}'.encode()
        sent = f'{{"wanted":["{other}"],"say":"{dice.choice(WORDS)}"}}'.encode()
        return self.make(
            at,
            received_at=datetime.now(UTC),
            action=dice.choice(ACTIONS),
            method=dice.choice(["GET", "POST"]),
            url=f"https://api.example/{dice.choice(['orders', 'Stock/push'])}?page={dice.randrange(3)}",
            outcome=outcome,
            status=dice.choice([None, 500, 404]) if failed else 200,
            cause=dice.choice(["timeout", "bad_data"]) if failed else None,
            code=dice.choice(["E1", "E2"]) if failed else None,
            message=dice.choice([None, word, f"order {other} is unknown"]) if failed else None,
            platform=dice.choice([None, "shopee", "ups"]),
            direction=dice.choice(["outbound", "outbound", "inbound"]),
            merchant=dice.choice([None, "M1"]),
            duration_ms=dice.choice([1.0, 250.0, 3000.0]),
            ec_integration=dice.choice([None, Integration("a", "A"), Integration("b", "B")]),
            shipping_integration=dice.choice([None, None, Integration("c", "C")]),
            source=dice.choice([None, Source("order", order)]),
            references=[Reference("order", one) for one in (order, other)[: 1 + len(items) // 2]]
            + [Reference("tracking_no", f"T{other}")],
            items=items,
            request=Payload(body=sent, size=len(sent), charset="utf-8"),
            response=Payload(body=kept, size=len(kept), charset="utf-8"),
        )

    def _bodies_due(self, one: Entry) -> bool:
        return age(one, self.now) > (KEEP.success_bodies if one.outcome in GOOD else KEEP.failure_bodies)

    def _some(self, many: int) -> list[Entry]:
        held = list(self.plain.entries.values())
        return self.dice.sample(held, min(many, len(held)))

    def _cursor(self) -> Cursor | None:
        some = self._some(1) if self.dice.random() < 0.2 else []
        return Cursor(some[0].created_at, some[0].id) if some else None

    def _filter(self) -> Filter:
        """Every second one of those that are answered from memory."""
        dice = self.dice
        given: dict[str, Any] = {}
        if dice.random() < 0.5:
            given = dice.choice([{}, {"outcome": ("request_error", "platform_error")}, {"outcome": ("success",)}])
            given = given | dice.choice([{}, {"ec_integration": ("a",)}, {"shipping_integration": ("c",)}])
            return Filter(**given, **self._range())
        choices: dict[str, list[tuple[str, ...]]] = {
            "outcome": [("request_error", "platform_error"), ("platform_error",), ("success",), ("partial", "warning")],
            "ec_integration": [("a",), ("a", "b"), ("nobody",)],
            "shipping_integration": [("c",)],
            "action": [("order.list",), ("label.create", "nothing")],
            "platform": [("shopee",)],
            "cause": [("timeout",)],
            "direction": [("inbound",)],
            "merchant": [("M1",)],
            "method": [("POST",)],
            "status": [("none",), ("4xx", "200")],
            "path": [("/STOCK",), ("page=1",)],
            "reference": [(dice.choice(self.orders),), (f"tracking_no:T{dice.choice(self.orders)}",)],
            "source": [(f"order:{dice.choice(self.orders)}",)],
        }
        for field in dice.sample(list(choices), dice.choices([0, 1, 2], [3, 4, 2])[0]):
            given[field] = dice.choice(choices[field])
        if dice.random() < 0.2:
            given["without"] = (dice.choice([("outcome", "success"), ("action", "order.get"), ("platform", "ups")]),)
        if dice.random() < 0.1:
            given["duration_over"] = 200.0
        if dice.random() < 0.35:
            given["text"] = tuple(self._term() for _ in range(dice.choice([1, 1, 2])))
        return Filter(**given, **self._range())

    def _range(self) -> dict[str, Any]:
        """Mostly from the same time on for a while."""
        dice = self.dice
        until = self.now - dice.choice([0, 0, 0, 1, 30]) * timedelta(hours=dice.random())
        since = dice.choice([None, self.begin, self.begin, self.begin, until - 100 * timedelta(hours=dice.random())])
        return {"since": since, "until": until if dice.random() < 0.6 else None}

    def _term(self) -> Term:
        dice = self.dice
        excluded = dice.random() < 0.2
        order = dice.choice(self.orders)
        if dice.random() < 0.4:
            return Term(dice.choice([order, order.lower(), f"T{order}"]), whole=True, excluded=excluded)
        text = dice.choice([*WORDS, order[1:6], order[-4:], "moon", "管理室", "nowhere at all"])
        return Term(dice.choice([text, text.upper()]), excluded=excluded)

    def _said(self, which: Filter, more: object) -> str:
        given = {name: value for name, value in structs.asdict(which).items() if value not in ((), None)}
        return f"{more} of {given}, at {self.now}, after {' '.join(self.steps)}"


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a few hundred entries meet."""
    monkeypatch.setattr(slices, "ENTRIES", 10)
    monkeypatch.setattr(recent.FAILURES, "kept", 60)
    monkeypatch.setattr(recent.FAILURES, "most_written", 200)
    monkeypatch.setattr(recent.ENTRIES, "kept", 90)
    monkeypatch.setattr(recent.ENTRIES, "most_written", 60)
    monkeypatch.setattr(ends, "MOST", 40)
    monkeypatch.setattr(totals, "MOST_ROWS", 400)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_log_that_is_used_in_any_order_says_what_a_plain_list_would(
    new_log: Path, folder: Path, make: Make, seed: int
) -> None:
    shutil.copytree(new_log, folder, symlinks=True)
    walk = Walk(folder, make, seed)
    try:
        for _ in range(STEPS):
            walk.step()
            for _ in range(4):
                walk.check()
    finally:
        walk.log.close()
