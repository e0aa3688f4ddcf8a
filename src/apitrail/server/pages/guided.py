"""The guided pages, *An order is missing*, *Stock is wrong* and *A label failed*: a form, what was found, what to do.

    /help/order-missing?order=NUMBER&where=ec:ID|platform:NAME&about=TIME&within=24h&tz=ZONE
    /help/stock-wrong?number=NUMBER&account=ID&within=7d
    /help/label-failed?number=NUMBER&account=ID&within=7d

A value that cannot be read is said, and nothing is asked of the log then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from markupsafe import Markup
from msgspec import Struct

from apitrail.entry import EntryRow
from apitrail.exchange import Integration
from apitrail.profiles.catalogue import Party
from apitrail.server import pasted
from apitrail.server.guided import gather, label, missing, stock
from apitrail.server.guided.finding import Answer, Finding, Value
from apitrail.server.pages import host, links, names, party, ranges
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.clock import duration
from apitrail.server.pages.links import Link
from apitrail.server.pages.query import FIELDS, REFERENCE_MAX, PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.status import Pill, pill
from apitrail.server.pages.zones import OFFERED
from apitrail.store import Store
from apitrail.store.model import Filter, Option

ICONS = {"good": "check", "bad": "alert", "unknown": "silence", "note": "lost"}
KNOWN_BACK = timedelta(days=30)
WITHIN = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "3d": timedelta(days=3),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
Kind = Literal["missing", "stock", "label"]
PATHS: dict[Kind, str] = {
    "missing": "/help/order-missing",
    "stock": "/help/stock-wrong",
    "label": "/help/label-failed",
}
NUMBERS: dict[Kind, str] = {"missing": "order", "stock": "number", "label": "number"}
"""What the number's field is called."""


class Choice(Struct, frozen=True):
    """What may be chosen of a list."""

    id: str
    name: str
    chosen: bool


class Proof(Struct, frozen=True):
    """An entry that proves a sentence."""

    url: str
    at: Markup
    action: str
    status: Pill


class FindingView(Struct, frozen=True):
    """One sentence, and what proves it."""

    mark: str
    icon: str
    mark_word: Markup
    text: Markup
    acts: Markup
    """Whose hands are needed first, where `advice` says what they do."""
    advice: str
    proofs: list[Proof]
    all_url: str


class GuidedView(Struct, frozen=True, kw_only=True):
    """The page."""

    kind: Kind
    path: str
    number: str
    """The order's or the product's, or whatever number the label has."""
    accounts: list[Choice]
    platforms: list[Choice]
    about: str
    within: list[Choice]
    zones: list[Choice]
    lang: str
    problems: list[Markup]
    asked: Markup
    """What was asked, in one sentence; empty before."""
    findings: list[FindingView]
    conclusions: list[FindingView]
    host_links: list[Link]
    others: list[Link]
    """The other pages of this kind."""
    home_url: str
    languages: list[Link]


def order_missing(store: Store, values: Mapping[str, Sequence[str]], query: PageQuery, reader: Reader) -> GuidedView:
    """The page of *An order is missing*. Raises StoreError."""
    words, now = reader.words, reader.clock.now
    number, where = _number(_one(values, "order")), _one(values, "where")
    about, within = _one(values, "about"), _one(values, "within") or "24h"
    problems = _misread(within, reader)
    middle = None
    if about:
        try:
            middle = ranges.instant(about, reader.clock.zone)
        except ranges.BadInstant:
            problems.append(words("guided.bad_time", value=about))
        else:
            if middle > now:
                problems.append(words("guided.later", value=about))
    side, _, identity = where.partition(":")
    if where and (side not in ("ec", "platform") or not identity):
        problems.append(words("guided.bad_where", value=where))
    answer, asked = None, Markup()
    accounts = _accounts(store, "ec", identity if side == "ec" else "", now)
    platforms = _platforms(store, identity if side == "platform" else "", reader)
    if number and not problems:
        half = WITHIN[within]
        question = missing.Asked(
            order=number,
            since=(middle or now) - half,
            until=min(middle + half, now) if middle else now,
            account=identity if side == "ec" else "",
            platform=identity if side == "platform" else "",
        )
        answer = missing.answer(question, gather.missing_order(store, question, now))
        asked = words(
            "guided.asked_order",
            order=visible(number),
            place=next((one.name for one in (*accounts, *platforms) if one.chosen), words("guided.anywhere")),
            since=reader.clock.tag(question.since),
            until=reader.clock.tag(question.until),
        )
    return _view(
        "missing",
        answer,
        query,
        reader,
        number=number,
        accounts=accounts,
        platforms=platforms,
        about=about if middle else "",
        within=_within(("1h", "6h", "24h", "3d", "7d"), within, reader),
        problems=problems,
        asked=asked,
        account=("ec", identity if side == "ec" else ""),
        values=values,
    )


def label_failed(store: Store, values: Mapping[str, Sequence[str]], query: PageQuery, reader: Reader) -> GuidedView:
    """The page of *A label failed*. Raises StoreError."""

    def answered(number: str, account: str, since: datetime) -> Answer | None:
        question = label.Asked(number=number, account=account, since=since)
        if not (number or account):
            return None
        return label.answer(question, gather.failed_label(store, reader.profiles, question))

    return _numbered("label", "shipping", answered, store, values, query, reader)


def stock_wrong(store: Store, values: Mapping[str, Sequence[str]], query: PageQuery, reader: Reader) -> GuidedView:
    """The page of *Stock is wrong*. Raises StoreError."""

    def answered(number: str, account: str, since: datetime) -> Answer | None:
        question = stock.Asked(number=number, account=account, since=since)
        return stock.answer(question, gather.wrong_stock(store, question)) if number else None

    return _numbered("stock", "ec", answered, store, values, query, reader)


def _numbered(
    kind: Kind,
    side: str,
    answered: Callable[[str, str, datetime], Answer | None],
    store: Store,
    values: Mapping[str, Sequence[str]],
    query: PageQuery,
    reader: Reader,
) -> GuidedView:
    """A page that asks for a number, an account of that side, and how far back."""
    words, now = reader.words, reader.clock.now
    number, account = _number(_one(values, "number")), _one(values, "account")
    within = _one(values, "within") or "7d"
    problems = _misread(within, reader)
    accounts = _accounts(store, side, account, now)
    answer, asked = None if problems else answered(number, account, now - WITHIN[within]), Markup()
    if answer is not None:
        place = next((one.name for one in accounts if one.chosen), "")
        if number and account:
            asked = words("guided.asked_both", number=visible(number), place=place)
        elif number:
            asked = words("guided.asked_number", number=visible(number))
        else:
            asked = words("guided.asked_account", place=place, range=words(f"guided.within.{within}"))
    return _view(
        kind,
        answer,
        query,
        reader,
        number=number,
        accounts=accounts,
        platforms=[],
        about="",
        within=_within(("24h", "7d", "30d"), within, reader),
        problems=problems,
        asked=asked,
        account=(side, account),
        values=values,
    )


def pages(query: PageQuery, reader: Reader, number: str = "") -> list[Link]:
    """All pages of this kind; about a number, where one is given."""
    bare = PageQuery(tz=query.tz, lang=query.lang)
    return [
        Link(reader.words(f"guided.{kind}"), bare.url(path, **({NUMBERS[kind]: number} if number else {})))
        for kind, path in PATHS.items()
    ]


def of_product(query: PageQuery, number: str, account: Integration | None) -> str:
    """Where it is told why a product's stock is wrong."""
    bare = PageQuery(tz=query.tz, lang=query.lang)
    return bare.url(PATHS["stock"], number=number, **({"account": account.id} if account else {}))


def _view(
    kind: Kind,
    answer: Answer | None,
    query: PageQuery,
    reader: Reader,
    *,
    number: str,
    accounts: list[Choice],
    platforms: list[Choice],
    about: str,
    within: list[Choice],
    problems: list[Markup],
    asked: Markup,
    account: tuple[str, str],
    values: Mapping[str, Sequence[str]],
) -> GuidedView:
    zone = reader.clock.zone.key
    findings = [] if answer is None else [_finding(one, query, reader) for one in answer.findings]
    conclusions = [] if answer is None else [_finding(one, query, reader) for one in answer.conclusions]
    kept = {
        name: text
        for name in ("order", "where", "about", "within", "number", "account")
        if (text := _one(values, name))
    }
    bare = PageQuery(tz=query.tz, lang=query.lang)
    path = PATHS[kind]
    here = {tag: bare.but(lang=tag).url(path, **kept) for tag in (one.tag for one in links.languages(bare, reader))}
    return GuidedView(
        kind=kind,
        path=path,
        number=number,
        accounts=accounts,
        platforms=platforms,
        about=about,
        within=within,
        zones=[Choice(one, one.replace("_", " "), one == zone) for one in dict.fromkeys((zone, *OFFERED))],
        lang=query.lang,
        problems=problems,
        asked=asked,
        findings=findings,
        conclusions=conclusions,
        host_links=_host_links(account, answer, reader),
        others=[one for one in pages(bare, reader) if one.url != bare.url(path)],
        home_url=links.home(query),
        languages=[Link(one.label, here[one.tag], one.tag) for one in links.languages(bare, reader)],
    )


def _finding(one: Finding, query: PageQuery, reader: Reader) -> FindingView:
    words = reader.words
    count = one.named.get("count")
    about = one.acts or next(iter(one.entries), None)
    whose = party.of_entry(about, reader) if about else "either"
    direction = about.direction if about else "outbound"
    named = {name: _said(name, value, whose, direction, reader) for name, value in one.named.items() if name != "count"}
    key = f"guided.{one.key}"
    text = words.count(key, count, **named) if isinstance(count, int) else words(key, **named)
    if one.place is not None:
        text = words("guided.of_place", place=visible(one.place) or words("guided.no_account"), text=text)
    return FindingView(
        mark=one.mark,
        icon=ICONS[one.mark],
        mark_word=words(f"guided.mark.{one.mark}"),
        text=text,
        acts=names.acts(one.acts, reader) if one.acts else Markup(""),
        advice=names.advice(one.acts, reader) if one.acts else "",
        proofs=[_proof(entry, query, reader) for entry in one.entries],
        all_url=_log_url(one.all, query) if one.all else "",
    )


def _said(name: str, value: Value, whose: Party, direction: str, reader: Reader) -> Markup | str:
    if isinstance(value, datetime):
        return reader.clock.tag(value)
    if isinstance(value, timedelta):
        return duration(value / timedelta(milliseconds=1))
    if isinstance(value, int):
        return f"{value:,}"
    if name == "platform":
        return visible(reader.platform(value)) if value else reader.words.about(whose, "guided.the_platform")
    if name == "cause":
        return names.cause_of(value, direction, whose, reader.words)
    return names.action(value, reader.words) if name == "action" else visible(value)


def _proof(entry: EntryRow, query: PageQuery, reader: Reader) -> Proof:
    url = PageQuery(tz=query.tz, lang=query.lang).url(f"/entries/{entry.id}")
    action = names.action(entry.action, reader.words)
    return Proof(url, reader.clock.tag(entry.created_at), action, pill(entry, reader))


def _log_url(which: Filter, query: PageQuery) -> str:
    """The log, filtered likewise."""
    whole = which.since is None and which.until is None
    chosen = {field: getattr(which, field) for field in FIELDS}
    found = PageQuery(
        range="all" if whole else "",
        since=which.since,
        until=which.until,
        text=" ".join(f'"{term.value}"' for term in which.text),
        tz=query.tz,
        lang=query.lang,
        **chosen,
    )
    return found.url()


def _host_links(account: tuple[str, str], answer: Answer | None, reader: Reader) -> list[Link]:
    """Where it is done: pages of the host system of the accounts that the answer speaks of."""
    if answer is None:
        return []
    found: dict[str, str] = {}
    side, identity = account
    registered = reader.registered.by_id(side, identity) if identity else None
    if registered is not None and (link := names.safe_link(registered.link)):
        found[link] = registered.name or identity
    for finding in answer.conclusions:
        for entry in finding.entries:
            for one, held in _held(entry):
                if link := host.account_link(one, held, entry, reader):
                    found.setdefault(link, held.name or held.id)
            if entry.source and (link := host.source_link(entry.source, entry, reader)):
                found.setdefault(link, entry.source.name or entry.source.id)
    return [Link(visible(name), link) for link, name in found.items()]


def _held(entry: EntryRow) -> Iterable[tuple[str, Integration]]:
    pairs = (("ec", entry.ec_integration), ("shipping", entry.shipping_integration))
    return [(side, account) for side, account in pairs if account is not None]


def _accounts(store: Store, side: str, chosen: str, now: datetime) -> list[Choice]:
    """Accounts that were seen of late or are registered, by name."""
    facets = store.facets(Filter(since=now - KNOWN_BACK))
    seen: list[Option] = facets.ec_integration if side == "ec" else facets.shipping_integration
    found = {one.id: one.name for one in store.registrations() if one.side == side}
    found |= {one.id: one.name for one in seen if one.name != one.id or not found.get(one.id)}
    if chosen:
        found.setdefault(chosen, chosen)
    named = sorted(((name or identity, identity) for identity, name in found.items()), key=lambda one: one[0].lower())
    return [Choice(identity, name, identity == chosen) for name, identity in named]


def _platforms(store: Store, chosen: str, reader: Reader) -> list[Choice]:
    """Platforms that orders come from, by name."""
    which = Filter(since=reader.clock.now - KNOWN_BACK, action=(*missing.READS, *missing.NOTICES))
    found = dict.fromkeys((*(one.id for one in store.facets(which).platform), *([chosen] if chosen else [])))
    return [Choice(one, reader.platform(one), one == chosen) for one in sorted(found)]


def _within(offered: Sequence[str], chosen: str, reader: Reader) -> list[Choice]:
    return [Choice(one, str(reader.words(f"guided.within.{one}")), one == chosen) for one in offered]


def _misread(within: str, reader: Reader) -> list[Markup]:
    return [] if within in WITHIN else [reader.words("guided.bad_within", value=within)]


def _number(text: str) -> str:
    return pasted.number(text)[:REFERENCE_MAX]


def _one(values: Mapping[str, Sequence[str]], name: str) -> str:
    return next((value.strip() for value in values.get(name, ()) if value.strip()), "")
