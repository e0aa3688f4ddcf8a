"""Times as platforms write them, for telling which of several is the latest. Pure.

Read are ISO 8601 with or without its offset, with slashes and without separators, Unix time in seconds or milliseconds,
and .NET's `/Date(1785844800000+0800)/`. A form in which day and month cannot be told apart is not read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

UNIX_LEAST = 1_000_000_000
"""A number from here on is a time."""
UNIX_MOST = 4_102_444_800
"""The year 2100; above it, milliseconds."""
_DOT_NET = re.compile(r"/Date\((\d{12,13})(?:[+-]\d{4})?\)/")
_DIGITS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_SLASHES = re.compile(r"(\d{4})/(\d\d)/(\d\d)(?!\d)")
_OFFSET = re.compile(r" +(Z|[+-]\d\d:?\d\d)$")


def unix(number: int) -> datetime:
    """Of seconds or milliseconds. Raises ValueError, OverflowError, OSError."""
    return datetime.fromtimestamp(number / (1000 if number > UNIX_MOST else 1), UTC)


def moment(*said: str | None) -> datetime | None:
    """The time in one text, or in a date and a time of day; None where it cannot be told. Naive without an offset."""
    text = " ".join(part.strip() for part in said if part and part.strip())
    try:
        if found := _DOT_NET.fullmatch(text):
            return unix(int(found[1]))
        if not text.isascii():
            return None
        if text.isdigit():
            form = _DIGITS.get(len(text))
            return datetime.strptime(text, form) if form else unix(int(text)) if len(text) in (10, 13) else None
        return datetime.fromisoformat(_OFFSET.sub(r"\1", _SLASHES.sub(r"\1-\2-\3", text)))
    except (ValueError, OverflowError, OSError):
        return None


def newest(said: Sequence[Sequence[str | None]]) -> int | None:
    """The place of the latest of several times, each in one text or in two; None where it cannot be told.

    Of several at the same time it is the one at the end at which newer ones stand.
    """
    read = [moment(*texts) for texts in said]
    if any(at is not None and at.tzinfo is None for at in read):
        read = [at.replace(tzinfo=None) if at is not None else None for at in read]
    known = [(at, index) for index, at in enumerate(read) if at is not None]
    if not known:
        return None
    latest = max(at for at, _ in known)
    best = [index for at, index in known if at == latest]
    if len(best) == 1:
        return best[0]
    if known[0][0] == known[-1][0]:
        return None
    return best[-1] if known[0][0] < known[-1][0] else best[0]
