"""How long a call took, against what is usual of its action: a bar whose middle is the slowest of twenty."""

from __future__ import annotations

from markupsafe import Markup
from msgspec import Struct

from apitrail.entry import EntryRow
from apitrail.server.pages.clock import duration
from apitrail.server.pages.reader import Reader

TIMES = 2.0
"""Slow is what takes longer than nineteen of twenty calls, and more than this many times the usual."""


class Pace(Struct, frozen=True):
    width: str
    """Of 100; 50 is where nineteen of twenty calls have ended."""
    slow: bool
    times: Markup | str
    """How many times the usual; empty for what is not slow."""
    title: Markup


def pace(entry: EntryRow, reader: Reader) -> Pace | None:
    """None where nothing is usual yet, or nothing was sent."""
    known = reader.usual.get((entry.platform or "", entry.action))
    if known is None or entry.not_sent is not None or known.high <= 0:
        return None
    slow = entry.duration_ms > known.high and entry.duration_ms > TIMES * known.median
    times = entry.duration_ms / known.median if known.median else 0.0
    words = reader.words
    return Pace(
        width=f"{min(entry.duration_ms / known.high * 50, 100):.0f}",
        slow=slow,
        times=words("row.slow", times=f"{times:,.0f}" if times >= 10 else f"{times:.1f}") if slow and times else "",
        title=words("row.usual", median=duration(known.median), high=duration(known.high)),
    )
