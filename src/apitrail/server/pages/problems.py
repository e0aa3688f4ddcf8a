"""The page *Problems*: failures by platform, account, action and code.

/problems?range=24h|7d|30d | from=…&to=…   action=…  ec_integration=…  shipping_integration=…  outcome=…  platform=…
  cause=…  direction=…  (each repeatable)   work=orders|stock|shipping|accounts|webhooks   state=going_on|over
  shown=all   tz=ZONE   lang=LANGUAGE
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup
from msgspec import Struct

from apitrail.profiles.catalogue import Party
from apitrail.profiles.work import Work
from apitrail.server import search, silence
from apitrail.server.boards.problems import MOST, NARROWED_BY, ProblemsAnswer, Trouble, problems
from apitrail.server.boards.silent import silences
from apitrail.server.pages import boards, guided, links, names, parcels, party, works
from apitrail.server.pages.boards import Chip, Chosen, Named
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.links import Link
from apitrail.server.pages.query import FIELDS, PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.share import percent
from apitrail.server.pages.silences import TOLD_BY
from apitrail.server.pages.silent import SilentsView, silent
from apitrail.server.pages.status import ICONS
from apitrail.server.search import Search
from apitrail.store import Store

PATH = "/problems"
RANGES = ("24h", "7d", "30d")
STATES = ("going_on", "over")
FIRST = 25
"""Problems that the page begins with: what one scans on a phone in three screens or so."""
MORE = "more"
"""The id of the row after these."""
FEW = 20
"""Calls, of which a share would say less than their number."""
FAILING = ("request_error", "platform_error", "partial")
STATE_ICONS = {"going_on": "alert", "over": "check"}


class ProblemView(Struct, frozen=True, kw_only=True):
    """One row."""

    id: str
    """Empty for most."""
    tone: str
    icon: str
    outcome: Markup
    action: str
    action_url: str
    """These alone; so is the cause's."""
    inbound: bool
    platform: Named | None
    """None where it is not known, or an account's name says it."""
    accounts: list[Named]
    cause: str
    cause_url: str
    code: Markup
    """The platform's own, or the HTTP status; empty without either."""
    message: Markup
    acts: Markup
    advice: str
    """Empty where the cause is not known."""
    times: Markup
    share: Markup
    """Of how many calls; empty where it is not known."""
    since: Markup
    first: Markup
    first_url: str
    """The first failure in the range; empty where it is the latest, too."""
    last: Markup
    last_url: str
    """The latest failure."""
    orders: Markup
    """How many; empty for none."""
    parcels: Markup
    some_orders: list[Named]
    more_orders: str
    """How many orders are not named; empty for none."""
    products: Markup
    some_products: list[Link]
    more_products: str
    some_parcels: list[Link]
    more_parcels: str
    ended: Markup
    ended_url: str
    log_url: str


class Group(Struct, frozen=True):
    """Problems of one state."""

    state: str
    icon: str
    word: Markup
    count: str
    """How many there are, shown or not."""
    problems: list[ProblemView]


class ProblemsView(Struct, frozen=True, kw_only=True):
    """The page."""

    ranges: list[Chosen]
    exact: boards.Exact
    works: list[Chosen]
    """Kinds of work."""
    states: list[Chosen]
    chips: list[Chip]
    span: Markup
    notes: list[Markup]
    """Where a limit was met."""
    misread: list[Markup]
    silent: SilentsView | None
    """What came regularly and has stopped; None if nothing has, or the page is of something else."""
    groups: list[Group]
    none: Markup
    """What is said where there are none."""
    rest: Markup
    """How many more there are; empty where all are shown."""
    rest_url: str
    home_url: str
    languages: list[Link]


def view(store: Store, values: Mapping[str, Sequence[str]], query: PageQuery, reader: Reader) -> ProblemsView:
    """The page. Raises StoreError."""
    words = reader.words
    state, shown = boards.given(values, "state"), boards.given(values, "shown")
    work, unread = works.read(boards.given(values, "work"), reader)
    wrong = boards.misread(query, NARROWED_BY, reader) + unread
    if state and state not in STATES:
        wrong.append(words("problems.bad_state", value=state))
    if shown not in ("", "all"):
        wrong.append(words("problems.bad_shown", value=shown))
    found = None if wrong else problems(store, query.filter(reader.clock.now), reader.clock.now, work)
    more: dict[str, str] = {name: text for name, text in (("work", work), ("state", state)) if text}
    listed = [] if found is None else [one for one in found.problems if state in ("", one.state)]
    rest = 0 if shown else max(0, len(listed) - FIRST)
    accounts = [held for one in listed for held in (one.ec_integration, one.shipping_integration)]
    kinds = works.offered(work, lambda of: query.url(PATH, **boards.without(more, "work"), **of), reader)
    states = _states(query, state, found, boards.without(more, "state"), reader)
    return ProblemsView(
        ranges=boards.quick(query, PATH, RANGES, reader, **more),
        exact=boards.exact(query, PATH, reader, **more),
        works=kinds,
        states=states,
        chips=boards.chips(query, PATH, reader, accounts, **more),
        span=words("boards.span", since=reader.clock.tag(found.since), until=reader.clock.tag(found.until))
        if found
        else Markup(),
        notes=_notes(found, reader),
        misread=wrong,
        silent=_silent(store, query, work, reader) if found and state != "over" else None,
        groups=_groups(listed, rest, found.problems if found else (), query, more, reader),
        none=boards.none("problems", (kinds, states), reader),
        rest=words("problems.rest", count=f"{rest:,}") if rest else Markup(),
        rest_url=f"{query.url(PATH, **more, shown='all')}#{MORE}" if rest else "",
        home_url=links.home(query),
        languages=boards.languages(query, PATH, reader, **more),
    )


def _silent(store: Store, query: PageQuery, work: Work | None, reader: Reader) -> SilentsView | None:
    """Of the accounts and actions that the page is of; what else narrows it is said of failures."""
    narrowed = any(getattr(query, field) for field in NARROWED_BY if field in FIELDS and field not in TOLD_BY)
    if narrowed or query.until is not None:
        return None
    now, actions = reader.clock.now, silence.watched(query.action)
    found = silences(store, now, work, actions, query.ec_integration, query.shipping_integration)
    return silent(found, PageQuery(tz=query.tz, lang=query.lang), reader)


def _groups(
    listed: list[Trouble],
    rest: int,
    every: Sequence[Trouble],
    query: PageQuery,
    more: dict[str, str],
    reader: Reader,
) -> list[Group]:
    """Those shown by state. All of a state are counted: the page may end within it. `every`: of any state."""
    rows = [
        (one.state, _row(one, every, MORE if number == FIRST else "", query, more, reader))
        for number, one in enumerate(listed[: len(listed) - rest])
    ]
    counted = Counter(one.state for one in listed)
    return [
        Group(
            state,
            STATE_ICONS[state],
            reader.words(f"problems.state.{state}"),
            f"{counted[state]:,}",
            [row for of, row in rows if of == state],
        )
        for state in dict.fromkeys(of for of, _ in rows)
    ]


def _states(
    query: PageQuery, state: str, found: ProblemsAnswer | None, more: Mapping[str, str], reader: Reader
) -> list[Chosen]:
    counted = Counter(str(one.state) for one in found.problems) if found else Counter[str]()
    every = Chosen(
        reader.words("problems.state.all"), query.url(PATH, **more), not state, f"{counted.total():,}" if found else ""
    )
    return [every] + [
        Chosen(
            reader.words(f"problems.state.{one}"),
            query.url(PATH, **more, state=one),
            state == one,
            f"{counted[one]:,}" if found else "",
        )
        for one in STATES
    ]


def _notes(found: ProblemsAnswer | None, reader: Reader) -> list[Markup]:
    if found is None:
        return []
    cut = [reader.words("boards.cut", days=31)] if found.cut else []
    return cut + ([reader.words("problems.more", count=MOST)] if found.more else [])


def _row(
    one: Trouble, every: Sequence[Trouble], name: str, query: PageQuery, more: dict[str, str], reader: Reader
) -> ProblemView:
    words, tag = reader.words, reader.clock.tag
    bare, whose = PageQuery(tz=query.tz, lang=query.lang), party_of(one, reader)
    said = one.message or one.not_sent or one.error
    named = [
        boards.account(side, held, one.merchant, one.platform, query, PATH, reader, **more)
        for side, held in (("ec", one.ec_integration), ("shipping", one.shipping_integration))
    ]
    return ProblemView(
        id=name,
        tone=one.outcome,
        icon=ICONS[kind_of(one)],
        outcome=words.about(whose, f"outcome.{one.direction}.{kind_of(one)}"),
        action=names.action(one.action, words),
        action_url=query.but(action=(one.action,)).url(PATH, **more),
        inbound=one.direction == "inbound",
        platform=_platform(one, query, more, reader),
        accounts=[held for held in named if held is not None],
        cause=names.cause_of(one.cause, one.direction, whose, words),
        cause_url=query.but(cause=(one.cause,)).url(PATH, **more) if one.cause else "",
        code=visible(one.code) if one.code else Markup("HTTP {}").format(one.status) if one.status else Markup(),
        message=visible(said),
        acts=words.about(whose, f"acts.{one.acts}"),
        advice=names.advice_of(one.cause, one.direction, one.platform, whose, (one.action,), reader),
        times=words.count("shift.failures", one.count),
        share=share(one, reader),
        since=words("problems.since", at=tag(one.first_seen)),
        first=tag(one.first_seen),
        first_url=bare.url(f"/entries/{one.first_entry}") if one.first_entry != one.last_entry else "",
        last=tag(one.last_seen),
        last_url=bare.url(f"/entries/{one.last_entry}"),
        orders=words.count("problems.some_orders", one.orders) if one.orders else Markup(),
        parcels=words.count("problems.parcels", one.parcels) if one.parcels else Markup(),
        products=words.count("problems.products", one.products) if one.products else Markup(),
        some_products=[
            Link(visible(each), guided.of_product(bare, each, one.ec_integration)) for each in one.some_products
        ],
        more_products=boards.left(one.products, one.some_products),
        some_orders=[
            boards.reference("order", order, one.merchant, one.platform, query, reader) for order in one.some_orders
        ],
        some_parcels=[Link(visible(parcel), bare.url(parcels.PATH, number=parcel)) for parcel in one.some_parcels],
        more_parcels=boards.left(one.parcels, one.some_parcels),
        more_orders=boards.left(one.orders, one.some_orders),
        ended=tag(one.ended_at) if one.ended_at else Markup(),
        ended_url=bare.url(f"/entries/{one.ended_by}") if one.ended_by else "",
        log_url=log_of(one, every, query).url(),
    )


def share(one: Trouble, reader: Reader) -> Markup:
    """What part of the calls failed like this; of few calls, how many they were; empty where that is not known."""
    if one.calls is None:
        return Markup()
    if one.calls < FEW:
        return reader.words.count("problems.of_few", one.calls)
    return reader.words("problems.share", share=percent(one.count, one.calls), count=f"{one.calls:,}")


def party_of(one: Trouble, reader: Reader) -> Party:
    """Whom the calls went to, or came from."""
    return party.of_accounts(one.platform, one.ec_integration, one.shipping_integration, reader)


def kind_of(one: Trouble) -> str:
    """Of its latest failure: the outcome, or `not_sent`, `no_answer`."""
    if one.code or one.status is not None:
        return one.outcome
    return "not_sent" if one.not_sent else "no_answer"


def _platform(one: Trouble, query: PageQuery, more: dict[str, str], reader: Reader) -> Named | None:
    label = reader.platform(one.platform)
    if not one.platform or boards.repeats(label, (one.ec_integration, one.shipping_integration)):
        return None
    return Named(visible(label), query.but(platform=(one.platform,)).url(PATH, **more), "")


def log_of(one: Trouble, every: Iterable[Trouble], query: PageQuery) -> PageQuery:
    """The log, filtered to these failures. `every`: the problems of the same time, which it must not show."""
    chosen = {field: (value,) for field, value in _choices(one).items() if value}
    return PageQuery(
        range="",
        since=one.first_seen,
        until=one.last_seen,
        platform=chosen.get("platform", ()),
        ec_integration=chosen.get("ec_integration", ()),
        shipping_integration=chosen.get("shipping_integration", ()),
        cause=chosen.get("cause", ()),
        action=(one.action,),
        direction=(one.direction,),
        code=(one.code or "none",),
        status=() if one.code else (str(one.status or "none"),),
        outcome=tuple(each for each in FAILING if not query.outcome or each in query.outcome),
        text=search.written(Search(without=_without(one, every))),
        tz=query.tz,
        lang=query.lang,
    )


def _choices(one: Trouble) -> dict[str, str]:
    """What may be unknown of a problem; empty, then."""
    ec, shipping = one.ec_integration, one.shipping_integration
    return {
        "platform": one.platform,
        "ec_integration": ec.id if ec else "",
        "shipping_integration": shipping.id if shipping else "",
        "cause": one.cause,
    }


def _without(one: Trouble, every: Iterable[Trouble]) -> tuple[tuple[str, str], ...]:
    """What other problems have where this one has nothing, which a filter cannot choose."""
    mine = _choices(one)
    found: dict[tuple[str, str], None] = {}
    for other in every:
        theirs = _choices(other)
        if (other.action, other.direction) == (one.action, one.direction) and all(
            theirs[field] == value for field, value in mine.items() if value
        ):
            found |= dict.fromkeys(
                (field, theirs[field]) for field, value in mine.items() if not value and theirs[field]
            )
    return tuple(found)
