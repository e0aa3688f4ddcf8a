"""Entries by time and outcome above the table: a drawing that is whole without a script, and the same as a table.

Bars stand on a grid of `UNIT` by 100; whatever happened at all is at least `LEAST` high, so that one failure among
ten thousand is seen. The script adds counts under the pointer and zooming; it draws nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from apitrail.server.pages.links import Link
from apitrail.server.pages.query import OUTCOMES, PageQuery
from apitrail.server.pages.ranges import written
from apitrail.server.pages.reader import Reader
from apitrail.store import STEPS, Store
from apitrail.store.model import Bar, Filter, Histogram

UNIT = 10
GAP = 1
LEAST = 3.0
"""Of 100."""
FEW = 24
"""Bars at the least of all of the log: the only one of a moment would be a wall."""
TICKS = 8
WIDE, NARROW = 0.04, 0.13
_DAY = 86_400
_APART = (1, 5, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)
_DAYS_APART = (1, 2, 7, 14, 30, 60, 90, 180, 365, 730)


class Tick(Struct, frozen=True):
    """A mark of the time axis."""

    x: str
    """Of the width, with its per cent sign."""
    label: str
    instant: str
    form: str
    """What the label tells: `second`, `minute`, `day`."""
    place: str
    """Which edge its label would run over in the middle below it: `first` and `last` on any screen, `early` and `late`
    on a narrow one; empty for none."""


class Layer(Struct, frozen=True):
    """All of one outcome, as one path."""

    outcome: str
    path: str


class HistogramView(Struct, frozen=True, kw_only=True):
    """The drawing, and what the script needs to tell its numbers."""

    width: int
    layers: list[Layer]
    ticks: list[Tick]
    most: str
    """Entries of the highest bar."""
    summary: Markup
    """All of it in a sentence, for who does not see the drawing."""
    numbers: str
    """JSON: where bars begin and the last ends, in seconds, and each outcome's counts."""
    names: str
    """JSON: what outcomes are called."""
    zoom_url: str
    """The page without a range: `from` and `to` are put behind it."""
    table_url: str


class BarView(Struct, frozen=True):
    """One line of the table."""

    start: Markup
    end: Markup
    counts: list[str]
    total: str
    url: str


class HistogramTable(Struct, frozen=True, kw_only=True):
    """The page of the numbers."""

    columns: list[Markup]
    bars: list[BarView]
    back_url: str
    home_url: str
    languages: list[Link]


def read(store: Store, query: PageQuery, reader: Reader) -> Histogram:
    """The numbers of what the query asks. Raises StoreError."""
    return store.histogram(closed(query.filter(reader.clock.now), reader), zone=reader.clock.zone)


def closed(asked: Filter, reader: Reader) -> Filter:
    """Until now, where it has a beginning and no end."""
    return replace(asked, until=reader.clock.now) if asked.until is None and asked.since is not None else asked


def histogram(found: Histogram, query: PageQuery, reader: Reader) -> HistogramView | None:
    """The drawing; None where there is no time to draw over."""
    if not found.bars or found.end is None:
        return None
    bars, words = _with_room(found, query), reader.words
    most = max(sum(bar.outcomes.values()) for bar in bars)
    starts = [int(bar.start.timestamp()) for bar in bars]
    counts = {one: [bar.outcomes.get(one, 0) for bar in bars] for one in OUTCOMES}
    numbers = {"edges": [*starts, int(found.end.timestamp())], "counts": {k: v for k, v in counts.items() if any(v)}}
    total = sum(map(sum, counts.values()))
    parts = [
        Markup("{} {}").format(f"{sum(one):,}", words(f"outcome.any.{name}"))
        for name, one in counts.items()
        if any(one)
    ]
    summary = words.count(
        "histogram.summary", total, since=reader.clock.tag(found.bars[0].start), until=reader.clock.tag(found.end)
    )
    return HistogramView(
        width=len(bars) * UNIT,
        layers=_layers(bars, most) if most else [],
        ticks=_ticks(bars, found.step, reader),
        most=f"{most:,}",
        summary=Markup(": ").join([summary, Markup(", ").join(parts)]) if parts else summary,
        numbers=msgspec.json.encode(numbers).decode(),
        names=msgspec.json.encode({one: words(f"outcome.any.{one}") for one in OUTCOMES}, enc_hook=str).decode(),
        zoom_url=query.but(range="", since=None, until=None).url(),
        table_url=query.but(open="", cursor=None).url("/histogram"),
    )


def _with_room(found: Histogram, query: PageQuery) -> list[Bar]:
    """With empty ones before them, where they are few only because the log, or what was looked for, is short."""
    lack, step = FEW - len(found.bars) if query.range == "all" else 0, STEPS[found.step]
    return [*(Bar(found.bars[0].start - step * back, {}) for back in range(lack, 0, -1)), *found.bars]


def table(found: Histogram, query: PageQuery, reader: Reader, home_url: str, languages: list[Link]) -> HistogramTable:
    """The numbers as a table: the bars that have something, the latest first."""
    tag = reader.clock.tag
    ends = [bar.start for bar in found.bars[1:]] + ([found.end] if found.end else [])
    lines = [
        BarView(
            start=tag(bar.start),
            end=tag(end),
            counts=[f"{bar.outcomes.get(one, 0):,}" for one in OUTCOMES],
            total=f"{sum(bar.outcomes.values()):,}",
            url=query.but(range="", since=bar.start, until=end - timedelta(microseconds=1)).url(),
        )
        for bar, end in zip(found.bars, ends, strict=True)
        if bar.outcomes
    ]
    return HistogramTable(
        columns=[reader.words(f"outcome.any.{one}") for one in OUTCOMES],
        bars=lines[::-1],
        back_url=query.url(),
        home_url=home_url,
        languages=languages,
    )


def _layers(bars: Sequence[Bar], most: int) -> list[Layer]:
    paths: dict[str, list[str]] = {}
    for number, bar in enumerate(bars):
        heights = {one: max(bar.outcomes[one] / most * 100, LEAST) for one in OUTCOMES if bar.outcomes.get(one)}
        # What was made higher to be seen is taken from the most frequent, so that the bar ends where its number says.
        if (over := sum(heights.values()) - max(sum(bar.outcomes.values()) / most * 100, LEAST * len(heights))) > 0:
            largest = max(heights, key=lambda one: heights[one])
            heights[largest] = max(heights[largest] - over, LEAST)
        floor = 100.0
        for outcome, height in heights.items():
            floor -= height
            paths.setdefault(outcome, []).append(
                f"M{number * UNIT} {floor:.1f}h{UNIT - GAP}v{height:.1f}h-{UNIT - GAP}z"
            )
    return [Layer(one, "".join(paths[one])) for one in OUTCOMES if one in paths]


def _ticks(bars: Sequence[Bar], step: str, reader: Reader) -> list[Tick]:
    """At round times of the reader's zone, not more than TICKS."""
    local = [bar.start.astimezone(reader.clock.zone) for bar in bars]
    every = [(number, moment) for number, moment in enumerate(local) if _round(moment, 1)] if _days(step) else []
    if not every:
        every = _apart(local)
    while len(every) > TICKS:
        every = every[::2]
    form = _form(step, local)
    return [
        Tick(
            f"{100 * number / len(bars):.2f}%",
            _label(moment, form),
            written(bars[number].start),
            form,
            _place(number / len(bars)),
        )
        for number, moment in every
    ]


def _place(x: float) -> str:
    """By the share of the width that half a label takes: on a wide screen, and on a phone."""
    for name, near in (("first", x < WIDE), ("last", x > 1 - WIDE), ("early", x < NARROW), ("late", x > 1 - NARROW)):
        if near:
            return name
    return ""


def _days(step: str) -> bool:
    return STEPS[step].total_seconds() >= _DAY


def _apart(local: Sequence[datetime]) -> list[tuple[int, datetime]]:
    """The bars that begin at round times, by the least distance that gives few enough of them."""
    found: list[tuple[int, datetime]] = []
    for seconds in _APART:
        found = [(number, at) for number, at in enumerate(local) if (_second_of_day(at) % seconds) == 0]
        if len(found) <= TICKS:
            break
    else:
        for days in _DAYS_APART:
            found = [(number, at) for number, at in enumerate(local) if _second_of_day(at) == 0 and _round(at, days)]
            if len(found) <= TICKS:
                break
    return found or [(0, local[0])]


def _round(moment: datetime, days: int) -> bool:
    return moment.toordinal() % days == 0


def _second_of_day(moment: datetime) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _form(step: str, local: Sequence[datetime]) -> str:
    if STEPS[step] < timedelta(minutes=1):
        return "second"
    if _days(step) or all(_second_of_day(at) == 0 for _, at in _apart(local)):
        return "day"
    return "minute" if local[-1] - local[0] < timedelta(days=1) else "moment"


def _label(moment: datetime, form: str) -> str:
    forms = {"second": "%H:%M:%S", "minute": "%H:%M", "moment": "%m-%d %H:%M", "day": "%Y-%m-%d"}
    return f"{moment:{forms[form]}}"


__all__ = ["HistogramTable", "HistogramView", "closed", "histogram", "read", "table"]
