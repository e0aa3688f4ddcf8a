"""The filters above the table: the date range, what to choose from with counts, and how to take a choice back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from markupsafe import Markup
from msgspec import Struct

from apitrail.server.pages import names, ranges
from apitrail.server.pages.clock import duration
from apitrail.server.pages.query import OUTCOMES, PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.status import ICONS
from apitrail.server.pages.zones import Zone, zones
from apitrail.store.model import Facets, Option

LISTED = 60
"""Choices of one filter on the page: hundreds of accounts would weigh more than the list itself."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
STATUSES = ("2xx", "3xx", "4xx", "5xx", "none")
TYPED = ("merchant", "source", "path", "code")
"""Filters of which one types a value."""
DURATIONS = (1000.0, 3000.0, 10_000.0, 30_000.0)
"""Milliseconds."""


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
    count: int | None
    """None where these are not counted."""
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
    more: int
    """Choices that are not listed: the least frequent."""
    search_url: str
    """Where those of them are that have a text; empty where all are listed."""
    clear_url: str


class Chip(Struct, frozen=True, kw_only=True):
    """One outcome."""

    outcome: str
    icon: str
    word: Markup
    choice: Choice


class Applied(Struct, frozen=True, kw_only=True):
    """One thing that the list is narrowed to, to be taken back alone."""

    field: str
    title: Markup | str
    value: str
    remove_url: str


class Typed(Struct, frozen=True, kw_only=True):
    """A filter whose values are typed."""

    field: str
    title: Markup
    values: tuple[str, ...]
    """What is chosen already: carried along by the form."""
    hint: str


class RangeView(Struct, frozen=True, kw_only=True):
    """The date range: the Created At filter."""

    name: str
    carried: str
    """What the form says of it: nothing where it is as by default, which depends on what is looked for."""
    quick: list[Quick]
    since: str
    until: str
    """Values of the two fields; empty for a quick range, so that a form sent without a script leaves it alone."""
    since_instant: str
    until_instant: str
    """Where the range begins and ends as of now: what the script puts into the fields."""
    zone: str
    zones: list[Zone]
    summary: Markup
    on_paper: Markup
    """The range in dates: on paper, "24 hours" would say nothing."""


class FiltersView(Struct, frozen=True, kw_only=True):
    range: RangeView
    text: str
    suggest_url: str
    """Where suggestions for what is being typed are asked for."""
    applied: list[Applied]
    carried: list[tuple[str, str]]
    """What the form has no field for: names and values."""
    menus: list[Menu]
    more: list[Menu]
    """Filters that few need, behind one button."""
    typed: list[Typed]
    durations: list[Choice]
    chips: list[Chip]
    lang: str
    """Carried along by the form, as is the zone."""
    clear_url: str
    """Everything but the date range taken back; empty where there is nothing to take back."""


def filters(query: PageQuery, facets: Facets, reader: Reader) -> FiltersView:
    labels = _labels(reader)

    def menus(*fields: str) -> list[Menu]:
        return [_menu(field, query, getattr(facets, field), labels.get(field), reader) for field in fields]

    first = menus("action", "ec_integration", "shipping_integration")
    more = [
        *menus("platform", "cause", "direction"),
        _menu("method", query, [Option(one, one, -1) for one in METHODS], None, reader),
        _menu("status", query, [Option(one, one, -1) for one in STATUSES], labels["status"], reader),
    ]
    return FiltersView(
        range=_range(query, reader),
        text=query.text,
        suggest_url=PageQuery(tz=query.tz, lang=query.lang).url("/suggest"),
        applied=list(_applied(query, [*first, *more], reader)),
        carried=[("reference", value) for value in query.reference],
        menus=first,
        more=more,
        typed=[_typed(field, query, reader) for field in TYPED],
        durations=_durations(query, reader),
        chips=_chips(query, facets.outcome, reader),
        lang=query.lang,
        clear_url=query.cleared().url() if query.narrowed else "",
    )


def _labels(reader: Reader) -> dict[str, Callable[[str], str]]:
    """What the values of a field are called; accounts have names of their own."""
    return {
        "action": lambda name: names.action(name, reader.words),
        "platform": reader.platform,
        "cause": lambda name: names.cause_label(name, reader.words),
        "status": lambda name: _word(f"filter.status_{name}", name, reader),
        "direction": lambda name: _word(f"direction.{name}", name, reader),
    }


def _applied(query: PageQuery, menus: list[Menu], reader: Reader) -> Iterator[Applied]:
    """Everything that narrows the list but the outcomes, which are chips already."""
    words = reader.words
    if query.text:
        yield Applied(field="text", title=words("filter.text"), value=query.text, remove_url=query.but(text="").url())
    for value in query.reference:
        kind, _, identifier = value.partition(":")
        label = names.reference_type(kind, words)
        named = bool(identifier) and label != kind
        yield Applied(
            field="reference",
            title=label if named else words("filter.reference"),
            value=identifier if named else value,
            remove_url=query.toggled("reference", value).url(),
        )
    for menu in menus:
        for choice in menu.choices:
            if choice.chosen:
                yield Applied(field=menu.field, title=menu.title, value=choice.name, remove_url=choice.url)
    for field in TYPED:
        for value in getattr(query, field):
            yield Applied(
                field=field, title=words(f"filter.{field}"), value=value, remove_url=query.toggled(field, value).url()
            )
    if query.duration_over is not None:
        yield Applied(
            field="duration_over",
            title=words("filter.duration_over"),
            value=duration(query.duration_over),
            remove_url=query.but(duration_over=None).url(),
        )


def _typed(field: str, query: PageQuery, reader: Reader) -> Typed:
    return Typed(
        field=field,
        title=reader.words(f"filter.{field}"),
        values=getattr(query, field),
        hint=reader.words(f"filter.{field}_hint"),
    )


def _durations(query: PageQuery, reader: Reader) -> list[Choice]:
    over = query.duration_over
    offered = sorted({*DURATIONS, *([] if over is None else [over])})
    any_of_them = Choice("", reader.words("filter.any"), None, over is None, query.but(duration_over=None).url())
    return [any_of_them] + [
        Choice(f"{ms:g}", f"> {duration(ms)}", None, ms == over, query.but(duration_over=ms).url()) for ms in offered
    ]


def _word(key: str, otherwise: str, reader: Reader) -> str:
    return reader.words(key) if reader.words.known(key) else otherwise


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
        carried="" if query.range == query.usual else query.range,
        quick=quick,
        since=clock.field(query.since),
        until=clock.field(query.until),
        since_instant=ranges.written(asked.since) if asked.since else "",
        until_instant=ranges.written(until, end=True) if until else "",
        zone=clock.zone.key,
        zones=zones(query, reader),
        summary=ranged(query, reader),
        on_paper=_between(asked.since, until or clock.now, reader),
    )


def ranged(query: PageQuery, reader: Reader) -> Markup:
    """The range that is chosen."""
    if query.range:
        return reader.words(f"range.{query.range}")
    return _between(query.since, query.until, reader)


def _between(since: datetime | None, until: datetime | None, reader: Reader) -> Markup:
    words, tag = reader.words, reader.clock.tag
    if since and until:
        return words("range.between", since=tag(since), until=tag(until))
    if since:
        return words("range.after", since=tag(since))
    return words("range.before", until=tag(until)) if until else words("range.all")


def found(query: PageQuery, facets: Facets, field: str, wanted: str, reader: Reader) -> Menu:
    """One filter with the choices alone that have the text in their name or id."""
    low = wanted.strip().lower()
    label = _labels(reader).get(field)
    options = [
        one
        for one in getattr(facets, field)
        if low in (label(one.id) if label else one.name).lower()
        or low in one.id.lower()
        or one.id in getattr(query, field)
    ]
    return _menu(field, query, options, label, reader)


def _menu(
    field: str, query: PageQuery, options: list[Option], label: Callable[[str], str] | None, reader: Reader
) -> Menu:
    listed = options[:LISTED]
    chosen: tuple[str, ...] = getattr(query, field)
    choices = [
        Choice(
            one.id,
            label(one.id) if label else one.name or one.id,
            None if one.count < 0 else one.count,
            one.id in chosen,
            _url(query, field, one.id),
        )
        for one in [*listed, *(one for one in options[LISTED:] if one.id in chosen)]
    ]
    # What was chosen and is no longer in the log stays chosen, and says so by its count.
    present = {one.id for one in options}
    uncounted = any(one.count < 0 for one in options)
    choices += [
        Choice(value, label(value) if label else value, None if uncounted else 0, True, _url(query, field, value))
        for value in chosen
        if value not in present
    ]
    return Menu(
        field=field,
        title=reader.words(f"filter.{field}"),
        choices=choices,
        chosen=[one.name for one in choices if one.chosen],
        more=max(len(options) - LISTED, 0),
        search_url=query.but(open="", cursor=None).url("/choices", field=field) if len(options) > LISTED else "",
        clear_url=query.but(**{field: ()}).url() if chosen else "",
    )


def _chips(query: PageQuery, options: list[Option], reader: Reader) -> list[Chip]:
    counted = {one.id: None if one.count < 0 else one.count for one in options}
    otherwise = None if None in counted.values() else 0
    unknown = [value for value in query.outcome if value not in OUTCOMES]
    return [
        Chip(
            outcome=outcome if outcome in OUTCOMES else "unknown",
            icon=ICONS.get(outcome, "alert"),
            word=reader.words(f"outcome.any.{outcome}") if outcome in OUTCOMES else Markup("{}").format(outcome),
            choice=Choice(
                outcome,
                outcome,
                counted.get(outcome, otherwise),
                outcome in query.outcome,
                _url(query, "outcome", outcome),
            ),
        )
        for outcome in (*OUTCOMES, *unknown)
    ]


def _url(query: PageQuery, field: str, value: str) -> str:
    return query.toggled(field, value).url()
