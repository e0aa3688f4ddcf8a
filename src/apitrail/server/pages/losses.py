"""What recorders had to give up, said above the list: a gap that nobody sees is a wrong answer."""

from __future__ import annotations

from markupsafe import Markup
from msgspec import Struct

from apitrail.server.pages.reader import Reader
from apitrail.store.model import LossRow

SHOWN = 5


class LossesView(Struct, frozen=True):
    total: Markup
    lines: list[Markup]
    more: int


def losses(rows: list[LossRow], reader: Reader) -> LossesView | None:
    """One line for each host and reason, the largest first; None where nothing was lost."""
    if not rows:
        return None
    grouped: dict[tuple[str, str], list[LossRow]] = {}
    for row in rows:
        grouped.setdefault((row.host, row.reason), []).append(row)
    ordered = sorted(grouped.values(), key=lambda group: -sum(row.count for row in group))
    return LossesView(
        total=reader.words.count("losses.total", sum(row.count for row in rows)),
        lines=[_line(group, reader) for group in ordered[:SHOWN]],
        more=max(len(ordered) - SHOWN, 0),
    )


def _line(group: list[LossRow], reader: Reader) -> Markup:
    words, first = reader.words, group[0]
    reason = f"losses.reason.{first.reason}"
    return words.count(
        "losses.line",
        sum(row.count for row in group),
        host=first.host or first.recorder,
        first=reader.clock.tag(min(row.first_at for row in group)),
        last=reader.clock.tag(max(row.last_at for row in group)),
        reason=words(reason) if words.known(reason) else (first.text or first.reason),
    )
