"""A row of the page *Shipments*: one parcel, its label's chain, and where it was last told to be."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from msgspec import Struct

from apitrail.profiles.catalogue import Party, actor
from apitrail.server.boards.parcels import ChainLink, Parcel
from apitrail.server.pages import boards, names, party
from apitrail.server.pages.boards import Named
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader

PATH = "/shipments"
LINK_ICONS = {"done": "check", "failed": "cross", "waiting": "half", "not_shown": "lost"}
LABEL_TONES = {
    "failed": "platform_error",
    "cancelled": "unknown",
    "making": "partial",
    "number_only": "partial",
    "not_shown": "unknown",
}
LABEL_ICONS = {"failed": "cross", "cancelled": "barred", "making": "half", "number_only": "half", "not_shown": "lost"}


class LinkView(Struct, frozen=True, kw_only=True):
    """One link of a label's chain."""

    name: Markup
    state: str
    icon: str
    word: Markup
    url: str
    at: str
    broken: bool
    cause: str
    acts: Markup
    """Who must act first, where it is the broken one."""
    said: Markup


class ParcelView(Struct, frozen=True, kw_only=True):
    """One parcel."""

    numbers: list[Named]
    """Tracking numbers; empty where the log shows none."""
    shipments: list[Named]
    """The platform's ids, where they are others."""
    packages: list[Named]
    """The package ids of the shop's platform, likewise."""
    orders: list[Named]
    carrier: str
    accounts: list[Named]
    label: Markup
    tone: str
    icon: str
    chain: list[LinkView]
    broken: LinkView | None
    warnings: list[Markup]
    seen: Markup
    """When the parcel's place was last told; empty where the log does not show it."""
    seen_url: str
    delivery: Markup
    calls: str
    failures: str
    calls_url: str
    last: Markup


def parcel(one: Parcel, query: PageQuery, reader: Reader) -> ParcelView:
    words = reader.words
    bare = PageQuery(tz=query.tz, lang=query.lang)

    def named(kind: str, identities: Sequence[str]) -> list[Named]:
        return [boards.reference(kind, each, one.merchant, one.platform, query, reader) for each in identities]

    accounts = [
        boards.account(side, held, one.merchant, one.platform, query, PATH, reader)
        for side, held in (("shipping", one.shipping_integration), ("ec", one.ec_integration))
    ]
    carried = one.shipping_integration is not None
    whose = party.of_call(one.platform, reader, shipping=carried)
    chain = [_link(link, whose, bare, reader) for link in one.chain]
    calls = bare.but(range="all", reference=one.references, action=one.actions)
    return ParcelView(
        numbers=named("tracking", one.tracking),
        shipments=named("shipment", [each for each in one.shipments if each not in one.tracking]),
        packages=named("package", [each for each in one.packages if each not in (*one.tracking, *one.shipments)]),
        orders=named("order", one.orders),
        carrier=boards.platform(one.platform, (one.shipping_integration, one.ec_integration), reader),
        accounts=[each for each in accounts if each],
        label=words(f"shipments.label.{one.label}"),
        tone=LABEL_TONES.get(one.label, "success"),
        icon=LABEL_ICONS.get(one.label, "check"),
        chain=chain,
        broken=next((link for link in chain if link.broken), None),
        warnings=[words(f"shipments.warning.{each}") for each in one.warnings],
        seen=reader.clock.tag(one.seen.at) if one.seen else Markup(),
        seen_url=bare.url(f"/entries/{one.seen.entry}") if one.seen else "",
        delivery=visible(one.seen.status) if one.seen else Markup(),
        calls=f"{one.calls:,}",
        failures=f"{one.failures:,}",
        calls_url=calls.url(),
        last=reader.clock.tag(one.last),
    )


def _link(one: ChainLink, whose: Party, bare: PageQuery, reader: Reader) -> LinkView:
    words = reader.words
    return LinkView(
        name=words(f"shipments.link.{one.name}"),
        state=one.state,
        icon=LINK_ICONS[one.state],
        word=words(f"shipments.link_state.{one.state}"),
        url=bare.url(f"/entries/{one.entry}") if one.entry else "",
        at=reader.clock.exact(one.at) if one.at else "",
        broken=one.broken,
        acts=words.about(whose, f"acts.{actor(one.cause)}") if one.broken else Markup(),
        cause=names.cause_of(one.cause, "outbound", whose, words),
        said=visible(one.message),
    )
