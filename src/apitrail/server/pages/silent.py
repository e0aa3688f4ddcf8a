"""Above a board of failures: what came regularly and has stopped."""

from __future__ import annotations

from datetime import timedelta

from markupsafe import Markup
from msgspec import Struct

from apitrail.server.boards.silent import Silences
from apitrail.server.pages import names
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.silences import basis, span


class SilentView(Struct, frozen=True):
    """One of them."""

    text: Markup
    basis: Markup
    """What it is told from."""
    url: str
    """The calls of that account and action."""


class SilentsView(Struct, frozen=True):
    """All of them."""

    silent: list[SilentView]
    more: str
    """How many are not named; empty for none."""
    more_url: str


def silent(found: Silences, bare: PageQuery, reader: Reader) -> SilentsView | None:
    """None where there is none."""
    if not found.silent:
        return None
    words, tag, now = reader.words, reader.clock.tag, reader.clock.now
    rows = [
        SilentView(
            words(
                "silence.stopped",
                account=visible(one.account.name or one.account.id),
                action=names.action(one.action, words),
                since=tag(one.since),
                length=span(now - one.since, words),
            ),
            basis(timedelta(seconds=one.usual_seconds), one.quarters, one.learnt_since, reader),
            bare.but(range="7d", action=(one.action,), **{f"{one.side}_integration": (one.account.id,)}).url(),
        )
        for one in found.silent
    ]
    return SilentsView(rows, f"{found.more:,}" if found.more else "", bare.url(f"/integrations/{found.silent[0].side}"))
