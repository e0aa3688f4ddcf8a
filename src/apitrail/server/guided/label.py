"""A label failed: what the log says of it. Pure: typed evidence in, findings out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from apitrail.entry import EntryRow
from apitrail.server.guided.finding import GOOD, Answer, Finding, Mark, Named, failed_for, said_of
from apitrail.server.guided.missing import written
from apitrail.server.repeated import REPEATED
from apitrail.store.model import Filter

MAKING = (
    "label.create",
    "return.label.create",
    "tracking.allocate",
    "shipment.create",
    "batch.buy",
)
"""What makes a label or its number."""
ATTEMPTS = (
    *MAKING,
    "label.get",
    "label.status",
    "webhook.label.ready",
    "logistics.params",
    "rate.quote",
    "address.check",
    "zone.get",
    "parcel.create",
    "validate.before_send",
    "gateway.local",
)
"""The steps on which a label depends."""

Group = Literal["address", "contract", "carrier", "own", "pace", "repeated", "other", "unknown"]
GROUPS: dict[str, Group] = {
    "address": "address",
    "credentials": "contract",
    "token_expired": "contract",
    "permission": "contract",
    "funds": "contract",
    "platform_outage": "carrier",
    "timeout": "carrier",
    "network": "carrier",
    "own_failure": "own",
    "rate_limit": "pace",
    REPEATED: "repeated",
    "unknown": "unknown",
}
"""A cause, and the group of people who can do something about it; any other is `other`."""
MARKS: dict[Group, Mark] = {"unknown": "unknown", "pace": "note", "repeated": "note"}
SHOWN = 5


class Asked(Struct, frozen=True, kw_only=True):
    """The question: a number, an account, or both."""

    number: str = ""
    """Of a shipment, a parcel or an order."""
    account: str = ""
    """A shipping integration's id."""
    since: datetime | None = None
    """How far back an account is looked at; a number is looked for in all of the log."""

    @property
    def names(self) -> tuple[str, ...]:
        """As the number may be written; none of an account."""
        return written(self.number) if self.number else ()

    @property
    def attempts(self) -> Filter:
        """The calls that it is about."""
        return Filter(
            since=None if self.number else self.since,
            action=ATTEMPTS,
            reference=self.names,
            shipping_integration=(self.account,) if self.account else (),
        )


class Around(Struct, frozen=True, kw_only=True):
    """How others fared within an hour of the failure."""

    filter: Filter
    calls: int = 0
    failed: int = 0
    accounts: int = 0
    """How many accounts the failed ones were made for."""


class Evidence(Struct, frozen=True, kw_only=True):
    """What the log holds of it."""

    attempts: Sequence[EntryRow] = ()
    """Newest first."""
    mentions: int = 0
    """Entries that name the number, whatever they did; counted where there is no attempt."""
    before: EntryRow | None = None
    """The last success of the same action and account before the failure."""
    around: Around | None = None
    oldest: datetime | None = None


def answer(asked: Asked, found: Evidence) -> Answer:
    """Everything that can be said."""
    failures = [one for one in found.attempts if failed_for(one, asked.names)]
    findings = [*_attempts(asked, found, failures)]
    if failures:
        findings += _failure(asked, failures[0], found)
    if found.oldest is None:
        findings.append(Finding(key="log_empty", mark="unknown"))
    return Answer(findings=tuple(findings), conclusions=tuple(_concluded(asked, found, failures)))


def group(entry: EntryRow) -> Group:
    """Who can do something about it."""
    return GROUPS.get(entry.cause or "unknown", "other")


def made(asked: Asked, attempts: Sequence[EntryRow]) -> EntryRow | None:
    """The latest attempt that made a label or its number."""
    return next((one for one in attempts if one.action in MAKING and not failed_for(one, asked.names)), None)


def _attempts(asked: Asked, found: Evidence, failures: Sequence[EntryRow]) -> Iterator[Finding]:
    attempts = found.attempts
    if not attempts:
        if asked.number and found.mentions:
            everything = Filter(reference=asked.names)
            named: Named = {"number": asked.number, "count": found.mentions}
            yield Finding(key="no_attempt", mark="unknown", named=named, all=everything)
        elif asked.number:
            yield Finding(key="number_unknown", mark="unknown", named={"number": asked.number})
        else:
            yield Finding(key="account_unused", mark="unknown")
        if found.oldest is not None:
            yield Finding(key="log_reaches", mark="note", named={"at": found.oldest})
        return
    last = attempts[0]
    yield Finding(
        key="attempts",
        mark="bad" if failures else "good",
        named={"count": len(attempts), "failed": len(failures)},
        entries=tuple(attempts[:SHOWN]),
        all=asked.attempts,
    )
    if not failed_for(last, asked.names):
        key = "last_worked" if failures else "all_worked"
        named = {"at": last.created_at, "action": last.action}
        yield Finding(key=key, mark="good", named=named, entries=(last,))
    if asked.number and (label := made(asked, attempts)) is not None:
        named = {"at": label.created_at, "action": label.action}
        yield Finding(key="label_exists", mark="note", named=named, entries=(label,))


def _failure(asked: Asked, last: EntryRow, found: Evidence) -> Iterator[Finding]:
    code, said = said_of(last, asked.names)
    who = last.reported_by or last.platform or ""
    if last.not_sent is not None:
        yield Finding(key="not_sent", mark="bad", named={"said": said, "at": last.created_at}, entries=(last,))
    elif words := " · ".join(part for part in (code, said) if part):
        key = "carrier_said" if who and last.status is not None else "error_said"
        named: Named = {"platform": who, "said": words, "at": last.created_at}
        yield Finding(key=key, mark="bad", named=named, entries=(last,))
    else:
        yield Finding(key="nothing_said", mark="unknown", named={"at": last.created_at}, entries=(last,))
    kind = group(last)
    yield Finding(
        key=f"group.{kind}",
        mark=MARKS.get(kind, "bad"),
        named={"cause": last.cause or "unknown"},
        acts=last,
    )
    if (around := found.around) is not None and around.calls > 1:
        key = "others_fail" if around.failed > 1 else "others_work"
        named = {"calls": around.calls, "failed": around.failed, "accounts": around.accounts}
        if last.platform:
            named |= {"platform": last.platform}
            yield Finding(key=key, mark="note", named=named, all=around.filter)
    if found.before is not None:
        named = {"at": found.before.created_at, "action": found.before.action}
        yield Finding(key="worked_before", mark="note", named=named, entries=(found.before,))
    else:
        yield Finding(key="never_worked", mark="unknown", named={"action": last.action})


def _concluded(asked: Asked, found: Evidence, failures: Sequence[EntryRow]) -> Iterator[Finding]:
    attempts = found.attempts
    if not attempts:
        yield Finding(key="do.no_attempt", mark="unknown")
        return
    if not failures or (asked.number and not failed_for(attempts[0], asked.names)):
        yield Finding(key="do.healed", mark="good", entries=(attempts[0],))
        return
    last, kind = failures[0], group(failures[0])
    label = made(asked, attempts) if asked.number else None
    if label is not None and kind == "repeated":
        yield Finding(key="do.repeated", mark="note", entries=(label, last), acts=last)
        return
    if label is not None:
        yield Finding(key="do.look_first", mark="note")
    yield Finding(key=f"do.{kind}", mark="bad", entries=(last,), acts=last)


def others(last: EntryRow, since: datetime, until: datetime) -> Filter:
    """The same action at the same platform around a failure, whoever's it is."""
    return Filter(since=since, until=until, action=(last.action,), platform=(last.platform,) if last.platform else ())


def like(last: EntryRow) -> Filter:
    """What went well of the same action and account before a failure."""
    account, shop = last.shipping_integration, last.ec_integration
    return Filter(
        until=last.created_at,
        action=(last.action,),
        outcome=GOOD,
        platform=(last.platform,) if last.platform else (),
        shipping_integration=(account.id,) if account else (),
        ec_integration=(shop.id,) if shop and not account else (),
    )
