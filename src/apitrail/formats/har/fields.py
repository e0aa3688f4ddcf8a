"""The small things of a HAR entry, in all the ways in which they are written: times, numbers, texts, header fields."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from msgspec import Struct

from apitrail.exchange import Headers

_TIME = re.compile(
    r"\s*(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?\s*"
    r"([Zz]|[+-]\d{2}(?::?\d{2})?)?\s*"
)
_MILLISECONDS_FROM = 1e11
"""A number from here on counts milliseconds since 1970; a smaller one seconds (until the year 5138)."""

_SIZES_BELOW = 2**63


class HarError(ValueError):
    """The file as a whole cannot be read."""

    def __init__(self, field: str, value: str, reason: str, fix: str) -> None:
        super().__init__(f"{field}: {reason}" + (f" (found {value})" if value else "") + f". {fix}")
        self.field = field
        self.value = value
        self.reason = reason
        self.fix = fix


class BadEntry(Struct, frozen=True):
    """An entry that cannot be read; the others were."""

    index: int
    """Its place in `log.entries`, from 0."""
    field: str
    """JSON path of what is wrong."""
    value: str
    """What was found there, shortened."""
    reason: str
    fix: str


class Unreadable(Exception):
    """Part of an entry has no meaning. Becomes a `BadEntry`."""

    def __init__(self, field: str, value: object, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.field = field
        self.value = shown(value)
        self.reason = reason
        self.fix = fix


def shown(value: object) -> str:
    """A value in a message: short, and on one line. A text as it is: whoever prints it puts it in quotes."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = " ".join(value.split()) if isinstance(value, str) else "" if value is None else repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def clean(text: object) -> str:
    """A text that can be encoded: JSON may hold halves of surrogate pairs, UTF-8 may not."""
    value = text if isinstance(text, str) else "" if text is None else str(text)
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def mapping(value: object, field: str) -> dict[str, Any]:
    """A JSON object; empty where there is none. Raises Unreadable for anything else."""
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise Unreadable(field, value, "is not an object", f"Write {field.rpartition('.')[2]} as a JSON object.")


def number(value: object) -> float | None:
    """A number that is not negative: HAR writes -1 for what is not known."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        given = float(value)
    except (ValueError, OverflowError):
        return None
    return given if math.isfinite(given) and given >= 0 else None


def size_of(value: object) -> int | None:
    """A number of bytes, as far as a log can hold it."""
    size = number(value)
    return int(size) if size is not None and size < _SIZES_BELOW else None


def moment(value: object, field: str) -> datetime:
    """A time with its offset. Without a zone it is UTC. Raises Unreadable."""
    try:
        seconds = number(value)
        if seconds is not None and not isinstance(value, str):
            return datetime.fromtimestamp(seconds / 1000 if seconds >= _MILLISECONDS_FROM else seconds, UTC)
        match = _TIME.fullmatch(value) if isinstance(value, str) else None
        if match:
            year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
            micros = int((match[7] or "")[:6].ljust(6, "0"))
            # A leap second is the last one of its minute; datetime has no sixtieth.
            return datetime(year, month, day, hour, minute, min(second, 59), micros, _zone(match[8]))
    except (ValueError, OverflowError, OSError):
        pass
    raise Unreadable(
        field, value, "is not a time" if value else "is missing", "Write it as in 2026-05-04T03:02:01.000Z (ISO 8601)."
    )


def _zone(offset: str | None) -> timezone:
    if not offset or offset in "Zz":
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[3:].lstrip(":") or 0)
    return timezone(timedelta(minutes=minutes if offset[0] == "+" else -minutes)) if minutes else UTC


def header_fields(value: object, field: str) -> Headers:
    """Header fields in order: a list of {name, value}, of pairs or of lines; or an object. Raises Unreadable."""
    if value is None:
        return []
    fields: Headers = []
    if isinstance(value, dict):
        for name, held in value.items():
            fields += [(clean(name), clean(one)) for one in (held if isinstance(held, list) else [held])]
    elif isinstance(value, list):
        for index, one in enumerate(value):
            if isinstance(one, dict) and "name" in one:
                fields.append((clean(one["name"]), clean(one.get("value"))))
            elif isinstance(one, list) and len(one) == 2:
                fields.append((clean(one[0]), clean(one[1])))
            elif isinstance(one, str) and ":" in one.lstrip(":"):
                name, _, held = one.partition(":")
                fields.append((clean(name), clean(held.strip())))
            else:
                raise Unreadable(
                    f"{field}[{index}]", one, "is not a header field", 'Write it as {"name": "…", "value": "…"}.'
                )
    else:
        raise Unreadable(field, value, "are no header fields", 'Write them as a list of {"name": "…", "value": "…"}.')
    return [(name, held) for name, held in fields if name and not name.startswith(":")]


def header(fields: Headers, name: str) -> str:
    """The first field of this name; empty where there is none."""
    return next((value for held, value in fields if held.lower() == name), "")
