"""Text made safe to read: HTML escaped, and what is invisible made visible.

A body is written by others. Markup in it must stay text, and characters that hide or turn round what follows
(controls, bidirectional marks, zero-width ones) are drawn as their code points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)

FOLD_BEGINS = '<span class="fold">'
FOLD_ENDS = "</span>"
"""Around what a reader may fold away. The element of class `t` before it is what is clicked."""

_PLAIN = re.compile(r"[\w \t\r\n./:;,+@#%*()\[\]{}=!?|-]*+", re.ASCII)


def _drawn(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f'<span class="ctl">U+{code:04X}</span>'


def drawn(text: str) -> str:
    """The text as HTML: nothing of it is markup, nothing of it is hidden."""
    if _PLAIN.fullmatch(text):  # most tokens of a body
        return text
    return _HIDDEN.sub(_drawn, str(escape(text)))


def visible(text: str) -> Markup:
    """The same for a template."""
    return Markup(drawn(text))  # noqa: S704 - escaped just before


def span(kind: str, text: str) -> str:
    """The text, drawn, within a span of one of our own classes."""
    return f'<span class="{kind}">{drawn(text)}</span>'


def preformatted(pieces: Iterable[str]) -> Markup:
    """Drawn pieces, put together."""
    return Markup("".join(pieces))  # noqa: S704 - every piece was drawn
