"""Numbers that have not come, said in the list: between the rows of that time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from apitrail.entry import EntryRow
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.recorders import OFFERED, address
from apitrail.server.pages.silences import SilenceView
from apitrail.store.model import Gap, RecorderRow

SHOWN = 5
"""Lines between two rows."""


class Part(NamedTuple):
    """The part of the log that a page of the list shows: gaps whose end lies in it belong to that page."""

    since: datetime
    until: datetime
    """Included."""


class GapsView(NamedTuple):
    """Lines by the entry that they stand next to."""

    above: list[SilenceView]
    """Above the first: the call behind the gap is not in the list."""
    below: dict[str, list[SilenceView]]
    """Under an entry, by its id."""


NONE = GapsView([], {})


def gaps(entries: Sequence[EntryRow], part: Part, query: PageQuery, reader: Reader) -> GapsView:
    """Each gap stands under the call that was made right behind it. The newest entry comes first."""
    slots: dict[int, list[tuple[RecorderRow, Gap]]] = {}
    for one, gap in _within(part, reader):
        at = next((at for at, entry in enumerate(entries) if entry.created_at < gap.before), len(entries))
        slots.setdefault(at, []).append((one, gap))
    lines = {at: _lines(found, query, reader) for at, found in slots.items()}
    return GapsView(lines.pop(0, []), {entries[at - 1].id: told for at, told in lines.items()})


def _within(part: Part, reader: Reader) -> Iterator[tuple[RecorderRow, Gap]]:
    for one in reader.missing():
        for gap in one.gaps:
            if part.since <= gap.before <= part.until:
                yield one, gap


def _lines(found: Sequence[tuple[RecorderRow, Gap]], query: PageQuery, reader: Reader) -> list[SilenceView]:
    oldest = min(gap.before for _, gap in found)
    age = (reader.clock.now - oldest).days
    url = address(next((days for days in OFFERED if age < int(days)), OFFERED[-1]), query)
    basis = Markup('<a href="{}">{}</a>').format(url, reader.words("recorders.title"))
    lines = [_line(one, gap, reader) for one, gap in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(reader.words("recorders.more", count=f"{len(found) - SHOWN:,}"))
    return [SilenceView(text=line, basis=basis, kind="lost") for line in lines]


def _line(one: RecorderRow, gap: Gap, reader: Reader) -> Markup:
    words, tag = reader.words, reader.clock.tag
    since = gap.after or one.began_at
    said = words.count(
        "gaps.line" if since else "gaps.first",
        gap.last - gap.first + 1,
        host=visible(one.host or one.id),
        process=visible(one.process),
        since=tag(since) if since else "",
        until=tag(gap.before),
        numbers=f"{gap.first:,}" if gap.first == gap.last else f"{gap.first:,} – {gap.last:,}",
    )
    waits = one.backlog is not None and one.backlog.exchanges > 0
    return Markup("{} {}").format(said, words("recorders.gap_waits" if waits else "recorders.gap_why"))
