"""The expanded entry: the verdict first, then the facts, then both sides of the exchange."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from apitrail.entry import Entry, Item, Payload
from apitrail.profiles.bodies import LARGEST
from apitrail.server.pages import bodies, handing, host, names, party, tally
from apitrail.server.pages.bodies.content import SHOWN, decode
from apitrail.server.pages.bodies.place import Place
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.facts import Fact, facts, provenance
from apitrail.server.pages.folded import folded
from apitrail.server.pages.links import Link
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.since import SinceView, since
from apitrail.server.pages.since import asked as asks_since
from apitrail.server.pages.status import ICONS, Pill, kind_of, pill, said
from apitrail.server.repeated import REPEATED
from apitrail.size import size
from apitrail.store import Store

ITEMS_SHOWN = 200
QUERY_SHOWN = 500
TOO_OFTEN = ("rate_limit", REPEATED)
"""Causes of calls that nothing is wrong with but that others like them were made."""
SENT_ON = "redirected"
"""The cause of a call that was to be made at another address, be it that the client went there."""


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
    what: str
    """What was called, in the reader's language."""
    meaning: Markup
    """The outcome in one sentence."""
    code: str
    said: Markup
    """The platform's own words, verbatim."""
    said_by: Markup
    """Whose words they are."""
    cause: str
    acts: Markup
    """Whose hands are needed first."""
    advice: str
    retryable: Markup
    links: list[Link]
    """The platform's documentation, and the integration's page in the host system."""
    tally: Markup
    """How many results there were, of each kind."""
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
    query: list[tuple[Markup, Markup]]
    """The address's parameters, decoded; of the request alone."""
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
    piece_url: str
    """The rest of the body, some of it at a time; empty where there is none, or its form cannot go on."""


class PieceView(Struct, frozen=True, kw_only=True):
    """More of a body that is shown in part: to be put after what is shown."""

    pretty: Markup | None
    """None of what is shown as it is alone."""
    raw: Markup
    more: int
    """Characters that are left after it."""
    piece_url: str
    whole_url: str


class PanelView(Struct, frozen=True, kw_only=True):
    """An entry, ready for the template."""

    id: str
    verdict: Verdict
    since: SinceView | None
    """Of a failure: whether the same has worked since."""
    since_later: bool
    """That comes with what belongs to the entry, by the script."""
    facts: list[Fact]
    provenance: list[Fact]
    sides: list[SideView]
    first_side: str
    """Which side a narrow screen shows at first: where the reason is."""
    entry_url: str
    """The entry's own page, for good."""
    related_url: str
    """What belongs to the entry: its call's attempts, the last success before it, its account's other calls."""
    related_load_url: str
    """The same, for the script."""
    around_url: str
    """The list, five minutes around it."""
    support: str
    """The text for support."""
    support_url: str
    curl_url: str
    """The curl command alone."""
    command_url: str
    """The same with what to know before running it, for the script."""


def panel(
    store: Store, entry: Entry, query: PageQuery, reader: Reader, *, whole: bool = False, later: bool = False
) -> PanelView:
    """`later`: the reader has a script, which asks whether the same has worked since when the entry is shown. It is a
    third of the time that a failure takes. Raises StoreError.
    """
    later = later and asks_since(entry)
    if later or not asks_since(entry):
        return _panel(entry, query, reader, whole=whole, later=later)
    found, told = store.both(
        lambda: _panel(entry, query, reader, whole=whole, later=False),
        lambda: since(store, entry, query, reader),
    )
    return replace(found, since=told)


def _panel(entry: Entry, query: PageQuery, reader: Reader, *, whole: bool, later: bool) -> PanelView:
    """Without what is asked of the log."""
    base = f"/entries/{entry.id}"
    own = PageQuery(tz=query.tz, lang=query.lang)
    related = own.url(f"{base}/related")
    return PanelView(
        id=entry.id,
        verdict=_verdict(entry, reader),
        since=None,
        since_later=later,
        facts=facts(entry, query, reader),
        provenance=provenance(entry, reader),
        sides=[
            _side("request", entry, entry.request, reader, whole=whole),
            _side("response", entry, entry.response, reader, whole=whole),
        ],
        first_side="request" if entry.response is None else "response",
        entry_url=own.url(base),
        related_url=related,
        related_load_url=own.url(f"{base}/related", since="1") if later else related,
        around_url=query.around(entry).url(),
        support=handing.support(entry, reader),
        support_url=own.url(f"{base}/support"),
        curl_url=own.url(f"{base}/curl"),
        command_url=own.url(f"{base}/command"),
    )


def _verdict(entry: Entry, reader: Reader) -> Verdict:
    words, kind = reader.words, kind_of(entry)
    bad = entry.outcome != "success"
    return Verdict(
        status=pill(entry, reader),
        what=names.action(entry.action, words),
        meaning=words.about(party.of_entry(entry, reader), _meaning(entry, kind)),
        code=(entry.code or "") if bad else "",
        said=folded(said(entry), words),
        said_by=_said_by(entry, kind, reader),
        cause=names.cause(entry, reader) if bad else "",
        acts=names.acts(entry, reader),
        advice=names.advice(entry, reader) if bad else "",
        retryable=Markup("") if entry.retryable is None or not bad else words(f"retryable.{_yes(entry.retryable)}"),
        links=list(_links(entry, reader)) if bad else [],
        tally=tally.whole(entry, words),
        # What failed is what one looks for, so it comes first.
        items=[_item(one, entry, reader) for one in sorted(entry.items, key=_passed)[:ITEMS_SHOWN]],
        items_more=max(len(entry.items) - ITEMS_SHOWN, 0),
    )


def _meaning(entry: Entry, kind: str) -> str:
    """That something was done is said only where a profile or the caller knows the platform. What came too often is not
    said to be wrong.
    """
    if kind == "no_answer" and entry.cause == "own_failure":
        return "meaning.outbound.own_failure"
    if entry.direction == "outbound" and (
        entry.cause == SENT_ON or (kind == "request_error" and entry.cause in TOO_OFTEN)
    ):
        return f"meaning.outbound.{entry.cause}"
    unknown = kind == "success" and entry.direction == "outbound" and not entry.platform
    return "meaning.outbound.success_unknown" if unknown else f"meaning.{entry.direction}.{kind}"


def _said_by(entry: Entry, kind: str, reader: Reader) -> Markup:
    """Whose words they are: an aggregator passes a carrier's on, and an error that got no answer is our client's."""
    if kind in ("no_answer", "not_sent"):
        return reader.words(f"verdict.said.{kind}")
    if entry.direction == "inbound":
        return reader.words("verdict.said.us")
    who = entry.reported_by or entry.platform
    return reader.words("verdict.said.by", who=reader.platform(who)) if who else reader.words("verdict.said.nobody")


def _links(entry: Entry, reader: Reader) -> Iterator[Link]:
    words = reader.words
    if entry.platform is not None and reader.profiles is not None:
        url = names.safe_link(reader.profiles.docs(entry.platform) or "")
        if url:
            yield Link(words("verdict.docs", platform=reader.platform(entry.platform)), url)
    for side, account in (("ec", entry.ec_integration), ("shipping", entry.shipping_integration)):
        if account is not None and (url := host.account_link(side, account, entry, reader)):
            yield Link(words("verdict.integration", name=account.name or account.id), url)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _passed(item: Item) -> bool:
    return item.outcome == "success"


def _item(item: Item, entry: Entry, reader: Reader) -> ItemView:
    words = reader.words
    word = words.about(party.of_entry(entry, reader), f"outcome.{entry.direction}.{item.outcome}")
    icon = Pill(item.outcome, item.outcome, ICONS[item.outcome], word, "", "")
    return ItemView(names.reference_type(item.type, words), item.id, icon, item.code or "", item.message or "")


def _side(name: str, entry: Entry, payload: Payload | None, reader: Reader, *, whole: bool) -> SideView:
    words = reader.words
    url = f"/entries/{entry.id}/{name}/body"
    held = payload or Payload()
    rendered = bodies.render(bodies.Content.of(held, link=url, whole=whole))
    if rendered.form == "empty" and held.size:
        rendered.form = "gone"
    elif rendered.form == "empty" and held.incomplete:
        rendered.form = "unseen"  # a handler that does not read it, a file that the server sends by itself
    notes = [words(key, **named) for key, named in rendered.notes]
    if held.incomplete:
        notes.append(words("bodies.note.unseen" if rendered.form == "unseen" else "bodies.note.incomplete"))
    if len(held.body) > LARGEST or (held.truncated and held.body[:1] in (b"{", b"[")):
        notes.append(words("bodies.note.unread"))
    return SideView(
        name=name,
        key=f"{entry.id}-{name}",
        title=words(f"panel.{entry.direction}.{name}"),
        absent=Markup("") if payload is not None else words(f"panel.absent.{kind_of(entry)}"),
        query=_query(entry) if name == "request" else [],
        headers=list(held.headers),
        content_type=held.content_type or "",
        charset=held.charset or "",
        size=size(held.size),
        size_exact=f"{held.size:,}",
        sha256=held.sha256,
        notes=notes,
        body=rendered,
        slim=payload is None or rendered.form in ("empty", "gone", "unseen"),
        cut=_cut(held, reader),
        tail=visible(decode(held.tail, held.charset)) if held.tail and rendered.raw is not None else Markup(""),
        has_tail=bool(held.tail),
        body_url=url,
        whole_url=_whole_url(entry, name),
        piece_url="" if whole else _piece_url(entry, name, rendered.rest),
    )


def piece(entry: Entry, name: str, payload: Payload, at: Place) -> PieceView | None:
    """The body from there on; None where none goes on there."""
    content = bodies.Content.of(payload, link="")
    found = bodies.piece(content, at, SHOWN)
    if found is None:
        return None
    pretty, raw, rest = found
    return PieceView(
        pretty=pretty,
        raw=raw,
        more=len(content.text or "") - rest.offset if rest else 0,
        piece_url=_piece_url(entry, name, rest),
        whole_url=_whole_url(entry, name),
    )


def _whole_url(entry: Entry, name: str) -> str:
    return f"/entries/{entry.id}?whole=1#{name}"


def _piece_url(entry: Entry, name: str, rest: Place | None) -> str:
    return f"/entries/{entry.id}/{name}/piece?at={rest.encode()}" if rest else ""


def _query(entry: Entry) -> list[tuple[Markup, Markup]]:
    pairs = parse_qsl(urlsplit(entry.url).query, keep_blank_values=True, max_num_fields=None)
    return [(visible(name), visible(value)) for name, value in pairs[:QUERY_SHOWN]]


def _cut(payload: Payload, reader: Reader) -> Markup:
    if not payload.truncated:
        return Markup("")
    missing = max(payload.size - len(payload.body) - len(payload.tail), 0)
    key = "bodies.cut" if payload.tail else "bodies.cut_head"
    return reader.words(key, missing=size(missing), size=size(payload.size))
