"""PDF, most often a label: shown by the browser's own viewer, with a download beside it."""

from __future__ import annotations

from apitrail.server.pages.bodies.content import Content
from apitrail.server.pages.bodies.view import Rendered
from apitrail.server.signature import media_type

form = "pdf"


def matches(content: Content) -> bool:
    return media_type(content.data) == "application/pdf"


def render(content: Content) -> Rendered:
    # A viewer can do nothing with half a document.
    return Rendered(form=form, embed="" if content.cut else "pdf")
