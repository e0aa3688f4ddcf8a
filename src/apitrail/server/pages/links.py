"""Links that several pages show."""

from __future__ import annotations

from markupsafe import Markup
from msgspec import Struct

from apitrail.server.pages import language
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader


class Link(Struct, frozen=True):
    label: Markup
    url: str
    tag: str = ""
    """The language that it leads to."""


def languages(query: PageQuery, reader: Reader, path: str = "/") -> list[Link]:
    """The same page in each language, under its own name."""
    return [
        Link(words(f"language.{tag}"), query.but(lang=tag).url(path), tag)
        for tag, words in language.languages().items()
    ]


def home(query: PageQuery) -> str:
    """The log as one finds it, in the same zone and language."""
    return PageQuery(tz=query.tz, lang=query.lang).url()
