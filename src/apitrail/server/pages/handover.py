"""What one shift hands to the next: the page *Start of shift* as a plain text, for a chat or a mail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from markupsafe import Markup

from apitrail.server.pages.reader import Reader

if TYPE_CHECKING:
    from apitrail.server.pages.shift import CauseView, ShiftView


def text(page: ShiftView, since: datetime, until: datetime, url: str, reader: Reader) -> str:
    """What still needs somebody, in full; what has healed, by name. `url`: the page with its beginning fixed."""
    words, zone = reader.words, reader.clock.zone
    span = " – ".join(f"{one.astimezone(zone):%Y-%m-%d %H:%M}" for one in (since, until))
    lines = [f"{_plain(words('shift.title'))} · {span} ({zone.key})", _plain(page.total)]
    work = f"{_plain(words('work.label'))}{words('support.colon').unescape()}"
    lines += [f"{work}{_plain(one.label)}" for one in page.works[1:] if one.here]
    lines += [f"{_plain(words('acts.label'))} {_plain(one.label)}" for one in page.actors[1:] if one.here]
    accounts = _plain(words("shift.outage_accounts"))
    for group in page.outages:
        lines += ["", _plain(group.title)]
        lines += [f"- {_plain(one.text)} {accounts} {_plain(one.accounts)}" for one in group.outages]
    for number, one in enumerate(page.causes, 1):
        lines += ["", *_cause(number, one, reader)]
    if not page.causes:
        lines += ["", _plain(page.none)]
    if page.healed:
        told = ", ".join(f"{one.title} ({_plain(one.failures)})" for one in page.healed)
        lines += ["", f"{_plain(words('shift.healed'))}{words('support.colon').unescape()}{told}"]
    return "\n".join([*lines, "", url]) + "\n"


def _cause(number: int, one: CauseView, reader: Reader) -> Iterator[str]:
    words, colon = reader.words, reader.words("support.colon").unescape()
    acts = f"{_plain(words('acts.label'))} {_plain(one.acts)}"
    yield f"{number}. {' · '.join([one.title, acts, _plain(one.failures), _plain(one.platforms)])}"
    if one.held:
        yield "   " + " · ".join(map(_plain, one.held))
    if one.some:
        more = f" {_plain(words('problems.more_orders', count=one.more))}" if one.more else ""
        yield "   " + ", ".join(_plain(each.name) for each in one.some) + more
    if one.advice:
        yield f"   {one.advice}"
    for line in one.lines:
        said = f" “{_plain(line.said)}”" if line.said else ""
        yield f"   - {_plain(line.word)}{colon}{_plain(line.text)}{said} {_plain(line.seen)}"


def _plain(markup: Markup) -> str:
    """Without its elements: a time as it is read."""
    return markup.striptags()
