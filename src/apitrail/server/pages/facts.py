"""The facts of an entry as a list of names and values: what one hands on, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from markupsafe import Markup
from msgspec import Struct

from apitrail.entry import Entry, Overruled
from apitrail.exchange import Integration, Source
from apitrail.server.pages import host, names, tally
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.clock import ahead, duration
from apitrail.server.pages.folded import folded
from apitrail.server.pages.language import Words
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.size import size

REFERENCES_SHOWN = 60
LATE = timedelta(minutes=1)
"""An entry that the server took later than this after the call says so: it waited in a spool."""

_LIMITS = re.compile(r"retry-after|(?:.+-)?rate-?limit(?:-.+)?|.+-call-limit", re.IGNORECASE)
"""Headers by which a platform says how many calls it takes: RFC 9110 §10.2.3 (Retry-After), the IETF draft
ratelimit-headers, and what was usual before it (`X-RateLimit-Remaining`, `X-Shopify-Shop-Api-Call-Limit`).
"""


class Fact(Struct, frozen=True):
    name: Markup
    value: Markup
    kind: str = ""
    """`code` for what is read letter by letter, `broad` for what needs a line of its own; both take one."""


def facts(entry: Entry, query: PageQuery, reader: Reader) -> list[Fact]:
    """What most readers look for."""
    return list(_facts(entry, query, reader))


def provenance(entry: Entry, reader: Reader) -> list[Fact]:
    """Who captured it and what was stated by the caller: what an engineer asks for next."""
    return list(_provenance(entry, reader))


def _facts(entry: Entry, query: PageQuery, reader: Reader) -> Iterator[Fact]:
    words = reader.words

    def fact(key: str, value: Markup | str, kind: str = "") -> Fact:
        return Fact(words(f"fact.{key}"), value if isinstance(value, Markup) else visible(value), kind)

    yield fact("url", folded(entry.url, words, f"{entry.method} "), "code")
    if entry.error:
        yield fact("error", Markup("{}: {}").format(visible(entry.error.type), visible(entry.error.text)), "code")
    created = reader.clock.tag(entry.created_at, exact=True)
    created = Markup('{} <span class="zone" data-zone>{}</span>').format(created, reader.clock.zone.key)
    if entry.received_at and (before := ahead(entry.received_at - entry.created_at)):
        created += Markup(' <span class="ahead">{}</span>').format(words("fact.ahead", length=before))
    yield fact("created_at", created)
    if entry.not_sent is None:
        yield fact("duration", duration(entry.duration_ms))
    derived = entry.derived or Overruled()

    def both(key: str, value: Markup | None, overruled: Markup | None) -> Iterator[Fact]:
        """A fact that a caller may have stated: with what was derived, where that is something else."""
        if overruled is not None:
            aside = Markup('<span class="overruled">{}</span>').format(words("fact.overruled", derived=overruled))
            yield fact(key, Markup("{} {}").format("–" if value is None else value, aside))
        elif value is not None:
            yield fact(key, value)

    yield from both("action", _action(entry.action, words), _action(derived.action, words))
    yield from both("platform", _platform(entry.platform, reader), _platform(derived.platform, reader))
    for side, key in (("ec", "ec_integration"), ("shipping", "shipping_integration")):
        yield from both(key, _linked(side, entry, reader), _account(getattr(derived, key)))
    yield from both("source", _source(entry.source, entry, reader), _source(derived.source, entry, reader))
    if entry.merchant:
        yield fact("merchant", entry.merchant)
    if counted := tally.whole(entry, words):
        yield fact("counts", counted)
    if entry.attempt > 1:
        yield fact("attempt", str(entry.attempt))
    sizes = words(
        "fact.sizes_value" if entry.direction == "outbound" else "fact.sizes_value_inbound",
        request=size(entry.request.size),
        response=size(entry.response.size) if entry.response else "–",
    )
    yield fact("sizes", sizes)
    if entry.direction == "outbound" and entry.response:
        limits = [f"{name}: {value}" for name, value in entry.response.headers if _LIMITS.fullmatch(name)]
        if limits:
            yield fact("limits", " · ".join(limits), "code")
    if entry.references:
        yield fact("references", _references(entry, query, reader), "broad")


def _provenance(entry: Entry, reader: Reader) -> Iterator[Fact]:
    words = reader.words

    def fact(key: str, value: Markup | str, kind: str = "") -> Fact:
        return Fact(words(f"fact.{key}"), value if isinstance(value, Markup) else visible(value), kind)

    yield fact("id", entry.id, "code")
    yield fact("direction", words(f"direction.{entry.direction}"))
    if entry.http_version:
        yield fact("http_version", entry.http_version)
    if entry.call:
        yield fact("call", entry.call, "code")
    if entry.trace:
        yield fact("trace", entry.trace, "code")
    if entry.recorder:
        recorder = entry.recorder
        parts = (recorder.client, recorder.host, recorder.process, recorder.version and f"apitrail {recorder.version}")
        yield fact("recorder", " · ".join(part for part in parts if part) or recorder.id)
        yield fact("recorder_position", f"{recorder.id} #{recorder.sequence}", "code")
    if entry.received_at:
        received = reader.clock.tag(entry.received_at, exact=True)
        if entry.received_at - entry.created_at > LATE:
            waited = (entry.received_at - entry.created_at) / timedelta(milliseconds=1)
            received += Markup(" ") + words("fact.late", duration=duration(waited))
        yield fact("received_at", received)
    if entry.stated and (stated := _stated(entry)):
        yield fact("stated", stated, "code")


def _action(action: str | None, words: Words) -> Markup | None:
    if action is None:
        return None
    label = names.action(action, words)
    return Markup("{} <code>{}</code>").format(label, action) if label != action else visible(label)


def _platform(name: str | None, reader: Reader) -> Markup | None:
    return visible(reader.platform(name)) if name else None


def _account(account: Integration | None) -> Markup | None:
    if account is None:
        return None
    if account.name.endswith(account.id):  # as it is named where only the platform's id is known
        return visible(account.name)
    if account.name:
        return Markup("{} <code>{}</code>").format(visible(account.name), visible(account.id))
    return visible(account.id)


def _linked(side: str, entry: Entry, reader: Reader) -> Markup | None:
    """The entry's integration, leading to its page in the host system, with what is registered beside it."""
    account = entry.ec_integration if side == "ec" else entry.shipping_integration
    shown = _account(account)
    if account is None or shown is None:
        return None
    if link := host.account_link(side, account, entry, reader):
        shown = _away(link, shown)
    known = reader.registered.by_id(side, account.id)
    if known is None:
        return shown
    aside = [Markup("{}: {}").format(visible(name), visible(value)) for name, value in known.settings.items()]
    if not known.enabled:
        aside.insert(0, reader.words("fact.switched_off"))
    return shown + Markup("").join(Markup(' <span class="setting">{}</span>').format(one) for one in aside)


def _away(link: str, shown: Markup) -> Markup:
    return Markup('<a href="{}" rel="noopener noreferrer" target="_blank">{}</a>').format(link, shown)


def _source(source: Source | None, entry: Entry, reader: Reader) -> Markup | None:
    if source is None:
        return None
    shown = visible(source.name or source.id)
    if link := host.source_link(source, entry, reader):
        shown = _away(link, shown)
    named = Markup(" <code>{}</code>").format(visible(source.id)) if source.name and source.name != source.id else ""
    return Markup('{}{} <span class="kind">{}</span>').format(shown, named, names.source_type(source, reader.words))


def _references(entry: Entry, query: PageQuery, reader: Reader) -> Markup:
    """Each leads to everything that refers to the same, and to its page in the host system where there is one."""
    chip = Markup('<span class="ref"><a href="{}"><span class="kind">{}</span> {}</a>{}</span> ')
    away = Markup(
        '<a class="away" href="{}" rel="noopener noreferrer" target="_blank" title="{}">'
        '<span aria-hidden="true">↗</span><span class="vh">{}</span></a>'
    )
    title = reader.words("fact.host_page")
    shown = []
    for one in entry.references[:REFERENCES_SHOWN]:
        link = host.reference_link(one, entry, reader)
        kind = names.reference_type(one.type, reader.words)
        here = query.touching(one.type, one.id).url()
        shown.append(chip.format(here, kind, visible(one.id), away.format(link, title, title) if link else ""))
    if (more := len(entry.references) - REFERENCES_SHOWN) > 0:
        shown.append(Markup('<span class="kind">{}</span>').format(reader.words.count("fact.more", more)))
    return Markup("").join(shown)


def _stated(entry: Entry) -> str:
    """What the caller said of the call, as far as it says more than the entry's own fields."""
    stated = entry.stated
    if stated is None:
        return ""
    pairs = (("action", stated.action), ("platform", stated.platform), ("merchant", stated.merchant))
    said = [f"{name}={value}" for name, value in pairs if value]
    accounts = (("ec", stated.ec_integration), ("shipping", stated.shipping_integration))
    said += [f"{name}={account.id}" for name, account in accounts if account]
    return ", ".join([*said, *([f"source={stated.source.type}/{stated.source.id}"] if stated.source else [])])
