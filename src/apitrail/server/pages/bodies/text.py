"""Plain text, and label languages that are text (ZPL)."""

from __future__ import annotations

import re

from markupsafe import Markup

from apitrail.server.pages.bodies.content import Content
from apitrail.server.pages.bodies.place import Place
from apitrail.server.pages.bodies.view import Note, Rendered
from apitrail.server.pages.bodies.visible import visible

form = "text"

_SIZE = {
    "width": re.compile(r"\^PW\s*(\d{1,5})", re.IGNORECASE),
    "height": re.compile(r"\^LL\s*(\d{1,5})", re.IGNORECASE),
}
NEAR = 2000
"""Characters before its end in which a piece rather ends with a line."""
_DOTS_PER_MM = 8
"""Of a printer of 203 dpi, which is what carriers print labels for unless told otherwise."""


def matches(content: Content) -> bool:
    return content.text is not None


def render(content: Content) -> Rendered:
    if not content.opening.startswith("^xa"):
        return Rendered(form=form, rest=_rest(content.text or "", Place(), content.first))
    sizes = [_SIZE[name].search(content.text or "") for name in ("width", "height")]
    notes: list[Note] = []
    if all(sizes):
        width, height = (int(found[1]) for found in sizes if found)
        notes.append(("bodies.note.zpl", {"width": f"{width:,}", "height": f"{height:,}", "mm": _mm(width, height)}))
    return Rendered(form="zpl", notes=notes, rest=_rest(content.text or "", Place(), content.first))


def piece(text: str, at: Place, most: int) -> tuple[Markup | None, Markup, Place | None]:
    """The text from a place on, and where it goes on; None at the end."""
    rest = _rest(text, at, most)
    return None, visible(text[at.offset : rest.offset if rest else None]), rest


def _rest(text: str, at: Place, most: int) -> Place | None:
    """After a line, where one ends near there."""
    end = at.offset + most
    if end >= len(text):
        return None
    line = text.rfind("\n", end - min(NEAR, most - 1), end) + 1
    return Place(line or end)


def _mm(width: int, height: int) -> str:
    return f"{width / _DOTS_PER_MM:.0f} × {height / _DOTS_PER_MM:.0f}"
