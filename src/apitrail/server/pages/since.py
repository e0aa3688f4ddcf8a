"""Whether what failed has worked since: what one asks of an old failure before anything else."""

from __future__ import annotations

from datetime import timedelta

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from apitrail.entry import Entry
from apitrail.server.pages import names
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.store import Store
from apitrail.store.model import Filter, QueryTooLarge

FAILED = ("request_error", "platform_error")
WORKED = ("success", "warning")
SUBJECTS = (("order",), ("tracking", "shipment"))
"""Types of references that say what a call was about; the first of which it has any."""
FEW = 2
"""A platform may have two numbers for one order. What names more is about no single one."""


class SinceView(Struct, frozen=True):
    """A sentence, and the latest call that worked."""

    text: Markup
    at: Markup
    """When it worked; empty where the log shows no such call, which the text says."""
    url: str


def asked(entry: Entry) -> bool:
    """Whether there is anything to look for: what did not fail, or is about nobody, has no such sentence."""
    return entry.outcome in FAILED and _about(entry) is not None


def since(store: Store, entry: Entry, query: PageQuery, reader: Reader) -> SinceView | None:
    """The latest entry after this failure of the same action that worked: for the same order or parcel or, of a call
    that names none or many, for the same account. None of what did not fail or has neither, and where the log is too
    large to tell: the entry itself must open all the same. Raises StoreError.
    """
    if entry.outcome not in FAILED:
        return None
    about = _about(entry)
    if about is None:
        return None
    which, name = about
    which = replace(
        which,
        since=entry.created_at + timedelta(microseconds=1),
        action=(entry.action,),
        direction=(entry.direction,),
        outcome=WORKED,
    )
    try:
        found = store.page(which, limit=1).entries
    except QueryTooLarge:
        return None
    key = "since.worked" if found else "since.not_shown"
    text = reader.words(key, action=names.action(entry.action, reader.words), name=visible(name))
    if not found:
        return SinceView(text, Markup(""), "")
    url = PageQuery(tz=query.tz, lang=query.lang).url(f"/entries/{found[0].id}")
    return SinceView(text, reader.clock.tag(found[0].created_at), url)


def _about(entry: Entry) -> tuple[Filter, str] | None:
    """Entries about the same, and what that is called."""
    for types in SUBJECTS:
        held = [one for one in entry.references if one.type in types]
        if 0 < len(held) <= FEW:
            return Filter(reference=tuple(f"{one.type}:{one.id}" for one in held)), held[0].id
        if held:
            break
    if account := entry.ec_integration:
        return Filter(ec_integration=(account.id,)), account.name or account.id
    if account := entry.shipping_integration:
        return Filter(shipping_integration=(account.id,)), account.name or account.id
    return None
