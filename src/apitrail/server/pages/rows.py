"""The rows of the table."""

from __future__ import annotations

from markupsafe import Markup
from msgspec import Struct

from apitrail.entry import EntryRow
from apitrail.server.pages import names, tally
from apitrail.server.pages.clock import ago, ahead, duration
from apitrail.server.pages.links import Link
from apitrail.server.pages.pace import Pace, pace
from apitrail.server.pages.panel import PanelView
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.silences import SilenceView
from apitrail.server.pages.status import Pill, pill, said


class RowView(Struct, kw_only=True):
    """One row, ready for the template."""

    id: str
    created_at: Markup
    action: str
    action_id: str
    inbound: bool
    counts: Markup
    nothing: bool
    """A fetch brought nothing."""
    method: str
    source: str
    source_type: str
    path: str
    status: Pill
    cause: str
    """Why it failed; empty for what did not."""
    said: str
    duration: str
    pace: Pace | None
    """The duration against what is usual; None where nothing is."""
    ago: str
    """How long ago, for what is less than a day old; empty else."""
    ahead: str
    """How far its time lies ahead of this server's clock; empty for all but a few."""
    exact: str
    """The time to the millisecond, and its zone."""
    platform: str
    account: str
    attempt: int
    open_url: str
    """The page with this entry expanded: what the row links to without a script."""
    panel: PanelView | None = None
    """The expanded entry."""
    silences: list[SilenceView] = []
    """The pauses that this call ended, and what did not come before it."""
    above: list[SilenceView] = []
    """What did not come after it, and no row stands behind that."""


class EntryView(Struct, frozen=True, kw_only=True):
    """The page of one entry."""

    row: RowView
    panel: PanelView
    home_url: str
    languages: list[Link]


def row(entry: EntryRow, query: PageQuery, reader: Reader, panel: PanelView | None = None) -> RowView:
    source, source_type = names.owner(entry, reader)
    return RowView(
        id=entry.id,
        created_at=reader.clock.tag(entry.created_at),
        action=names.action(entry.action, reader.words),
        action_id=entry.action,
        inbound=entry.direction == "inbound",
        counts=tally.short(entry, reader.words),
        nothing=tally.nothing(entry),
        method=entry.method,
        source=source,
        source_type=source_type,
        path=entry.path or "/",
        status=pill(entry, reader),
        cause=names.cause(entry, reader) if entry.outcome != "success" else "",
        said=said(entry),
        duration=duration(entry.duration_ms) if entry.not_sent is None else "",
        pace=pace(entry, reader),
        ago=ago(reader.clock.now - entry.created_at, reader.words),
        ahead=ahead(reader.clock.now - entry.created_at),
        exact=reader.clock.exact(entry.created_at),
        platform=reader.platform(entry.platform) if entry.platform else "",
        account=names.account(entry),
        attempt=entry.attempt,
        open_url=query.but(open=entry.id).url(),
        panel=panel,
    )
