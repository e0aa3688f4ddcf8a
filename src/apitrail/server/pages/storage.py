"""The page Storage: what the log takes and who sends it, what is kept how long, what was removed, what comes."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from msgspec import Struct

from apitrail.server.pages import links, names
from apitrail.server.pages.links import Link
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.usage import DAYS, StorageAnswer
from apitrail.size import size
from apitrail.store.stats import DayUse, Use

SHOWN_DAYS = 31


class Row(Struct, frozen=True):
    """One line of a table: what, how many entries, how many bytes, and how long its bar is."""

    name: str
    url: str
    """The log, filtered by it; empty where there is no such filter."""
    entries: str
    bytes: str
    share: int
    """Of the largest of its table, in hundredths."""


class Table(Struct, frozen=True):
    """Days, or the largest senders of one kind."""

    title: Markup
    about: Markup
    rows: list[Row]
    more: Markup
    """What is not shown; empty where all is."""


class Fact(Struct, frozen=True):
    """A label and what there is to it."""

    label: Markup
    value: Markup


class Removal(Struct, frozen=True):
    """What was taken away of a day."""

    at: Markup
    text: Markup


class StorageView(Struct, frozen=True):
    """The page."""

    summary: list[Fact]
    keep: list[Fact]
    warning: Markup
    """When the disk will be full, where it will; else empty."""
    tables: list[Table]
    removed: list[Removal]
    pins: list[Link]
    home_url: str
    languages: list[Link]


def storage(answer: StorageAnswer, query: PageQuery, reader: Reader) -> StorageView:
    """The page of what was found."""
    stats, words = answer.stats, reader.words
    return StorageView(
        summary=_summary(answer, reader),
        keep=_keep(answer, reader),
        warning=_warning(answer, reader),
        tables=[
            _days(stats.days, query, reader),
            _uses("action", stats.actions, query, reader),
            _uses("ec_integration", stats.ec_integrations, query, reader),
            _uses("shipping_integration", stats.shipping_integrations, query, reader),
        ],
        removed=[
            Removal(
                reader.clock.tag(one.at),
                words(
                    f"storage.removed_{one.what}",
                    count=f"{one.entries:,}",
                    day=one.day.isoformat(),
                    why=words(f"storage.why_{one.why}"),
                ),
            )
            for one in stats.removed[:SHOWN_DAYS]
        ],
        pins=[
            Link(
                Markup("{} {}").format(names.reference_type(one.type, words), one.id),
                PageQuery(range="all", tz=query.tz, lang=query.lang).but(reference=(f"{one.type}:{one.id}",)).url(),
                one.note,
            )
            for one in stats.pins
        ],
        home_url=links.home(query),
        languages=links.languages(query, reader, "/storage"),
    )


def _warning(answer: StorageAnswer, reader: Reader) -> Markup:
    ahead, words = answer.stats.forecast, reader.words
    if ahead.days_left is None or ahead.limit is None:
        return Markup()
    days, limit = f"{ahead.days_left:,}", size(ahead.limit)
    if ahead.days_held is None:
        return words("storage.full" if ahead.days_left else "storage.full_now", days=days, limit=limit)
    when = words("storage.budget_later", days=days) if ahead.days_left else words("storage.budget_met")
    needed = size(ahead.settles_at or 0)
    holds = words(
        "storage.budget_holds", days=f"{ahead.days_held:,}", limit=limit, keep=answer.keep.entries, needed=needed
    )
    return Markup("{} {}").format(when, holds)


def _summary(answer: StorageAnswer, reader: Reader) -> list[Fact]:
    stats, words = answer.stats, reader.words
    ahead = stats.forecast
    facts = [
        ("entries", Markup("{}").format(f"{stats.span.entries:,}")),
        ("on_disk", Markup("{}").format(size(stats.bytes_on_disk))),
    ]
    if stats.span.oldest is not None:
        facts.append(("oldest", reader.clock.tag(stats.span.oldest)))
    if answer.disk_free is not None:
        facts.append(("free", Markup("{}").format(size(answer.disk_free))))
    if ahead.bytes_per_day is None:
        facts.append(("per_day", words("storage.not_yet")))
    else:
        facts.append(("per_day", Markup("{}").format(size(ahead.bytes_per_day))))
        settles = ahead.settles_at or 0
        if ahead.days_held is not None and ahead.limit is not None:
            settles = min(settles, ahead.limit)  # the oldest days go before it is larger
        facts.append(("settles", Markup("{}").format(size(settles))))
    return [Fact(words(f"storage.{key}"), value) for key, value in facts]


def _keep(answer: StorageAnswer, reader: Reader) -> list[Fact]:
    words, keep = reader.words, answer.keep
    facts = [
        Fact(words("storage.success_bodies"), words("storage.days", count=keep.success_bodies)),
        Fact(words("storage.failure_bodies"), words("storage.days", count=keep.failure_bodies)),
        Fact(words("storage.kept_entries"), words("storage.days", count=keep.entries)),
        Fact(
            words("storage.budget"),
            Markup("{}").format(size(answer.disk_budget)) if answer.disk_budget else words("storage.no_budget"),
        ),
    ]
    for one in answer.keep_integrations:
        days = f"{one.keep.success_bodies} / {one.keep.failure_bodies} / {one.keep.entries}"
        facts.append(Fact(Markup("{}:{}").format(one.side, one.id), words("storage.days", count=days)))
    return facts


def _days(known: Sequence[DayUse], query: PageQuery, reader: Reader) -> Table:
    shown = known[:SHOWN_DAYS]
    largest = max((one.bytes_on_disk for one in shown), default=0) or 1
    rows = [
        Row(
            one.day.isoformat(),
            "",
            f"{one.entries:,}",
            size(one.bytes_on_disk),
            round(100 * one.bytes_on_disk / largest),
        )
        for one in shown
    ]
    more = reader.words("storage.more_days", count=len(known) - len(shown)) if len(known) > len(shown) else Markup()
    return Table(reader.words("storage.by_day"), reader.words("storage.by_day_about"), rows, more)


def _uses(field: str, uses: Sequence[Use], query: PageQuery, reader: Reader) -> Table:
    words = reader.words
    largest = max((one.bytes for one in uses), default=0) or 1
    rows = []
    for one in uses:
        base = PageQuery(range="30d", tz=query.tz, lang=query.lang)
        narrowed = base.but(**{field: (one.id,)})
        name = names.action(one.id, words) if field == "action" else one.name or one.id
        share = round(100 * one.bytes / largest)
        rows.append(Row(name, narrowed.url(), f"{one.entries:,}", size(one.bytes), share))
    return Table(words(f"filter.{field}"), words("storage.by_use_about", days=DAYS), rows, Markup())
