"""The page *Start of shift*: what failed since a time, and who must act.

/shift?since=4h|8h|24h|yesterday|72h | from=TIME   acts=merchant|warehouse|platform|engineer
  work=orders|stock|shipping|accounts|webhooks   tz=ZONE   lang=LANGUAGE
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import get_args

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from apitrail.profiles.catalogue import Actor
from apitrail.profiles.work import Work
from apitrail.server.boards.alike import COMPARED, Alike
from apitrail.server.boards.held import Held
from apitrail.server.boards.outages import Outage
from apitrail.server.boards.problems import Trouble
from apitrail.server.boards.shift import HIT, CauseBoard, Feature, ShiftAnswer, healed, shift, waiting
from apitrail.server.boards.silent import Silences
from apitrail.server.pages import boards, guided, handover, links, names, party, ranges, works
from apitrail.server.pages.boards import Chosen, Named
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.guided import Choice
from apitrail.server.pages.links import Link
from apitrail.server.pages.problems import PATH as PROBLEMS
from apitrail.server.pages.problems import STATE_ICONS, kind_of, log_of, party_of, share
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.silent import SilentsView, silent
from apitrail.server.pages.zones import OFFERED as OFFERED_ZONES
from apitrail.store import Store
from apitrail.store.queries.shift import THEIRS

PATH = "/shift"
HOURS = {"4h": 4, "8h": 8, "24h": 24, "72h": 72}
YESTERDAY = "yesterday"
EVENING = 18
"""The hour of yesterday at which the last shift ended."""
OFFERED = ("4h", "8h", YESTERDAY, "24h", "72h")
DEFAULT = "8h"
ACTORS: tuple[str, ...] = get_args(Actor)
ROWS = 5
"""Problems of a cause that are listed."""
SAID = 120
"""Characters of a reason."""


class Line(Struct, frozen=True, kw_only=True):
    """One problem of a cause."""

    state: str
    icon: str
    word: Markup
    text: Markup
    said: Markup
    """Why, in the platform's own words; empty where it gave none."""
    url: str
    """The log, filtered to it."""
    seen: Markup
    """How often, since when, when last, and of how many calls."""
    ended_url: str


class CauseView(Struct, frozen=True, kw_only=True):
    """One cause."""

    title: str
    inbound: bool
    acts: Markup
    advice: str
    platforms: Markup
    failures: Markup
    held: list[Markup]
    """How many orders, parcels and products are held up, in words; empty where the calls named none."""
    waiting: bool
    """Whether any is."""
    some: list[Named]
    more: str
    """How many are not named; empty for none."""
    common: list[Markup]
    lines: list[Line]
    all_url: str
    """The board of problems, of this cause alone."""
    all_count: str


class OutageView(Struct, frozen=True):
    text: Markup
    accounts: Markup
    url: str


class OutagesView(Struct, frozen=True):
    certain: bool
    title: Markup
    outages: list[OutageView]


class ShiftView(Struct, frozen=True, kw_only=True):
    """The page."""

    offered: list[Chosen]
    works: list[Chosen]
    """Kinds of work."""
    actors: list[Chosen]
    since: str
    """The value of the field: a beginning of one's own. Empty where one is chosen that is offered; so are the next."""
    since_instant: str
    begin: Markup
    """The same as a time."""
    zones: list[Choice]
    """How it is read."""
    carried: list[tuple[str, str]]
    """What the form carries along: names and values."""
    chips: list[boards.Chip]
    span: Markup
    notes: list[Markup]
    misread: list[Markup]
    by_zone: bool
    """The range depends on the reader's zone."""
    total: Markup
    silent: SilentsView | None
    """What came regularly and has stopped; None if nothing has."""
    outages: list[OutagesView]
    """Those that are certain, and those that are likely."""
    causes: list[CauseView]
    none: Markup
    """What is said where there are no such causes."""
    healed: list[CauseView]
    text: Markup
    """The same for the next shift, in plain words: see `handover`. Empty where nothing could be read."""
    text_url: str
    home_url: str
    languages: list[Link]


def view(store: Store, values: Mapping[str, list[str]], query: PageQuery, reader: Reader) -> ShiftView:
    """The page. Raises StoreError."""
    bare = PageQuery(tz=query.tz, lang=query.lang)
    asked = {name: text for name in ("since", "from", "work", "acts") if (text := boards.given(values, name))}
    since, wrong = _since(asked, query, reader)
    zone = reader.clock.zone.key
    acts = asked.get("acts", "")
    if acts and acts not in ACTORS:
        wrong.append(reader.words("shift.bad_acts", value=acts))
    work, unread = works.read(asked.get("work", ""), reader)
    wrong += unread
    found = None if wrong else shift(store, since, reader.clock.now, work)
    told = [] if found is None else [one for one in found.causes if acts in ("", one.acts)]
    causes = [(healed(one), _cause(one, found, work, bare, reader)) for one in told if found]
    own = since if found and "from" in asked else None
    kinds = works.offered(work, lambda more: bare.url(PATH, **boards.without(asked, "work"), **more), reader)
    actors = _actors(asked, found, bare, reader)
    page = ShiftView(
        offered=_offered(asked, bare, reader),
        works=kinds,
        actors=actors,
        since=reader.clock.field(own),
        since_instant=ranges.written(own) if own else "",
        begin=reader.clock.tag(own) if own else Markup(),
        zones=[Choice(one, one, one == zone) for one in dict.fromkeys((*OFFERED_ZONES, zone))],
        carried=[(name, text) for name, text in (("work", work), ("acts", acts), ("lang", query.lang)) if text],
        chips=[],
        span=reader.words("boards.span", since=reader.clock.tag(found.since), until=reader.clock.tag(found.until))
        if found
        else Markup(),
        notes=_notes(found, reader),
        misread=wrong,
        by_zone=asked.get("since") == YESTERDAY and not asked.get("from"),
        total=reader.words.count("shift.total", found.failures, calls=f"{found.calls:,}") if found else Markup(),
        silent=silent(Silences(found.silent, found.more_silent), bare, reader) if found else None,
        outages=_outages(found, bare, reader) if found else [],
        causes=[one for over, one in causes if not over],
        none=boards.none("shift", (kinds, actors), reader),
        healed=[one for over, one in causes if over],
        text=Markup(),
        text_url=bare.url(f"{PATH}/text", **asked),
        home_url=links.home(query),
        languages=boards.languages(bare, PATH, reader, **asked),
    )
    if found is None:
        return page
    # With its beginning, not "the last 8 hours": it is read hours later. Of no zone: the reader's may not be known yet.
    begin = {"from": ranges.written(found.since.replace(microsecond=0)), **boards.without(asked, "since", "from")}
    address = PageQuery(tz=query.tz).url(PATH, **begin)
    return replace(page, text=handover.text(page, found.since, found.until, reader.server_url + address, reader))


def _since(asked: Mapping[str, str], query: PageQuery, reader: Reader) -> tuple[datetime, list[Markup]]:
    """When the time begins, and what could not be read of it."""
    now, text = reader.clock.now, asked.get("from", "")
    if text:
        try:
            at = ranges.instant(text, ranges.zone(query.tz or "UTC"))
        except ranges.BadInstant:
            return now, [reader.words("misread.from", value=text)]
        return at, [reader.words("guided.later", value=text)] if at > now else []
    name = asked.get("since", DEFAULT)
    if name == YESTERDAY:
        before = now.astimezone(reader.clock.zone) - timedelta(days=1)
        return before.replace(hour=EVENING, minute=0, second=0, microsecond=0).astimezone(now.tzinfo), []
    if name in HOURS:
        return now - timedelta(hours=HOURS[name]), []
    return now, [reader.words("shift.bad_since", value=name)]


def _offered(asked: Mapping[str, str], bare: PageQuery, reader: Reader) -> list[Chosen]:
    here = "" if asked.get("from") else asked.get("since", DEFAULT)
    kept = boards.without(asked, "since", "from")
    return [
        Chosen(reader.words(f"shift.since.{one}"), bare.url(PATH, since=one, **kept), one == here) for one in OFFERED
    ]


def _actors(asked: Mapping[str, str], found: ShiftAnswer | None, bare: PageQuery, reader: Reader) -> list[Chosen]:
    """Who acts, with how many causes wait for them; without numbers where nothing could be read."""
    open_causes = [one for one in found.causes if not healed(one)] if found else []
    counted = Counter(str(one.acts) for one in open_causes)
    kept = boards.without(asked, "acts")
    here = asked.get("acts", "")
    every = Chosen(
        reader.words("shift.everybody"), bare.url(PATH, **kept), not here, str(len(open_causes)) if found else ""
    )
    return [every] + [
        Chosen(
            reader.words.about("either", f"acts.{one}"),
            bare.url(PATH, **kept, acts=one),
            one == here,
            str(counted[one]) if found else "",
        )
        for one in ACTORS
    ]


def _notes(found: ShiftAnswer | None, reader: Reader) -> list[Markup]:
    if found is None:
        return []
    notes = [reader.words("boards.cut", days=7)] if found.cut else []
    notes += [reader.words("shift.more_hit", count=f"{HIT:,}")] if found.more_hit else []
    return notes + ([reader.words("shift.more_problems", count=100)] if found.more_problems else [])


def _outages(found: ShiftAnswer, bare: PageQuery, reader: Reader) -> list[OutagesView]:
    views = []
    for certain, key in ((True, "shift.outages"), (False, "shift.outages_likely")):
        told = [one for one in found.outages if one.certain == certain]
        if told:
            whose = party.of_several((one.platform for one in told), reader)
            rows = [_outage(one, found.account_names, bare, reader) for one in told]
            views.append(OutagesView(certain, reader.words.about(whose, key), rows))
    return views


def _outage(one: Outage, called: Mapping[str, str], bare: PageQuery, reader: Reader) -> OutageView:
    words = reader.words
    log = bare.but(
        range="",
        since=one.since,
        until=one.until,
        platform=(one.platform,),
        action=one.actions,
        direction=("outbound",),
        outcome=("request_error", "platform_error"),
        cause=THEIRS,
    )
    return OutageView(
        text=words(
            "shift.outage" if one.certain else "shift.outage_likely",
            platform=reader.platform(one.platform),
            since=reader.clock.tag(one.since),
            until=reader.clock.tag(one.until),
            failed=f"{one.failed:,}",
            calls=f"{one.calls:,}",
            actions=", ".join(names.action(each, words) for each in one.actions),
        ),
        accounts=Markup(", ").join(visible(called.get(each) or each) for each in one.accounts),
        url=log.url(),
    )


def _cause(one: CauseBoard, found: ShiftAnswer, work: Work | None, bare: PageQuery, reader: Reader) -> CauseView:
    words, whose = reader.words, party.of_several(one.platforms, reader)
    stuck = waiting(one)
    every = [each for cause in found.causes for each in cause.problems]
    board = bare.but(range="", since=found.since, until=found.until, direction=(one.direction,))
    if one.cause:
        board = board.but(cause=(one.cause,))
    held = [
        words(f"shift.held_{kind}", held=f"{number:,}", all=f"{every:,}")
        for kind, number, every in (
            ("orders", one.orders_held, one.orders),
            ("parcels", one.parcels_held, one.parcels),
            ("products", one.products_held, one.products),
        )
        if every
    ]
    return CauseView(
        title=names.cause_of(one.cause, one.direction, whose, words) or str(words("shift.no_cause")),
        inbound=one.direction == "inbound",
        acts=words.about(whose, f"acts.{one.acts}"),
        advice=names.advice_of(
            one.cause,
            one.direction,
            one.platforms[0] if len(one.platforms) == 1 else "",
            whose,
            {each.action for each in one.problems},
            reader,
        ),
        platforms=Markup(", ").join(visible(reader.platform(each)) for each in one.platforms),
        failures=words.count("shift.failures", one.failures),
        held=held,
        waiting=bool(stuck),
        some=[_held(each, bare, reader) for each in one.held],
        more=boards.left(stuck, one.held),
        common=[_common(each, one, reader) for each in one.common] + [_alike(each, reader) for each in one.alike],
        lines=[_line(each, every, bare, reader) for each in one.problems[:ROWS]],
        all_url=board.url(PROBLEMS, **({"work": work} if work else {})),
        all_count=f"{len(one.problems):,}",
    )


def _held(one: Held, bare: PageQuery, reader: Reader) -> Named:
    account, label = one.ec_integration, visible(one.id)
    if account and (one.shared or one.kind == "product"):
        label = Markup("{} ({})").format(label, visible(account.name or account.id))
    if one.kind == "order":
        return replace(boards.reference("order", one.id, "", one.platform, bare, reader), name=label)
    if one.kind == "parcel":
        return Named(label, bare.but(range="all", reference=(one.id,)).url(), "")
    return Named(label, guided.of_product(bare, one.id, account), "")


def _common(one: Feature, board: CauseBoard, reader: Reader) -> Markup:
    words = reader.words
    key = f"shift.feature.{one.feature}"
    label = words(key) if words.known(key) else names.reference_type(one.feature, words)
    return words(
        "shift.common_one",
        count=f"{one.count:,}",
        all=f"{board.failures:,}",
        feature=label,
        value=visible(one.name or one.value),
    )


def _alike(one: Alike, reader: Reader) -> Markup:
    words = reader.words
    said = words(
        "shift.common_one",
        count=f"{one.count:,}",
        all=f"{one.of:,}",
        feature=words(f"shift.feature.{one.feature}"),
        value=visible(one.value),
    )
    if one.good_of < COMPARED:
        return said
    return Markup("{} {}").format(said, words("shift.common_good", count=f"{one.good:,}", all=f"{one.good_of:,}"))


def _line(one: Trouble, every: Sequence[Trouble], bare: PageQuery, reader: Reader) -> Line:
    words = reader.words
    platform = reader.platform(one.platform) if one.platform else ""
    known = boards.repeats(platform, (one.ec_integration, one.shipping_integration))
    said = [names.action(one.action, words), "" if known else platform]
    said += [held.name or held.id for held in (one.ec_integration, one.shipping_integration) if held]
    why = one.message or one.not_sent or one.error
    if one.code or one.status is None:
        said.append(one.code or str(words.about(party_of(one, reader), f"outcome.{one.direction}.{kind_of(one)}")))
    elif one.status >= 400 or not why:
        said.append(f"HTTP {one.status}")
    return Line(
        state=one.state,
        icon=STATE_ICONS[one.state],
        word=words(f"problems.state.{one.state}"),
        text=Markup(" · ").join([visible(each) for each in said if each]),
        said=visible(textwrap.shorten(why, SAID, placeholder="…")) if why else Markup(),
        url=log_of(one, every, bare).url(),
        seen=_seen(one, reader),
        ended_url=bare.url(f"/entries/{one.ended_by}") if one.ended_by else "",
    )


def _seen(one: Trouble, reader: Reader) -> Markup:
    tag, of = reader.clock.tag, share(one, reader)
    if one.count == 1:
        told = reader.words("shift.seen_once", at=tag(one.last_seen))
    else:
        told = reader.words("shift.seen", count=f"{one.count:,}", first=tag(one.first_seen), last=tag(one.last_seen))
    return Markup("{} ({})").format(told, of) if of else told
