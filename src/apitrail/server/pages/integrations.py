"""*EC Integrations* and *Shipping Integrations*: every account of the log or the host system, and how it fares.

/integrations/ec | /integrations/shipping?name=TEXT   state=STATE   page=NUMBER   tz=ZONE   lang=LANGUAGE
  ec_integration=… or shipping_integration=…  (repeatable: these alone)

Up to FEW accounts are told in full. Of more, so many of those that need attention are, and the others are rows that
open: what is told of one in full takes 8 KB.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from markupsafe import Markup
from msgspec import Struct

from apitrail.exchange import Integration
from apitrail.registration import Registration
from apitrail.server import accounts
from apitrail.server.accounts import Health, State
from apitrail.server.pages import account, boards, links
from apitrail.server.pages.account import AccountView, Fared, Known
from apitrail.server.pages.boards import Chip, Chosen
from apitrail.server.pages.links import Link
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.silence import BASIS, WATCHED
from apitrail.store import Store
from apitrail.store.model import Activity, Rhythm, SeenAccount

Side = Literal["ec", "shipping"]
FEW = 25
"""Accounts that are told in full."""
ROWS = 100
"""Rows of a page."""
ATTENTION = ("failing", "silent", "degraded")
NAME_MAX = 200
"""Characters."""
REST = "more"
"""The id of the rows."""


class RowView(Struct, frozen=True, kw_only=True):
    """An account in a line."""

    id: str
    name: str
    platform: str
    merchant: str
    tone: str
    icon: str
    word: Markup
    about: Markup
    """Empty where it needs no attention."""
    calls: Markup
    url: str
    """The page of it alone."""


class IntegrationsView(Struct, frozen=True, kw_only=True):
    """The page."""

    side: str
    accounts: list[AccountView]
    rows: list[RowView]
    """Those that are not told in full."""
    summary: list[Markup]
    """How many there are of each state; empty where one can choose them."""
    many: bool
    """There are more than are told in full: one can look for a name, and choose a state."""
    name: str
    """What is looked for."""
    states: list[Chosen]
    carried: list[tuple[str, str]]
    """What the form carries along: names and values."""
    chips: list[Chip]
    span: Markup
    notes: list[Markup]
    misread: list[Markup]
    none: Markup
    """What is said where there are none."""
    first_url: str
    """The first page, on every other; empty on that."""
    rest: Markup
    """How many come after these; empty for none."""
    rest_url: str
    other: Link
    home_url: str
    languages: list[Link]


def integrations(
    store: Store, side: Side, values: Mapping[str, Sequence[str]], query: PageQuery, reader: Reader
) -> IntegrationsView:
    """The page. Raises StoreError."""
    words, path = reader.words, f"/integrations/{side}"
    ids: tuple[str, ...] = query.ec_integration if side == "ec" else query.shipping_integration
    name, state = boards.given(values, "name")[:NAME_MAX], boards.given(values, "state")
    number, wrong = _page(boards.given(values, "page"), reader)
    if state and state not in accounts.ORDER:
        wrong.append(words("integrations.bad_state", value=state, states=", ".join(accounts.ORDER)))
    every = [] if wrong else _known(store, side, ids)
    fared = _fared(store, side, [one for one in every if _called(one, name, reader)], reader)
    counted = Counter(one.state for one in fared)
    told = [one for one in fared if state in ("", one.state)]
    whole = told if len(told) <= FEW else [one for one in told if one.state in ATTENTION][:FEW]
    left = told[len(whole) :]
    rows = left[(number - 1) * ROWS : number * ROWS]
    rest = len(left) - number * ROWS
    bare = PageQuery(tz=query.tz, lang=query.lang)
    alone = bare.but(**{f"{side}_integration": ids})
    asked = {key: text for key, text in (("name", name), ("state", state)) if text}
    many = len(every) > FEW
    other = "shipping" if side == "ec" else "ec"
    return IntegrationsView(
        side=side,
        accounts=account.in_full(store, side, whole, query, reader) if number == 1 else [],
        rows=[_row(side, one, bare, reader) for one in rows],
        summary=[]
        if many
        else [words(f"integrations.count.{one}", count=counted[one]) for one in accounts.ORDER if counted[one]],
        many=many,
        name=name,
        states=_states(state, counted, lambda more: bare.url(path, **boards.without(asked, "state"), **more), reader),
        carried=[*bare.pairs(), *boards.without(asked, "name").items()],
        chips=boards.chips(alone, path, reader, [Integration(one.id, one.name) for one in every] if ids else []),
        span=Markup(),
        notes=[],
        misread=wrong,
        none=words("integrations.none_such" if asked or ids else "integrations.none"),
        first_url=bare.url(path, **asked) if number > 1 else "",
        rest=words("integrations.rest", count=f"{rest:,}") if rest > 0 else Markup(),
        rest_url=f"{bare.url(path, **asked, page=str(number + 1))}#{REST}" if rest > 0 else "",
        other=Link(words(f"integrations.{other}"), bare.url(f"/integrations/{other}")),
        home_url=links.home(query),
        languages=boards.languages(alone, path, reader, **asked),
    )


def _page(text: str, reader: Reader) -> tuple[int, list[Markup]]:
    """Its number, and what is wrong with it."""
    if not text:
        return 1, []
    if text.isascii() and text.isdecimal() and 1 <= len(text) <= 6 and int(text):
        return int(text), []
    return 1, [reader.words("integrations.bad_page", value=text)]


def _known(store: Store, side: Side, ids: tuple[str, ...]) -> list[Known]:
    """Those of the log or the host system; of these ids alone, where any is given."""
    seen = {one.id: one for one in store.seen(side)}
    registered = {one.id: one for one in store.registrations() if one.side == side}
    return [
        _one(identity, registered.get(identity), seen.get(identity))
        for identity in {*seen, *registered}
        if not ids or identity in ids
    ]


def _one(identity: str, known: Registration | None, held: SeenAccount | None) -> Known:
    return Known(
        id=identity,
        name=(held.name if held else "") or (known.name if known else "") or identity,
        platform=held.platform if held else known.platform if known else "",
        known=known,
        held=held,
    )


def _fared(store: Store, side: Side, found: list[Known], reader: Reader) -> list[Fared]:
    """How they fare: those that must be looked at first, then by name."""
    if not found:
        return []
    now = reader.clock.now
    ids = [one.id for one in found] if len(found) <= FEW else []  # of more, all of the side are asked for
    done: dict[str, list[Activity]] = {}
    for one in store.activity(side, now - accounts.RANGE, now - accounts.DAY, ids):
        done.setdefault(one.account, []).append(one)
    rhythms: dict[str, list[Rhythm]] = {}
    ec, shipping = (ids, []) if side == "ec" else ([], ids)
    for rhythm in store.rhythms(now - BASIS, now, WATCHED, ec, shipping):
        if rhythm.side == side:
            rhythms.setdefault(rhythm.account, []).append(rhythm)
    fared = [_judged(one, done.get(one.id, []), rhythms.get(one.id, []), reader) for one in found]
    return sorted(fared, key=lambda one: (accounts.ORDER.index(one.state), one.name.lower(), one.id))


def _judged(one: Known, done: list[Activity], regular: list[Rhythm], reader: Reader) -> Fared:
    now = reader.clock.now
    enabled = one.known is None or one.known.enabled
    found = accounts.health(done, now, regular, enabled=enabled, seen=one.held is not None)
    if found.state == "silent" and found.since is None and one.held is not None:
        found = Health("silent", one.held.day)
    missed = accounts.silent(regular, now) if enabled else []
    return Fared(
        id=one.id,
        name=one.name,
        platform=one.platform,
        known=one.known,
        held=one.held,
        found=found,
        done=done,
        missed=missed,
    )


def _called(one: Known, name: str, reader: Reader) -> bool:
    """Whether one looks for it by that: a part of its name, id, platform or merchant."""
    wanted = name.casefold()
    return any(
        wanted in text.casefold() for text in (one.name, one.id, reader.platform(one.platform), one.merchant) if text
    )


def _states(
    here: str, counted: Mapping[State, int], url: Callable[[dict[str, str]], str], reader: Reader
) -> list[Chosen]:
    every = Chosen(reader.words("integrations.any_state"), url({}), not here, f"{sum(counted.values()):,}")
    return [every] + [
        Chosen(reader.words(f"integrations.state.{one}"), url({"state": one}), one == here, f"{counted.get(one, 0):,}")
        for one in accounts.ORDER
        if counted.get(one) or one == here
    ]


def _row(side: Side, one: Fared, bare: PageQuery, reader: Reader) -> RowView:
    return RowView(
        id=one.id,
        name=one.name,
        platform=reader.platform(one.platform) if one.platform else "",
        merchant=one.merchant,
        tone=account.tone(one),
        icon=account.ICONS[one.state],
        word=reader.words(f"integrations.state.{one.state}"),
        about=account.about(one.found, reader) if one.state in ATTENTION else Markup(),
        calls=account.calls(one.done, reader) if one.done else Markup(),
        url=bare.but(**{f"{side}_integration": (one.id,)}).url(f"/integrations/{side}"),
    )
