"""Form-encoded bodies as a table: decoded names and values, in order, repeated ones repeated."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from apitrail.server.pages.bodies.content import Content
from apitrail.server.pages.bodies.view import Field, Rendered
from apitrail.server.pages.bodies.visible import visible

form = "form"

_PAIRS = re.compile(r"[\w.\[\]%+-]{1,80}=[^&\s<>{}]*(?:&[\w.\[\]%+-]{1,80}=[^&\s<>{}]*)+\s*")


def matches(content: Content) -> bool:
    if content.text is None or "=" not in content.text:
        return False
    if content.media_type == "application/x-www-form-urlencoded":
        return not content.opening.startswith(("{", "[", "<"))
    # Some payment and carrier gateways answer forms as text/html or text/plain.
    return content.media_type in ("text/html", "text/plain", "") and _PAIRS.fullmatch(content.shown) is not None


def render(content: Content) -> Rendered:
    charset = content.charset or "utf-8"
    fields = []
    for pair in content.shown.strip("\r\n").split("&"):
        name, equals, value = pair.partition("=")
        if name or equals:
            fields.append(Field(_decoded(name, charset), visible(_decoded(value, charset))))
    return Rendered(form=form, fields=fields)


def _decoded(text: str, charset: str) -> str:
    try:
        return unquote_plus(text, encoding=charset, errors="replace")
    except LookupError:
        return unquote_plus(text, errors="replace")
