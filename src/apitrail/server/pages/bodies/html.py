"""HTML as text: a maintenance page tells more by its words than by its looks, and is never rendered."""

from __future__ import annotations

from apitrail.server.pages.bodies import xml
from apitrail.server.pages.bodies.content import Content
from apitrail.server.pages.bodies.view import Rendered
from apitrail.server.pages.bodies.visible import preformatted

form = "html"


def matches(content: Content) -> bool:
    opening = content.opening
    if opening.startswith(("<!doctype html", "<html")):
        return True
    return opening.startswith("<") and content.media_type in ("text/html", "application/xhtml+xml")


def render(content: Content) -> Rendered:
    coloured = (xml.colour(token, verbatim=True) for token in xml.TOKEN.findall(content.shown))
    return Rendered(form=form, pretty=preformatted(coloured), notes=[("bodies.note.html", {})])
