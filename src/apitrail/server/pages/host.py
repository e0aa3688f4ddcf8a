"""Links to the host system's own pages: the entry's own, else the registered integration's, else the template's."""

from __future__ import annotations

from apitrail.entry import EntryRow
from apitrail.exchange import Integration, Reference, Source
from apitrail.server.pages import names
from apitrail.server.pages.reader import Reader


def source_link(source: Source, entry: EntryRow, reader: Reader) -> str:
    """The page of the object that owns the call; empty where none is known."""
    if own := names.safe_link(source.link):
        return own
    side = source.type.removesuffix("_account")
    if side != source.type:
        return account_link(side, Integration(source.id, source.name), entry, reader)
    return _template(source.type, source.id, entry, reader)


def account_link(side: str, account: Integration, entry: EntryRow, reader: Reader) -> str:
    """The integration's page; empty where none is known.

    An id that only the platform has for the account would lead nowhere in the host system: the template is for those
    that it stated or registered.
    """
    known = reader.registered.by_id(side, account.id)
    if known is not None and (own := names.safe_link(known.link)):
        return own
    if known is None and not _stated(side, account.id, entry):
        return ""
    return _template(f"{side}_account", account.id, entry, reader)


def registered_link(side: str, identity: str, merchant: str, platform: str, reader: Reader) -> str:
    """The page of an account without a call at hand: of one that was registered, or nothing."""
    known = reader.registered.by_id(side, identity)
    if known is None:
        return ""
    own = names.safe_link(known.link)
    return own or reader.templates.link(
        f"{side}_account", identity, merchant=known.merchant or merchant, platform=platform
    )


def reference_link(reference: Reference, entry: EntryRow, reader: Reader) -> str:
    """The page of what a reference names; that of the source, where they are the same."""
    source = entry.source
    if source is not None and (source.type, source.id) == (reference.type, reference.id):
        return source_link(source, entry, reader)
    return _template(reference.type, reference.id, entry, reader)


def _template(kind: str, identifier: str, entry: EntryRow, reader: Reader) -> str:
    return reader.templates.link(kind, identifier, merchant=entry.merchant, platform=entry.platform)


def _stated(side: str, identifier: str, entry: EntryRow) -> bool:
    stated = entry.stated
    if stated is None:
        return False
    account = stated.ec_integration if side == "ec" else stated.shipping_integration
    if account is not None and account.id == identifier:
        return True
    source = stated.source
    return source is not None and (source.type, source.id) == (f"{side}_account", identifier)
