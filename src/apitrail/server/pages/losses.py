"""What recorders had to give up, said above the list and between its rows: a gap that nobody sees is a wrong answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup
from msgspec import Struct

from apitrail.entry import EntryRow
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.silences import SilenceView
from apitrail.store.model import LossRow

SHOWN = 5
NOT_LOST = frozenset({"label_ignored", "redact_failed", "ship_failed", "worker_failed", "instrument_failed"})
"""Reasons of another kind: the call is in the log, or was never to be recorded, or is tried again."""


class LossesView(Struct, frozen=True):
    total: Markup
    lines: list[Markup]
    more: int


def losses(rows: list[LossRow], reader: Reader) -> LossesView | None:
    """One line for each host and reason, the largest first; None where nothing was lost."""
    rows = [row for row in rows if row.reason not in NOT_LOST]
    if not rows:
        return None
    ordered = _grouped(rows)
    return LossesView(
        total=reader.words.count("losses.total", sum(row.count for row in rows)),
        lines=[_line(group, reader) for group in ordered[:SHOWN]],
        more=max(len(ordered) - SHOWN, 0),
    )


def between(entries: Sequence[EntryRow], losses: Iterable[LossRow], reader: Reader) -> dict[str, list[SilenceView]]:
    """What was lost, under the entry that was made right after it, by that entry's id. The newest entry comes first.

    What came to an end after the newest of them is said above the list, and what did before the oldest on a later page.
    """
    slots: dict[str, list[LossRow]] = {}
    for loss in losses:
        after = next((at for at, entry in enumerate(entries) if entry.created_at <= loss.last_at), len(entries))
        if loss.reason not in NOT_LOST and 0 < after < len(entries):
            slots.setdefault(entries[after - 1].id, []).append(loss)
    where = Markup('<a href="/recorders">{}</a>').format(reader.words("recorders.title"))
    return {
        entry: [SilenceView(text=_line(group, reader), basis=where, kind="lost") for group in _grouped(lost)[:SHOWN]]
        for entry, lost in slots.items()
    }


def _grouped(rows: Iterable[LossRow]) -> list[list[LossRow]]:
    """By host and reason, the largest first."""
    grouped: dict[tuple[str, str], list[LossRow]] = {}
    for row in rows:
        grouped.setdefault((row.host, row.reason), []).append(row)
    return sorted(grouped.values(), key=lambda group: -sum(row.count for row in group))


def why(reason: str, text: str, reader: Reader) -> Markup:
    """A reason in words; one that is not known here by what its recorder said."""
    key = f"losses.reason.{reason}"
    return reader.words(key) if reader.words.known(key) else visible(text or reason)


def _line(group: list[LossRow], reader: Reader) -> Markup:
    first = group[0]
    return reader.words.count(
        "losses.line",
        sum(row.count for row in group),
        host=first.host or first.recorder,
        first=reader.clock.tag(min(row.first_at for row in group)),
        last=reader.clock.tag(max(row.last_at for row in group)),
        reason=why(first.reason, first.text, reader),
    )
