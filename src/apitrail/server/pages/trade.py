"""The pages *Orders* and *Shipments*.

/orders, /shipments?range=24h|7d|30d | from=…&to=…   before=TIME   action=… ec_integration=… …
    failed=1 | only=open (orders), only=label_failed|no_number (shipments)
/orders, /shipments?number=NUMBERS
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from markupsafe import Markup
from msgspec import Struct, structs

from apitrail.exchange import Integration
from apitrail.server import pasted, search
from apitrail.server.boards.orders import Last, Order
from apitrail.server.boards.signs import plain
from apitrail.server.boards.trade import (
    MENTIONS,
    NARROWED_BY,
    ONLY,
    Asked,
    Only,
    OrdersAnswer,
    ShipmentsAnswer,
    find_orders,
    find_shipments,
)
from apitrail.server.pages import boards, links, names, parcels, party, ranges
from apitrail.server.pages.boards import Chip, Chosen, Named
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.links import Link
from apitrail.server.pages.query import REFERENCE_MAX, SEARCH_RANGE, PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.status import ICONS
from apitrail.server.search import Search
from apitrail.store import Store
from apitrail.store.trade import Subject

RANGES = ("24h", "7d", "30d")
PASTED_MAX = 4000
"""Characters of what is pasted at once."""
PART_LEAST = 4
"""Characters of a number that is looked for as a part of longer ones."""
ORDERS, SHIPMENTS = "/orders", parcels.PATH


class Call(Struct, frozen=True, kw_only=True):
    """A call in a few words."""

    url: str
    at: Markup
    text: Markup
    tone: str
    icon: str
    word: Markup
    cause: str
    said: Markup
    """The platform's own words, of a failure."""
    acts: Markup
    """Who must act first; empty where it did not fail."""


class ParcelLink(Struct, frozen=True):
    """A parcel of an order."""

    label: Markup
    url: str
    delivery: Markup
    """Where it was last told to be, in the platform's words; empty where the log does not show them."""


class OrderView(Struct, frozen=True, kw_only=True):
    """One order."""

    number: Named
    others: list[Named]
    """Its id at the platform, where that is another."""
    platform: str
    account: Named | None
    told: Markup
    """When and how the platform first told of it; empty where the log does not show that it did."""
    told_url: str
    mentioned: Markup
    last: Call
    failure: Call | None
    """The latest that is open, else the latest."""
    failures: str
    calls: str
    open: bool
    parcels: list[ParcelLink]


class MissingView(Struct, frozen=True):
    """A number that the log does not show, and where one asks on."""

    number: Markup
    guided: Link
    """Where one is led through it."""
    part: Link | None
    """Longer numbers that contain it."""


class TradeView(Struct, frozen=True, kw_only=True):
    """What both pages have in common, and the rows of one."""

    kind: str
    """`orders` or `shipments`."""
    path: str
    number: str
    """What was looked for in place of a range: one number or several."""
    missing: list[MissingView]
    not_found: Markup
    """That they are not in the log; empty where all are."""
    ranges: list[Chosen]
    exact: boards.Exact
    which: list[Chosen]
    carried: list[tuple[str, str]]
    chips: list[Chip]
    span: Markup
    notes: list[Markup]
    misread: list[Markup]
    orders: list[OrderView]
    parcels: list[parcels.ParcelView]
    older_url: str
    first_url: str
    """Where a later page leads back to."""
    home_url: str
    languages: list[Link]


def orders(store: Store, values: Mapping[str, Sequence[str]], query: PageQuery, reader: Reader) -> TradeView:
    """The page *Orders*. Raises StoreError."""
    asked, wrong = _asked("orders", values, query, reader)
    assert reader.profiles is not None
    found = None if wrong else find_orders(store, reader.profiles, asked, reader.clock.now)
    rows = [_order(one, query, reader) for one in found.orders] if found else []
    held = [one.ec_integration for one in found.orders] if found else []
    return _view("orders", ORDERS, asked, wrong, found, held, query, reader, rows, [])


def shipments(store: Store, values: Mapping[str, Sequence[str]], query: PageQuery, reader: Reader) -> TradeView:
    """The page *Shipments*. Raises StoreError."""
    asked, wrong = _asked("parcels", values, query, reader)
    assert reader.profiles is not None
    found = None if wrong else find_shipments(store, reader.profiles, asked, reader.clock.now)
    rows = [parcels.parcel(one, query, reader) for one in found.shipments] if found else []
    held = [one.shipping_integration for one in found.shipments] if found else []
    return _view("shipments", SHIPMENTS, asked, wrong, found, held, query, reader, [], rows)


def _asked(
    subject: Subject, values: Mapping[str, Sequence[str]], query: PageQuery, reader: Reader
) -> tuple[Asked, list[Markup]]:
    wrong = boards.misread(query, NARROWED_BY, reader)
    before: datetime | None = None
    if text := boards.given(values, "before"):
        try:
            before = ranges.instant(text, ranges.zone("UTC"))
        except ranges.BadInstant:
            wrong.append(reader.words("misread.cursor", value=text))
    failed = boards.given(values, "failed")
    if failed not in ("", "1"):
        wrong.append(reader.words("trade.bad_failed", value=failed))
    text = boards.given(values, "only")
    only: Only = next((one for one in ONLY[subject] if one == text), "")
    if text != only:
        wrong.append(reader.words("trade.bad_only", value=text, names=", ".join(ONLY[subject])))
    found = pasted.numbers(boards.given(values, "number")[:PASTED_MAX])
    each = tuple(one[:REFERENCE_MAX] for one in found.each)
    if len(each) > pasted.MOST:
        wrong.append(reader.words("trade.too_many", value=f"{len(each):,}", most=pasted.MOST))
    numbers = pasted.Numbers(each, found.whole[:REFERENCE_MAX])
    asked = Asked(
        filter=query.filter(reader.clock.now), numbers=numbers, failed=failed == "1", only=only, before=before
    )
    return asked, wrong


def _view(
    kind: str,
    path: str,
    asked: Asked,
    wrong: list[Markup],
    found: OrdersAnswer | ShipmentsAnswer | None,
    held: Sequence[Integration | None],
    query: PageQuery,
    reader: Reader,
    order_rows: list[OrderView],
    parcel_rows: list[parcels.ParcelView],
) -> TradeView:
    words, tag = reader.words, reader.clock.tag
    kept: dict[str, str] = {"only": asked.only} if asked.only else {"failed": "1"} if asked.failed else {}
    # Written as they were parted: by spaces, where they may be the pieces of one.
    number = (" " if asked.numbers.whole else ", ").join(asked.numbers.each)
    here = {"number": number} if number else kept
    missing = found.not_found if found else ()
    span, notes = Markup(), list[Markup]()
    if found:
        if found.since and found.until:
            span = words("boards.span", since=tag(found.since), until=tag(found.until))
        notes += [words("boards.cut", days=31)] if found.cut else []
        if asked.only and found.next_before and not order_rows and not parcel_rows:
            notes.append(words("trade.none_yet"))
        notes += [words("trade.more_calls", count=f"{MENTIONS:,}")] if found.more_calls else []
    before = {"before": ranges.written(asked.before)} if asked.before else {}
    after = found.next_before if found else None
    return TradeView(
        kind=kind,
        path=path,
        number=number,
        missing=[_missing(kind, one, query, reader) for one in missing],
        not_found=words.count(f"{kind}.not_found", len(missing), number=missing[0]) if missing else Markup(),
        ranges=boards.quick(query, path, RANGES, reader, **kept),
        exact=boards.exact(query, path, reader, **kept),
        which=[
            Chosen(words("trade.every"), query.url(path), not kept),
            Chosen(words("trade.failed"), query.url(path, failed="1"), "failed" in kept),
            *(
                Chosen(words(f"trade.only.{one}"), query.url(path, only=one), one == asked.only)
                for one in ONLY["orders" if kind == "orders" else "parcels"]
            ),
        ],
        carried=[(name, text) for name, text in (("tz", query.tz), ("lang", query.lang)) if text],
        chips=boards.chips(query, path, reader, held, **kept),
        span=span,
        notes=notes,
        misread=wrong,
        orders=order_rows,
        parcels=parcel_rows,
        older_url=query.url(path, **kept, before=after.isoformat().replace("+00:00", "Z")) if after else "",
        first_url=query.url(path, **kept) if asked.before or number else "",
        home_url=links.home(query),
        languages=boards.languages(query, path, reader, **here, **before),
    )


def _missing(kind: str, number: str, query: PageQuery, reader: Reader) -> MissingView:
    words, bare = reader.words, PageQuery(tz=query.tz, lang=query.lang)
    if kind == "orders":
        guided = Link(words("guided.missing"), bare.url("/help/order-missing", order=number))
    else:
        guided = Link(words("guided.label"), bare.url("/help/label-failed", number=number))
    part = None
    if len(number) >= PART_LEAST:
        part = Link(words("no_match.part", value=number), bare.but(text=f"{number}*", range=SEARCH_RANGE).url())
    return MissingView(visible(number), guided, part)


def _order(one: Order, query: PageQuery, reader: Reader) -> OrderView:
    words = reader.words
    bare = PageQuery(tz=query.tz, lang=query.lang)
    told = Markup()
    if one.told:
        told = words(f"orders.told_{one.told.by}", at=reader.clock.tag(one.told.at))
    failure = one.open_failure or one.last_failure
    words_of = {number: visible(seen.status) for number, seen in one.seen.items()}
    parcels = [
        ParcelLink(visible(each), bare.url(SHIPMENTS, number=each), words_of.get(each, Markup()))
        for each in one.parcels
    ]
    return OrderView(
        number=structs.replace(
            boards.reference("order", one.number, one.merchant, one.platform, query, reader),
            url=_calls(one, bare).url(),
        ),
        others=[
            boards.reference("order", each, one.merchant, one.platform, query, reader) for each in one.other_numbers
        ],
        platform=boards.platform(one.platform, (one.ec_integration,), reader),
        account=boards.account("ec", one.ec_integration, one.merchant, one.platform, query, ORDERS, reader),
        told=told,
        told_url=bare.url(f"/entries/{one.told.entry}") if one.told else "",
        mentioned=reader.clock.tag(one.mentioned),
        last=_call(one.last, bare, reader),
        failure=_call(failure, bare, reader) if failure else None,
        failures=f"{one.failures:,}",
        calls=f"{one.calls:,}",
        open=one.open,
        parcels=parcels,
    )


def _calls(one: Order, bare: PageQuery) -> PageQuery:
    """The log, filtered to the order's calls: where other accounts have that number, to its own account's."""
    account = one.ec_integration
    without = () if account else tuple(("ec_integration", each) for each in one.shared_with)
    return bare.but(
        range=SEARCH_RANGE,
        reference=tuple(f"order:{plain(each)}" for each in one.numbers),  # finds it with the sign, too
        ec_integration=(account.id,) if account and one.shared_with else (),
        text=search.written(Search(without=without)),
    )


def _call(one: Last, bare: PageQuery, reader: Reader) -> Call:
    words, whose = reader.words, party.of_call(one.platform, reader, shipping=one.shipping)
    return Call(
        url=bare.url(f"/entries/{one.entry}"),
        at=reader.clock.tag(one.at),
        text=visible(names.action(one.action, words)),
        tone=one.outcome,
        icon=ICONS.get(one.kind, "lost"),
        word=words.about(whose, f"outcome.{one.direction}.{one.kind}"),
        cause=names.cause_of(one.cause, one.direction, whose, words),
        said=visible(one.message) if one.acts else Markup(),
        acts=words.about(whose, f"acts.{one.acts}") if one.acts else Markup(),
    )
