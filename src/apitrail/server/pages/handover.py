"""What one shift hands to the next: the page *Start of shift* as a plain text, for a chat or a mail.

The page carries it as HTML, whose times the script shows in the reader's zone as it does all others: where the server
does not know that zone yet, it need not be asked for the text again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from markupsafe import Markup

from apitrail.server.pages.reader import Reader

if TYPE_CHECKING:
    from apitrail.server.pages.shift import CauseView, ShiftView

_ELEMENT = re.compile("<[^<>]*>")
_AND, _LISTED = Markup(" · "), Markup(", ")


def text(page: ShiftView, since: datetime, until: datetime, url: str, reader: Reader) -> Markup:
    """What still needs somebody, in full; what has healed, by name. `url`: the page with its beginning fixed."""
    words, tag, colon = reader.words, reader.clock.tag, reader.words("support.colon")
    lines = [
        Markup("{} · {} – {} (<span data-zone>{}</span>)").format(
            words("shift.title"), tag(since), tag(until), reader.clock.zone.key
        ),
        page.total,
    ]
    lines += [words("work.label") + colon + one.label for one in page.works[1:] if one.here]
    lines += [words("problems.acts") + colon + one.label for one in page.actors[1:] if one.here]
    if page.silent:
        lines += [Markup(), words("silence.title"), *(Markup("- {}").format(one.text) for one in page.silent.silent)]
        lines += [words("silence.more", count=page.silent.more)] if page.silent.more else []
    for group in page.outages:
        lines += [Markup(), group.title]
        lines += [
            Markup("- {} {} {}").format(one.text, words("shift.outage_accounts"), one.accounts) for one in group.outages
        ]
    for number, one in enumerate(page.causes, 1):
        lines += [Markup(), *_cause(number, one, reader)]
    if not page.causes:
        lines += [Markup(), page.none]
    if page.healed:
        told = _LISTED.join(Markup("{} ({})").format(one.title, one.failures) for one in page.healed)
        lines += [Markup(), words("shift.healed") + colon + told]
    return Markup("\n").join([*map(_on_one_line, lines), "", url]) + "\n"


def plain(text: Markup) -> str:
    """Without its elements: a time as it is read."""
    return Markup(_ELEMENT.sub("", text)).unescape()  # noqa: S704 - what is left was escaped before


def _cause(number: int, one: CauseView, reader: Reader) -> Iterator[Markup]:
    words, indent = reader.words, Markup("   ")
    acts = words("problems.acts") + words("support.colon") + one.acts
    yield Markup("{}. {}").format(number, _AND.join([one.title, acts, one.failures, one.platforms]))
    if one.held:
        yield indent + _AND.join(one.held)
    if one.some:
        more = Markup(" ") + words("problems.more_orders", count=one.more) if one.more else Markup()
        yield indent + _LISTED.join(each.name for each in one.some) + more
    if one.advice:
        yield indent + one.advice
    for line in one.lines:
        said = Markup(" “{}”").format(line.said) if line.said else Markup()
        yield indent + Markup("- {}{}{}{} {}").format(line.word, words("support.colon"), line.text, said, line.seen)


def _on_one_line(line: Markup) -> Markup:
    """But for its indent."""
    indent = line[: len(line) - len(line.lstrip(" "))]
    return indent + Markup(" ".join(line.split()))  # noqa: S704 - it was markup before
