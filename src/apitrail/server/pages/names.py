"""Human names for what the log keeps by id. Where no name is known the id itself is shown, never nothing."""

from __future__ import annotations

from collections.abc import Collection

from markupsafe import Markup

from apitrail import profiles
from apitrail.entry import EntryRow
from apitrail.exchange import Direction, Source
from apitrail.profiles import catalogue
from apitrail.profiles.catalogue import CAUSES, Party
from apitrail.server.pages import language, party
from apitrail.server.pages.language import Words
from apitrail.server.pages.reader import Reader
from apitrail.server.repeated import REPEATED

_WELL_REFUSED = ("rate_limit", REPEATED)
"""Causes for which we refuse a notification and nobody has anything to do: it comes again, or was here before."""


def action(action_id: str, words: Words) -> str:
    """The action's label in the reader's language."""
    return profiles.action_label(action_id, words.language)


def cause(entry: EntryRow, reader: Reader) -> str:
    return cause_of(entry.cause or "", entry.direction, party.of_entry(entry, reader), reader.words)


def cause_of(cause: str, direction: str, whose: Party, words: Words) -> str:
    """A cause of calls in that direction; empty where there is none."""
    way: Direction = "inbound" if direction == "inbound" else "outbound"
    return profiles.cause_label(cause, words.language, way, whose) if cause else ""


def cause_label(cause: str, words: Words, whose: Party = "either") -> str:
    """A cause by itself, as the filter offers it."""
    return profiles.cause_label(cause, words.language, party=whose)


def reference_type(name: str, words: Words) -> str:
    return profiles.reference_label(name, words.language)


def advice(entry: EntryRow, reader: Reader) -> str:
    """Who acts, and how: as it was derived when the entry came in, told anew in languages other than English."""
    if reader.words.language == language.DEFAULT or not entry.cause or reader.profiles is None:
        return entry.advice or ""
    return reader.profiles.advice(entry, language=reader.words.language) or ""


def acts(entry: EntryRow, reader: Reader) -> Markup:
    """Whose hands a failure needs first ("Warehouse"), as the boards have it; empty where nobody's are needed."""
    if not entry.cause or entry.outcome in ("success", "warning"):
        return Markup("")
    if entry.direction == "inbound" and entry.cause in _WELL_REFUSED:
        return Markup("")
    return reader.words.about(party.of_entry(entry, reader), f"acts.{catalogue.actor(entry.cause, entry.direction)}")


def advice_of(cause: str, direction: str, platform: str, whose: Party, actions: Collection[str], reader: Reader) -> str:
    """As of failures of that cause and these actions; `platform` may be empty. Empty where the cause is none of ours.
    Where one of the actions may be done twice by doing it again, or none is known, it says to look first.
    """
    known = next((each for each in CAUSES if each == cause), None)
    if known is None:
        return ""
    called = reader.platform(platform) if platform else str(reader.words.about(whose, "guided.the_platform"))
    way: Direction = "inbound" if direction == "inbound" else "outbound"
    return catalogue.advice(
        catalogue.BUILT_IN,
        known,
        platform=called,
        direction=way,
        repeatable=bool(actions) and all(catalogue.action_repeatable(one) is not False for one in actions),
        language=reader.words.language,
    )


def source_type(source: Source, words: Words) -> str:
    key = f"source.{source.type}"
    return str(words(key)) if words.known(key) else reference_type(source.type, words).replace("_", " ")


def owner(entry: EntryRow, reader: Reader) -> tuple[str, str]:
    """What the Source column shows: the owning object and its kind, else the account, the platform, the host."""
    words = reader.words
    if entry.source:
        return entry.source.name or entry.source.id, source_type(entry.source, words)
    account = entry.ec_integration or entry.shipping_integration
    if account:
        kind = "source.ec_account" if entry.ec_integration else "source.shipping_account"
        return account.name or account.id, str(words(kind))
    return reader.platform(entry.platform) if entry.platform else host(entry.url), ""


def account(entry: EntryRow) -> str:
    """The integration that the call was made for; empty where none is known."""
    of = entry.ec_integration or entry.shipping_integration
    return (of.name or of.id) if of else ""


def host(url: str) -> str:
    """The host of a URL, as far as it is one."""
    return url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]


def safe_link(link: str) -> str:
    """The link, if it is one that a page may offer; empty else. A `javascript:` link would run as ours."""
    return link if link.lower().startswith(("https://", "http://")) else ""
