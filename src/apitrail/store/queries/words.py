"""Text in entries: the conditions, and the seconds in which a word can be at all.

A word with six letters and digits together, one of them a digit, is in `mentions` wherever it stands in a body, and so
is every reference. What is found there is when, to sixteen seconds, and then looked at in the entries. A shorter word
is an id in references alone: in bodies it would be found in every price. What is no word by itself is looked for in
the bodies.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from apitrail.store import widths
from apitrail.store.bodies import edges, unfolded, within
from apitrail.store.engine import Param, Query
from apitrail.store.hashing import word_numbers
from apitrail.store.indexed import indexed
from apitrail.store.model import Filter, Term
from apitrail.store.needles import needles, windows
from apitrail.store.shelves import REQUEST, RESPONSE, RESPONSE_WHOLE
from apitrail.store.times import micros

SPAN = 16
"""Seconds that are told as one, by the first of them, counted since 1970. An older log has the second itself."""
MORE_SECONDS = 13
"""Looked at besides as many as entries are wanted: each has one, or a word of the same number."""
MOST_SECONDS = 16_384

SINGLY = 16
"""Up to so many pieces are looked for one after another, exactly. Of a week of bodies, 2.7 GB, decompressing takes 1.3
seconds of a processor, each exact search 0.04, one in any case of letters 0.4, and one for eight at once in any case
0.8. They are added up, because the engine takes rows apart for what stands behind an `OR`.
"""

_MESSAGE = "ifNull(message, '')"
_PLAIN = f"if(position({REQUEST}, '%') > 0, decodeURLFormComponent({REQUEST}), {REQUEST})"
"""A body that escapes itself for a form, as what it means."""


class Mentions(Struct, frozen=True):
    """Sets of words; an entry has one of each set."""

    sets: tuple[tuple[str, ...], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sets)


def mentions(which: Filter) -> Mentions:
    """What the filter's references and words come down to; nothing where none of them can be looked up."""
    sets = []
    if which.reference:
        # What follows a colon may be an id whose type comes before it, or there is no type and the id has a colon.
        ids = (*which.reference, *(value.partition(":")[2] for value in which.reference))
        sets.append(tuple(spelled(dict.fromkeys(value for value in ids if value))))
    for term in which.text:
        if term.whole and not term.excluded:
            plain = widths.folded(term.value)
            sets.append(tuple(spelled(dict.fromkeys((term.value, indexed(plain) or plain)))))
    return Mentions(tuple(sets))


def spelled(ids: Iterable[str]) -> list[str]:
    """Ids as people look for them, and as shops write them: order 1001 is `#1001` in what Shopify sends; and in the
    widths that an id may have.
    """
    found = []
    for value in dict.fromkeys(one for identity in ids for one in widths.of_id(identity)):
        kind, colon, rest = value.rpartition(":")
        found += [value] if rest.startswith("#") or not rest else [value, f"{kind}{colon}#{rest}"]
    return found


def seconds(wanted: Mentions, since: datetime | None, until: datetime | None, limit: int) -> Query:
    """The latest times within the range that have all that is wanted, each as the first of SPAN seconds, newest first;
    one may come more than once.
    """
    condition, groups, params = _mentioned(wanted, since, until)
    # One may be there twice where one set is asked for: to make them one takes longer than to read them.
    having = " AND ".join(f"countIf({group}) > 0" for group in groups)
    together = f" GROUP BY begun HAVING {having}" if groups[1:] else ""
    return Query(
        f"SELECT intDiv(toUnixTimestamp(at), {SPAN}) * {SPAN} AS begun FROM mentions"  # noqa: S608, constants only
        f" PREWHERE {condition}{together} ORDER BY begun DESC LIMIT {{limit:UInt32}}",
        {**params, "limit": limit},
    )


def some_seconds(wanted: Mentions, since: datetime | None, until: datetime | None, limit: int) -> Query:
    """Any so many seconds in which one of a single set of words is mentioned, in no order."""
    condition, _, params = _mentioned(wanted, since, until)
    return Query(
        f"SELECT toUnixTimestamp(at) FROM mentions PREWHERE {condition} LIMIT {{limit:UInt32}}",  # noqa: S608, constants
        {**params, "limit": limit},
    )


def _mentioned(
    wanted: Mentions, since: datetime | None, until: datetime | None
) -> tuple[str, list[str], dict[str, Param]]:
    """The condition on `mentions`, that on each set of words, and their parameters."""
    params: dict[str, Param] = {}
    groups = []
    for number, words in enumerate(wanted.sets):
        params[f"words{number}"] = word_numbers(words)
        groups.append(f"word IN {{words{number}:Array(UInt32)}}")
    conditions = [f"({' OR '.join(groups)})"]
    if since is not None:
        params["first"] = spanned(micros(since) // 1_000_000)
        conditions.append("at >= toDateTime({first:Int64}, 'UTC')")
    if until is not None:
        params["last"] = micros(until) // 1_000_000
        conditions.append("at <= toDateTime({last:Int64}, 'UTC')")
    return " AND ".join(conditions), groups, params


def one_word(which: Filter) -> bool:
    """Whether the text is one word that may be among the references or in a body: see `settled`."""
    return len(which.text) == 1 and not which.reference and bool(indexed(which.text[0].value))


def spanned(second: int) -> int:
    """The first of the SPAN seconds that this one is among."""
    return second // SPAN * SPAN


def settled(found: Sequence[int], rows: Sequence[int]) -> set[int]:
    """The times in which all that is mentioned is in these rows, of which each one's is given, as the first of SPAN
    seconds: an entry mentions a word once, so as many rows as mentions are all that there can be.
    """
    seen = Counter(rows)
    return {second for second, many in Counter(found).items() if seen[second] >= many}


_BEFORE = r"^|[^0-9A-Za-z]|\\u[0-9a-f]{4}|\\[nrtbf]"
"""Where a word may begin; escapes of JSON end with letters and digits."""


def having(term: Term, name: str, *, bodies: bool = True, brief: bool = False) -> tuple[str, dict[str, Param]]:
    """The condition that an entry has the term, exactly. `name` begins the names of its parameters. `brief`: for a few
    thousand entries. Without `bodies`: that it refers to a word which bodies may have, as it is typed, or all in small
    or capital letters; there may be others, which is cheaper to find out by comparing the counts (see `settled`).
    """
    if not term.whole:
        return _briefly(term.value, name) if brief else _inside(term.value, name)
    if not bodies:
        cases = (term.value, widths.lower(term.value), widths.upper(term.value))
        return f"hasAny(reference_ids, {{{name}:Array(String)}})", {name: spelled(cases)}
    params: dict[str, Param] = {name: [widths.lower(one) for one in spelled([term.value])]}
    refers = f"arrayExists(id -> has({{{name}:Array(String)}}, lower(id)), reference_ids)"
    ways = widths.of_id(term.value)
    if not any(map(indexed, ways)):
        return refers, params
    either = "|".join(map(re.escape, ways))
    word = f"({either})" if len(ways) > 1 else either
    params[f"{name}_body"] = f"(?i)({_BEFORE}){word}($|[^0-9A-Za-z])"
    found = f"match(COLUMN, {{{name}_body:String}})"
    written = [one.encode("utf-8", "replace") for one in ways]
    in_ids = [found.replace("COLUMN", "id")] if within(written) else []
    condition, more = _anywhere(found, in_ids, written, name, request=_PLAIN)
    return f"{refers} OR {condition}", params | more


def _inside(text: str, name: str) -> tuple[str, dict[str, Param]]:
    """The condition that an entry has the text, however it is written and in any case of letters."""
    written, anycase = _needles(text)
    pieces = [windows(needle) if anycase else [needle] for needle in written]
    singly = list(dict.fromkeys(piece for some in pieces for piece in some))
    together = f"(COLUMN, arrayMap(x -> unhex(x), {{{name}:Array(String)}}))"
    params: dict[str, Param] = {name: [needle.hex() for needle in written]}
    at_once = f"multiSearchAny{'CaseInsensitive' if anycase else ''}{together}"
    if not all(pieces) or len(singly) > SINGLY:
        found = at_once
    else:
        found = " + ".join(f"position(COLUMN, unhex({{{name}_{number}:String}}))" for number in range(len(singly)))
        found += " > 0"
        if anycase:
            found += f" AND {at_once}"
        params |= {f"{name}_{number}": piece.hex() for number, piece in enumerate(singly)}
    in_ids, ids = _in_ids(text, written, name, anycase=anycase)
    condition, more = _anywhere(found, in_ids, written, name, again=at_once)
    return condition, params | ids | more


def _briefly(text: str, name: str) -> tuple[str, dict[str, Param]]:
    """The same condition in a tenth of the functions. To understand one takes the engine a tenth of a millisecond, in
    which it looks at fifty bodies. So all that is looked at is one text, between bytes that are in none.
    """
    written, anycase = _needles(text)
    params: dict[str, Param] = {name: "ff".join(needle.hex() for needle in written)}
    asked = f"splitByChar(char(255), unhex({{{name}:String}}))"
    found = f"multiSearchAny{'CaseInsensitive' if anycase else ''}(COLUMN, {asked})"
    in_ids, ids = _in_ids(text, written, name, anycase=anycase)
    condition, more = _anywhere(found, in_ids, written, name, together=True)
    return condition, params | ids | more


def _needles(text: str) -> tuple[list[bytes], bool]:
    """Every way to write it, and whether it is looked for in any case of letters; if so, one of each case is enough."""
    anycase = bool(re.search("[A-Za-z]", widths.folded(text)))
    written = needles(text)
    return list({one.lower(): one for one in reversed(written)}.values())[::-1] if anycase else written, anycase


def _in_ids(text: str, written: Sequence[bytes], name: str, *, anycase: bool) -> tuple[list[str], dict[str, Param]]:
    """The conditions that an `id` has one of the texts: those without a sign, and what may be a number with signs."""
    number = " " not in text and any(char.isdigit() for char in text)
    parts = dict.fromkeys((*within(written), *(map(widths.lower, widths.of_id(text)) if number else ())))
    params: dict[str, Param] = {f"{name}_in{place}": part for place, part in enumerate(parts)}
    asked = "lower(id)" if anycase else "id"
    return [f"position({asked}, {{{one}:String}}) > 0" for one in params], params


def _anywhere(
    found: str,
    in_ids: Sequence[str],
    written: Sequence[bytes],
    name: str,
    request: str = REQUEST,
    again: str = "",
    *,
    together: bool = False,
) -> tuple[str, dict[str, Param]]:
    """`found` (SQL over COLUMN) of what is left of the bodies and of the message; or one of `in_ids` of an `id`; or
    `again` (or else `found`) of a body put together again, where a text may begin, end or go on within an id that is
    left out of it. Few bodies are, so `again` is better short than fast. `together`: bodies and message are one text.
    """
    columns = [_one_text(RESPONSE_WHOLE, request, _MESSAGE)] if together else [*RESPONSE, request, _MESSAGE]
    places = [found.replace("COLUMN", column) for column in columns]
    if in_ids:
        places.append(f"arrayExists(id -> {' OR '.join(in_ids)}, reference_ids)")
    ends, beginnings, wholes = edges(written)
    params: dict[str, Param] = {f"{name}_end{number}": one for number, one in enumerate(ends)}
    params |= {f"{name}_begin{number}": one for number, one in enumerate(beginnings)}
    across = [f"endsWith(lower(id), {{{name}_end{number}:String}})" for number in range(len(ends))]
    across += [f"startsWith(lower(id), {{{name}_begin{number}:String}})" for number in range(len(beginnings))]
    if wholes:
        params[f"{name}_whole"] = wholes
        across.append(f"has({{{name}_whole:Array(String)}}, lower(id))")
    if across:
        sides = (("answered", RESPONSE_WHOLE), ("sent", REQUEST))
        bodies = [unfolded(column, f"{name}_{side}") for side, column in sides]
        bodies = [_one_text(*bodies)] if together else bodies
        whole = " OR ".join((again or found).replace("COLUMN", body) for body in bodies)
        places.append(f"(arrayExists(id -> {' OR '.join(across)}, reference_ids) AND ({whole}))")
    return " OR ".join(places), params


def _one_text(*columns: str) -> str:
    """With a byte between them that is in no text that is looked for, in whatever charset."""
    return f"concat({', char(255), '.join(columns)})"
