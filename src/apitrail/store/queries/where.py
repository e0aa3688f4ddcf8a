"""Conditions that compose. Their texts are constants; values are parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from msgspec import Struct

from apitrail.store.engine import Param
from apitrail.store.folding import ADDRESS
from apitrail.store.model import Filter
from apitrail.store.queries.words import SPAN, having, spanned, spelled
from apitrail.store.times import micros
from apitrail.store.widths import of_id

# A field of Filter, and its column.
FIELDS = {
    "action": "action",
    "ec_integration": "ec_id",
    "shipping_integration": "shipping_id",
    "outcome": "outcome",
    "platform": "platform",
    "cause": "cause",
    "direction": "direction",
}


WHOLLY = "outcome != 'partial'"
"""Of the table of failures: those of calls that failed as a whole, which is what lists of failures are of."""


# What is not counted beforehand: a field of Filter, and the condition that an entry has one of VALUES. Never NULL.
BY_ENTRY = {
    "method": "has(VALUES, method)",
    "merchant": "has(VALUES, ifNull(merchant, ''))",
    "status": "has(VALUES, ifNull(toString(status), 'none'))"
    " OR has(VALUES, concat(toString(intDiv(ifNull(status, 0), 100)), 'xx'))",
    "code": "has(VALUES, ifNull(code, 'none'))",
    # The address is in the row's document alone.
    "path": f"arrayExists(part -> positionCaseInsensitiveUTF8(pathFull({ADDRESS}), part) > 0, VALUES)",
    # Exactly: by the whole of `type:id`, or by the id alone.
    "source": "has(VALUES, ifNull(source_id, ''))"
    " OR has(VALUES, concat(ifNull(source_type, ''), ':', ifNull(source_id, '')))",
    "reference": "arrayExists((type, id) -> has(VALUES, id) OR has(VALUES, concat(type, ':', id)),"
    " reference_types, reference_ids)",
}


LISTED = 512
"""Up to so many times of a lookup are listed as they are: each costs the engine 5 µs, as much as 250 entries that it
passes over by their columns. `toStartOfInterval` counts every length of whole seconds from 1970, in UTC."""
WIDER = 4
"""Times as long, at most, as the times themselves is what they are joined to."""


class Where(Struct, frozen=True):
    """Conditions that must all hold."""

    conditions: tuple[str, ...] = ()
    params: Mapping[str, Param] = {}

    def also(self, condition: str, **params: Param) -> Self:
        """These conditions, and one more."""
        return type(self)((*self.conditions, condition), {**self.params, **params})

    @property
    def text(self) -> str:
        """After WHERE."""
        return " AND ".join(f"({condition})" for condition in self.conditions) or "1"


class Times(Struct, frozen=True):
    """Where in its range what a filter asks for can be, as far as that is known beforehand."""

    seconds: Sequence[int] | None = None
    """Each the first of SPAN seconds: those of its references and words."""
    spans: Sequence[tuple[int, int]] | None = None
    """First and last, in microseconds, both included, in order: those of its texts."""
    little: bool = False
    """So little is within these that a statement takes longer to be understood than to be done."""

    @property
    def nowhere(self) -> bool:
        """Whether nothing need be read."""
        return (self.seconds is not None and not self.seconds) or (self.spans is not None and not self.spans)


ANYTIME = Times()


def within(which: Filter, times: Times = ANYTIME) -> Where:
    """The range of time: inclusive on both sides. And of these times only, where they are known."""
    seconds = times.seconds
    since = None if which.since is None else micros(which.since)
    until = None if which.until is None else micros(which.until)
    if seconds:
        # An end that all of them are within says nothing more. To plan and read a condition takes 0.2 ms.
        since = None if since is None or since <= min(seconds) * 1_000_000 else since
        until = None if until is None or until >= (max(seconds) + SPAN) * 1_000_000 - 1 else until
    where = Where()
    if since is not None:
        where = where.also("created_at >= fromUnixTimestamp64Micro({since:Int64})", since=since)
    if until is not None:
        where = where.also("created_at <= fromUnixTimestamp64Micro({until:Int64})", until=until)
    if times.spans is not None:
        where = among(where, times.spans)
    return near(where, seconds)


def near(where: Where, seconds: Sequence[int] | None, *, bounded: bool = False) -> Where:
    """And only within these (each the first of SPAN seconds), which find the few granules that can hold anything; or,
    where they are many and close together, within longer times that have them all, and between the first and the last
    of them (`bounded`: always).
    """
    if seconds is None:
        return where
    length, begun = _joined(seconds)
    if bounded or length > SPAN:  # what lies before or behind belongs to another question
        where = where.also(
            "created_at >= fromUnixTimestamp64Micro({earliest:Int64})"
            " AND created_at < fromUnixTimestamp64Micro({end:Int64})",
            earliest=min(seconds) * 1_000_000,
            end=(max(seconds) + SPAN) * 1_000_000,
        )
    return where.also(
        f"toStartOfInterval(created_at, INTERVAL {length} SECOND) IN {{seconds:Array(UInt32)}}", seconds=begun
    )


def _joined(seconds: Sequence[int]) -> tuple[int, list[int]]:
    """Times that have all of these, as how long they are, in seconds, and the first second of each."""
    begun = sorted(set(map(spanned, seconds)), reverse=True)
    length, joined = SPAN, begun
    while len(joined) > LISTED:
        longer = {second // (2 * length) for second in joined}
        if len(longer) * 2 * length > WIDER * SPAN * len(begun):
            break
        length *= 2
        joined = sorted((place * length for place in longer), reverse=True)
    return (length, joined) if 2 * len(joined) <= len(begun) else (SPAN, begun)


def among(where: Where, spans: Sequence[tuple[int, int]]) -> Where:
    """And only within these times, in microseconds, both included."""
    texts = []
    params: dict[str, Param] = {}
    for number, (first, last) in enumerate(spans):
        params |= {f"first{number}": first, f"last{number}": last}
        texts.append(
            f"created_at >= fromUnixTimestamp64Micro({{first{number}:Int64}})"
            f" AND created_at <= fromUnixTimestamp64Micro({{last{number}:Int64}})"
        )
    return where.also(" OR ".join(texts) or "0", **params)


def chosen(where: Where, which: Filter, fields: Mapping[str, str] = FIELDS) -> Where:
    """And the choices of `fields`. A choice that is not in the log matches nothing."""
    for field, column in fields.items():
        values: tuple[str, ...] = getattr(which, field)
        if len(values) == 1:
            # Without a set, which takes 0.1 to 0.2 ms to make.
            where = where.also(f"{column} = {{{field}:String}}", **{field: values[0]})
        elif values:
            # A list: the client writes a tuple as a tuple, which is no Array.
            where = where.also(f"{column} IN {{{field}:Array(String)}}", **{field: list(values)})
    for number, (field, value) in enumerate(which.without):
        name = f"without{number}"
        if field in fields:
            where = where.also(f"ifNull({fields[field]} != {{{name}:String}}, 1)", **{name: value})
    return where


def told_by_entries(which: Filter) -> bool:
    """Whether only the entries themselves tell what the filter asks."""
    return which != which.counted


def by_entries(where: Where, which: Filter, *, bodies: bool = True, brief: bool = False) -> Where:
    """And what only the entries themselves tell: the text last, because it costs most. Without `bodies`, a word that
    is looked up must be among the references. `brief`: in a short statement, however long it takes to be done.
    """
    if which.duration_over is not None:
        where = where.also("duration_ms > {duration_over:Float64}", duration_over=which.duration_over)
    for field, condition in BY_ENTRY.items():
        values = list(getattr(which, field))
        if field == "reference":
            values = spelled(values)
        elif field == "source":
            values = [way for value in values for way in of_id(value)]
        if values:
            where = where.also(condition.replace("VALUES", f"{{{field}:Array(String)}}"), **{field: values})
        if unwanted := [value for other, value in which.without if other == field]:
            negated = condition.replace("VALUES", f"{{no_{field}:Array(String)}}")
            where = where.also(f"NOT ({negated})", **{f"no_{field}": unwanted})
    for number, term in enumerate(which.text):
        condition, params = having(term, f"text{number}", bodies=bodies or term.excluded, brief=brief)
        where = where.also(f"NOT ({condition})" if term.excluded else condition, **params)
    return where
