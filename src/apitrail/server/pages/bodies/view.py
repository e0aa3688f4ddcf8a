"""What a body view is: a module with `form`, `matches` and `render`.

`matches` says whether the view can make sense of the content, by what it is and by what it was declared as (both
lie at times). `render` shows it. A view never raises on purpose, but bodies are written by others: what escapes
one is caught by the registry, which then shows the raw text and says so.
"""

from __future__ import annotations

from typing import Any, Protocol

from markupsafe import Markup
from msgspec import Struct, field

from apitrail.server.pages.bodies.place import Place

Note = tuple[str, dict[str, Any]]
"""A sentence: its key in the locales, and what it names."""


class Field(Struct, frozen=True):
    """One line of a table: a form field, a part of a multipart body."""

    name: str
    value: Markup
    detail: str = ""


class Rendered(Struct, kw_only=True):
    """A body, ready for the template."""

    form: str
    """What it was shown as; its name is `bodies.form.<form>` in the locales."""
    pretty: Markup | None = None
    """Preformatted HTML."""
    fields: list[Field] | None = None
    embed: str = ""
    """`image` or `pdf`: shown by the browser from the body's own link."""
    raw: Markup | None = None
    """The text as it is, escaped; None where there is no text. Set by the registry."""
    more: int = 0
    """Characters kept but not shown. Set by the registry."""
    rest: Place | None = None
    """Where the rest goes on, where the form can go on; None else."""
    notes: list[Note] = field(default_factory=list)


class BodyView(Protocol):
    form: str

    def matches(self, content: Any) -> bool: ...

    def render(self, content: Any) -> Rendered: ...


class Goes(Protocol):
    """A view whose body can go on from a place."""

    def piece(self, text: str, at: Place, most: int) -> tuple[Markup | None, Markup, Place | None]:
        """From there on: laid out, as it is, and where it goes on."""
        ...
