"""What one hands on of an entry: a short text for support, its call as a curl command, and the list as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from urllib.parse import urlencode

from markupsafe import Markup
from msgspec import Struct

from apitrail import profiles
from apitrail.entry import Entry
from apitrail.exchange import Integration
from apitrail.formats import curl
from apitrail.server.pages import names
from apitrail.server.pages.links import Link
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.status import pill, said
from apitrail.size import size

MESSAGE_MAX = 500
"""Characters of the platform's words in the text for support."""
FORMATS = ("har", "csv", "ndjson")

_REQUEST_IDS = ("x-request-id", "request-id", "x-correlation-id", "x-amzn-requestid", "x-trace-id")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class CurlView(Struct, frozen=True):
    """The command, and what to know before running it."""

    id: str
    notes: list[Markup]
    warning: Markup
    """That running it may do it again; empty where it is safe."""
    text: str
    text_url: str


class DownloadView(Struct, frozen=True):
    """The list as files."""

    files: list[Link]
    limit: Markup
    entries: str
    """How many there will be; empty where that is not known."""
    more: Markup
    """How many of what the filters show are not in it; empty where all are."""


def support(entry: Entry, reader: Reader) -> str:
    """The text that one sends to support: lines of names and values."""
    colon = reader.words("support.colon").unescape()
    lines = [f"{name}{colon}{value}" for name, value in _lines(entry, reader) if value]
    return "\n".join([reader.words("title").unescape(), *lines]) + "\n"


def _lines(entry: Entry, reader: Reader) -> Iterator[tuple[str, str]]:
    def named(key: str) -> str:
        return reader.words(key).unescape()

    shown = pill(entry, reader)
    utc = entry.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    label = names.action(entry.action, reader.words)
    local = "" if reader.clock.zone.key == "UTC" else f"{reader.clock.exact(entry.created_at)} "
    yield named("support.time"), f"{local}({utc})" if local else utc
    yield named("support.action"), label if label == entry.action else f"{label} ({entry.action})"
    word = shown.word.unescape()
    yield named("support.outcome"), f"{word}, HTTP {entry.status}" if entry.status is not None else word
    yield named("fact.platform"), reader.platform(entry.platform) if entry.platform else ""
    yield named("fact.ec_integration"), _account(entry.ec_integration)
    yield named("fact.shipping_integration"), _account(entry.shipping_integration)
    if entry.source:
        yield named("fact.source"), f"{names.source_type(entry.source, reader.words)} {entry.source.id}"
    yield named("support.code"), _short(entry.code or "")
    yield named("support.message"), _short(said(entry) or entry.message or "")
    yield named("support.cause"), names.cause(entry, reader)
    yield named("support.request_id"), _request_id(entry)
    yield named("support.call"), _short(f"{entry.method} {entry.url.partition('?')[0]}")
    yield named("support.link"), f"{reader.server_url}/entries/{entry.id}"


def _account(account: Integration | None) -> str:
    if account is None:
        return ""
    return f"{account.name} ({account.id})" if account.name and account.name != account.id else account.id


def _short(text: str) -> str:
    """On one line, and nothing hidden in it."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= MESSAGE_MAX else line[: MESSAGE_MAX - 1] + "…"


def _request_id(entry: Entry) -> str:
    """What the platform's own support looks a call up by."""
    known = [one.id for one in entry.references if one.type == "request"]
    if not known and entry.response:
        known = [value for name, value in entry.response.headers if name.lower() in _REQUEST_IDS]
    return _short(", ".join(known[:3]))


def command(entry: Entry, reader: Reader) -> str:
    """The entry's request as a curl command, below what to know before running it."""
    return _text(_command(entry), reader)


def curl_view(entry: Entry, query: PageQuery, reader: Reader) -> CurlView:
    made = _command(entry)
    warnings = [one for one in made.notes if one.kind == "not_repeatable"]
    return CurlView(
        id=entry.id,
        notes=[_note(one, reader) for one in made.notes if one.kind != "not_repeatable"],
        warning=_note(warnings[0], reader) if warnings else Markup(""),
        text=_text(made, reader),
        text_url=PageQuery(tz=query.tz, lang=query.lang).url(f"/entries/{entry.id}/curl"),
    )


def _command(entry: Entry) -> curl.Command:
    return curl.write(entry, repeatable=_repeatable(entry))


def _text(made: curl.Command, reader: Reader) -> str:
    return made.text(lambda note: _note(note, reader).unescape())


def _note(note: curl.Note, reader: Reader) -> Markup:
    return reader.words(f"curl.note.{note.kind}", names=", ".join(note.names), size=size(note.size))


def _repeatable(entry: Entry) -> bool:
    """Of an action that nobody knows, only what HTTP calls safe (RFC 9110 §9.2.1) is taken to be."""
    known = profiles.action_repeatable(entry.action)
    return entry.method.upper() in _SAFE_METHODS if known is None else known


def downloads(query: PageQuery, total: int | None, reader: Reader) -> DownloadView:
    """What the filters show, as files: the range as it stands now. `total`: None where that is not known."""
    words, limit = reader.words, reader.export_limit
    asked = query.but(open="", cursor=None).fixed(reader.clock.now)
    pairs = [(name, value) for name, value in asked.pairs() if name not in ("range", "tz", "lang", "open", "cursor")]
    return DownloadView(
        files=[Link(words(f"download.{one}"), _address(one, pairs), one) for one in FORMATS],
        limit=words("download.limit", limit=f"{limit:,}"),
        entries="" if total is None else str(min(total, limit)),
        more=words.count("download.more", total - limit) if total and total > limit else Markup(""),
    )


def _address(extension: str, pairs: list[tuple[str, str]]) -> str:
    return f"/api/v1/export.{extension}" + (f"?{urlencode(pairs)}" if pairs else "")
