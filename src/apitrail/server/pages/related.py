"""What belongs to an entry: the attempts of its call, a notification's deliveries, the last success before it, and its
account's other calls.
"""

from __future__ import annotations

from datetime import timedelta

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from apitrail.entry import Entry, EntryRow
from apitrail.server.pages.compare import SHOWN, Difference, differences, same_address
from apitrail.server.pages.links import Link
from apitrail.server.pages.query import NEIGHBOURHOOD, SEARCH_RANGE, PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.rows import RowView, row
from apitrail.server.pages.since import WORKED, SinceView, since
from apitrail.store import Store
from apitrail.store.model import Filter

NEIGHBOURS = 12
EARLIER = 20
"""How many calls that worked are looked through for one to the same address, where the latest was to another."""


class Near(Struct, frozen=True):
    """One entry of a short list."""

    row: RowView
    url: str
    """Its own page."""
    here: bool
    """It is the one that is open."""
    redirect: bool


class DifferenceView(Struct, frozen=True):
    part: Markup
    name: str
    before: str | None
    now: str | None
    passing: bool


class RelatedView(Struct, frozen=True, kw_only=True):
    id: str
    title: str
    since: SinceView | None
    """Whether the same has worked since; None where it was not asked for, or there is nothing to tell."""
    attempts: list[Near]
    """Empty where the call was one exchange."""
    deliveries: list[Near]
    """Each time a platform sent this notification; empty where it came once."""
    sought: bool
    """Whether an earlier success was looked for."""
    success: Near | None
    elsewhere: bool
    """That success was a call to another address, so what was sent is not compared."""
    differences: list[DifferenceView]
    more: int
    """Differences that are not shown."""
    neighbours: list[Near]
    neighbours_url: str
    """All of them in the list; empty where the entry has no account."""
    panel_url: str
    home_url: str
    languages: list[Link]


def related(
    store: Store,
    entry: Entry,
    query: PageQuery,
    reader: Reader,
    home: str,
    languages: list[Link],
    *,
    told_since: bool = False,
) -> RelatedView:
    """`told_since`: with whether the same has worked since. Raises StoreError."""
    if not told_since:
        return _related(store, entry, query, reader, home, languages)
    found, told = store.both(
        lambda: _related(store, entry, query, reader, home, languages),
        lambda: since(store, entry, query, reader),
    )
    return replace(found, since=told)


def _related(
    store: Store, entry: Entry, query: PageQuery, reader: Reader, home: str, languages: list[Link]
) -> RelatedView:
    attempts = store.of_call(entry.call, entry.created_at) if entry.call else []
    failed = entry.outcome not in WORKED
    success = _success(store, entry) if failed else None
    changed = differences(success, entry) if success else []
    around = _around(entry, query)
    shown = [] if around is None else store.page(around.filter(reader.clock.now), limit=NEIGHBOURS + 1).entries
    near = [_near(one, entry, query, reader) for one in shown if one.id != entry.id][:NEIGHBOURS]
    deliveries = _deliveries(store, entry, query, reader)
    view = row(entry, query, reader)
    return RelatedView(
        id=entry.id,
        title=view.action,
        since=None,
        attempts=[_near(one, entry, query, reader) for one in attempts] if len(attempts) > 1 else [],
        deliveries=[_near(one, entry, query, reader) for one in deliveries] if len(deliveries) > 1 else [],
        sought=failed and _account(entry) is not None,
        success=_near(success, entry, query, reader) if success else None,
        elsewhere=success is not None and not same_address(success, entry),
        differences=[_view(one, reader) for one in changed[:SHOWN]],
        more=max(len(changed) - SHOWN, 0),
        neighbours=near,
        neighbours_url="" if around is None else around.but(open=entry.id).url(),
        panel_url=_own(query).url(f"/entries/{entry.id}"),
        home_url=home,
        languages=languages,
    )


def _deliveries(store: Store, entry: Entry, query: PageQuery, reader: Reader) -> list[EntryRow]:
    """Notifications with the number that the platform gave this one: it keeps that when it sends it again."""
    numbers = tuple(f"delivery:{one.id}" for one in entry.references if one.type == "delivery")
    if entry.direction != "inbound" or not numbers:
        return []
    which = replace(_own(query), range=SEARCH_RANGE, reference=numbers, direction=("inbound",))
    return store.page(which.filter(reader.clock.now), limit=NEIGHBOURS).entries


def _success(store: Store, entry: Entry) -> Entry | None:
    """The latest entry before this one of the same action and account that worked: to the same address, where one of
    the latest was, since an action may have several (a platform's old API and its new one).
    """
    account = _account(entry)
    if account is None:
        return None
    field, identity = account
    which = Filter(
        until=entry.created_at - timedelta(microseconds=1),
        action=(entry.action,),
        direction=(entry.direction,),
        outcome=WORKED,
    )
    which = replace(which, **{field: (identity,)})
    found = store.page(which, limit=1).entries
    if found and not same_address(found[0], entry):
        earlier = store.page(replace(which, method=(entry.method,)), limit=EARLIER).entries
        found = [one for one in earlier if same_address(one, entry)] or found
    return store.entry(found[0].id) if found else None


def _account(entry: EntryRow) -> tuple[str, str] | None:
    if entry.ec_integration is not None:
        return "ec_integration", entry.ec_integration.id
    return ("shipping_integration", entry.shipping_integration.id) if entry.shipping_integration is not None else None


def _around(entry: EntryRow, query: PageQuery) -> PageQuery | None:
    account = _account(entry)
    if account is None:
        return None
    field, identity = account
    return replace(
        _own(query),
        range="",
        since=entry.created_at.replace(microsecond=0) - NEIGHBOURHOOD,
        until=entry.created_at.replace(microsecond=999_999) + NEIGHBOURHOOD,
        **{field: (identity,)},
    )


def _own(query: PageQuery) -> PageQuery:
    return PageQuery(tz=query.tz, lang=query.lang)


def _near(one: EntryRow, entry: EntryRow, query: PageQuery, reader: Reader) -> Near:
    return Near(
        row=row(one, query, reader),
        url=_own(query).url(f"/entries/{one.id}"),
        here=one.id == entry.id,
        redirect=one.status is not None and 300 <= one.status < 400,
    )


def _view(one: Difference, reader: Reader) -> DifferenceView:
    return DifferenceView(reader.words(f"compare.{one.part}"), one.name, one.before, one.now, one.passing)
