"""The expanded entry: the verdict first, then the facts, then both sides of the exchange."""

from __future__ import annotations

from markupsafe import Markup
from msgspec import Struct

from apitrail.entry import Entry, Payload
from apitrail.server.pages import bodies, names
from apitrail.server.pages.bodies.content import decode
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.clock import size
from apitrail.server.pages.facts import Fact, facts, provenance
from apitrail.server.pages.links import Link
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.status import ICONS, Pill, kind_of, pill, said

ITEMS_SHOWN = 200


class ItemView(Struct, frozen=True):
    """One result of a call that held several."""

    type: str
    id: str
    icon: Pill
    code: str
    message: str


class Verdict(Struct, frozen=True, kw_only=True):
    """What came of the call, whose words say so, and what to do."""

    status: Pill
    meaning: Markup
    """The outcome in one sentence."""
    code: str
    said: str
    """The platform's own words, verbatim."""
    said_by: Markup
    """Whose words they are."""
    cause: str
    advice: str
    retryable: Markup
    docs: Link | None
    """The platform's documentation."""
    items: list[ItemView]
    items_more: int


class SideView(Struct, frozen=True, kw_only=True):
    """The request or the response."""

    name: str
    """`request` or `response`."""
    key: str
    """Unique on the page, for ids."""
    title: Markup
    absent: Markup
    """Why there is no such side; empty where there is one."""
    headers: list[tuple[str, str]]
    content_type: str
    charset: str
    size: str
    size_exact: str
    sha256: str
    notes: list[Markup]
    body: bodies.Rendered
    slim: bool
    """There is next to nothing to show: the other side may have the room."""
    cut: Markup
    """What of the body was not kept; empty where it is whole."""
    tail: Markup
    has_tail: bool
    body_url: str
    whole_url: str


class PanelView(Struct, frozen=True, kw_only=True):
    """An entry, ready for the template."""

    id: str
    verdict: Verdict
    facts: list[Fact]
    provenance: list[Fact]
    sides: list[SideView]
    entry_url: str
    """The entry's own page, for good."""
    around_url: str
    """The list, five minutes around it."""


def panel(entry: Entry, query: PageQuery, reader: Reader, *, whole: bool = False) -> PanelView:
    base = f"/entries/{entry.id}"
    return PanelView(
        id=entry.id,
        verdict=_verdict(entry, reader),
        facts=facts(entry, query, reader),
        provenance=provenance(entry, reader),
        sides=[
            _side("request", entry, entry.request, reader, whole=whole),
            _side("response", entry, entry.response, reader, whole=whole),
        ],
        entry_url=PageQuery(tz=query.tz, lang=query.lang).url(base),
        around_url=query.around(entry).url(),
    )


def _verdict(entry: Entry, reader: Reader) -> Verdict:
    words, kind = reader.words, kind_of(entry)
    bad = entry.outcome != "success"
    return Verdict(
        status=pill(entry, words),
        meaning=words(f"meaning.{entry.direction}.{kind}"),
        code=(entry.code or "") if bad else "",
        said=said(entry),
        said_by=_said_by(entry, kind, reader),
        cause=names.cause(entry, words) if bad else "",
        advice=names.advice(entry, reader) if bad else "",
        retryable=Markup("") if entry.retryable is None or not bad else words(f"retryable.{_yes(entry.retryable)}"),
        docs=_docs(entry, reader) if bad else None,
        items=[_item(entry, index, reader) for index in range(min(len(entry.items), ITEMS_SHOWN))],
        items_more=max(len(entry.items) - ITEMS_SHOWN, 0),
    )


def _said_by(entry: Entry, kind: str, reader: Reader) -> Markup:
    """Whose words they are: an aggregator passes a carrier's on, and an error that got no answer is our client's."""
    if kind in ("no_answer", "not_sent"):
        return reader.words(f"verdict.said.{kind}")
    who = entry.reported_by or entry.platform
    return reader.words("verdict.said.by", who=reader.platform(who)) if who else reader.words("verdict.said.nobody")


def _docs(entry: Entry, reader: Reader) -> Link | None:
    if entry.platform is None or reader.profiles is None:
        return None
    url = names.safe_link(reader.profiles.docs(entry.platform) or "")
    return Link(reader.words("verdict.docs", platform=reader.platform(entry.platform)), url) if url else None


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _item(entry: Entry, index: int, reader: Reader) -> ItemView:
    item = entry.items[index]
    words = reader.words
    icon = Pill(
        item.outcome, item.outcome, ICONS[item.outcome], words(f"outcome.{entry.direction}.{item.outcome}"), "", ""
    )
    return ItemView(item.type, item.id, icon, item.code or "", item.message or "")


def _side(name: str, entry: Entry, payload: Payload | None, reader: Reader, *, whole: bool) -> SideView:
    words = reader.words
    url = f"/entries/{entry.id}/{name}/body"
    held = payload or Payload()
    rendered = bodies.render(bodies.Content.of(held, link=url, whole=whole))
    if rendered.form == "empty" and held.size:
        rendered.form = "gone"
    notes = [words(key, **named) for key, named in rendered.notes]
    if held.incomplete:
        notes.append(words("bodies.note.incomplete"))
    return SideView(
        name=name,
        key=f"{entry.id}-{name}",
        title=words(f"panel.{entry.direction}.{name}"),
        absent=Markup("") if payload is not None else words(f"panel.absent.{kind_of(entry)}"),
        headers=list(held.headers),
        content_type=held.content_type or "",
        charset=held.charset or "",
        size=size(held.size),
        size_exact=f"{held.size:,}",
        sha256=held.sha256,
        notes=notes,
        body=rendered,
        slim=payload is None or rendered.form in ("empty", "gone"),
        cut=_cut(held, reader),
        tail=visible(decode(held.tail, held.charset)) if held.tail and rendered.raw is not None else Markup(""),
        has_tail=bool(held.tail),
        body_url=url,
        whole_url=f"/entries/{entry.id}?whole=1#{name}",
    )


def _cut(payload: Payload, reader: Reader) -> Markup:
    if not payload.truncated:
        return Markup("")
    missing = max(payload.size - len(payload.body) - len(payload.tail), 0)
    key = "bodies.cut" if payload.tail else "bodies.cut_head"
    return reader.words(key, missing=size(missing), size=size(payload.size))
