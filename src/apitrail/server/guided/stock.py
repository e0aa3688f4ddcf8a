"""What may be said of a product whose stock is wrong, from what the log holds of it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from apitrail.entry import EntryRow
from apitrail.profiles.quantities import Quantity, in_words
from apitrail.server.guided.finding import (
    Answer,
    Fate,
    Finding,
    Mark,
    Named,
    Texts,
    fate,
    place_of,
    said_by_us,
    said_of,
)
from apitrail.server.guided.missing import NOTICES, READS
from apitrail.store.model import Filter, Term
from apitrail.store.widths import of_id

SETS = ("stock.push", "stock.overwrite", "stock.adjust")
"""Calls that set a product's stock."""
TELLS = ("stock.get", "webhook.inventory.updated")
"""What the platform itself says of it."""
SELLS = (*READS, *NOTICES)
"""What tells of orders."""
SHOWN = 5
NOT_SET: Mapping[Fate, tuple[str, Mark]] = {
    "failed": ("stock_refused", "bad"),
    "partly": ("stock_partly", "bad"),
    "unknown": ("stock_unclear", "unknown"),
}
ACCOUNTS = 4
"""So many accounts are told of, those whose stock was set last first."""


class Asked(Struct, frozen=True, kw_only=True):
    """The question."""

    number: str
    """Of a product: its SKU, or what a platform calls it or its variant."""
    account: str = ""
    """A shop account's id."""
    since: datetime
    """How far back an account's other products are looked at; the number is looked for in all of the log."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """As it may be written: ids are found exactly as they are."""
        ways = of_id(self.number)
        return tuple(dict.fromkeys(way for one in ways for way in (one, one.upper(), one.lower())))

    def where(self, *actions: str, since: datetime | None = None) -> Filter:
        """Calls about the product."""
        account = (self.account,) if self.account else ()
        return Filter(since=since, action=actions, reference=self.spellings, ec_integration=account)

    @property
    def of_account(self) -> Filter:
        """Calls that set any product's stock in the account."""
        return Filter(since=self.since, action=SETS, ec_integration=(self.account,) if self.account else ())


class Evidence(Struct, frozen=True, kw_only=True):
    """What the log holds of it."""

    sets: Sequence[EntryRow] = ()
    """Newest first."""
    cut: bool = False
    """There may be more, older ones."""
    tells: Mapping[str, EntryRow] = {}
    """By account: the platform's own latest word, after the latest call that set it."""
    sold: Mapping[str, EntryRow] = {}
    """By account: the latest call after that one that told of an order with it."""
    named: Mapping[str, Collection[str]] = {}
    """By entry: what it calls the product, in lower case, where that was looked up."""
    said: Mapping[str, Sequence[Quantity]] = {}
    """By entry: what it says of the product."""
    mentioned: EntryRow | None = None
    """The latest entry that refers to it, whatever it did; looked for where none set it."""
    texts: Texts = "words"
    in_text: EntryRow | None = None
    """The latest since then whose text has the number, of those that set stock if there is one; looked for where none
    refers to it.
    """
    account_last: EntryRow | None = None
    """The latest call that set another product's stock in the account, and worked; looked for where none set this."""
    oldest: datetime | None = None


def account_of(entry: EntryRow) -> str:
    """The id of the shop account that it was made for; empty where it was for none."""
    return entry.ec_integration.id if entry.ec_integration else ""


def latest(sets: Sequence[EntryRow]) -> dict[str, EntryRow]:
    """By account, as they come: the latest of these calls (newest first)."""
    found: dict[str, EntryRow] = {}
    for one in sets:
        found.setdefault(account_of(one), one)
    return found


def second(sets: Sequence[EntryRow]) -> dict[str, EntryRow]:
    """By account: the one before its latest of these calls (newest first)."""
    last = {one.id for one in latest(sets).values()}
    return latest([one for one in sets if one.id not in last])


def answer(asked: Asked, found: Evidence) -> Answer:
    """Everything that can be said."""
    findings = [*_calls(asked, found)]
    last = list(latest(found.sets).values())[:ACCOUNTS]
    for one in last:
        findings += _account(asked, found, one)
    if found.oldest is None:
        findings.append(Finding(key="log_empty", mark="unknown"))
    return Answer(findings=tuple(findings), conclusions=tuple(_concluded(asked, found, last)))


def _calls(asked: Asked, found: Evidence) -> Iterator[Finding]:
    if found.sets:
        fates = [_fate(asked, found, one) for one in found.sets]
        unclear = fates.count("unknown")
        named: Named = {"count": len(fates), "failed": fates.count("failed") + fates.count("partly")}
        named |= {"unclear": unclear} if unclear else {}
        key = "stock_calls_unclear" if unclear else "stock_calls"
        proofs = tuple(found.sets[:SHOWN])
        yield Finding(key=key, mark="note", named=named, entries=proofs, all=asked.where(*SETS))
        if found.cut:
            yield Finding(key="only_latest", mark="note", named={"count": len(fates)})
        return
    if (one := found.mentioned) is not None:
        named = {"number": asked.number, "action": one.action, "at": one.created_at}
        everything = Filter(reference=asked.spellings)
        yield Finding(key="stock_not_set", mark="unknown", named=named, entries=(one,), all=everything)
    elif (one := found.in_text) is not None:
        yield Finding(key="number_not_referred", mark="unknown", named={"number": asked.number})
        named = {"since": asked.since, "at": one.created_at}
        everything = replace(asked.of_account, action=(), text=(Term(asked.number),))
        yield Finding(key="in_text", mark="note", named=named, entries=(one,), all=everything)
    else:
        named = {"number": asked.number, "since": asked.since}
        searched = found.texts in ("words", "parts")
        key = "number_nowhere" if searched else f"number_{found.texts}"
        yield Finding(key=key, mark="unknown", named=named)
    if (other := found.account_last) is not None:
        named = {"at": other.created_at, "action": other.action}
        yield Finding(key="stock_of_others", mark="note", named=named, entries=(other,), all=asked.of_account)
    elif asked.account:
        yield Finding(key="stock_of_none", mark="unknown", named={"since": asked.since})
    if found.oldest is not None:
        yield Finding(key="log_reaches", mark="note", named={"at": found.oldest})


def _account(asked: Asked, found: Evidence, last: EntryRow) -> Iterator[Finding]:
    """What the latest call that set it in one account came to, and what was heard after it."""
    account = account_of(last)
    came = _fate(asked, found, last)
    if came == "worked":
        yield _set("stock_set", "good", found, last)
        if (before := _replaced(asked, found, last)) is not None:
            named: Named = {"place": place_of(last), "at": before.created_at, "said": _said(found, before)}
            yield Finding(key="stock_overwritten", mark="note", named=named, entries=(before,))
    else:
        key, mark = NOT_SET[came]
        yield _set(key, mark, found, last)
        words = said_of(last, _names(asked, found, last))
        ours = last.status is None or said_by_us(last, *words)
        if said := " · ".join(part for part in words if part):
            key = "not_sent" if last.not_sent is not None else "error_said" if ours else "carrier_said"
            named = {"platform": last.platform or "", "said": said, "at": last.created_at}
            yield Finding(key=key, mark="note" if came == "unknown" else "bad", named=named, entries=(last,))
        if came != "unknown":  # the cause may be another product's
            yield Finding(key="stock_why", mark="bad", named={"cause": last.cause or "unknown"}, acts=last)
        mine = [one for one in found.sets if account_of(one) == account]
        good = next((one for one in mine if _fate(asked, found, one) == "worked"), None)
        if good is not None:
            yield _set("stock_set_before", "note", found, good)
        else:
            yield Finding(key="stock_never_set", mark="unknown", named={"place": place_of(last)})
    if (told := found.tells.get(account)) is not None and (said := _said(found, told)):
        named = {"platform": told.platform or "", "at": told.created_at, "said": said}
        yield Finding(key="stock_told", mark="note", named=named, entries=(told,))
    if (order := found.sold.get(account)) is not None:
        sells = asked.where(*SELLS, since=last.created_at)
        named = {"place": place_of(last), "at": order.created_at}
        yield Finding(key="stock_sold", mark="note", named=named, entries=(order,), all=sells)


def _replaced(asked: Asked, found: Evidence, last: EntryRow) -> EntryRow | None:
    """The call before the latest, where that one sent another quantity in its place."""
    before = second(found.sets).get(account_of(last))
    if before is None or "stock.adjust" in (last.action, before.action) or _fate(asked, found, before) != "worked":
        return None
    said = {_said(found, one) for one in (last, before)}
    return before if len(said) == 2 and "" not in said else None


def _names(asked: Asked, found: Evidence, one: EntryRow) -> Collection[str]:
    return found.named.get(one.id, asked.spellings)


def _fate(asked: Asked, found: Evidence, one: EntryRow) -> Fate:
    return fate(one, _names(asked, found, one))


def _set(key: str, mark: Mark, found: Evidence, one: EntryRow) -> Finding:
    """What a call sent, where the log has it."""
    named: Named = {"place": place_of(one), "action": one.action, "at": one.created_at}
    if said := _said(found, one):
        return Finding(key=f"{key}_to", mark=mark, named={**named, "said": said}, entries=(one,))
    return Finding(key=key, mark=mark, named=named, entries=(one,))


def _said(found: Evidence, one: EntryRow) -> str:
    return in_words(found.said.get(one.id, ()))


def _concluded(asked: Asked, found: Evidence, last: Sequence[EntryRow]) -> Iterator[Finding]:
    if not last:
        if found.in_text is not None:
            yield Finding(key="do.stock_in_text", mark="unknown", entries=(found.in_text,))
            return
        stopped = bool(asked.account) and found.account_last is None
        yield Finding(key="do.stock_stopped" if stopped else "do.stock_unsent", mark="unknown")
        return
    fates = [(one, _fate(asked, found, one)) for one in last]
    for one in (one for one, came in fates if came in ("failed", "partly")):
        yield Finding(key="do.stock_refused", mark="bad", named={"place": place_of(one)}, entries=(one,), acts=one)
    for one in (one for one, came in fates if came == "unknown"):
        yield Finding(key="do.stock_unclear", mark="unknown", named={"place": place_of(one)}, entries=(one,))
    good = [one for one, came in fates if came == "worked"]
    changed = [one for one in good if _changed(found, one)]
    for one in changed:
        told = found.tells[account_of(one)]
        yield Finding(key="do.stock_changed", mark="note", named={"place": place_of(one)}, entries=(told, one))
    if accepted := [one for one in good if one not in changed]:
        each = (f"{place_of(one)} ({said})" if (said := _said(found, one)) else place_of(one) for one in accepted)
        named: Named = {"said": ", ".join(each)}
        yield Finding(key="do.stock_accepted", mark="good", named=named, entries=tuple(accepted))


def _changed(found: Evidence, one: EntryRow) -> bool:
    """Whether the platform named another quantity after the call: none of those that were sent."""
    told = found.tells.get(account_of(one))
    sent, heard = (
        {float(each.count) for each in found.said.get(entry.id, ())} if entry else set() for entry in (one, told)
    )
    return one.action != "stock.adjust" and bool(sent and heard) and sent.isdisjoint(heard)
