"""Plain text, and label languages that are text (ZPL)."""

from __future__ import annotations

import re

from apitrail.server.pages.bodies.content import Content
from apitrail.server.pages.bodies.view import Note, Rendered

form = "text"

_SIZE = {
    "width": re.compile(r"\^PW\s*(\d{1,5})", re.IGNORECASE),
    "height": re.compile(r"\^LL\s*(\d{1,5})", re.IGNORECASE),
}
_DOTS_PER_MM = 8
"""Of a printer of 203 dpi, which is what carriers print labels for unless told otherwise."""


def matches(content: Content) -> bool:
    return content.text is not None


def render(content: Content) -> Rendered:
    if not content.opening.startswith("^xa"):
        return Rendered(form=form)
    sizes = [_SIZE[name].search(content.text or "") for name in ("width", "height")]
    notes: list[Note] = []
    if all(sizes):
        width, height = (int(found[1]) for found in sizes if found)
        notes.append(("bodies.note.zpl", {"width": f"{width:,}", "height": f"{height:,}", "mm": _mm(width, height)}))
    return Rendered(form="zpl", notes=notes)


def _mm(width: int, height: int) -> str:
    return f"{width / _DOTS_PER_MM:.0f} × {height / _DOTS_PER_MM:.0f}"
