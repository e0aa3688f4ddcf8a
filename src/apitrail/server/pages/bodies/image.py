"""Images that every browser draws safely: PNG, JPEG, GIF, told by their first bytes and not by their declaration."""

from __future__ import annotations

from apitrail.server.pages.bodies.content import Content
from apitrail.server.pages.bodies.view import Rendered
from apitrail.server.signature import media_type

form = "image"


def matches(content: Content) -> bool:
    return media_type(content.data).startswith("image/")


def render(content: Content) -> Rendered:
    return Rendered(form=media_type(content.data).removeprefix("image/"), embed="image")
