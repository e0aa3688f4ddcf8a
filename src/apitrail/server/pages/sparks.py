"""A day of an account by the hour: the share of calls that failed, and how long calls took. Drawn here; no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from markupsafe import Markup
from msgspec import Struct

from apitrail.server.pages.clock import duration
from apitrail.server.pages.reader import Reader
from apitrail.store.failures import Hourly

HOURS = 24
WIDTH, GAP, HEIGHT = 5, 1, 24
"""Of an hour, of its gap, and of the drawing."""
LEAST = 3.0
"""One failure among thousands is seen."""


class Spark(Struct, frozen=True, kw_only=True):
    """Two drawings of HOURS * WIDTH by HEIGHT, and what they say."""

    good: str
    """A path: hours with calls, all of which worked, as a line at the foot."""
    failed: str
    """A path: the share of failures of each hour."""
    took: str
    """A path: the median of each hour against the longest of them; hours without calls are gaps."""
    rates: Markup
    """The first drawing in words."""
    medians: Markup
    """The second."""
    shown: Markup
    """What stands beside the second."""


def first_hour(now: datetime) -> datetime:
    """Where the drawing begins: 24 hours, of which the last is this one."""
    return now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)


def spark(hours: Sequence[Hourly], now: datetime, reader: Reader) -> Spark | None:
    """Of one account; None where it made no calls."""
    by_place = {int((one.at - first_hour(now)) / timedelta(hours=1)): one for one in hours}
    held = {place: one for place, one in sorted(by_place.items()) if 0 <= place < HOURS and one.calls}
    if not held:
        return None
    words, tag = reader.words, reader.clock.tag
    worst = max(held.values(), key=lambda one: (one.failed / one.calls, one.failed))
    medians = [one.median_ms for one in held.values()]
    if worst.failed:
        rates = words(
            "sparks.rates", rate=f"{100 * worst.failed / worst.calls:.0f} %", calls=f"{worst.calls:,}", at=tag(worst.at)
        )
    else:
        rates = words.count("sparks.no_failures", len(held))
    return Spark(
        good="".join(_bar(place, 1.5) for place, one in held.items() if not one.failed),
        failed="".join(
            _bar(place, max(HEIGHT * one.failed / one.calls, LEAST)) for place, one in held.items() if one.failed
        ),
        took=_line(held, max(medians)),
        rates=rates,
        medians=words("sparks.medians", low=duration(min(medians)), high=duration(max(medians))),
        shown=words("sparks.shown", now=duration(medians[-1]), high=duration(max(medians))),
    )


def _bar(place: int, height: float) -> str:
    return f"M{place * WIDTH} {HEIGHT - height:.1f}h{WIDTH - GAP}v{height:.1f}h-{WIDTH - GAP}z"


def _line(held: Mapping[int, Hourly], most: float) -> str:
    """An hour by itself is a dash, so that it is seen."""
    path: list[str] = []
    for place, one in held.items():
        y = HEIGHT - 1 - (HEIGHT - 2) * (one.median_ms / most if most else 0)
        if place - 1 in held:
            path.append(f"L{place * WIDTH + WIDTH / 2:.1f} {y:.1f}")
        else:
            path.append(f"M{place * WIDTH} {y:.1f}h{WIDTH / 2:.1f}")
    return "".join(path)
