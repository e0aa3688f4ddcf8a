"""What of a list is counted: its filters' choices, its histogram, and how many entries there are.

Counts come from what is counted beforehand, or from the rows of a list that is shown whole. Where it would take reading
the entries (a text, a status, …) choices are listed without counts, and the rest is told by the page that is looked at:
there are "more than 50".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from markupsafe import Markup
from msgspec import Struct, structs

from apitrail.server.pages import histogram
from apitrail.server.pages.histogram import HistogramView
from apitrail.server.pages.query import OUTCOMES, PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.store import Histogram, Store, counted_anew, histogram_of
from apitrail.store.model import Facets, Filter, Option, Page

UNKNOWN = -1
"""The count of a choice that is not counted."""
NOTHING = Facets(
    action=[],
    ec_integration=[],
    shipping_integration=[],
    outcome=[Option(one, one, UNKNOWN) for one in OUTCOMES],
    platform=[],
    cause=[],
    direction=[],
)
"""Of a list that was not looked for: that there are none would say something of the log."""


class Counts(Struct, frozen=True, kw_only=True):
    """Of one list."""

    facets: Facets
    histogram: HistogramView | None = None
    count_url: str = ""
    """Where entries are counted by time if one asks for it; empty where they are already, or there are none."""
    total: Markup = Markup("")
    entries: int | None = None
    """All that the filters let through, where that is known."""


def counted(store: Store, query: PageQuery, reader: Reader, read: Callable[[], Page]) -> tuple[Page, Counts]:
    """A page of the list, as it is `read`, with the list's counts. Raises StoreError."""
    if query.misread:
        return Page([], None), Counts(facets=NOTHING)
    asked = query.filter(reader.clock.now)
    # The choices take as long as all the rest: both are asked at once.
    if asked == asked.counted:
        facets, (found, numbers) = store.both(
            lambda: choices(store, asked), lambda: (read(), histogram.read(store, query, reader))
        )
        whole = query.cursor is None and found.next_cursor is None
        if not _ahead(store, asked, facets, numbers):
            facets, numbers = agreed(facets, numbers, found, asked, whole=whole)
        entries = _listed(facets, asked)
        drawn = histogram.histogram(numbers, query, reader)
        total = reader.words.count("log.total", entries)
        return found, Counts(facets=facets, histogram=drawn, total=total, entries=entries)
    facets, found = store.both(lambda: choices(store, asked), read)
    return found, _told(query, found, reader, facets)


def agreed(facets: Facets, numbers: Histogram, found: Page, asked: Filter, *, whole: bool) -> tuple[Facets, Histogram]:
    """The outcomes' counts and the drawing as one thing says them: the rows where they are the `whole` list, else the
    drawing. They are three questions, and what comes in between them would be in some numbers and not in others.
    """
    if numbers.end is None:
        return facets, numbers
    told = Counter[str]()
    if whole:
        numbers = counted_anew(numbers, found.entries)
        told.update(one.outcome for one in found.entries)
    else:
        for bar in numbers.bars:
            told.update(bar.outcomes)
    held = {one.id: one for one in facets.outcome}
    for outcome in {*held, *told}:
        if not asked.outcome or outcome in asked.outcome:
            held[outcome] = Option(outcome, outcome, told[outcome])
    outcomes = sorted((one for one in held.values() if one.count), key=lambda one: -one.count)
    return structs.replace(facets, outcome=outcomes), numbers


def _ahead(store: Store, asked: Filter, facets: Facets, numbers: Histogram) -> bool:
    """Whether the list has an entry that is ahead of the clock: it is on the first page, and in no drawing. Then counts
    stay as they are. Asked only where the numbers are not the same anyway.
    """
    drawn = sum(sum(bar.outcomes.values()) for bar in numbers.bars)
    if numbers.end is None or asked.until is not None or _listed(facets, asked) == drawn:
        return False
    return bool(store.page(structs.replace(asked, since=numbers.end), limit=1).entries)


def _listed(facets: Facets, asked: Filter) -> int:
    """How many entries have an outcome that is asked for."""
    return sum(one.count for one in facets.outcome if not asked.outcome or one.id in asked.outcome)


def _told(query: PageQuery, found: Page, reader: Reader, facets: Facets) -> Counts:
    """What the page that is looked at tells of a list that is not counted beforehand."""
    if query.cursor is not None or found.next_cursor is not None:
        url = query.but(open="", cursor=None).url("/histogram")
        return Counts(facets=facets, count_url=url, total=_total(query, found, reader))
    entries = len(found.entries)
    if not query.outcome:  # else what one would get by another outcome is not among the rows
        told = Counter(str(one.outcome) for one in found.entries)
        outcomes = [Option(outcome, outcome, count) for outcome, count in told.most_common()]
        facets = structs.replace(facets, outcome=outcomes)
    asked = histogram.closed(query.filter(reader.clock.now), reader)
    drawn = histogram.histogram(histogram_of(found.entries, asked, reader.clock.zone), query, reader)
    total = reader.words.count("log.total", entries)
    return Counts(facets=facets, histogram=drawn, total=total, entries=entries)


def choices(store: Store, asked: Filter) -> Facets:
    """The choices of each filter, with counts where all of what is asked is counted. Raises StoreError."""
    found = store.facets(asked.counted)
    if asked == asked.counted:
        return found
    uncounted: dict[str, list[Option]] = {
        field: [structs.replace(one, count=UNKNOWN) for one in options]
        for field, options in structs.asdict(found).items()
    }
    return Facets(**uncounted)


def _total(query: PageQuery, found: Page, reader: Reader) -> Markup:
    """As far as one page tells."""
    shown = len(found.entries)
    key = "log.before" if query.cursor else "log.total"
    return reader.words(f"{key}.many", count=shown) if found.next_cursor else reader.words.count(key, shown)
