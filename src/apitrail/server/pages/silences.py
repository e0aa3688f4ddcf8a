"""What did not happen, said in the list: between the rows that it lies between, and above it where it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from markupsafe import Markup
from msgspec import Struct

from apitrail.entry import EntryRow
from apitrail.server import silence
from apitrail.server.pages import names
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.language import Words
from apitrail.server.pages.query import FIELDS, PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.silence import BASIS, QUARTER, Silence
from apitrail.store import Store
from apitrail.store.model import Rhythm

TOLD_BY = frozenset({"action", "ec_integration", "shipping_integration"})
"""A list that anything else narrows hides calls: what it does not show may have been made."""
BACK = timedelta(hours=24)
MOST = timedelta(days=31)
"""Of one page of the list, from its newest entry back. What comes more rarely has no rhythm that is told."""


class SilenceView(Struct, frozen=True, kw_only=True):
    """One pause."""

    text: Markup
    basis: Markup
    """What it is told from."""
    kind: str = "silence"
    """Its icon and its looks: `lost` is what was made and did not come."""


class SilencesView(Struct, frozen=True, kw_only=True):
    """The pauses of a page of the list."""

    lasting: list[SilenceView] = []
    """Those without an end in the range."""
    before: dict[str, list[SilenceView]] = {}
    """Those that an entry of the page ended, by its id."""


NONE = SilencesView()


def silences(store: Store, query: PageQuery, reader: Reader, rows: Sequence[EntryRow], *, newest: bool) -> SilencesView:
    """Those of the page with these rows. `newest`: nothing newer is in the range. Raises StoreError.

    Nothing is asked of the store where the list is not one of an account or an action alone.
    """
    actions = silence.watched(query.action)
    if not _whole(query) or not actions or not (rows or newest):
        return NONE
    now = reader.clock.now
    end = min(query.until or now, now) if newest else rows[0].created_at
    begin = max(rows[-1].created_at if rows else query.filter(now).since or end - BACK, end - MOST)
    found = [
        one
        for rhythm in store.rhythms(begin - BASIS, end, actions, query.ec_integration, query.shipping_integration)
        for one in silence.silences(rhythm, end)
        if (newest if one.until is None else one.until + QUARTER > begin)
    ]
    touched = [quarter for one in found for quarter in (one.since, one.until) if quarter is not None]
    edges = store.quarter_edges(sorted(set(touched)), sorted({one.rhythm.action for one in found}))
    lasting, before = [], dict[str, list[SilenceView]]()
    ends = {_key(row, row.created_at): row for row in rows}
    for one in found:
        rhythm = one.rhythm
        last = edges.get((rhythm.side, rhythm.account, rhythm.action, one.since))
        if last is None:  # removed meanwhile
            continue
        if one.until is None:
            ending = "range_end" if end < now else "now"
            lasting.append(view(one, _name(store, rhythm), last[1], end, ending, reader))
            continue
        first = edges.get((rhythm.side, rhythm.account, rhythm.action, one.until))
        row = ends.get((rhythm.side, rhythm.account, rhythm.action, first[0])) if first else None
        if row is not None:
            before.setdefault(row.id, []).append(view(one, names.account(row), last[1], row.created_at, "gap", reader))
    return SilencesView(lasting=lasting, before=before)


def view(one: Silence, account: str, since: datetime, until: datetime, ending: str, reader: Reader) -> SilenceView:
    """It in words. `since`, `until`: to the second."""
    return SilenceView(
        text=reader.words(
            f"silence.{ending}",
            action=Markup("<strong>{}</strong>").format(names.action(one.rhythm.action, reader.words)),
            account=visible(account),
            since=reader.clock.tag(since),
            until=reader.clock.tag(until),
            length=span(until - since, reader.words),
        ),
        basis=basis(one.rhythm.usual, one.rhythm.quarters, one.rhythm.first, reader),
    )


def basis(usual: timedelta, quarters: int, first: datetime, reader: Reader) -> Markup:
    """What is usual, and from what that is learnt."""
    return reader.words(
        "silence.basis",
        usual=span(usual, reader.words),
        quarters=f"{quarters:,}",
        since=reader.clock.tag(first),
    )


def span(length: timedelta, words: Words) -> Markup:
    """A length of time to the minute; from two days on to the hour."""
    minutes = max(round(length / timedelta(minutes=1)), 1)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return words("span.days", days=hours // 24, hours=hours % 24)
    return words("span.hours", hours=hours, minutes=minutes) if hours else words("span.minutes", minutes=minutes)


def _whole(query: PageQuery) -> bool:
    told = query.action or query.ec_integration or query.shipping_integration
    hidden = query.text or query.duration_over is not None
    return bool(told) and not hidden and not any(getattr(query, field) for field in FIELDS if field not in TOLD_BY)


def _key(row: EntryRow, at: datetime) -> tuple[str, str, str, datetime]:
    side = "ec" if row.ec_integration else "shipping"
    account = row.ec_integration or row.shipping_integration
    return side, account.id if account else "", row.action, at


def _name(store: Store, rhythm: Rhythm) -> str:
    return next((one.name for one in store.seen(rhythm.side) if one.id == rhythm.account), "") or rhythm.account
