"""*The guide* within the product: `docs/guide.md` and its translation, as they stand there."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape
from msgspec import Struct

from apitrail.server.pages import language, links
from apitrail.server.pages.links import Link
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.templating import SERVER

PATH = "/help/guide"
FILES = {"en": "guide.md", "zh-TW": "guide.zh-TW.md"}
_PLACES = (SERVER / "guide", Path(__file__).parents[4] / "docs")
"""In an installed package, and beside the sources."""
_PICTURE = re.compile(r"images/([\w.-]+\.png)")


class GuideView(Struct, frozen=True, kw_only=True):
    """The page."""

    title: str
    parts: list[Link]
    """Its headings."""
    body: Markup
    home_url: str
    languages: list[Link]


class Guide(Struct, frozen=True):
    """The guide in one language."""

    title: str
    parts: list[tuple[str, str]]
    """Ids, the same in every language, and headings."""
    body: Markup


def page(query: PageQuery, reader: Reader) -> GuideView:
    """The page in the reader's language."""
    found = guide(reader.words.language)
    bare = PageQuery(tz=query.tz, lang=query.lang)
    return GuideView(
        title=found.title,
        parts=[Link(Markup("{}").format(title), f"#{one}") for one, title in found.parts],
        body=found.body,
        home_url=links.home(query),
        languages=links.languages(bare, reader, PATH),
    )


def picture(name: str) -> Path | None:
    """The file of a picture of the guide; None for anything else."""
    return folder() / "images" / name if name in _pictures() else None


@lru_cache(maxsize=1)
def folder() -> Path:
    """Where the guide lies."""
    return next(one for one in _PLACES if (one / FILES[language.DEFAULT]).is_file())


@lru_cache(maxsize=len(FILES))
def guide(tag: str) -> Guide:
    """The guide in a language; in English where it is not translated."""
    file = FILES.get(tag, FILES[language.DEFAULT])
    tokens = _markdown().parse((folder() / file).read_text(encoding="utf-8"))
    title, tokens = _title(tokens)
    named = list(zip(_ids(), _headings(tokens), strict=True))
    label = title
    for token in tokens:
        if token.type == "heading_open":
            identity, label = named[int(token.meta["number"])]
            token.attrSet("id", identity)
        elif token.type == "table_open":
            token.meta["label"] = label
        for one in token.children or ():
            _lead(one)
    # Our own file, and raw HTML in it is off.
    body = Markup(_markdown().renderer.render(tokens, _markdown().options, {}))  # noqa: S704
    return Guide(title, named, body)


def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    made.add_render_rule("table_open", _table_begins)
    made.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return made


def _table_begins(_: Any, tokens: list[Token], index: int, *__: Any) -> str:
    label = escape(tokens[index].meta.get("label", ""))
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table>\n'


def _title(tokens: list[Token]) -> tuple[str, list[Token]]:
    """The first heading, and what follows it and the line with the other language, which the page has in its head."""
    title = tokens[1].content
    after = 3
    if _is_only_a_link(tokens[after + 1]):
        after += 3
    rest = tokens[after:]
    for number, token in enumerate(one for one in rest if one.type == "heading_open" and one.tag == "h2"):
        token.meta["number"] = number
    return title, rest


def _is_only_a_link(token: Token) -> bool:
    kinds = [one.type for one in token.children or ()]
    return kinds == ["link_open", "text", "link_close"]


def _headings(tokens: list[Token]) -> list[str]:
    return [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]


@lru_cache(maxsize=1)
def _ids() -> list[str]:
    """From the English headings: a link to a part holds in every language."""
    tokens = _markdown().parse((folder() / FILES[language.DEFAULT]).read_text(encoding="utf-8"))
    return [re.sub(r"\W+", "-", one.lower()).strip("-") for one in _headings(tokens)[1:]]


@lru_cache(maxsize=1)
def _pictures() -> frozenset[str]:
    texts = [(folder() / file).read_text(encoding="utf-8") for file in FILES.values()]
    return frozenset(name for text in texts for name in _PICTURE.findall(text))


def _lead(token: Token) -> None:
    """Pictures and links of the documents, as addresses of the server."""
    if token.type == "image" and (found := _PICTURE.fullmatch(str(token.attrGet("src")))):
        token.attrSet("src", f"{PATH}/images/{found[1]}")
        token.attrSet("loading", "lazy")
