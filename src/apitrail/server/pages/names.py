"""Human names for what the log keeps by id. Where no name is known the id itself is shown, never nothing."""

from __future__ import annotations

from apitrail.entry import EntryRow
from apitrail.exchange import Source
from apitrail.profiles import catalogue
from apitrail.server.pages import language
from apitrail.server.pages.language import Words


def action(action_id: str, words: Words) -> str:
    """The action's label in the reader's language."""
    return catalogue.action_label(action_id, words.language)


def cause(name: str | None, words: Words) -> str:
    return catalogue.cause_label(name, words.language) if name else ""


def reference_type(name: str, words: Words) -> str:
    return catalogue.reference_label(name, words.language)


def advice(entry: EntryRow, words: Words) -> str:
    """Who acts, and how: as it was derived in English, from the catalogue in other languages."""
    if entry.advice and words.language == language.DEFAULT:
        return entry.advice
    if not entry.cause:
        return entry.advice or ""
    known = catalogue.BUILT_IN.actions.get(entry.action)
    return catalogue.cause_advice(
        entry.cause,
        platform=entry.platform or words("verdict.platform"),
        side=known.side if known else "both",
        direction=entry.direction,
        repeatable=known.repeatable if known else True,
        language=words.language,
    )


def source_type(source: Source, words: Words) -> str:
    key = f"source.{source.type}"
    return str(words(key)) if words.known(key) else source.type.replace("_", " ")


def owner(entry: EntryRow, words: Words) -> tuple[str, str]:
    """What the Source column shows: the owning object and its kind, else the account, else the platform."""
    if entry.source:
        return entry.source.name or entry.source.id, source_type(entry.source, words)
    account = entry.ec_integration or entry.shipping_integration
    if account:
        kind = "source.ec_account" if entry.ec_integration else "source.shipping_account"
        return account.name or account.id, str(words(kind))
    return entry.platform or "", ""


def safe_link(link: str) -> str:
    """The link, if it is one that a page may offer; empty else. A `javascript:` link would run as ours."""
    return link if link.lower().startswith(("https://", "http://")) else ""
