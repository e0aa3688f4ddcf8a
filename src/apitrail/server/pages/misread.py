"""What the address asks and nobody can understand, in sentences."""

from __future__ import annotations

from markupsafe import Markup

from apitrail.server.pages.query import Misread, PageQuery
from apitrail.server.pages.reader import Reader


def sentences(query: PageQuery, reader: Reader) -> list[Markup]:
    """One for each part of it."""
    return [_sentence(one, query, reader) for one in query.misread]


def _sentence(one: Misread, query: PageQuery, reader: Reader) -> Markup:
    if one.field == "order" and query.since and query.until:
        # In the zone that the page speaks: what the address carries is UTC.
        tag = reader.clock.tag
        return reader.words("misread.order", since=tag(query.since), until=tag(query.until))
    key = f"misread.line.{one.kind}" if one.kind else f"misread.{one.field}"
    return reader.words(key, value=one.value, names=one.names)
