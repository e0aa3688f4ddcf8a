"""What can be said of the log: one sentence, and the entries that prove it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from apitrail.entry import EntryRow, Item
from apitrail.store.model import Filter

GOOD = ("success", "warning", "partial")
BAD = ("request_error", "platform_error")

Mark = Literal["good", "bad", "unknown", "note"]
"""It went well, it did not, the log does not show it, or it only helps to understand the rest."""
Value = str | int | datetime | timedelta
Named = dict[str, Value]
Texts = Literal["words", "parts", "short", "too_large"]
"""How bodies were searched for a number: as a word by itself; as a part of a text; not at all, because so short a one
is a part of many; or in vain, because it took too long.
"""
Fate = Literal["worked", "failed", "partly", "unknown"]


class Finding(Struct, frozen=True, kw_only=True):
    """One sentence of an answer."""

    key: str
    """Worded by `guided.<key>` in the locales; by its `.one` and `.other` where `named` has a `count`."""
    mark: Mark
    named: Mapping[str, Value] = {}
    """What the sentence names. `platform`, `cause` and `action` are ids, for which the page has words."""
    entries: tuple[EntryRow, ...] = ()
    """What proves it."""
    all: Filter | None = None
    """Everything that proves it, where `entries` are only some."""
    place: str | None = None
    """Whose sentence it is, where it is told of several accounts; empty for calls that were made for none."""
    acts: EntryRow | None = None
    """The failure whose advice says who acts."""


class Answer(Struct, frozen=True, kw_only=True):
    """What was found, and what follows."""

    findings: tuple[Finding, ...]
    conclusions: tuple[Finding, ...]


def failed(entry: EntryRow) -> bool:
    """Whether the call as a whole went wrong."""
    return entry.outcome in BAD


def fate(entry: EntryRow, names: Collection[str]) -> Fate:
    """What came of a call for what it calls so, be it that others fared otherwise. `partly`: it worked for a part of it
    alone. `unknown`: it failed for something, and for what is not shown.
    """
    if failed(entry):
        return "failed"
    bad = [one.outcome in BAD for one in own(entry, names)]
    if any(bad):
        return "failed" if all(bad) else "partly"
    if entry.outcome != "partial" or bad:
        return "worked"
    return "partly" if not entry.items and _about_it_alone(entry, names) else "unknown"


def failed_for(entry: EntryRow, names: Collection[str]) -> bool:
    """Whether a call failed for what it calls so, or for a part of it."""
    return fate(entry, names) in ("failed", "partly")


def own(entry: EntryRow, names: Collection[str]) -> list[Item]:
    """The results of a call with several that are of what it calls so; where it is the only product of the call, those
    of its variants.
    """
    wanted = {one.lower() for one in names}
    mine = [one for one in entry.items if one.id.lower() in wanted]
    if not mine and _one_product(entry, wanted):
        return [one for one in entry.items if one.type == "variant"]
    return mine


def _about_it_alone(entry: EntryRow, names: Collection[str]) -> bool:
    """Whether a call refers to what it calls so, and to no second of anything."""
    wanted = {one.lower() for one in names}
    ids = {(one.type, one.id.lower()) for one in entry.references}
    return len({kind for kind, _ in ids}) == len(ids) and any(one in wanted for _, one in ids)


def _one_product(entry: EntryRow, wanted: Collection[str]) -> bool:
    """Whether these names are of the only product that a call refers to, and of no single variant."""
    products = {one.id.lower() for one in entry.references if one.type == "product"}
    named = {one.type for one in entry.references if one.id.lower() in wanted}
    return len(products) == 1 and named == {"product"}


def said_of(entry: EntryRow, names: Collection[str]) -> tuple[str, str]:
    """The platform's code and words for what it calls so, and the client's where nobody answered; empty without any."""
    refused = next((one for one in own(entry, names) if one.outcome in BAD and (one.code or one.message)), None)
    if refused is not None:
        return refused.code or "", refused.message or ""
    words = entry.not_sent or entry.message or (entry.error.text if entry.error else "")
    return entry.code or "", words


def said_by_us(entry: EntryRow, code: str, words: str) -> bool:
    """Whether what `said_of` gives is the words of our own client, be it that an answer had begun."""
    return not code and entry.error is not None and words == entry.error.text


def place_of(entry: EntryRow) -> str:
    """The shop account that the call was for, as people know it; the platform where it names none."""
    account = entry.ec_integration
    return (account.name or account.id) if account else entry.platform or ""
