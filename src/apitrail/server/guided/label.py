"""A label failed: what the log says of it. Pure: typed evidence in, findings out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from apitrail.entry import EntryRow
from apitrail.profiles import unreached
from apitrail.server.guided.finding import (
    BAD,
    GOOD,
    Answer,
    Finding,
    Mark,
    Named,
    failed_for,
    fate,
    said_by_us,
    said_of,
)
from apitrail.server.guided.missing import written
from apitrail.server.repeated import IN_DOUBT, REPEATED
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

VOIDING = "label.void"
"""What cancels a label."""
PARCEL = ("tracking", "shipment", "package", "label")
"""Types of references that say which of an order's labels a call is about."""

Group = Literal["address", "contract", "carrier", "unreached", "own", "pace", "early", "repeated", "other", "unknown"]
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
"""A cause, and the group of people who can do something about it; any other is `other`, or `early` where the platform
allows the same later.
"""
MARKS: dict[Group, Mark] = {"unknown": "unknown", "pace": "note", "early": "note", "repeated": "note"}
SHOWN = 5
FEW = 2
"""A platform may have two numbers for one order. A call that names more made labels of others, too."""
SHOPS = 4
"""So many accounts that have the number are told of, those whose attempt was last first."""


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
    cut: bool = False
    """There may be more, older ones."""
    mentions: int = 0
    """Entries that name the number, whatever they did; counted where there is no attempt."""
    before: Mapping[str, EntryRow] = {}
    """By the entry of a failure that is told of: the last success of the same action and account before it."""
    around: Mapping[str, Around] = {}
    """By that too."""
    voids: Sequence[EntryRow] = ()
    """Calls that cancelled a label of these, newest first."""
    making: Mapping[str, str] = {}
    """By the latest attempt of each shop, where it worked and says that the label is still being made: its word."""
    oldest: datetime | None = None


def answer(asked: Asked, found: Evidence) -> Answer:
    """Everything that can be said."""
    findings = [*_attempts(asked, found)]
    conclusions: list[Finding] = []
    shops = by_shop(asked, found.attempts)
    for place, attempts in shops[:SHOPS]:
        failures = failed_of(asked, attempts)
        said = [*_latest(asked, found, attempts, failures)]
        if failures:
            said += _failure(asked, failures[0], found)
        findings += [replace(one, place=place) for one in said]
        conclusions += [replace(one, place=place) for one in _concluded(asked, found, attempts, failures)]
    if len(shops) > SHOPS:
        everything = asked.attempts
        more: Named = {"count": len(shops) - SHOPS}
        conclusions.append(Finding(key="do.shops_more", mark="unknown", named=more, all=everything))
    if not shops:
        conclusions.append(Finding(key="do.no_attempt", mark="unknown"))
    if found.oldest is None:
        findings.append(Finding(key="log_empty", mark="unknown"))
    return Answer(findings=tuple(findings), conclusions=tuple(conclusions))


def by_shop(asked: Asked, attempts: Sequence[EntryRow]) -> list[tuple[str | None, list[EntryRow]]]:
    """The attempts of each shop account, under its name, as two shops may have one number; without a name where they
    are of one account, or where no number is asked about.
    """
    shops = {one.ec_integration.id for one in attempts if one.ec_integration}
    if not asked.number or len(shops) < 2:
        return [(None, list(attempts))] if attempts else []
    found: dict[str, tuple[str, list[EntryRow]]] = {}
    for one in attempts:
        identity, name = (one.ec_integration.id, one.ec_integration.name) if one.ec_integration else ("", "")
        found.setdefault(identity, (name or identity, []))[1].append(one)
    return list(found.values())


def failed_of(asked: Asked, attempts: Sequence[EntryRow]) -> list[EntryRow]:
    """Those that failed for the number; of an account's, also those that failed for any."""
    if not asked.number:
        return [one for one in attempts if one.outcome not in ("success", "warning")]
    return [one for one in attempts if failed_for(one, asked.names)]


def group(entry: EntryRow) -> Group:
    """Who can do something about it."""
    found = GROUPS.get(entry.cause or "unknown", "other")
    if found == "other":
        return "early" if entry.retryable else "other"
    return "unreached" if found == "carrier" and unreached(entry.error) else found


def made(asked: Asked, found: Evidence, attempts: Sequence[EntryRow]) -> EntryRow | None:
    """The latest attempt that made a label or its number, of those that were not cancelled since."""
    return next((one for one in _makers(asked, attempts) if cancelled(one, found) is None), None)


def cancelled(label: EntryRow, found: Evidence) -> EntryRow | None:
    """The call that cancelled the label: it names a number of it, or none but the order's."""
    own = parcels([label])
    later = (one for one in found.voids if one.created_at > label.created_at)
    return next((one for one in later if not (theirs := parcels([one])) or own & theirs), None)


def parcels(calls: Iterable[EntryRow]) -> set[str]:
    """The numbers of labels and parcels that calls name."""
    return {each.id for one in calls for each in one.references if each.type in PARCEL}


def standing(asked: Asked, found: Evidence, attempts: Sequence[EntryRow]) -> list[EntryRow]:
    """Calls that made a label for the number alone and were not cancelled since, each with parcels of its own; newest
    first. Two of them may be two parcels, or one parcel that is paid for twice.
    """
    kept: list[EntryRow] = []
    known: set[str] = set()
    for one in _makers(asked, attempts):
        own = _tracking(one)
        alone = len({each.id for each in one.references if each.type == "order"}) <= FEW
        if own and alone and known.isdisjoint(own) and cancelled(one, found) is None:
            kept.append(one)
            known |= own
    return kept


def _tracking(one: EntryRow) -> set[str]:
    return {each.id for each in one.references if each.type == "tracking"}


def _makers(asked: Asked, attempts: Iterable[EntryRow]) -> Iterator[EntryRow]:
    return (one for one in attempts if one.action in MAKING and fate(one, asked.names) == "worked")


def _no_more(asked: Asked, found: Evidence, attempts: Sequence[EntryRow]) -> EntryRow | None:
    """What cancelled the latest label, where there is no other."""
    last = next(_makers(asked, attempts), None) if asked.number else None
    return cancelled(last, found) if last is not None and made(asked, found, attempts) is None else None


def _attempts(asked: Asked, found: Evidence) -> Iterator[Finding]:
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
    failures = failed_of(asked, attempts)
    unclear = any(_unclear(asked, one) for one in attempts)
    yield Finding(
        key="attempts",
        mark="bad" if failures else "note" if unclear else "good",
        named={"count": len(attempts), "failed": len(failures)},
        entries=tuple(attempts[:SHOWN]),
        all=asked.attempts,
    )
    if found.cut:
        yield Finding(key="only_latest", mark="note", named={"count": len(attempts)})


def _latest(
    asked: Asked, found: Evidence, attempts: Sequence[EntryRow], failures: Sequence[EntryRow]
) -> Iterator[Finding]:
    """What came of the latest attempt, where it did not fail, and whether there is a label."""
    last = attempts[0]
    named: Named = {"at": last.created_at, "action": last.action}
    if _unclear(asked, last):
        yield Finding(key="latest_unclear", mark="unknown", named=named, entries=(last,))
    elif (word := found.making.get(last.id)) is not None:
        named = {"platform": last.platform or "", "said": word, "at": last.created_at}
        yield Finding(key="still_making", mark="note", named=named, entries=(last,))
    elif last not in failures:
        all_well = not failures and not any(_unclear(asked, one) for one in attempts)
        yield Finding(key="all_worked" if all_well else "last_worked", mark="good", named=named, entries=(last,))
    if asked.number and (label := made(asked, found, attempts)) is not None:
        named = {"at": label.created_at, "action": label.action}
        yield Finding(key="label_exists", mark="note", named=named, entries=(label,))
        if len(several := standing(asked, found, attempts)) > 1:
            numbers = (", ".join(sorted(_tracking(one))) for one in several)
            named = {"count": len(several), "said": " · ".join(numbers)}
            yield Finding(key="labels_several", mark="note", named=named, entries=tuple(several[:SHOWN]))
    elif (void := _no_more(asked, found, attempts)) is not None:
        yield Finding(key="label_cancelled", mark="note", named={"at": void.created_at}, entries=(void,))


def _doubtful(attempts: Sequence[EntryRow]) -> EntryRow | None:
    """The latest attempt to make a label that may have made it, although no clear answer came."""
    return next(
        (
            one
            for one in attempts
            if one.action in MAKING and one.outcome in BAD and one.cause in IN_DOUBT and not unreached(one.error)
        ),
        None,
    )


def _failure(asked: Asked, last: EntryRow, found: Evidence) -> Iterator[Finding]:
    code, said = said_of(last, asked.names)
    who = last.reported_by or last.platform or ""
    if last.not_sent is not None:
        yield Finding(key="not_sent", mark="bad", named={"said": said, "at": last.created_at}, entries=(last,))
    elif words := " · ".join(part for part in (code, said) if part):
        key = "error_said" if not who or said_by_us(last, code, said) else "carrier_said"
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
    if (around := found.around.get(last.id)) is not None and around.calls > 1:
        key = "others_fail" if around.failed > 1 else "others_work"
        named = {"calls": around.calls, "failed": around.failed, "accounts": around.accounts}
        if last.platform:
            named |= {"platform": last.platform}
            yield Finding(key=key, mark="note", named=named, all=around.filter)
    if (before := found.before.get(last.id)) is not None:
        named = {"at": before.created_at, "action": before.action}
        yield Finding(key="worked_before", mark="note", named=named, entries=(before,))
    else:
        yield Finding(key="never_worked", mark="unknown", named={"action": last.action})


def _unclear(asked: Asked, one: EntryRow) -> bool:
    return bool(asked.number) and fate(one, asked.names) == "unknown"


def _concluded(
    asked: Asked, found: Evidence, attempts: Sequence[EntryRow], failures: Sequence[EntryRow]
) -> Iterator[Finding]:
    if _unclear(asked, attempts[0]):
        yield Finding(key="do.label_unclear", mark="unknown", entries=(attempts[0],))
        return
    if not failures or (asked.number and attempts[0] not in failures):
        void = _no_more(asked, found, attempts)
        if void is not None and void.created_at > attempts[0].created_at:
            yield Finding(key="do.cancelled", mark="note", entries=(void,))
        elif attempts[0].id in found.making:
            yield Finding(key="do.still_making", mark="note", entries=(attempts[0],))
        else:
            yield Finding(key="do.healed", mark="good", entries=(attempts[0],))
            if asked.number and len(several := standing(asked, found, attempts)) > 1:
                yield Finding(key="do.several", mark="note", entries=tuple(several[:SHOWN]))
            elif asked.number and (doubtful := _doubtful(attempts)) is not None:
                yield Finding(key="do.doubtful", mark="note", entries=(doubtful,))
        return
    last, kind = failures[0], group(failures[0])
    if kind == "unreached" and (doubtful := _doubtful(attempts)) is not None:
        last, kind = doubtful, "carrier"  # an attempt before may have made it
    label = made(asked, found, attempts) if asked.number else None
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
