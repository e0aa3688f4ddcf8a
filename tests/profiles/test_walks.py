"""One pass over a body finds what each place alone would find."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from apitrail.exchange import Exchange, Message
from apitrail.profiles.facts import Facts
from apitrail.profiles.identifiers import Place, collector
from apitrail.profiles.locators import Locator, found_in
from apitrail.profiles.payloads import payload
from apitrail.profiles.steps import as_text
from apitrail.profiles.walks import LONGEST, Found

PLACES = [
    ("order", "response:$.a"),
    ("order", "response:$.b[].a"),
    ("sku", "response:$.b[].b"),
    ("sku", "response:$.b[a=x].c[]"),
    ("product", "response:$[].a"),
    ("product", "response:$.c.a.b"),
    ("tracking", "response:$.c.*.d[,]"),
    ("tracking", "response:$.d ~ ^x(.*)"),
    *[("order", f"response:$.b[].many{number}") for number in range(8)],
    ("shipment", "response:$.b[].many3.a"),
    ("shipment", 'response:$.b[]["odd \' name"]'),
]
NAMES = st.sampled_from(["a", "b", "c", "d", "many1", "many3", "odd ' name", "other"])
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from(["", " ", "x", " xy,z ", "1" * (LONGEST + 1)])
)
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=9)),
    max_leaves=30,
)


def alone(text: str, facts: Facts) -> set[str]:
    """What one place finds by itself: texts without the space around them, of which a pattern takes its part."""
    way, pattern = text.partition(" ~ ")[0], Locator(text).pattern
    found = (as_text(value) for value in Locator(way).every(facts) if not isinstance(value, bool) and value != 0)
    texts = (text.strip() for text in found if text)
    cut = texts if pattern is None else (found_in(pattern, text) or "" for text in texts)
    return {text for text in cut if text and len(text) <= LONGEST}


@example({"d": " xy,z "})
@given(st.dictionaries(NAMES, BODIES, max_size=6) | st.lists(BODIES, max_size=4))
def test_all_places_together_find_what_each_finds_alone(body: Any) -> None:
    exchange = Exchange(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        method="GET",
        url="https://acme.example/",
        response=Message(body=json.dumps(body).encode()),
        status=200,
    )
    assert exchange.response is not None
    facts = Facts(exchange, payload(exchange.request), payload(exchange.response))
    found: Found = defaultdict(list)
    collector([Place(kind, text) for kind, text in PLACES])(facts, found)
    told = {(kind, identifier) for kind, identifiers in found.items() for identifier in identifiers}
    assert told == {(kind, text) for kind, place in PLACES for text in alone(place, facts)}


def test_a_place_may_be_the_whole_body() -> None:
    exchange = Exchange(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        method="GET",
        url="https://acme.example/",
        response=Message(headers=[("Content-Type", "text/plain")], body=b"parcel 1Z12345E0291980793 is made"),
        status=200,
    )
    assert exchange.response is not None
    facts = Facts(exchange, payload(exchange.request), payload(exchange.response))
    found: Found = defaultdict(list)
    collector([Place("tracking", r"response:$ ~ \b1Z\w{16}\b")])(facts, found)
    assert found == {"tracking": ["1Z12345E0291980793"]}
