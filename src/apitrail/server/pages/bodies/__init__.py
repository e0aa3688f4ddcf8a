"""Bodies shown as what they are: one file per form, the first that matches shows it.

To add a form: a module with `form`, `matches` and `render` (see `view.py`), its place in `VIEWS`, its name under
`bodies.form` in every locale, and an example in `tests/pages/test_bodies.py`.
"""

from __future__ import annotations

from types import ModuleType
from typing import cast

from markupsafe import Markup

from apitrail.server.pages.bodies import binary, form, html, image, json, multipart, pdf, text, xml
from apitrail.server.pages.bodies.content import LAID_OUT, Content
from apitrail.server.pages.bodies.place import Place
from apitrail.server.pages.bodies.view import BodyView, Goes, Rendered
from apitrail.server.pages.bodies.visible import visible

__all__ = ["VIEWS", "Content", "Rendered", "piece", "render"]

_MODULES: tuple[ModuleType, ...] = (image, pdf, multipart, json, xml, html, form, text, binary)

VIEWS: tuple[BodyView, ...] = cast("tuple[BodyView, ...]", _MODULES)
"""In the order in which they are asked: what is told by signature first, what takes anything last."""


def render(content: Content) -> Rendered:
    """The body as the first view that matches shows it; its raw text, and a note, where that view fails."""
    if not content.data:
        return Rendered(form="empty")
    try:
        rendered = _view(content).render(content)
    except Exception:  # a body is written by others; whatever it breaks, the page still shows it raw
        fallback: BodyView = cast("BodyView", text if content.text is not None else binary)
        rendered = fallback.render(content)
        rendered.notes.append(("bodies.note.raw_only", {}))
    if content.text is not None and not rendered.embed:
        raw = content.raw
        if rendered.rest is not None and not content.whole:
            raw = content.text[: rendered.rest.offset]  # both end at the same place, from which both go on
        rendered.raw = visible(raw)
        rendered.more = len(content.text) - len(raw)
        if content.whole and len(raw) > len(content.shown) and rendered.form != text.form:
            rendered.notes.append(("bodies.note.laid_out", {"count": f"{LAID_OUT:,}"}))
        if lost := raw.count("\ufffd"):
            rendered.notes.append(("bodies.note.undecodable", {"count": lost, "charset": content.charset or "utf-8"}))
    return rendered


def piece(content: Content, at: Place, most: int) -> tuple[Markup | None, Markup, Place | None] | None:
    """The body from a place on: laid out (None where it only is what it is), as it is, and where it goes on.

    None where there is nothing, or its form does not go on from a place.
    """
    text_of_it = content.text
    if text_of_it is None or at.offset >= len(text_of_it):
        return None
    view = _view(content)
    return cast("Goes", view).piece(text_of_it, at, most) if hasattr(view, "piece") else None


def _view(content: Content) -> BodyView:
    return next(view for view in VIEWS if view.matches(content))
