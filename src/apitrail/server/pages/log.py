"""*Platform API Logs*: the list, as one typed context."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Literal

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from apitrail.entry import EntryRow
from apitrail.profiles.quantities import PRODUCTS
from apitrail.server import nearer as nearby
from apitrail.server.pages import guided, links
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.counts import counted
from apitrail.server.pages.filters import FiltersView, filters
from apitrail.server.pages.gaps import Part, gaps
from apitrail.server.pages.handing import DownloadView, downloads
from apitrail.server.pages.histogram import HistogramView
from apitrail.server.pages.links import Link
from apitrail.server.pages.losses import LossesView, between, losses
from apitrail.server.pages.misread import sentences
from apitrail.server.pages.panel import PanelView, panel
from apitrail.server.pages.query import PageQuery, canonical
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.rows import RowView, row
from apitrail.server.pages.silences import NONE, SilencesView, SilenceView, silences
from apitrail.server.pasted import same
from apitrail.store import Store
from apitrail.store.indexed import in_bodies
from apitrail.store.model import EPOCH, Cursor, LossRow, Page, Span, View

LIMIT = 50
"""Rows a page."""

NEW_LIMIT = 100
"""New entries that are counted one by one, and put in without loading the page anew."""

MICROSECOND = timedelta(microseconds=1)

NOWHERE = "00000000-0000-0000-0000-000000000000"

STORIES = (
    ("orders", "/orders", ("order",)),
    ("shipments", "/shipments", ("tracking", "shipment", "package")),
    ("stock", guided.PATHS["stock"], PRODUCTS),
)
"""What became of a number: by which name, at which page, and of numbers of which types."""


class RowsView(Struct, frozen=True, kw_only=True):
    """One page of rows, and where the next one is."""

    rows: list[RowView]
    older_url: str = ""
    older_rows_url: str = ""
    """The rows alone, for the script."""


class NewerView(RowsView, frozen=True, kw_only=True):
    """Rows that are put in before the others, and the counts that change with them."""

    filters: FiltersView
    histogram: HistogramView | None
    total: Markup
    recounted: bool
    """Whether these are to take the place of what the page has."""
    count_url: str = ""
    silences: list[SilenceView]


class NewView(Struct, frozen=True, kw_only=True):
    """Entries that arrived after the page was made."""

    count: int
    text: Markup
    page_url: str
    rows_url: str
    """The new rows alone; empty where there are too many to put in one by one."""
    next_url: str
    """What is asked next, once these are on the page."""


class LogView(Struct, frozen=True, kw_only=True):
    """The page."""

    state: Literal["rows", "empty", "no_match", "misread"]
    filters: FiltersView
    histogram: HistogramView | None
    count_url: str
    """Where entries are counted by time, in place of a histogram that would take reading them."""
    page: RowsView
    linked: RowView | None
    """The entry that the URL opens where the list does not hold it."""
    linked_missing: str
    """The id that the URL opens and the log does not hold."""
    total: Markup
    downloads: DownloadView | None
    losses: LossesView | None
    silences: list[SilenceView]
    """What lasts until now, or to the end of the range."""
    misread: list[Markup]
    narrowed: bool
    """Something besides the date range narrows the list."""
    widen: list[Link]
    stories: list[Link]
    """Where the boards tell of the orders or parcels that are looked for."""
    told_url: str
    """The board whose row for the one order or parcel the script puts above the list; empty on later pages."""
    nearer: list[Link]
    """What else could have been meant by words that find nothing."""
    guided: list[Link]
    """Where one is led through it: with the number that was looked for, where there is one."""
    span: Markup
    everything_url: str
    views: list[Link]
    """Shared ones."""
    newest_url: str
    """Where a later page leads back to; empty on the first."""
    new_url: str
    """What is asked every few seconds whether there is more."""
    share_url: str
    """This page with the range as it stands now."""
    server_url: str
    home_url: str
    languages: list[Link]


def log(store: Store, query: PageQuery, reader: Reader, server_url: str, shared: Sequence[View] = ()) -> LogView:
    """The page's context; `shared`: the views of all readers. Raises StoreError."""
    now = reader.clock.now
    asked = query.filter(now)
    found, counts = counted(store, query, reader, lambda: store.page(asked, limit=LIMIT, cursor=query.cursor))
    entry = store.entry(query.open) if canonical(query.open) else None
    opened = panel(store, entry, query, reader) if entry else None
    told = NONE if query.misread else silences(store, query, reader, found.entries, newest=query.cursor is None)
    lost = store.losses(asked.since or EPOCH, asked.until or now)
    rows = _rows(found.entries, query, reader, told, lost, _shown(query, found, now), opened)
    listed = any(one.panel for one in rows)
    stories = _stories(query, found.entries, reader)
    offered = filters(query, counts.facets, reader)
    span = Span(0, None, None) if rows else store.span()
    return LogView(
        state=_state(rows, query, span),
        filters=offered,
        histogram=counts.histogram,
        count_url=counts.count_url,
        page=_page(rows, found.next_cursor, query),
        linked=row(entry, query, reader, opened) if entry and not listed else None,
        linked_missing=query.open if query.open and entry is None else "",
        total=counts.total,
        downloads=downloads(query, counts.entries, reader) if rows else None,
        losses=losses(lost, reader),
        silences=told.lasting,
        misread=sentences(query, reader),
        narrowed=query.narrowed,
        widen=[] if rows else _widen(query, offered, reader),
        stories=stories,
        told_url=stories[0].url if rows and stories and not query.cursor and not nearby.several(query.text) else "",
        nearer=[] if rows or not span.entries else _nearer(store, query, reader),
        guided=_guided(query, reader),
        span=_span(span, reader),
        views=[Link(visible(one.name), f"/?{one.query}") for one in shared],
        everything_url=_everything(query).url(),
        newest_url=query.but(cursor=None, open="").url() if query.cursor else "",
        new_url="" if query.cursor or query.until or query.misread else _new_url(query, found.entries, now),
        share_url=query.fixed(now).but(lang="").url(),
        server_url=server_url,
        home_url=links.home(query),
        languages=links.languages(query, reader),
    )


def older(store: Store, query: PageQuery, reader: Reader) -> RowsView:
    """The rows after the query's cursor, and where still older ones are."""
    found = store.page(query.filter(reader.clock.now), limit=LIMIT, cursor=query.cursor)
    told = silences(store, query, reader, found.entries, newest=query.cursor is None)
    part = _shown(query, found, reader.clock.now)
    rows = _rows(found.entries, query.but(cursor=None), reader, told, _lost(store, found.entries), part)
    return _page(rows, found.next_cursor, query)


def newer(store: Store, query: PageQuery, newest: Cursor, reader: Reader) -> NewerView:
    """The rows that came before `newest` in the list since then: what a reader of the page does not have yet."""
    found = _newer(store, query, newest, reader)
    told = silences(store, query, reader, found, newest=True)
    # Where entries are not counted, what the page says of them stays.
    _, counts = counted(store, query, reader, lambda: Page(found, newest))
    # What lies before the oldest of them stands above the rows that the page has, or did not when it was made.
    part = Part(found[-1].created_at, found[0].created_at) if found else Part(EPOCH, EPOCH)
    return NewerView(
        rows=_rows(found, query, reader, told, _lost(store, found), part),
        silences=told.lasting,
        filters=filters(query, counts.facets, reader),
        histogram=counts.histogram,
        total=counts.total,
        recounted=counts.entries is not None,
    )


def new(store: Store, query: PageQuery, newest: Cursor, reader: Reader) -> NewView | None:
    """How many entries there are before `newest`; None where there is none."""
    found = _newer(store, query, newest, reader)
    if not found:
        return None
    many = len(found) >= NEW_LIMIT
    return NewView(
        count=len(found),
        text=reader.words("log.new.many", count=NEW_LIMIT) if many else reader.words.count("log.new", len(found)),
        page_url=query.but(open="").url(),
        rows_url="" if many or newest.id == NOWHERE else query.but(open="").url("/rows", newer=newest.encode()),
        next_url=_new_url(query, found, reader.clock.now),
    )


def _rows(
    entries: Sequence[EntryRow],
    query: PageQuery,
    reader: Reader,
    told: SilencesView,
    lost: Sequence[LossRow],
    part: Part,
    opened: PanelView | None = None,
) -> list[RowView]:
    """The rows, the opened one with its panel, each with the pauses that it ended and what was lost before it."""
    gone = between(entries, lost, reader)
    holes = gaps(entries, part, query, reader)
    rows = []
    for one in entries:
        shown = row(one, query, reader, opened if one.id == query.open else None)
        shown.silences = [*told.before.get(one.id, ()), *gone.get(one.id, ()), *holes.below.get(one.id, ())]
        rows.append(shown)
    if rows:
        rows[0].above = holes.above
    return rows


def _shown(query: PageQuery, found: Page, now: datetime) -> Part:
    """From the last row of the page before, or the end of the range, to its own last row, or the range's begin."""
    asked = query.filter(now)
    until = query.cursor.created_at if query.cursor else asked.until or now
    since = found.next_cursor.created_at if found.next_cursor else asked.since or EPOCH
    # What ends with the last row stands above the first of the next page.
    return Part(since + MICROSECOND if found.next_cursor else since, until)


def _lost(store: Store, entries: Sequence[EntryRow]) -> list[LossRow]:
    return store.losses(entries[-1].created_at, entries[0].created_at) if entries else []


def _newer(store: Store, query: PageQuery, newest: Cursor, reader: Reader) -> list[EntryRow]:
    now = reader.clock.now
    asked = query.filter(now)
    since = max(newest.created_at, asked.since or EPOCH)
    # What is ahead of the clock stays above all that comes: it would hide what is new, or be new again and again.
    found = store.page(replace(asked, since=since, until=now), limit=NEW_LIMIT).entries
    # By place in the list and not by comparing ids: how ids of one microsecond are ordered is the store's business.
    return list(takewhile(lambda one: one.id != newest.id, found))


def _new_url(query: PageQuery, shown: list[EntryRow], now: datetime) -> str:
    newest = next((Cursor(one.created_at, one.id) for one in shown if one.created_at <= now), None)
    newest = newest or Cursor(now if shown else EPOCH, NOWHERE)
    return query.but(open="").url("/new", after=newest.encode())


def _page(rows: list[RowView], after: Cursor | None, query: PageQuery) -> RowsView:
    if after is None:
        return RowsView(rows=rows)
    next_page = query.but(cursor=after, open="")
    return RowsView(rows=rows, older_url=next_page.url(), older_rows_url=next_page.url("/rows"))


def _state(rows: list[RowView], query: PageQuery, span: Span) -> Literal["rows", "empty", "no_match", "misread"]:
    if query.misread:
        return "misread"
    if rows:
        return "rows"
    return "no_match" if span.entries else "empty"


def _everything(query: PageQuery) -> PageQuery:
    return PageQuery(range="all", tz=query.tz, lang=query.lang)


def _widen(query: PageQuery, offered: FiltersView, reader: Reader) -> list[Link]:
    """Each filter that could be taken back, alone."""
    words, found = reader.words, []
    if query.range != "all":
        found.append(Link(words("widen.range"), query.but(range="all", since=None, until=None).url()))
    found += [Link(words("widen.field", field=one.title, value=one.value), one.remove_url) for one in offered.applied]
    if outcomes := [chip.word for chip in offered.chips if chip.choice.chosen]:
        label = words("widen.field", field=words("filter.outcome"), value=", ".join(outcomes))
        found.append(Link(label, query.but(outcome=()).url()))
    return found


def _stories(query: PageQuery, entries: Sequence[EntryRow], reader: Reader) -> list[Link]:
    """Whoever looks for a number asks what became of it: other pages say that, and the boards of several at once."""
    bare = PageQuery(tz=query.tz, lang=query.lang)
    wanted = nearby.only_number(query.text) if query.text else query.reference[0] if len(query.reference) == 1 else ""
    wanted = same(wanted.rpartition(":")[2])
    told = {one.type: one.id for entry in entries for one in entry.references if wanted and same(one.id) == wanted}
    if not told:
        return _one_by_one(query, reader)
    found = [
        Link(
            reader.words(f"log.story.{name}"), bare.url(path, number=next(told[kind] for kind in kinds if kind in told))
        )
        for name, path, kinds in STORIES
        if any(kind in told for kind in kinds)
    ]
    term = in_bodies(nearby.only_number(query.text))
    if term is not None and not term.whole:  # only references were looked at
        found.append(Link(reader.words("log.in_texts"), query.but(text=f'"{term.value}"').url()))
    return found


def _one_by_one(query: PageQuery, reader: Reader) -> list[Link]:
    """A row for each, where the line is several numbers: the list shows what names all of them at once."""
    several, bare = nearby.several(query.text), PageQuery(tz=query.tz, lang=query.lang)
    return [
        Link(reader.words(f"log.each.{board}", count=len(several)), bare.url(f"/{board}", number=" ".join(several)))
        for board in (("orders", "shipments") if several else ())
    ]


def _nearer(store: Store, query: PageQuery, reader: Reader) -> list[Link]:
    """The numbers of the line that find something where all of it does not; else each as a part of a longer one."""
    if query.misread or query.cursor:
        return []
    words, found = reader.words, list[Link]()
    for line in nearby.numbers(query.text):
        alone = query.but(text=line)
        alone = alone.but(range=alone.usual) if query.range == query.usual else alone
        if store.page(alone.filter(reader.clock.now), limit=1).entries:
            found.append(Link(words("no_match.alone", value=line), alone.url()))
    parts = [] if found or nearby.several(query.text) else nearby.parts(query.text)
    return found + [
        Link(words("no_match.part", value=part.rstrip("*")), query.but(text=part, range=query.range).url())
        for part in parts
    ]


def _guided(query: PageQuery, reader: Reader) -> list[Link]:
    number = query.reference[0].rpartition(":")[2] if query.reference else query.text if " " not in query.text else ""
    return guided.pages(query, reader, number)


def _span(span: Span, reader: Reader) -> Markup:
    if span.oldest is None or span.newest is None:
        return Markup("")
    tag = reader.clock.tag
    return reader.words.count("log.span", span.entries, oldest=tag(span.oldest), newest=tag(span.newest))
