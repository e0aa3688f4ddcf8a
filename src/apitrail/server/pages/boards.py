"""What the boards' pages have in common: how the range and the filters are chosen, by links alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized

from markupsafe import Markup
from msgspec import Struct

from apitrail.exchange import Integration
from apitrail.server.pages import host, links, names
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.filters import ranged
from apitrail.server.pages.guided import Choice
from apitrail.server.pages.links import Link
from apitrail.server.pages.misread import sentences
from apitrail.server.pages.query import FIELDS, PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.zones import OFFERED


class Chosen(Struct, frozen=True):
    """One of several links of which one is where one is."""

    label: Markup
    url: str
    here: bool
    count: str = ""


class Exact(Struct, frozen=True):
    """The form that asks for a range by its two times."""

    path: str
    since: str
    """The values of its fields, in the zone that is chosen; empty where a quick range is."""
    until: str
    zones: list[Choice]
    carried: list[tuple[str, str]]
    """What the form carries along: names and values."""
    summary: Markup
    """The range that is chosen, by this form or not."""


class Chip(Struct, frozen=True):
    """Something that narrows the board, and the board without it."""

    title: Markup
    value: Markup
    remove_url: str


class Named(Struct, frozen=True):
    """What a row names: its name, the board narrowed to it, and its page in the host system (empty: none is known)."""

    name: Markup
    url: str
    host_url: str


def given(values: Mapping[str, Sequence[str]], name: str) -> str:
    """A parameter that is given once; empty where it is not."""
    return next((value.strip() for value in values.get(name, ()) if value.strip()), "")


def without(asked: Mapping[str, str], *names: str) -> dict[str, str]:
    """What an address asks beside these parameters."""
    return {name: text for name, text in asked.items() if name not in names}


def quick(query: PageQuery, path: str, offered: Iterable[str], reader: Reader, **more: str) -> list[Chosen]:
    """The ranges that one can choose."""
    return [
        Chosen(
            reader.words(f"range.{one}"),
            query.but(range=one, since=None, until=None).url(path, **more),
            query.range == one,
        )
        for one in offered
    ]


def exact(query: PageQuery, path: str, reader: Reader, **more: str) -> Exact:
    """The form, with what the address says filled in."""
    zone = reader.clock.zone.key
    bare = query.but(range=query.usual, since=None, until=None, tz="", cursor=None, open="")
    return Exact(
        path,
        reader.clock.field(query.since),
        reader.clock.field(query.until),
        [Choice(one, one, one == zone) for one in dict.fromkeys((*OFFERED, zone))],
        [*bare.pairs(), *more.items()],
        ranged(query, reader),
    )


def chips(query: PageQuery, path: str, reader: Reader, found: Iterable[Integration | None], **more: str) -> list[Chip]:
    """Each choice by itself. `found`: accounts whose names are known."""
    called = {one.id: one.name for one in found if one is not None and one.name}
    return [
        Chip(
            reader.words(f"filter.{field}"),
            visible(_called(field, value, called, reader)),
            query.toggled(field, value).url(path, **more),
        )
        for field in FIELDS
        for value in getattr(query, field)
    ]


def _called(field: str, value: str, accounts: Mapping[str, str], reader: Reader) -> str:
    words = reader.words
    if field in ("outcome", "direction"):
        key = f"outcome.any.{value}" if field == "outcome" else f"direction.{value}"
        return str(words(key)) if words.known(key) else value
    if field == "action":
        return names.action(value, words)
    if field == "cause":
        return names.cause_label(value, words)
    return reader.platform(value) if field == "platform" else accounts.get(value, value)


def none(page: str, choices: Iterable[Sequence[Chosen]], reader: Reader) -> Markup:
    """What a page says where it has nothing to show, and of what. `choices`: the first of each lets all through."""
    chosen = [one.label for each in choices for one in each[1:] if one.here]
    if not chosen:
        return reader.words(f"{page}.none")
    return reader.words(f"{page}.none_of", chosen=Markup(" · ").join(chosen))


def languages(query: PageQuery, path: str, reader: Reader, **more: str) -> list[Link]:
    """The same board in each language."""
    found = links.languages(query, reader)
    return [Link(one.label, query.but(lang=one.tag).url(path, **more), one.tag) for one in found]


def misread(query: PageQuery, usable: Iterable[str], reader: Reader) -> list[Markup]:
    """What the address asks that the board cannot do: it would show more than was asked for."""
    words, wrong = reader.words, sentences(query, reader)
    unusable = [field for field in FIELDS if getattr(query, field) and field not in usable]
    unusable += [name for name in ("text", "duration_over") if getattr(query, name)]
    return wrong + [words("boards.no_such_filter", field=words(f"filter.{field}")) for field in unusable]


def account(
    side: str,
    found: Integration | None,
    merchant: str,
    platform: str,
    query: PageQuery,
    path: str,
    reader: Reader,
    **more: str,
) -> Named | None:
    """An account as a row names it."""
    if found is None:
        return None
    return Named(
        visible(found.name or found.id),
        query.but(**{f"{side}_integration": (found.id,)}).url(path, **more),
        host.registered_link(side, found.id, merchant, platform, reader),
    )


def left(every: int, named: Sized) -> str:
    """How many are not named; empty for none."""
    return f"{every - len(named):,}" if every > len(named) else ""


def repeats(platform: str, accounts: Iterable[Integration | None]) -> bool:
    """Whether an account's name says the platform already."""
    return any(one is not None and one.name.casefold().startswith(platform.casefold()) for one in accounts)


def platform(name: str, accounts: Iterable[Integration | None], reader: Reader) -> str:
    """What people call a platform; empty where it is not known, or an account's name says it."""
    label = reader.platform(name) if name else ""
    return "" if repeats(label, accounts) else label


def reference(kind: str, identifier: str, merchant: str, platform: str, query: PageQuery, reader: Reader) -> Named:
    """An identifier as a row names it: leading to all that the log holds of it."""
    return Named(
        visible(identifier),
        query.touching(kind, identifier).url(),
        reader.templates.link(kind, identifier, merchant=merchant or None, platform=platform or None),
    )
