"""The filters above the table: the date range, what to choose from with counts, and how to take a choice back."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup
from msgspec import Struct

from apitrail.server.pages import names, ranges
from apitrail.server.pages.query import FIELDS, OUTCOMES, PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.status import ICONS
from apitrail.store.model import Facets, Option


class Quick(Struct, frozen=True):
    """A quick range."""

    name: str
    label: Markup
    url: str
    chosen: bool


class Choice(Struct, frozen=True):
    """One value of a filter."""

    id: str
    name: str
    count: int
    chosen: bool
    url: str
    """The page with this value added, or taken away."""


class Menu(Struct, frozen=True, kw_only=True):
    """One filter of several values."""

    field: str
    title: Markup
    choices: list[Choice]
    chosen: list[str]
    """Names of what is chosen."""
    clear_url: str


class Chip(Struct, frozen=True, kw_only=True):
    """One outcome."""

    outcome: str
    icon: str
    word: Markup
    choice: Choice


class ReferenceView(Struct, frozen=True, kw_only=True):
    """A reference that the list is narrowed to."""

    value: str
    kind: str
    """What it is the number of; empty where that was not said."""
    id: str
    remove_url: str


class RangeView(Struct, frozen=True, kw_only=True):
    """The date range: the Created At filter."""

    name: str
    quick: list[Quick]
    since: str
    until: str
    """Values of the two fields; empty for a quick range, so that a form sent without a script leaves it alone."""
    since_instant: str
    until_instant: str
    """Where the range begins and ends as of now: what the script puts into the fields."""
    zone: str
    summary: Markup


class FiltersView(Struct, frozen=True, kw_only=True):
    range: RangeView
    references: list[ReferenceView]
    menus: list[Menu]
    more: list[Menu]
    """Filters that few need, behind one button."""
    chips: list[Chip]
    lang: str
    """Carried along by the form, as is the zone."""
    clear_url: str
    """Everything but the date range taken back; empty where there is nothing to take back."""


def filters(query: PageQuery, facets: Facets, reader: Reader) -> FiltersView:
    labels: dict[str, Callable[[str], str]] = {
        "action": lambda name: names.action(name, reader.words),
        "platform": reader.platform,
        "cause": lambda name: names.cause_label(name, reader.words),
    }

    def menus(*fields: str) -> list[Menu]:
        return [_menu(field, query, getattr(facets, field), labels.get(field), reader) for field in fields]

    return FiltersView(
        range=_range(query, reader),
        references=[_reference(value, query, reader) for value in query.reference],
        menus=menus("action", "ec_integration", "shipping_integration"),
        more=menus("platform", "cause"),
        chips=_chips(query, facets.outcome, reader),
        lang=query.lang,
        clear_url=query.but(**dict.fromkeys(FIELDS, ())).url() if query.narrowed else "",
    )


def _reference(value: str, query: PageQuery, reader: Reader) -> ReferenceView:
    kind, _, identifier = value.partition(":")
    label = names.reference_type(kind, reader.words)
    named = bool(identifier) and label != kind
    return ReferenceView(
        value=value,
        kind=label if named else "",
        id=identifier if named else value,
        remove_url=query.toggled("reference", value).url(),
    )


def _range(query: PageQuery, reader: Reader) -> RangeView:
    words, clock = reader.words, reader.clock
    asked = query.filter(clock.now)
    quick = [
        Quick(name, words(f"range.{name}"), query.but(range=name, since=None, until=None).url(), query.range == name)
        for name in ranges.QUICK
    ]
    until = asked.until or (clock.now if query.range not in ("", "all") else None)
    return RangeView(
        name=query.range,
        quick=quick,
        since=clock.field(query.since),
        until=clock.field(query.until),
        since_instant=ranges.written(asked.since) if asked.since else "",
        until_instant=ranges.written(until, end=True) if until else "",
        zone=clock.zone.key,
        summary=words(f"range.{query.range}") if query.range else _span(query, reader),
    )


def _span(query: PageQuery, reader: Reader) -> Markup:
    words, tag = reader.words, reader.clock.tag
    if query.since and query.until:
        return words("range.between", since=tag(query.since), until=tag(query.until))
    if query.since:
        return words("range.after", since=tag(query.since))
    return words("range.before", until=tag(query.until)) if query.until else words("range.all")


def _menu(
    field: str, query: PageQuery, options: list[Option], label: Callable[[str], str] | None, reader: Reader
) -> Menu:
    chosen: tuple[str, ...] = getattr(query, field)
    choices = [
        Choice(
            one.id,
            label(one.id) if label else one.name or one.id,
            one.count,
            one.id in chosen,
            _url(query, field, one.id),
        )
        for one in options
    ]
    # What was chosen and is no longer in the log stays chosen, and says so by its count.
    present = {one.id for one in options}
    choices += [
        Choice(value, label(value) if label else value, 0, True, _url(query, field, value))
        for value in chosen
        if value not in present
    ]
    return Menu(
        field=field,
        title=reader.words(f"filter.{field}"),
        choices=choices,
        chosen=[one.name for one in choices if one.chosen],
        clear_url=query.but(**{field: ()}).url() if chosen else "",
    )


def _chips(query: PageQuery, options: list[Option], reader: Reader) -> list[Chip]:
    counted = {one.id: one.count for one in options}
    unknown = [value for value in query.outcome if value not in OUTCOMES]
    return [
        Chip(
            outcome=outcome if outcome in OUTCOMES else "unknown",
            icon=ICONS.get(outcome, "alert"),
            word=reader.words(f"outcome.any.{outcome}") if outcome in OUTCOMES else Markup("{}").format(outcome),
            choice=Choice(
                outcome,
                outcome,
                counted.get(outcome, 0),
                outcome in query.outcome,
                _url(query, "outcome", outcome),
            ),
        )
        for outcome in (*OUTCOMES, *unknown)
    ]


def _url(query: PageQuery, field: str, value: str) -> str:
    return query.toggled(field, value).url()
