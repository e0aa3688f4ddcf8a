"""What people ask of a log, of both contenders, with values that are in it: each time another order or account."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlencode

from msgspec import Struct

from apitrail.store.model import Cursor
from bench.store.trade import END, SHOPS

ROUNDS = 20
FAILED = ("request_error", "platform_error")
PHRASES = (
    "with the janitor",
    "leave it with the janitor",
    "the janitor",
    "it with the janitor",
    "Please leave it with",
)
"""What few buyers wrote: five texts, for a question that is asked twice is answered from memory."""
CHINESE = ("請放管理室", "janitor, 請放管理室", "the janitor, 請放管理室")


class Known(Struct, frozen=True):
    """One order of the log, and an entry that has it."""

    order: str
    entry: str
    at: datetime


class Question(Struct, frozen=True):
    """One address of each contender. The peer's is empty where it has no such question."""

    name: str
    ours: str
    peer: str
    scan: bool = False
    """It is looked for in bodies, so it is asked fewer times, and not before it is measured."""


def known(ask: Callable[[str], bytes], days: float, many: int = ROUNDS) -> list[Known]:
    """Orders from all over the last seven days of a log, or of all of it where it is shorter.

    `ask` answers an address of Apitrail's: the values come from its log, which the peer's is the same as.
    """
    dice = random.Random(5)
    found: list[Known] = []
    while len(found) < many:
        at = END - timedelta(days=dice.random() * min(7, days * 0.9))
        query = {"action": "order.get", "outcome": "success", "to": _written(at), "limit": 1}
        [entry] = json.loads(ask(_ours("entries", **query)))["entries"]
        order = next(one["id"] for one in entry["references"] if one["type"] == "order")
        found.append(Known(order, entry["id"], datetime.fromisoformat(entry["created_at"])))
    return found


def questions(orders: list[Known], days: float) -> Iterator[list[Question]]:
    """Each kind of question, asked of every order in turn."""
    dice = random.Random(6)

    def back(number_of_days: float) -> datetime:
        return END - timedelta(days=number_of_days)

    def page(name: str, since: datetime | None, query: str, *, scan: bool = False, **ours: object) -> Question:
        end = END - timedelta(seconds=dice.randrange(3600))
        times = {"from": _written(since), "to": _written(end)} if since else {}
        between = f"_time:[{_written(since)}, {_written(end)}] " if since else ""
        return Question(name, _ours("entries", **times, **ours), _peer(f"{between}{query}"), scan)

    def counts(
        name: str, since: datetime, step: str, query: str = "*", *, scan: bool = False, **ours: object
    ) -> Question:
        end = END - timedelta(seconds=dice.randrange(3600))
        times = {"from": _written(since), "to": _written(end)}
        hits = {"query": query, "start": _written(since), "end": _written(end), "step": step, "field": "status"}
        asked = "/select/logsql/hits?" + urlencode(hits)
        return Question(name, _ours("histogram", **times, step=step, **ours), asked, scan)

    opening = {"from": _written(back(1))}
    first = Question("the newest 50, again", _ours("entries", **opening), _peer(f"_time:>={opening['from']} *"))
    yield [first for _ in orders]
    yield [page("newest 50 in 24 h", back(1), "*") for _ in orders]
    yield [
        page(
            "an account's failures, 7 d",
            back(7),
            f'{{ec_integration="{shop.id}"}} outcome:in({",".join(FAILED)})',
            ec_integration=shop.id,
            outcome=FAILED,
        )
        for shop in (dice.choice(SHOPS) for _ in orders)
    ]
    yield [page("one action, 7 d", back(7), '{action="label.create"}', action="label.create") for _ in orders]
    yield [page("a reference, no date", None, _anywhere(one.order), reference=f"order:{one.order}") for one in orders]
    for span in (7, 30):
        name = f"order number by token, {span} d"
        yield [page(name, back(span), _anywhere(one.order), text=one.order) for one in orders]
    yield [
        page(
            "order number by substring, 7 d",
            back(7),
            _inside(one.order[3:11]),
            scan=True,
            text=f"*{one.order[3:11]}*",
        )
        for one in orders
    ]
    for name, phrases in (("a rare phrase, 30 d", PHRASES), ("a rare text in Chinese, 30 d", CHINESE)):
        yield [page(name, back(30), _anywhere(text), scan=True, text=f'"{text}"') for text in phrases]
    yield [
        counts("a rare phrase by time, 30 d", back(30), "6h", _anywhere(text), scan=True, text=f'"{text}"')
        for text in PHRASES
    ]
    for span, step in ((1, "15m"), (7, "3h"), (30, "6h")):
        yield [counts(f"histogram, {span} d", back(span), step) for _ in orders]
    yield [
        counts("histogram of an account, 7 d", back(7), "3h", f'{{ec_integration="{shop.id}"}}', ec_integration=shop.id)
        for shop in (dice.choice(SHOPS) for _ in orders)
    ]
    for span in (1, 30):
        times = {"from": _written(back(span)), "to": _written(END)}
        asked = {"query": "*", "start": times["from"], "end": times["to"], "limit": "20"}
        peer = "/select/logsql/facets?" + urlencode(asked)
        yield [Question(f"filter options, {span} d", _ours("facets", **times), peer) for _ in orders]
    yield [
        Question("one entry by id", f"/api/v1/entries/{one.entry}", _peer(f'id:="{one.entry}"', whole=True))
        for one in orders
    ]
    deep = [END - timedelta(days=days * (0.3 + 0.6 * dice.random())) for _ in orders]
    yield [
        Question(
            "a page in the middle, no date",
            _ours("entries", cursor=Cursor(at, one.entry).encode()),
            _peer(f"_time:<{_written(at)} *"),
        )
        for at, one in zip(deep, orders, strict=True)
    ]


def _ours(what: str, **values: object) -> str:
    return f"/api/v1/{what}?{urlencode(values, doseq=True)}"


def _peer(query: str, *, whole: bool = False) -> str:
    shown = "" if whole else " | fields _time, id, action, ec_integration, shipping_integration, method, url, status"
    limit = " | limit 1" if whole else " | sort by (_time) desc limit 50"
    return "/select/logsql/query?" + urlencode({"query": f"{query}{limit}{shown}"})


def _anywhere(word: str) -> str:
    return f'(_msg:"{word}" or request_body:"{word}")'


def _inside(text: str) -> str:
    return f'(_msg:~"{text}" or request_body:~"{text}")'


def _written(at: datetime | None) -> str:
    return at.isoformat().replace("+00:00", "Z") if at else ""
