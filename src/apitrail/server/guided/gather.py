"""Asks the store what the two answers need."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from apitrail.entry import EntryRow
from apitrail.server.guided import label, missing
from apitrail.server.guided.finding import BAD, GOOD
from apitrail.store import Store
from apitrail.store.model import Filter, Option, Term

MENTIONS = 200
"""Entries that name the order: more say nothing more."""
FETCHES = 20_000
ATTEMPTS = 50
NEAR = timedelta(hours=1)


def missing_order(store: Store, asked: missing.Asked, now: datetime) -> missing.Evidence:
    """What the log holds of an order. Raises QueryTooLarge, StoreError."""
    fetches = asked.where(*missing.FETCHES)
    moments = store.moments(fetches, FETCHES) if asked.placed else []
    good, bad = (_latest(store, replace(fetches, outcome=one)) if moments else None for one in (GOOD, BAD))
    earlier = None
    if asked.placed and good is None:
        earlier = _latest(store, replace(fetches, outcome=GOOD, since=None, until=asked.since))
    notices = asked.where(*missing.NOTICES)
    counted = _counts(store.facets(notices).outcome) if asked.placed else {}
    refused = sum(counted.get(one, 0) for one in BAD)
    sign_ins = asked.where(*missing.SIGN_INS, outcome=BAD)
    return missing.Evidence(
        mentions=_mentions(store, asked),
        fetches=moments,
        last_success=good,
        last_failure=bad,
        first_failure=store.oldest(replace(fetches, outcome=BAD)) if bad else None,
        earlier_success=earlier,
        notices=sum(counted.values()) - refused,
        refused=refused,
        refusal=_latest(store, replace(notices, outcome=BAD)) if refused else None,
        sign_in_failure=_latest(store, sign_ins) if asked.placed else None,
        oldest=store.span().oldest,
        lost=sum(one.count for one in store.losses(asked.since, min(asked.until, now))),
    )


def failed_label(store: Store, asked: label.Asked) -> label.Evidence:
    """What the log holds of a label. Raises QueryTooLarge, StoreError."""
    attempts = store.page(asked.attempts, limit=ATTEMPTS).entries
    last = next((one for one in attempts if one.outcome in BAD), None)
    mentions = 0
    if not attempts and asked.number:
        mentions = sum(_counts(store.facets(Filter(reference=missing.written(asked.number))).outcome).values())
    return label.Evidence(
        attempts=attempts,
        mentions=mentions,
        before=_latest(store, label.like(last)) if last else None,
        around=_around(store, last) if last else None,
        oldest=store.span().oldest,
    )


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


def _mentions(store: Store, asked: missing.Asked) -> list[EntryRow]:
    """By reference in all of the log, and as a word in what was said since the time began."""
    by_reference = store.page(Filter(reference=missing.written(asked.order)), limit=MENTIONS).entries
    word = Filter(text=(Term(asked.order, whole=True),), since=asked.since)
    by_word = store.page(word, limit=MENTIONS).entries
    found = {one.id: one for one in (*by_reference, *by_word)}
    return sorted(found.values(), key=lambda one: (one.created_at, one.id), reverse=True)


def _latest(store: Store, which: Filter) -> EntryRow | None:
    return next(iter(store.page(which, limit=1).entries), None)


def _counts(options: list[Option]) -> dict[str, int]:
    return {one.id: one.count for one in options}
