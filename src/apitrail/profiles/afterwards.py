"""What a whole entry still tells when it is looked at: where its parcel is, whether its label is still being made, when
its access ends.

Not derived as entries come in: few people ask, and of few entries. What the platform says is handed on, never guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from apitrail.entry import Entry, Payload
from apitrail.exchange import Exchange
from apitrail.profiles.facts import Facts
from apitrail.profiles.locators import Locator, first_text
from apitrail.profiles.plans import CompiledParts
from apitrail.profiles.platform import Platform, Said
from apitrail.profiles.steps import as_text
from apitrail.profiles.times import UNIX_LEAST, moment

LONGEST = 300
"""Characters of a word of delivery."""
KINDS = ("tracking", "shipment")
"""The types of reference that are a parcel's numbers."""


def deliveries(platform: Platform, entry: Entry, parcels: Iterable[Collection[str]]) -> list[str | None]:
    """Where each parcel is, in the platform's words; None where the entry does not say, or its body is not kept.

    A parcel is given by its numbers; without any it is the one that the entry is about, if it is about a single one.
    """
    return [said[:LONGEST] if said else None for said in _of_each(platform.delivery, entry, parcels)]


def making(platform: Platform, entry: Entry, parcels: Iterable[Collection[str]]) -> list[str | None]:
    """The platform's word for each parcel whose label it is still making; None for any other, and as above."""
    places, words = platform.making
    return [said if said and said.casefold() in words else None for said in _of_each(places, entry, parcels)]


def _of_each(places: Said, entry: Entry, parcels: Iterable[Collection[str]]) -> list[str | None]:
    if not places:
        return [None for _ in parcels]
    facts = facts_of(entry)
    own = [{one.id.lower() for one in entry.references if one.type == kind} for kind in KINDS]
    single = set[str]().union(*own) if all(len(ids) < 2 for ids in own) else None
    said = []
    for asked in parcels:
        numbers = {one.lower() for one in asked}
        alone = single is not None and (not numbers or not single or not single.isdisjoint(numbers))
        said.append(_words(places, facts, numbers | single if alone and single else numbers, alone))
    return said


def _words(places: Said, facts: Facts, numbers: Collection[str], alone: bool) -> str | None:
    for place in places:
        said: str | None = None
        if isinstance(place, Locator):
            said = first_text((place,), facts) if alone else None
        elif (part := _part(place, facts, numbers, alone)) is not None:
            said = first_text(place.says, part)
        if said:
            return said
    return None


def _part(place: CompiledParts, facts: Facts, numbers: Collection[str], alone: bool) -> object:
    """What an answer says of the parcel with these numbers: its part, or the list of them where it has several."""
    parts = place.at.every(facts)
    about = [part for part in parts if any(name in numbers for name in _names(place, part))]
    if alone and not about and len(parts) == 1:
        about = parts
    return about[0] if len(about) == 1 else about or None


def _names(place: CompiledParts, part: object) -> Iterable[str]:
    for locator in place.id:
        for value in locator.every(part):
            text = as_text(value)
            if text and text.strip():
                yield text.strip().lower()


def expires(platform: Platform, entry: Entry) -> datetime | None:
    """When the access ends that the answer gave; None where it does not say."""
    said = first_text(platform.expires, facts_of(entry))
    return _end(said, entry.created_at) if said else None


def facts_of(entry: Entry) -> Facts:
    """What rules look at, of an entry."""
    exchange = Exchange(
        created_at=entry.created_at,
        direction=entry.direction,
        method=entry.method,
        url=entry.url,
        status=entry.status,
    )
    return Facts(exchange, entry.request, entry.response if entry.response is not None else Payload())


def _end(said: str, answered: datetime) -> datetime | None:
    if said.isascii() and said.isdigit() and (seconds := int(said[:16])) < UNIX_LEAST:
        return answered + timedelta(seconds=seconds)
    at = moment(said)
    return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
