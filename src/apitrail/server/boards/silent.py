"""Which accounts are silent: what came regularly and has stopped, which no failure tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from apitrail.exchange import Integration
from apitrail.profiles.work import Work, is_of
from apitrail.server import accounts, silence
from apitrail.server.silence import BASIS, WATCHED, Silence
from apitrail.store import Store
from apitrail.store.model import Rhythm

MOST = 12
"""Silences that are named."""


class Silent(Struct, frozen=True, kw_only=True):
    """An action of an account that comes regularly, and has not come for longer than is usual."""

    side: Literal["ec", "shipping"]
    account: Integration
    action: str
    since: datetime
    """The time of the latest such call."""
    usual_seconds: int
    """How often there is one, as a rule."""
    quarters: int
    """From how many quarters of an hour with such a call that is learnt, and since when."""
    learnt_since: datetime


class Silences(Struct, frozen=True):
    """Regular fetches first, then those that were missed most often."""

    silent: list[Silent]
    more: int
    """How many there are beside these."""


def silences(
    store: Store,
    now: datetime,
    work: Work | None = None,
    actions: Sequence[str] = WATCHED,
    ec: Sequence[str] = (),
    shipping: Sequence[str] = (),
) -> Silences:
    """Those that last, of accounts that are not switched off; of one kind of work alone where one is given.

    Raises QueryTooLarge, StoreError.
    """
    off = {(one.side, one.id) for one in store.registrations() if not one.enabled}
    rhythms: list[Rhythm] = store.rhythms(now - BASIS, now, actions, ec, shipping) if actions else []
    told = [one for one in rhythms if (one.side, one.account) not in off and _of(one.action, work)]
    found = sorted(accounts.silent(told, now), key=lambda one: _rank(one, now))
    shown = found[:MOST]
    edges = store.quarter_edges(sorted({one.since for one in shown}), sorted({one.rhythm.action for one in shown}))
    names = store.account_names(dict.fromkeys(one.rhythm.account for one in shown))
    return Silences([_silent(one, edges, names) for one in shown], len(found) - len(shown))


def _of(action: str, work: Work | None) -> bool:
    return work is None or (action.startswith("webhook.") if work == "webhooks" else is_of(action, work))


def _rank(one: Silence, now: datetime) -> tuple[bool, float]:
    return one.rhythm.action not in silence.SCHEDULED, -((now - one.since) / one.rhythm.usual)


def _silent(
    one: Silence,
    edges: dict[tuple[str, str, str, datetime], tuple[datetime, datetime]],
    names: dict[tuple[str, str], str],
) -> Silent:
    rhythm = one.rhythm
    # The quarter's beginning, where its calls were removed meanwhile.
    _, last = edges.get((rhythm.side, rhythm.account, rhythm.action, one.since), (one.since, one.since))
    return Silent(
        side=rhythm.side,
        account=Integration(rhythm.account, names.get((rhythm.side, rhythm.account), "")),
        action=rhythm.action,
        since=last,
        usual_seconds=round(rhythm.usual.total_seconds()),
        quarters=rhythm.quarters,
        learnt_since=rhythm.first,
    )
