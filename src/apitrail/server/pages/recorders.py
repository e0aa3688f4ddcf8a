"""The page Recorders: who sends, what did not come, when, where and why.

/recorders?days=1|7|31   tz=ZONE   lang=LANGUAGE
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from markupsafe import Markup
from msgspec import Struct

from apitrail.server.pages import boards, links
from apitrail.server.pages.boards import Chosen
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.clock import ago, ahead
from apitrail.server.pages.links import Link
from apitrail.server.pages.losses import why
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.size import size
from apitrail.store.model import EPOCH, Backlog, Drop, Gap, RecorderRow

PATH = "/recorders"
OFFERED = ("1", "7", "31")
"""Days that it tells of; the first by itself."""
LINES = 200
"""Gaps and drops that are listed; all are counted."""
EDGE = timedelta(seconds=1)


class LostView(Struct, frozen=True):
    """One gap or one drop."""

    when: Markup
    count: str
    what: Markup
    why: Markup
    host: Markup
    process: Markup
    log_url: str
    """The log of that time."""


class RecorderView(Struct, frozen=True):
    """One recorder: one process from its start to its end."""

    host: Markup
    process: Markup
    version: Markup
    seen: Markup
    ago: str
    ahead: str
    """How far its clock was ahead of this server's; empty for nearly all."""
    entries: str
    numbers: Markup
    missing: Markup
    """Empty where none is."""
    backlog: Markup


class RecordersView(Struct, frozen=True):
    """The page."""

    offered: list[Chosen]
    total: Markup
    lost: list[LostView]
    more: Markup
    """What is not listed; empty where all is."""
    recorders: list[RecorderView]
    home_url: str
    languages: list[Link]


def recorders(rows: Sequence[RecorderRow], days: str, query: PageQuery, reader: Reader) -> RecordersView:
    """The page of those that were seen in these days, by what did not come of them and who they are."""
    words = reader.words
    lost = sorted(
        [
            *((gap.before, _gap(one, gap, query, reader)) for one in rows for gap in one.gaps),
            *((drop.last_at, _drop(one, drop, query, reader)) for one in rows for drop in one.drops),
        ],
        key=lambda one: one[0],
        reverse=True,
    )
    missing = sum(one.missing for one in rows)
    dropped = sum(drop.count for one in rows for drop in one.drops)
    return RecordersView(
        offered=[Chosen(words(f"recorders.days.{one}"), address(one, query), one == days) for one in OFFERED],
        total=words("recorders.total", recorders=f"{len(rows):,}", missing=f"{missing:,}", dropped=f"{dropped:,}"),
        lost=[line for _, line in lost[:LINES]],
        more=words("recorders.more", count=f"{len(lost) - LINES:,}") if len(lost) > LINES else Markup(),
        recorders=[_recorder(one, reader) for one in rows],
        home_url=links.home(query),
        languages=boards.languages(query, PATH, reader, **_days(days)),
    )


def address(days: str, query: PageQuery) -> str:
    """Where the page is that tells of so many days, one of OFFERED."""
    return query.url(PATH, **_days(days))


def _days(days: str) -> dict[str, str]:
    return {"days": days} if days != OFFERED[0] else {}


def _gap(one: RecorderRow, gap: Gap, query: PageQuery, reader: Reader) -> LostView:
    words = reader.words
    count = gap.last - gap.first + 1
    numbers = f"{gap.first:,}" if count == 1 else f"{gap.first:,} – {gap.last:,}"
    waits = one.backlog is not None and one.backlog.exchanges > 0
    return LostView(
        when=_between(gap.after or one.began_at, gap.before, reader),
        count=f"{count:,}",
        what=words("recorders.gap", numbers=numbers),
        why=words("recorders.gap_waits" if waits else "recorders.gap_why"),
        host=visible(one.host or one.id),
        process=visible(one.process),
        log_url=_log(gap.after or one.began_at or EPOCH, gap.before, query),
    )


def _drop(one: RecorderRow, drop: Drop, query: PageQuery, reader: Reader) -> LostView:
    return LostView(
        when=_between(drop.first_at, drop.last_at, reader),
        count=f"{drop.count:,}",
        what=reader.words("recorders.drop"),
        why=why(drop.reason, drop.text, reader),
        host=visible(one.host or one.id),
        process=visible(one.process),
        log_url=_log(drop.first_at, drop.last_at, query),
    )


def _between(first: datetime | None, last: datetime, reader: Reader) -> Markup:
    clock = reader.clock
    if first is None or first == last:
        return clock.tag(last)
    return Markup("{} – {}").format(clock.tag(first), clock.tag(last))


def _log(first: datetime, last: datetime, query: PageQuery) -> str:
    return PageQuery(range="", since=first - EDGE, until=last + EDGE, tz=query.tz, lang=query.lang).url()


def _recorder(one: RecorderRow, reader: Reader) -> RecorderView:
    words = reader.words
    return RecorderView(
        host=visible(one.host or one.id),
        process=visible(one.process),
        version=visible(one.version or "–"),
        seen=reader.clock.tag(one.last_seen),
        ago=ago(reader.clock.now - one.last_seen, words),
        ahead=ahead(timedelta(seconds=-one.ahead_s)),
        entries=f"{one.entries:,}",
        numbers=Markup("{} – {}").format(f"{one.first_sequence:,}", f"{one.last_sequence:,}")
        if one.entries
        else Markup(),
        missing=words.count("recorders.missing", one.missing) if one.missing else Markup(),
        backlog=_backlog(one.backlog, reader),
    )


def _backlog(told: Backlog | None, reader: Reader) -> Markup:
    if told is None:
        return reader.words("recorders.backlog_unknown")
    if not told.exchanges:
        return reader.words("recorders.backlog_none")
    return reader.words.count("recorders.backlog", told.exchanges, size=size(told.bytes))
