"""What the page's URL asks. Every state of the page is such a URL, and one that can be sent to somebody.

    /?range=24h | from=…&to=…   action=…  ec_integration=…  shipping_integration=…  outcome=…
      platform=…  cause=…  direction=…  merchant=…  source=…  method=…  status=404|4xx|none
      path=PART  code=CODE|none  reference=ID or TYPE:ID  (each repeatable)   duration_over=MILLISECONDS   text=LINE
      open=ENTRY   cursor=POSITION   tz=ZONE   lang=LANGUAGE

`text` is the language of `apitrail.server.search`. What it chooses of filters becomes those filters: `text` keeps the
words alone. A value that is not understood is a `Misread` that names it: it never widens what is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, get_args
from urllib.parse import urlencode
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from apitrail.entry import EntryRow, Outcome
from apitrail.server import pasted, search
from apitrail.server.filters import YEARS
from apitrail.server.pages import ranges
from apitrail.store.model import BadCursor, Choices, Cursor, Filter

FIELDS = Choices.__struct_fields__
"""The filters that take any of several values."""

PARAMETERS = (*FIELDS, "range", "from", "to", "duration_over", "text", "open", "cursor", "tz", "lang")
"""All that a URL may say."""

SEARCH_RANGE = "all"
"""How far back one looks for a reference where the URL says nothing of dates: an order may be old."""

NUMBER_LEAST = 4
"""Characters of what is looked for as a number without a date range."""

REFERENCE_MAX = 500
"""Characters."""

NEIGHBOURHOOD = timedelta(minutes=5)

OUTCOMES: tuple[str, ...] = get_args(Outcome)


class Misread(Struct, frozen=True):
    """Something in the URL that cannot be understood; worded by `misread.<field>` in the locales."""

    field: str
    value: str
    kind: str = ""
    """What is wrong with a part of `text`: worded by `misread.line.<kind>`."""
    names: str = ""


class PageQuery(Choices, frozen=True, kw_only=True):
    """The URL, understood."""

    range: str = ranges.DEFAULT
    """A quick range; empty where the two instants are given."""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    """Words to look for, as they were typed."""
    duration_over: float | None = None
    """Milliseconds."""
    open: str = ""
    """The entry that is expanded."""
    cursor: Cursor | None = None
    tz: str = ""
    """The zone that times are shown in; empty: the reader's own."""
    lang: str = ""
    misread: tuple[Misread, ...] = ()

    @classmethod
    def read(cls, values: Mapping[str, Sequence[str]]) -> PageQuery:
        """The query of a URL's parameters. Raises nothing: what is wrong is in `misread`."""
        return _Reader(values).query()

    def filter(self, now: datetime) -> Filter:
        """What to ask the store, as of `now`."""
        back = ranges.QUICK.get(self.range)
        return Filter(
            since=self.since if back is None else now - back,
            until=self.until,
            duration_over=self.duration_over,
            text=_read(self.text).text,
            without=_read(self.text).without,
            **{field: getattr(self, field) for field in FIELDS},
        )

    def but(self, **changes: Any) -> PageQuery:
        """The same query with some fields changed. Any change of what is listed begins at the newest again."""
        if not changes.keys() <= {"open", "lang", "tz", "cursor"}:
            changes = {"cursor": None, "open": "", **changes}
        changed = replace(self, **changes)
        if self.range == SEARCH_RANGE == self.usual != changed.usual and "range" not in changes:
            return replace(changed, range=changed.usual)  # all dates came with the search, and go with it
        return changed

    def toggled(self, field: str, value: str) -> PageQuery:
        """The same query with one value of a filter added, or taken away where it was chosen."""
        chosen: tuple[str, ...] = getattr(self, field)
        left = tuple(one for one in chosen if one != value) if value in chosen else (*chosen, value)
        return self.but(**{field: left})

    def touching(self, kind: str, identifier: str) -> PageQuery:
        """Everything in the log that refers to this order, shipment or product."""
        return PageQuery(range=SEARCH_RANGE, reference=(f"{kind}:{identifier}",), tz=self.tz, lang=self.lang)

    def fixed(self, now: datetime) -> PageQuery:
        """The same with the range as it stands `now`: what a link that is sent to somebody must say."""
        if not self.range or self.range == "all":
            return self
        since = self.filter(now).since
        return replace(
            self,
            range="",
            since=since and since.replace(microsecond=0),
            until=self.until or now.replace(microsecond=999_999),
        )

    def around(self, entry: EntryRow) -> PageQuery:
        """All entries of the minutes around this one, with it expanded."""
        since = entry.created_at.replace(microsecond=0) - NEIGHBOURHOOD
        until = entry.created_at.replace(microsecond=999_999) + NEIGHBOURHOOD
        return PageQuery(range="", since=since, until=until, open=entry.id, tz=self.tz, lang=self.lang)

    @property
    def narrowed(self) -> bool:
        """Whether anything but the date range narrows it."""
        return bool(self.text or self.duration_over is not None or any(getattr(self, field) for field in FIELDS))

    @property
    def usual(self) -> str:
        """The range of such a query whose URL says nothing of dates."""
        return _usual(self.reference, self.text)

    def cleared(self) -> PageQuery:
        """The same range with nothing else that narrows it."""
        return self.but(text="", duration_over=None, **dict.fromkeys(FIELDS, ()))

    def pairs(self) -> list[tuple[str, str]]:
        """The URL's parameters; what is as by default is left out."""
        out: list[tuple[str, str]] = []
        if self.range:
            out += [("range", self.range)] if self.range != self.usual else []
        else:
            out += [("from", ranges.written(self.since))] if self.since else []
            out += [("to", ranges.written(self.until, end=True))] if self.until else []
        out += [(field, value) for field in FIELDS for value in getattr(self, field)]
        out += [("duration_over", f"{self.duration_over:g}")] if self.duration_over is not None else []
        out += [("text", self.text)] if self.text else []
        out += [("cursor", self.cursor.encode())] if self.cursor else []
        out += [(name, value) for name in ("open", "tz", "lang") if (value := getattr(self, name))]
        return out

    def url(self, path: str = "/", **more: str) -> str:
        pairs = [*self.pairs(), *more.items()]
        return f"{path}?{urlencode(pairs)}" if pairs else path


class _Reader:
    """Reads parameters one by one and keeps what was wrong with them."""

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self.values = values
        self.misread: list[Misread] = []

    def query(self) -> PageQuery:
        tz = self.zone()
        since, until = self.instant("from", tz), self.instant("to", tz, end=True)
        if since and until and since > until:
            self.wrong("order", f"{self.one('from')} > {self.one('to')}")
        found = self.text()
        line = self.one("text").strip() if found.misunderstood else search.written(found)
        chosen = {field: self.several(field) for field in FIELDS if field != "reference"}
        chosen["reference"] = self.references()
        for field, values in found.chosen.items():
            chosen[field] = tuple(dict.fromkeys((*chosen[field], *values)))
        self.spelt("status", chosen)
        self.possible(chosen)
        quick = self.quick(_usual(chosen["reference"], line))
        return PageQuery(
            range="" if since or until else quick,
            since=since,
            until=until,
            text=line,
            duration_over=self.duration(found),
            **chosen,
            open=self.entry(),
            cursor=self.cursor(),
            tz=tz,
            lang=self.one("lang"),
            misread=tuple(self.misread),
        )

    def wrong(self, field: str, value: str, kind: str = "", names: str = "") -> None:
        self.misread.append(Misread(field, value[:200], kind, names))

    def text(self) -> search.Search:
        found = _read(" ".join(value for value in self.values.get("text", ()) if value))
        for part in found.misunderstood:
            self.wrong("text", part.part, part.kind, part.names)
        return found

    def spelt(self, field: str, chosen: dict[str, tuple[str, ...]]) -> None:
        for value in chosen[field]:
            if not search.STATUS.fullmatch(value):
                self.wrong(field, value)

    def possible(self, chosen: dict[str, tuple[str, ...]]) -> None:
        for field, values in search.CLOSED.items():
            for value in chosen[field]:
                if value not in values:
                    self.wrong(field, value, "no_value", ", ".join(values))

    def duration(self, found: search.Search) -> float | None:
        text = self.one("duration_over")
        over = search.milliseconds(text)
        if text and over is None:
            self.wrong("duration_over", text)
        return found.duration_over if over is None else over

    def one(self, name: str) -> str:
        return next((value for value in self.values.get(name, ()) if value), "")

    def several(self, name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for value in self.values.get(name, ()) if value))

    def references(self) -> tuple[str, ...]:
        typed = (pasted.number(value) for value in self.values.get("reference", ()))
        return tuple(dict.fromkeys(value[:REFERENCE_MAX] for value in typed if value))

    def quick(self, usual: str) -> str:
        name = self.one("range") or usual
        if name in ranges.QUICK:
            return name
        self.wrong("range", name)
        return ranges.DEFAULT

    def zone(self) -> str:
        name = self.one("tz")
        try:
            return ranges.zone(name).key if name else ""
        except ranges.BadZone:
            self.wrong("tz", name)
            return ""

    def instant(self, name: str, tz: str, *, end: bool = False) -> datetime | None:
        text = self.one(name)
        if not text:
            return None
        try:
            return ranges.instant(text, ranges.zone(tz or "UTC"), end=end)
        except ranges.BadYear:
            self.wrong(name, text, "years", f"{YEARS[0]} – {YEARS[-1]}")
            return None
        except ranges.BadInstant:
            self.wrong(name, text)
            return None

    def cursor(self) -> Cursor | None:
        text = self.one("cursor")
        try:
            return Cursor.decode(text) if text else None
        except BadCursor:
            self.wrong("cursor", text)
            return None

    def entry(self) -> str:
        """An id as the store writes it; one that is no id at all is kept, and will not be found."""
        text = self.one("open").strip()
        return canonical(text) or text[:100]


@lru_cache(maxsize=512)
def _read(line: str) -> search.Search:
    return search.read(line)


def _usual(reference: tuple[str, ...], line: str) -> str:
    """The range of a URL that says nothing of dates: a number is looked for in all of the log, words in the latest."""
    words = _read(line).text
    number = any(term.whole and not term.excluded and len(term.value) >= NUMBER_LEAST for term in words)
    return SEARCH_RANGE if reference or number else ranges.DEFAULT


def canonical(text: str) -> str:
    """An entry's id in its one form; empty where the text is no id."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""
