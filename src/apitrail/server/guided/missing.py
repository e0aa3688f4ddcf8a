"""An order is missing: what the log says of it. Pure: typed evidence in, findings out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from apitrail.entry import EntryRow
from apitrail.server.guided.fetches import SHOWN, TROUBLES, Account, Fared, gaps, troubled, unmended
from apitrail.server.guided.finding import BAD, Answer, Finding, Named, Texts, fate, place_of, said_of
from apitrail.store.model import Filter, Term
from apitrail.store.widths import of_id

FETCHES = ("order.list", "order.list.manual", "webhook.replay", "event.list")
"""Calls that bring orders nobody asked for by number."""
READS = (*FETCHES, "order.get", "order.fulfillment.get", "bulk.get")
"""Calls whose answer is the platform's own word of an order."""
NOTICES = tuple(f"webhook.order.{one}" for one in ("created", "updated", "paid", "shipped", "cancelled", "refunded"))
WITHDRAWN = ("webhook.app.uninstalled", "webhook.auth.revoked")
"""What tells us that the shop took our access away."""
SIGN_INS = ("auth.refresh", "auth.exchange", "auth.authorize", "connection.test", "webhook.auth.revoked")

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
    texts: Texts = "words"
    in_text: EntryRow | None = None
    """The latest of the time whose text has the number as a part; looked for where nothing tells of the order."""
    accounts: Sequence[Account] = ()
    """Those that fetched within the time, or of late before it: the one that is asked about, or of all that may be
    meant, each with the entries where it is told of by itself (`shown`).
    """
    first_failure: EntryRow | None = None
    """Of all of them, where none is told of by itself."""
    looked_from: datetime | None = None
    """Since when there are as many fetches as are looked at, where there are more in the time."""
    notices: int = 0
    """Notifications of orders that we accepted in the time."""
    refused: int = 0
    refusal: EntryRow | None = None
    """The latest that we did not accept."""
    sign_in_failure: EntryRow | None = None
    withdrawn: EntryRow | None = None
    """The latest word of the time that our access was taken away."""
    oldest: datetime | None = None
    """Where the log begins."""
    lost: int = 0
    """Calls of the time that recorders could not keep."""


def written(number: str) -> tuple[str, ...]:
    """A number as it may stand among the references: some platforms write it with a #, in half width or as it is."""
    return tuple(way for one in of_id(number) for way in (one, f"#{one}"))


def answer(asked: Asked, found: Evidence) -> Answer:
    """Everything that can be said."""
    told = [one for one in found.mentions if told_by(one, asked)]
    here = [one for one in told if _of(one, asked)]
    findings = [*_mentioned(asked, found, told, here)]
    if asked.placed or found.accounts:
        findings += _fetched(asked, found)
    if asked.placed:
        findings += _noticed(asked, found)
        if (one := found.sign_in_failure) is not None:
            said = _failure("sign_in_failed", one, asked.where(*SIGN_INS, outcome=BAD))
            account = one.ec_integration
            place = None if asked.account or account is None else account.name or account.id
            findings.append(replace(said, place=place))
    if (one := found.withdrawn) is not None and not _given_again(one, found):
        named: Named = {"platform": one.platform or "", "at": one.created_at, "action": one.action}
        findings.append(Finding(key="withdrawn", mark="bad", named=named, entries=(one,)))
    if not asked.placed and not found.accounts:
        findings.append(Finding(key="no_place", mark="unknown"))
    findings += _uncovered(asked, found)
    return Answer(findings=tuple(findings), conclusions=tuple(_concluded(asked, found, told, here)))


def told_by(entry: EntryRow, asked: Asked) -> bool:
    """Whether the platform itself named the order: by a notification, or in what it gave us."""
    if entry.direction == "inbound":
        return True
    return entry.action in READS and not _failed(entry, asked) and not _brought_nothing(entry)


def _brought_nothing(entry: EntryRow) -> bool:
    return entry.counts is not None and entry.counts.returned == 0


def _failed(entry: EntryRow, asked: Asked) -> bool:
    """Whether it failed for the order, be it that it worked for others."""
    return fate(entry, written(asked.order)) == "failed"


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
            if _failed(one, asked):
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
            yield from _unmentioned(asked, found)
    if ours := [one for one in found.mentions if one not in told]:
        named_by_us: Named = {"count": len(ours), "action": ours[0].action, "at": ours[0].created_at}
        yield Finding(key="named_by_us", mark="note", named=named | named_by_us, entries=(ours[0],))
    if not here and (denied := _denied(asked, found)) is not None:
        said = " · ".join(part for part in said_of(denied, written(asked.order)) if part)
        about: Named = {"place": place_of(denied), "platform": denied.platform or "", "at": denied.created_at}
        key = "denied" if said else "denied_nothing"
        yield Finding(key=key, mark="bad", named=about | ({"said": said} if said else {}), entries=(denied,))


def _denied(asked: Asked, found: Evidence) -> EntryRow | None:
    """The latest call that asked the platform for the order by its number, where it had none such."""
    asking = (one for one in found.mentions if one.direction != "inbound" and one.action == "order.get")
    last = next((one for one in asking if _of(one, asked)), None)
    if last is None:
        return None
    unknown = _failed(last, asked) and last.cause == "not_found"
    return last if unknown or _brought_nothing(last) else None


def _unmentioned(asked: Asked, found: Evidence) -> Iterator[Finding]:
    named: Named = {"order": asked.order, "since": asked.since, "until": asked.until}
    if (one := found.in_text) is None:
        key = "never_mentioned" if found.texts == "words" else f"never_mentioned_{found.texts}"
        yield Finding(key=key, mark="unknown", named=named)
        return
    yield Finding(key="not_referred", mark="unknown", named={"order": asked.order})
    everything = Filter(since=asked.since, until=asked.until, text=(Term(asked.order),))
    yield Finding(key="in_text", mark="note", named=named | {"at": one.created_at}, entries=(one,), all=everything)


def shown(asked: Asked, accounts: Sequence[Account]) -> list[Account]:
    """Those that are told of one by one."""
    if asked.account:
        return list(accounts)
    return [one for some in troubled(accounts, asked.until).values() for one in some[:SHOWN]]


def _fetched(asked: Asked, found: Evidence) -> Iterator[Finding]:
    span: Named = {"since": found.looked_from or asked.since, "until": asked.until}
    count = sum(len(one.fetches) for one in found.accounts)
    good = sum(one.good for one in found.accounts)
    if count:
        named: Named = span | {"count": count, "good": good, "failed": count - good}
        everything = asked.where(*FETCHES)
        yield Finding(key="fetched", mark="good" if good else "bad", named=named, all=everything)
    if found.looked_from is not None:
        yield Finding(key="fetches_cut", mark="unknown", named={"count": count, "at": found.looked_from})
    if not found.accounts:
        yield Finding(key="not_fetched", mark="unknown", named=span)
    each = shown(asked, found.accounts)
    for one in each:
        for finding in _of_account(asked, one, span):
            yield finding if asked.account else replace(finding, place=one.name)
    if not asked.account:
        yield from _of_others(asked, found)


def _of_others(asked: Asked, found: Evidence) -> Iterator[Finding]:
    """Of the accounts that are not told of one by one."""
    troubles = sum(map(len, troubled(found.accounts, asked.until).values()))
    if well := len(found.accounts) - troubles:
        key = "fetched_well" if troubles else "fetched_all"
        yield Finding(key=key, mark="good", named={"count": well})
    if (one := found.first_failure) is not None:
        place = (one.ec_integration.name or one.ec_integration.id) if one.ec_integration else ""
        yield replace(_failure("first_failure", one, asked.where(*FETCHES, outcome=BAD)), place=place)


def _of_account(asked: Asked, one: Account, span: Named) -> Iterator[Finding]:
    """What the fetches of one account came to."""
    asked = replace(asked, account=one.id or asked.account)
    before = one.earlier_success
    if not one.fetches:
        yield Finding(key="not_fetched", mark="unknown", named=span)
        if before is not None:
            yield Finding(key="fetched_before", mark="note", named={"at": before.created_at}, entries=(before,))
        return
    if (last := one.last_success) is not None:
        yield Finding(key="last_success", mark="good", named={"at": last.created_at}, entries=(last,))
    else:
        yield Finding(
            key="no_success" if before is None else "no_success_since",
            mark="bad",
            named=span if before is None else span | {"at": before.created_at},
            entries=() if before is None else (before,),
        )
    if one.first_failure is not None:
        yield _failure("first_failure", one.first_failure, asked.where(*FETCHES, outcome=BAD))
        last_failure = one.last_failure
        if last_failure is not None and last_failure.cause != one.first_failure.cause:
            yield _failure("last_failure", last_failure, None)
    yield from _gaps(asked, one)


def _gaps(asked: Asked, one: Account) -> Iterator[Finding]:
    for before, after, usual in gaps(one.fetches, asked.until)[:GAPS_SHOWN]:
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


def _given_again(withdrawn: EntryRow, found: Evidence) -> bool:
    """Whether a fetch of the account worked after that."""
    account = withdrawn.ec_integration.id if withdrawn.ec_integration else ""
    return any(
        one.last_success is not None and one.last_success.created_at > withdrawn.created_at
        for one in found.accounts
        if one.id == account
    )


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
    accepted = next((one for one in here if not _failed(one, asked)), None)
    if accepted is not None:
        yield Finding(key="do.arrived", mark="good", entries=(accepted,))
        return
    if here:
        yield Finding(key="do.refused", mark="bad", entries=(here[0],), acts=here[0])
    elif told:
        yield Finding(key="do.elsewhere", mark="unknown", entries=(told[0],))
    elif found.in_text is not None:
        yield Finding(key="do.in_text", mark="unknown", entries=(found.in_text,))
    if not here and (denied := _denied(asked, found)) is not None:
        whose: Named = {"platform": denied.platform or "", "place": place_of(denied)}
        yield Finding(key="do.denied", mark="bad", named=whose, entries=(denied,))
    if not asked.placed and told:
        return
    told_to = {one.ec_integration.id for one in here if one.ec_integration}
    accounts = [one for one in found.accounts if not told_to or one.id in told_to]
    troubles = troubled(accounts, asked.until)
    fetching = any(one.fetches for one in accounts)
    if fetching or not found.notices:
        for kind in TROUBLES:
            yield from _troubles(asked, kind, troubles[kind])
    if not asked.placed:
        yield Finding(key="do.choose", mark="unknown")
    elif not fetching and not found.notices:
        if asked.account or not accounts:
            yield Finding(key="do.not_called", mark="unknown")
    elif not here and not fetching:
        yield Finding(key="do.not_told", mark="unknown")
    elif not here and (well := len(accounts) - sum(map(len, troubles.values()))):
        failures = sum(unmended(one.fetches) for one in accounts)
        if well < len(accounts):
            yield Finding(key="do.not_given_others", mark="unknown")
        elif failures:
            first = tuple(one.first_failure for one in accounts if one.first_failure is not None)
            yield Finding(key="do.not_given_failed", mark="unknown", named={"count": failures}, entries=first[:SHOWN])
        else:
            yield Finding(key="do.not_given", mark="unknown")


def _troubles(asked: Asked, kind: Fared, accounts: Sequence[Account]) -> Iterator[Finding]:
    """What to do about accounts whose fetches fail or stopped: the first few, and how many more there are."""
    for one in accounts[:SHOWN]:
        place = None if asked.account else one.name
        if kind == "failing":
            proofs = (one.last_failure,) if one.last_failure is not None else ()
            yield Finding(key="do.failing", mark="bad", entries=proofs, acts=one.last_failure, place=place)
        elif one.fetches:
            yield Finding(key="do.gap", mark="bad", place=place)
        elif place is not None:
            yield Finding(key="do.not_called", mark="unknown", place=place)
    if (more := len(accounts) - SHOWN) > 0:
        key = "do.failing_more" if kind == "failing" else "do.stopped_more"
        yield Finding(key=key, mark="bad", named={"count": more})


def _failure(key: str, entry: EntryRow, everything: Filter | None) -> Finding:
    return Finding(key=key, mark="bad", named=_named(entry), entries=(entry,), all=everything, acts=entry)


def _named(entry: EntryRow) -> Named:
    return {"at": entry.created_at, "cause": entry.cause or "unknown"}
