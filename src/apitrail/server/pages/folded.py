"""A text that would fill a screen: its beginning, and the whole of it for who asks."""

from __future__ import annotations

from markupsafe import Markup

from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.language import Words

SHOWN = 600
"""Characters of a text that is shown as it is; of a longer one half as many."""


def folded(text: str, words: Words, before: str = "") -> Markup:
    """The text behind `before`, which stands at its beginning in either form. What comes after it stays in sight."""
    whole = visible(before + text)
    if len(text) <= SHOWN:
        return whole
    return Markup('<details class="long"><summary>{}… <span class="whole">{}</span></summary>{}</details>').format(
        visible(before + text[: SHOWN // 2]), words("fact.whole", count=f"{len(text):,}"), whole
    )
