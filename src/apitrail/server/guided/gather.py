"""Asks the store what the answers need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from apitrail.entry import Entry, EntryRow
from apitrail.profiles import Profiles
from apitrail.profiles.quantities import named, quantities
from apitrail.server.guided import label, missing, stock
from apitrail.server.guided.fetches import LEAST, Account
from apitrail.server.guided.finding import BAD, GOOD, Texts, fate
from apitrail.store import Store
from apitrail.store.indexed import in_bodies
from apitrail.store.model import Filter, Moment, Option, QueryTooLarge, Term

MENTIONS = 200
"""Entries that name the order: more say nothing more."""
FETCHES = 20_000
LATELY = timedelta(days=7)
"""So long before the time that is asked about, an account may have fetched last and still be missed in it."""
ATTEMPTS = 50
SETS = 50
"""Calls that set a product's stock: the latest."""
PARTLY = 10
"""Of those that worked for some products alone, so many are looked at as to which."""
NEAR = timedelta(hours=1)


def missing_order(store: Store, asked: missing.Asked, now: datetime) -> missing.Evidence:
    """What the log holds of an order. Raises QueryTooLarge, StoreError."""
    mentions, texts, in_text = _mentions(store, asked)
    judged = asked.placed or not any(missing.told_by(one, asked) for one in mentions)
    moments = store.moments(asked.where(*missing.FETCHES), FETCHES) if judged else []
    looked_from = moments[0].at if len(moments) == FETCHES else None
    accounts = _fetching(store, asked, moments, looked_from or asked.since) if judged else []
    each = missing.shown(asked, accounts)
    failures = replace(asked.where(*missing.FETCHES), outcome=BAD)
    notices = asked.where(*missing.NOTICES)
    counted = _counts(store.facets(notices).outcome) if asked.placed else {}
    refused = sum(counted.get(one, 0) for one in BAD)
    sign_ins = asked.where(*missing.SIGN_INS, outcome=BAD)
    return missing.Evidence(
        mentions=mentions,
        texts=texts,
        in_text=in_text,
        accounts=[_with_entries(store, asked, one, accounts) if one in each else one for one in accounts],
        first_failure=store.oldest(failures) if moments and not each else None,
        looked_from=looked_from,
        notices=sum(counted.values()) - refused,
        refused=refused,
        refusal=_latest(store, replace(notices, outcome=BAD)) if refused else None,
        sign_in_failure=_latest(store, sign_ins) if asked.placed else None,
        withdrawn=_latest(store, asked.where(*missing.WITHDRAWN, outcome=GOOD)) if asked.placed else None,
        oldest=store.span().oldest,
        lost=sum(one.count for one in store.losses(asked.since, min(asked.until, now))),
    )


def _fetching(store: Store, asked: missing.Asked, moments: list[Moment], since: datetime) -> list[Account]:
    """The account that is asked about; else each that fetched since then, or did so time and again shortly before."""
    if asked.account:
        return [Account(id=asked.account, fetches=moments)]
    fetches = asked.where(*missing.FETCHES)
    named = store.facets(fetches).ec_integration if moments else []
    before = store.facets(replace(fetches, since=since - LATELY, until=since)).ec_integration
    names = {one.id: one.name for one in (*before, *named)}
    found: dict[str, list[Moment]] = {one.id: [] for one in before if one.count >= LEAST}
    for one in moments:
        found.setdefault(one.ec_integration, []).append(one)
    return [Account(id=each, name=names.get(each, each), fetches=some) for each, some in found.items()]


def _with_entries(store: Store, asked: missing.Asked, one: Account, accounts: list[Account]) -> Account:
    """The account with the entries that prove what is said of its fetches."""
    fetches = replace(asked, account=one.id).where(*missing.FETCHES)
    if not one.id:
        others = tuple(("ec_integration", other.id) for other in accounts if other.id)
        fetches = replace(fetches, without=others)
    good, bad = (_latest(store, replace(fetches, outcome=each)) if one.fetches else None for each in (GOOD, BAD))
    earlier = None
    if good is None:
        earlier = _latest(store, replace(fetches, outcome=GOOD, since=None, until=asked.since))
    return replace(
        one,
        last_success=good,
        last_failure=bad,
        first_failure=store.oldest(replace(fetches, outcome=BAD)) if bad else None,
        earlier_success=earlier,
    )


def failed_label(store: Store, profiles: Profiles | None, asked: label.Asked) -> label.Evidence:
    """What the log holds of a label. Raises QueryTooLarge, StoreError."""
    attempts = store.page(asked.attempts, limit=ATTEMPTS).entries
    shops = label.by_shop(asked, attempts)[: label.SHOPS]
    lasts = [failures[0] for _, some in shops if (failures := label.failed_of(asked, some))]
    mentions = 0
    if not attempts and asked.number:
        mentions = sum(_counts(store.facets(Filter(reference=asked.names)).outcome).values())
    return label.Evidence(
        attempts=attempts,
        cut=len(attempts) == ATTEMPTS,
        mentions=mentions,
        before={one.id: before for one in lasts if (before := _latest(store, label.like(one))) is not None},
        around={one.id: _around(store, one) for one in lasts},
        voids=_voids(store, asked, attempts) if asked.number and attempts else (),
        making=_making(store, profiles, asked, [some[0] for _, some in shops]) if profiles and asked.number else {},
        oldest=store.span().oldest,
    )


def _making(store: Store, profiles: Profiles, asked: label.Asked, lasts: list[EntryRow]) -> dict[str, str]:
    """What the latest attempts say of the label, where they say that it is still being made."""
    worked = [one for one in lasts if one.outcome in GOOD]
    said = {identity: profiles.making(one, [asked.names])[0] for identity, one in _whole(store, worked).items()}
    return {identity: word for identity, word in said.items() if word is not None}


def _voids(store: Store, asked: label.Asked, attempts: Sequence[EntryRow]) -> Sequence[EntryRow]:
    """What cancels a label may name the number alone that came of it."""
    names = tuple(dict.fromkeys((*asked.names, *sorted(label.parcels(attempts)))))
    which = Filter(action=(label.VOIDING,), outcome=("success", "warning"), reference=names)
    return store.page(which, limit=ATTEMPTS).entries


def wrong_stock(store: Store, asked: stock.Asked) -> stock.Evidence:
    """What the log holds of a product's stock. Raises QueryTooLarge, StoreError."""
    sets = store.page(asked.where(*stock.SETS), limit=SETS).entries
    tells: dict[str, EntryRow] = {}
    sold: dict[str, EntryRow] = {}
    for account, one in list(stock.latest(sets).items())[: stock.ACCOUNTS]:
        if not account:
            continue  # what was said to nobody in particular is not compared with what an account heard
        mine = replace(asked, account=account)
        told = _latest(store, replace(mine.where(*stock.TELLS, since=one.created_at), outcome=GOOD))
        tells |= {account: told} if told is not None else {}
        order = _latest(store, mine.where(*stock.SELLS, since=one.created_at))
        sold |= {account: order} if order is not None else {}
    unset = not sets
    others = replace(asked.of_account, outcome=GOOD)
    partly = [one for one in sets if one.outcome == "partial"][:PARTLY]
    whole = _whole(store, [*stock.latest(sets).values(), *stock.second(sets).values(), *tells.values(), *partly])
    names = {identity: named(one, asked.spellings) for identity, one in whole.items()}
    names = _alike(sets, names) | names
    worked = [one for one in sets if fate(one, names.get(one.id, asked.spellings)) == "worked"]
    whole |= _whole(store, [one for one in stock.latest(worked).values() if one.id not in whole])
    names |= {identity: named(one, asked.spellings) for identity, one in whole.items() if identity not in names}
    mentioned = _latest(store, Filter(reference=asked.spellings)) if unset else None
    texts, in_text = _stock_in_text(store, asked) if unset and mentioned is None else ("words", None)
    return stock.Evidence(
        sets=sets,
        cut=len(sets) == SETS,
        tells=tells,
        sold=sold,
        named=names,
        said={identity: quantities(one, names[identity]) for identity, one in whole.items()},
        mentioned=mentioned,
        texts=texts,
        in_text=in_text,
        account_last=_latest(store, others) if unset and asked.account else None,
        oldest=store.span().oldest,
    )


def _alike(sets: list[EntryRow], names: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """What calls that failed in part and were not looked at call it: what others of the same account do."""
    known: dict[str, set[str]] = {}
    for one in sets:
        known.setdefault(stock.account_of(one), set()).update(names.get(one.id, ()))
    return {one.id: found for one in sets if one.outcome == "partial" and (found := known[stock.account_of(one)])}


def _whole(store: Store, entries: list[EntryRow]) -> dict[str, Entry]:
    return store.entries_at({(one.id, one.created_at) for one in entries})


def _around(store: Store, last: EntryRow) -> label.Around:
    which = label.others(last, last.created_at - NEAR, last.created_at + NEAR)
    counted = _counts(store.facets(which).outcome)
    failures = replace(which, outcome=BAD)
    found = store.facets(failures)
    return label.Around(
        filter=which,
        calls=sum(counted.values()),
        failed=sum(counted.get(one, 0) for one in BAD),
        accounts=max(len(found.shipping_integration), len(found.ec_integration)),
    )


def _mentions(store: Store, asked: missing.Asked) -> tuple[list[EntryRow], Texts, EntryRow | None]:
    """By reference in all of the log, and as a word in what was said since the time began. Where neither tells of the
    order and it is no word that can be looked up: the latest of the time whose text has it as a part.
    """
    by_reference = store.page(Filter(reference=missing.written(asked.order)), limit=MENTIONS).entries
    term = in_bodies(asked.order)
    if term is not None and not term.whole and any(missing.told_by(one, asked) for one in by_reference):
        return by_reference, "parts", None
    until = None if term is None or term.whole else asked.until
    texts, said = _said(store, Filter(since=asked.since, until=until), term, MENTIONS)
    if texts != "words":
        return by_reference, texts, next(iter(said), None)
    found = {one.id: one for one in (*by_reference, *said)}
    return sorted(found.values(), key=lambda one: (one.created_at, one.id), reverse=True), texts, None


def _said(store: Store, which: Filter, term: Term | None, limit: int) -> tuple[Texts, list[EntryRow]]:
    """The latest of these in whose text it is, and how they were searched for it."""
    if term is None:
        return "short", []
    try:
        found = store.page(replace(which, text=(term,)), limit=limit).entries
    except QueryTooLarge:
        return "too_large", []
    return "words" if term.whole else "parts", found


def _stock_in_text(store: Store, asked: stock.Asked) -> tuple[Texts, EntryRow | None]:
    """The latest that has the product's number in its text, of those that set stock if there is one."""
    texts: Texts = "words"
    for which in (asked.of_account, replace(asked.of_account, action=())):
        texts, found = _said(store, which, in_bodies(asked.number), 1)
        if found:
            return texts, found[0]
    return texts, None


def _latest(store: Store, which: Filter) -> EntryRow | None:
    return next(iter(store.page(which, limit=1).entries), None)


def _counts(options: list[Option]) -> dict[str, int]:
    return {one.id: one.count for one in options}
