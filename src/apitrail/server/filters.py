"""What a query string asks for. Whoever mistypes is told so: nothing here ever widens an answer.

An unknown parameter, an empty value and one that cannot be read are refused; a well-formed value that is not in the
log stays in the filter and matches nothing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from msgspec import Struct

from apitrail.server import search
from apitrail.server.problems import Problem
from apitrail.store import STEPS
from apitrail.store.model import BadCursor, Choices, Cursor, Filter

LIMIT_DEFAULT = 50
LIMIT_MAX = 500

ALTERNATIVES = Choices.__struct_fields__
FILTER_PARAMETERS = ("from", "to", *ALTERNATIVES, "duration_over", "text")
PAGE_PARAMETERS = ("limit", "cursor")
BARS_PARAMETERS = ("step", "tz")

_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?P<second>:\d\d(?P<fraction>\.\d{1,6})?)?"
    # A plus sign that was not escaped arrives as a space.
    r"(?P<offset>[Zz]|[+ -]\d\d:\d\d)"
)
_MOMENT_FIX = "Write a date (2026-03-09, in UTC) or a time with its offset (2026-03-09T14:30:00+08:00)."
_CALLED = {
    **dict.fromkeys(("since", "after", "start", "begin", "date_from", "created_at", "created_after"), "from"),
    **dict.fromkeys(("until", "before", "end", "date_to", "created_before"), "to"),
    **dict.fromkeys(("q", "query", "search"), "text"),
    **dict.fromkeys(("order", "order_number", "tracking", "tracking_number", "sku"), "reference"),
    **dict.fromkeys(("per_page", "page_size", "size", "count"), "limit"),
    **dict.fromkeys(("page", "offset", "next_cursor"), "cursor"),
    **dict.fromkeys(("timezone", "time_zone", "zone"), "tz"),
}
"""What other services call a parameter, and what it is called here."""
_FIELDS_MAX = 1000
YEARS = range(1970, 2200)


class Query(Struct, frozen=True):
    """A query string, read."""

    filter: Filter
    limit: int
    after: Cursor | None


class Bars(Struct, frozen=True):
    """A query string of a histogram, read."""

    filter: Filter
    step: str | None
    zone: ZoneInfo


def parse(query_string: bytes, allowed: Iterable[str]) -> dict[str, list[str]]:
    """The parameters by name, repeated ones in order. Raises Problem for an unknown name, or an empty value."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS_MAX
        )
    except ValueError as error:
        raise Problem("the query string cannot be read", field="query", fix="Send UTF-8, percent-encoded.") from error
    names = tuple(allowed)
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in names:
            raise _unknown(name, value, names)
        if not value:
            raise Problem("is empty", field=name, fix="Leave the parameter out, or give it a value.")
        found.setdefault(name, []).append(value)
    return found


def _unknown(name: str, value: str, names: tuple[str, ...]) -> Problem:
    """What to say of a parameter that the address does not take: the one that was meant, where that is plain. The value
    is shown of such a one alone: under any other name it may be a secret.
    """
    reason = "is not a parameter of this address"
    if not names:
        return Problem(reason, field=name[:80], fix="Leave it out: this address takes none.")
    called = name.casefold().replace("-", "_")
    meant = _CALLED.get(called, called)
    near = [meant] if meant in names else difflib.get_close_matches(meant, names, n=1, cutoff=0.7)
    fix = f"Did you mean {near[0]}? This address takes" if near else "Leave it out. This address takes"
    return Problem(reason, field=name[:80], value=value if near else "", fix=f"{fix} {', '.join(names)}.")


def read_filter(parameters: dict[str, list[str]]) -> Filter:
    """The filter of parsed parameters. Raises Problem naming the parameter that cannot be read."""
    since, until = (one_of(parameters, "from"), one_of(parameters, "to"))
    alternatives = {name: tuple(dict.fromkeys(parameters.get(name, ()))) for name in ALTERNATIVES}
    found = read_text(one_of(parameters, "text"))
    for name, values in found.chosen.items():
        if alternatives[name]:
            raise Problem(
                f"chooses by {name}, and so does the parameter {name}", field="text", fix="Say it in one place only."
            )
        alternatives[name] = values
    for value in alternatives["status"]:
        if not search.STATUS.fullmatch(value):
            raise Problem("is not a status", field="status", value=value, fix="Like 404, 4xx, or none for no answer.")
    for name, choices in search.CLOSED.items():
        for value in alternatives[name]:
            if value not in choices:
                raise Problem(f"is no {name}", field=name, value=value, fix=f"One of: {', '.join(choices)}.")
    which = Filter(
        since=None if since is None else read_moment(since, "from"),
        until=None if until is None else read_moment(until, "to", last=True),
        duration_over=_duration(parameters, found),
        text=found.text,
        without=found.without,
        **alternatives,
    )
    if which.since and which.until and which.since > which.until:
        raise Problem("is later than `to`", field="from", value=since, fix="Swap the two, or leave one out.")
    return which


def read_text(line: str | None) -> search.Search:
    """What is typed to find something. Raises Problem for the first part that says nothing."""
    found = search.read(line or "")
    if found.misunderstood:
        wrong = found.misunderstood[0]
        raise Problem(wrong.reason, field="text", value=wrong.part, fix=wrong.fix)
    return found


def read_page(query_string: bytes) -> Query:
    """What a list is asked for."""
    parameters = parse(query_string, (*FILTER_PARAMETERS, *PAGE_PARAMETERS))
    limit, cursor = read_limit(parameters, LIMIT_MAX, LIMIT_DEFAULT), one_of(parameters, "cursor")
    try:
        after = None if cursor is None else Cursor.decode(cursor)
    except BadCursor as error:
        raise Problem(
            "was not made by this server",
            field="cursor",
            value=cursor,
            fix="Take `next_cursor` of the page before as it is, or leave it out to start with the newest.",
        ) from error
    return Query(read_filter(parameters), limit, after)


def read_limit(parameters: dict[str, list[str]], most: int, usual: int | None = None) -> int:
    """How many are asked for: from 1 to `most`; `usual`, else the most, where it is not said."""
    limit = one_of(parameters, "limit")
    if limit is None:
        return most if usual is None else usual
    if not (re.fullmatch(r"[0-9]{1,9}", limit) and 1 <= int(limit) <= most):
        raise Problem("is out of range", field="limit", value=limit, fix=f"A whole number from 1 to {most}.")
    return int(limit)


def read_bars(query_string: bytes) -> Bars:
    """What a histogram is asked for."""
    parameters = parse(query_string, (*FILTER_PARAMETERS, *BARS_PARAMETERS))
    step, zone = one_of(parameters, "step"), one_of(parameters, "tz")
    if step is not None and step not in STEPS:
        raise Problem("is not a length of a bar", field="step", value=step, fix=f"One of: {', '.join(STEPS)}.")
    try:
        return Bars(read_filter(parameters), step, ZoneInfo(zone or "UTC"))
    except (ValueError, OSError, LookupError) as error:
        raise Problem("is not a time zone", field="tz", value=zone, fix="A name such as Asia/Taipei.") from error


class OutOfYears(Problem):
    """A time that can be that of no call."""

    def __init__(self, text: str, field: str) -> None:
        reason = f"is not between {YEARS[0]} and {YEARS[-1]}"
        super().__init__(reason, field=field, value=text, fix="Check the year.")


def read_moment(text: str, field: str, *, last: bool = False) -> datetime:
    """The first moment that `text` means, or with `last` the last: of the day of a date, of the minute, second or
    fraction that a time gives. So both ends of a range are inclusive to what was typed.
    """
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            at = datetime.combine(date.fromisoformat(text), time(), UTC)
            step = timedelta(days=1)
        elif match := _MOMENT.fullmatch(text):
            offset = match["offset"].replace(" ", "+").upper()
            at = datetime.fromisoformat(f"{match[1]}T{match[2]}{match['second'] or ''}{offset}").astimezone(UTC)
            if match["fraction"]:
                step = timedelta(microseconds=10 ** (7 - len(match["fraction"])))
            else:
                step = timedelta(seconds=1) if match["second"] else timedelta(minutes=1)
        else:
            raise Problem("is not a time with an offset", field=field, value=text, fix=_MOMENT_FIX)
        if at.year not in YEARS:
            raise OutOfYears(text, field)
        return at + step - timedelta(microseconds=1) if last else at
    except (ValueError, OverflowError) as error:
        raise Problem("is not a time of the log's calendar", field=field, value=text, fix=_MOMENT_FIX) from error


def _duration(parameters: dict[str, list[str]], found: search.Search) -> float | None:
    text = one_of(parameters, "duration_over")
    if text is None:
        return found.duration_over
    over = search.milliseconds(text)
    if over is None:
        raise Problem("is not a duration", field="duration_over", value=text, fix="Milliseconds, or like 1.5s, 2m.")
    if found.duration_over is not None:
        raise Problem(
            "tells a duration, and so does the parameter duration_over", field="text", fix="Say it in one place only."
        )
    return over


def one_of(parameters: dict[str, list[str]], name: str) -> str | None:
    """The parameter's value, if it is given. Raises Problem for several."""
    values = parameters.get(name, [])
    if len(values) > 1:
        raise Problem(f"is given {len(values)} times", field=name, fix="Give it once.")
    return values[0] if values else None
