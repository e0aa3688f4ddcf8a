"""Links from the log to the host system's own pages, by templates: the setting `link_templates`.

`order=https://erp.example/orders/{id}` gives every order in the log a link. Placeholders stand in the path, query or
fragment alone: what an exchange holds must never decide where a link leads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from apitrail.server.problems import Problem

FIELD = "link_templates"
PLACEHOLDERS = ("id", "merchant", "platform")

_KIND = re.compile(r"[a-z][a-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_EXAMPLE = "order=https://erp.example/orders/{id}"


class LinkTemplates:
    """Templates by the type of a source or reference (`order`, `shipment`, `ec_account`, `shipping_account`, …)."""

    def __init__(self, templates: Iterable[str] = ()) -> None:
        """From `type=URL` texts. Raises Problem naming the one that cannot be."""
        self._templates: dict[str, str] = {}
        for text in templates:
            kind, _, template = text.partition("=")
            self._templates[kind.strip()] = _checked(text, kind.strip(), template.strip())

    def link(self, kind: str, identifier: str, *, merchant: str | None = None, platform: str | None = None) -> str:
        """The link; empty where there is no template, or it needs what is not known."""
        template = self._templates.get(kind)
        if template is None:
            return ""
        values = {"id": identifier, "merchant": merchant, "platform": platform}
        if any(not values[name] for name in _PLACEHOLDER.findall(template)):
            return ""
        return _PLACEHOLDER.sub(lambda found: quote(values[found[1]] or "", safe=""), template)


def _checked(text: str, kind: str, template: str) -> str:
    if not _KIND.fullmatch(kind) or not template:
        raise Problem(
            "is not a type=URL", field=FIELD, value=text, fix=f"Write it as {_EXAMPLE}; a comma in it as %2C."
        )
    try:
        parts = urlsplit(template)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https") or not template.isprintable() or " " in template:
        raise Problem("is not an http or https address", field=FIELD, value=text, fix=f"Write it as {_EXAMPLE}.")
    if "{" in parts.netloc:
        raise Problem(
            "has a placeholder where the host stands",
            field=FIELD,
            value=text,
            fix="Name the host; placeholders go into the path or the query.",
        )
    named = _PLACEHOLDER.findall(template)
    unknown = [name for name in named if name not in PLACEHOLDERS]
    if unknown or "{" in _PLACEHOLDER.sub("", template) or "}" in _PLACEHOLDER.sub("", template):
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise Problem("has a placeholder that is not known", field=FIELD, value=text, fix=f"Known are {known}.")
    if "id" not in named:
        raise Problem(
            "has no {id}, so it would lead everywhere to the same",
            field=FIELD,
            value=text,
            fix=f"Write it as {_EXAMPLE}.",
        )
    return template
