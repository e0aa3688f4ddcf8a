"""HTML as text: a maintenance page tells more by its words than by its looks, and is never rendered."""

from __future__ import annotations

from markupsafe import Markup

from apitrail.server.pages.bodies import xml
from apitrail.server.pages.bodies.content import Content
from apitrail.server.pages.bodies.place import Place
from apitrail.server.pages.bodies.view import Rendered
from apitrail.server.pages.bodies.visible import preformatted, visible

form = "html"


def matches(content: Content) -> bool:
    opening = content.opening
    if opening.startswith(("<!doctype html", "<html")):
        return True
    return opening.startswith("<") and content.media_type in ("text/html", "application/xhtml+xml")


def render(content: Content) -> Rendered:
    pieces, rest = layout(content.text or "", Place(), content.first)
    return Rendered(form=form, pretty=preformatted(pieces), notes=[("bodies.note.html", {})], rest=rest)


def piece(text: str, at: Place, most: int) -> tuple[Markup | None, Markup, Place | None]:
    """The text from a place on: coloured, as it is, and where it goes on; None at the end."""
    pieces, rest = layout(text, at, most)
    return preformatted(pieces), visible(text[at.offset : rest.offset if rest else None]), rest


def layout(text: str, at: Place, most: int) -> tuple[list[str], Place | None]:
    """Pieces of HTML from a place on, of at most about `most` characters; nothing is moved."""
    out: list[str] = []
    position, end = at.offset, min(len(text), at.offset + most)
    while position < end:
        found = xml.TOKEN.match(text, position)
        assert found is not None, "every character belongs to a token"
        token = found[0] if found[0].startswith("<") else found[0][: end - position]
        position += len(token)
        out.append(xml.colour(token, verbatim=True))
    return out, Place(position) if position < len(text) else None
