"""Plain text, and label languages that are text (ZPL)."""

from __future__ import annotations

from apitrail.server.pages.bodies.content import Content
from apitrail.server.pages.bodies.view import Rendered

form = "text"


def matches(content: Content) -> bool:
    return content.text is not None


def render(content: Content) -> Rendered:
    return Rendered(form="zpl" if content.opening.startswith("^xa") else form)
