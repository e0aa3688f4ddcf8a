"""An order is missing: what the log says of it. Pure: typed evidence in, findings out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from apitrail.entry import EntryRow
from apitrail.server.guided.finding import BAD, GOOD, Answer, Finding, Named, failed
from apitrail.store.model import Filter, Moment

FETCHES = ("order.list", "order.list.manual", "webhook.replay", "event.list")
"""Calls that bring orders nobody asked for by number."""
READS = (*FETCHES, "order.get", "order.fulfillment.get", "bulk.get")
"""Calls whose answer is the platform's own word of an order."""
NOTICES = tuple(f"webhook.order.{one}" for one in ("created", "updated", "paid", "shipped", "cancelled", "refunded"))
SIGN_INS = ("auth.refresh", "auth.exchange", "auth.authorize", "connection.test", "webhook.auth.revoked")

LEAST_FETCHES = 5
"""From so many on, fetches have a rhythm that can be broken."""
BURST = timedelta(seconds=30)
"""Calls so soon after each other are pages of one fetch, or attempts of one."""
GAP_TIMES = 3
GAP_LEAST = timedelta(minutes=15)
GAPS_SHOWN = 3


class Asked(Struct, frozen=True, kw_only=True):
    """The question."""

    order: str
    since: datetime
    until: datetime
    """The time in which it should have come; not later than now."""
    account: str = ""
    """An EC integration's id."""
    platform: str = ""

    @property
    def placed(self) -> bool:
        """Whether it is known where the order was made."""
        return bool(self.account or self.platform)

    def where(self, *actions: str, outcome: Sequence[str] = ()) -> Filter:
        """Calls of that account or platform within the time."""
        return Filter(
            since=self.since,
            until=self.until,
            action=tuple(actions),
            outcome=tuple(outcome),
            ec_integration=(self.account,) if self.account else (),
            platform=(self.platform,) if self.platform else (),
        )


class Evidence(Struct, frozen=True, kw_only=True):
    """What the log holds of it."""

    mentions: Sequence[EntryRow] = ()
    """Whatever names the order, newest first."""
    fetches: Sequence[Moment] = ()
    """Fetches of the account within the time, oldest first."""
    last_success: EntryRow | None = None
    first_failure: EntryRow | None = None
    last_failure: EntryRow | None = None
    earlier_success: EntryRow | None = None
    """The last successful fetch before the time, where there was none in it."""
    notices: int = 0
    """Notifications of orders that we accepted in the time."""
    refused: int = 0
    refusal: EntryRow | None = None
    """The latest that we did not accept."""
    sign_in_failure: EntryRow | None = None
    oldest: datetime | None = None
    """Where the log begins."""
    lost: int = 0
    """Calls of the time that recorders could not keep."""


def written(number: str) -> tuple[str, ...]:
    """A number as it may stand among the references: some platforms write it with a #."""
    return (number, f"#{number}")


def answer(asked: Asked, found: Evidence) -> Answer:
    """Everything that can be said."""
    told = [one for one in found.mentions if _told(one)]
    here = [one for one in told if _of(one, asked)]
    findings = [*_mentioned(asked, found, told, here)]
    if asked.placed:
        findings += _fetched(asked, found)
        findings += _noticed(asked, found)
        if found.sign_in_failure is not None:
            one = found.sign_in_failure
            findings.append(_failure("sign_in_failed", one, asked.where(*SIGN_INS, outcome=BAD)))
    else:
        findings.append(Finding(key="no_place", mark="unknown"))
    findings += _uncovered(asked, found)
    return Answer(findings=tuple(findings), conclusions=tuple(_concluded(asked, found, told, here)))


def _told(entry: EntryRow) -> bool:
    """Whether the platform itself named the order: by a notification, or in what it gave us."""
    if entry.direction == "inbound":
        return True
    brought_nothing = entry.counts is not None and entry.counts.returned == 0
    return entry.action in READS and not failed(entry) and not brought_nothing


def _of(entry: EntryRow, asked: Asked) -> bool:
    account = entry.ec_integration.id if entry.ec_integration else ""
    return (not asked.account or account == asked.account) and (not asked.platform or entry.platform == asked.platform)


def _mentioned(asked: Asked, found: Evidence, told: Sequence[EntryRow], here: Sequence[EntryRow]) -> Iterator[Finding]:
    everything = Filter(reference=written(asked.order))
    by_notice = [one for one in here if one.direction == "inbound"]
    by_fetch = [one for one in here if one.direction != "inbound"]
    named: Named = {"order": asked.order}
    if by_notice:
        first = by_notice[-1]
        yield Finding(
            key="notified",
            mark="good",
            named=named | {"count": len(by_notice), "at": first.created_at, "platform": first.platform or ""},
            entries=(first,),
            all=replace(everything, direction=("inbound",)),
        )
        for one in by_notice[:1]:
            if failed(one):
                yield Finding(key="notice_failed", mark="bad", named=_named(one), entries=(one,), acts=one)
    if by_fetch:
        first = by_fetch[-1]
        yield Finding(
            key="brought",
            mark="good",
            named=named | {"count": len(by_fetch), "at": first.created_at, "platform": first.platform or ""},
            entries=(first,),
            all=replace(everything, direction=("outbound",)),
        )
    if not here:
        elsewhere = told[-1:]
        if elsewhere:
            yield Finding(
                key="elsewhere",
                mark="unknown",
                named=named | {"at": elsewhere[0].created_at, "platform": elsewhere[0].platform or ""},
                entries=(elsewhere[0],),
                all=everything,
            )
        else:
            yield Finding(key="never_mentioned", mark="unknown", named=named | {"since": asked.since})
    if ours := [one for one in found.mentions if one not in told]:
        named_by_us: Named = {"count": len(ours), "action": ours[0].action, "at": ours[0].created_at}
        yield Finding(key="named_by_us", mark="note", named=named | named_by_us, entries=(ours[0],))


def _fetched(asked: Asked, found: Evidence) -> Iterator[Finding]:
    fetches = found.fetches
    span: Named = {"since": asked.since, "until": asked.until}
    everything = asked.where(*FETCHES)
    if not fetches:
        before = found.earlier_success
        yield Finding(key="not_fetched", mark="unknown", named=span)
        if before is not None:
            yield Finding(key="fetched_before", mark="note", named={"at": before.created_at}, entries=(before,))
        return
    good = sum(one.outcome in GOOD for one in fetches)
    named: Named = span | {"count": len(fetches), "good": good, "failed": len(fetches) - good}
    yield Finding(key="fetched", mark="good" if good else "bad", named=named, all=everything)
    if found.last_success is not None:
        last = found.last_success
        yield Finding(key="last_success", mark="good", named={"at": last.created_at}, entries=(last,))
    else:
        before = found.earlier_success
        yield Finding(
            key="no_success" if before is None else "no_success_since",
            mark="bad",
            named=span if before is None else span | {"at": before.created_at},
            entries=() if before is None else (before,),
        )
    if found.first_failure is not None:
        yield _failure("first_failure", found.first_failure, asked.where(*FETCHES, outcome=BAD))
        last_failure = found.last_failure
        if last_failure is not None and last_failure.cause != found.first_failure.cause:
            yield _failure("last_failure", last_failure, None)
    yield from _gaps(asked, fetches)


def gaps(fetches: Sequence[Moment], until: datetime) -> list[tuple[datetime, datetime, timedelta]]:
    """Silences that the rhythm of the calls does not explain, longest first: from, to, and what was usual."""
    times = [one.at for one in fetches]
    usual = _usual(times)
    if usual is None:
        return []
    longest = max(usual * GAP_TIMES, GAP_LEAST)
    pairs = zip(times, [*times[1:], until], strict=True)
    found = [(before, after, usual) for before, after in pairs if after - before > longest]
    return sorted(found, key=lambda one: one[0] - one[1])


def _usual(times: Sequence[datetime]) -> timedelta | None:
    """How often fetches are made, their pages not counted apart; None where they have no rhythm yet.

    Calls that never rest are a rhythm too, where they went on for as long as a gap must be.
    """
    between = sorted(after - before for before, after in pairwise(times))
    rounds = [one for one in between if one > BURST]
    if len(rounds) < LEAST_FETCHES - 1:
        rounds = between if sum(between, timedelta()) - sum(rounds, timedelta()) >= GAP_LEAST else []
    return rounds[len(rounds) // 2] if rounds else None


def _gaps(asked: Asked, fetches: Sequence[Moment]) -> Iterator[Finding]:
    for before, after, usual in gaps(fetches, asked.until)[:GAPS_SHOWN]:
        around = replace(asked.where(*FETCHES), since=before, until=after)
        named: Named = {"since": before, "until": after, "long": after - before, "usual": usual}
        yield Finding(key="gap_open" if after == asked.until else "gap", mark="bad", named=named, all=around)


def _noticed(asked: Asked, found: Evidence) -> Iterator[Finding]:
    everything = asked.where(*NOTICES)
    if found.notices:
        yield Finding(key="notices", mark="good", named={"count": found.notices}, all=everything)
    if found.refused and found.refusal is not None:
        yield Finding(
            key="notices_refused",
            mark="bad",
            named=_named(found.refusal) | {"count": found.refused},
            entries=(found.refusal,),
            all=replace(everything, outcome=BAD),
            acts=found.refusal,
        )
    if not found.notices and not found.refused:
        yield Finding(key="no_notices", mark="note")


def _uncovered(asked: Asked, found: Evidence) -> Iterator[Finding]:
    """What the log cannot know of the time."""
    if found.oldest is None:
        yield Finding(key="log_empty", mark="unknown")
    elif found.oldest > asked.since:
        yield Finding(key="log_begins", mark="unknown", named={"at": found.oldest})
    if found.lost:
        yield Finding(key="lost", mark="unknown", named={"count": found.lost})


def _concluded(asked: Asked, found: Evidence, told: Sequence[EntryRow], here: Sequence[EntryRow]) -> Iterator[Finding]:
    """What to do, the surest first."""
    accepted = next((one for one in here if not failed(one)), None)
    if accepted is not None:
        yield Finding(key="do.arrived", mark="good", entries=(accepted,))
        return
    if here:
        yield Finding(key="do.refused", mark="bad", entries=(here[0],), acts=here[0])
    elif told:
        yield Finding(key="do.elsewhere", mark="unknown", entries=(told[0],))
    if not asked.placed:
        if not told:
            yield Finding(key="do.choose", mark="unknown")
        return
    last = found.fetches[-1] if found.fetches else None
    if last is not None and last.outcome in BAD and found.last_failure is not None:
        yield Finding(key="do.failing", mark="bad", entries=(found.last_failure,), acts=found.last_failure)
    elif last is None and not found.notices:
        yield Finding(key="do.not_called", mark="unknown")
    elif gaps(found.fetches, asked.until):
        yield Finding(key="do.gap", mark="bad")
    elif not here:
        yield Finding(key="do.not_given", mark="unknown")


def _failure(key: str, entry: EntryRow, everything: Filter | None) -> Finding:
    return Finding(key=key, mark="bad", named=_named(entry), entries=(entry,), all=everything, acts=entry)


def _named(entry: EntryRow) -> Named:
    return {"at": entry.created_at, "cause": entry.cause or "unknown"}
