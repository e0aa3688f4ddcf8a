"""What did not happen: when calls that come regularly stayed away. Pure; the rules are told in docs/guide.md.

The rhythm is learnt from the quarters of an hour of BASIS in which there was a call of that account and action. What
is told is a fact (no call from then to then) beside its basis; whether something is broken is not told.

- A scheduled fetch is missed after 3 times its usual interval, an hour at least, and longer than a pause that it made
  five times (a shop that is not fetched at night is not silent every night). It must have been there in 8 quarters.
- A notification comes when something happens at the platform, so its absence says less. It is missed only where it
  came in 40 quarters on 5 days, after 6 times its usual interval, 3 hours at least, and longer than any other pause.

Longer than a pause means by a quarter of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from apitrail.store.model import Rhythm

BASIS = timedelta(days=7)
QUARTER = timedelta(minutes=15)
SCHEDULED = ("order.list", "event.list", "order.cancel.list", "return.list")
"""Fetches that run by a clock. Those that a person starts, or that a failure does, have no rhythm."""
WATCHED = (*SCHEDULED, "webhook.*")


class Rule(Struct, frozen=True):
    """From when on a pause is worth telling."""

    quarters: int
    days: int
    times: int
    least: timedelta
    recurring: int
    """The pause must be longer than this one of the others, counted from the longest: 1 is the longest."""


FETCH = Rule(quarters=8, days=1, times=3, least=timedelta(hours=1), recurring=5)
NOTIFICATION = Rule(quarters=40, days=5, times=6, least=timedelta(hours=3), recurring=1)
LONGER = 1.25


class Silence(Struct, frozen=True):
    """A pause that the rhythm does not explain."""

    rhythm: Rhythm
    since: datetime
    """The quarter of an hour of the last call before."""
    until: datetime | None
    """The quarter of the first call after; None: there was none."""


def watched(actions: Sequence[str]) -> tuple[str, ...]:
    """Those of the actions whose absence can be told; of none given, all."""
    return tuple(one for one in actions if _rule(one)) if actions else WATCHED


def silences(rhythm: Rhythm, until: datetime) -> Iterator[Silence]:
    """The latest first: the one that lasts `until` then, if any, and those that ended."""
    rule = _rule(rhythm.action)
    if rule is None or rhythm.quarters < rule.quarters or rhythm.days < rule.days:
        return
    lengths = [after - before for before, after in rhythm.pauses]
    lasting = until - rhythm.last
    if lasting - QUARTER > _longest_usual(rhythm, rule, lengths):
        yield Silence(rhythm, rhythm.last, None)
    for number, (before, after) in sorted(enumerate(rhythm.pauses), key=lambda one: one[1], reverse=True):
        others = sorted([*lengths[:number], *lengths[number + 1 :], lasting], reverse=True)
        if after - before - QUARTER > _longest_usual(rhythm, rule, others):
            yield Silence(rhythm, before, after)


def _longest_usual(rhythm: Rhythm, rule: Rule, others: Sequence[timedelta]) -> timedelta:
    """The longest pause that says nothing. `others`: the pauses beside, longest first."""
    recurring = others[rule.recurring - 1] if len(others) >= rule.recurring else timedelta()
    return max(rhythm.usual * rule.times, rule.least, recurring * LONGER)


def _rule(action: str) -> Rule | None:
    if action in SCHEDULED:
        return FETCH
    return NOTIFICATION if action.startswith("webhook.") else None
