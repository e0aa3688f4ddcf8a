"""What `write` puts into fields of our own, read back: a call keeps its id and what its caller stated.

Only of files that say that we made them; in others the same names may mean anything. What was derived is not read: the
log that takes a call derives it anew. Nor is the recorder, whose numbers would tell of gaps where only part was
exported.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from apitrail.exchange import Direction, Failure, Stated
from apitrail.formats.har.fields import Unreadable

CREATOR = "apitrail"
"""`log.creator.name` of a file that we wrote."""
NOT_SENT = "apitrail.NotSent"
"""As the type of an error, for other readers: the program decided against the call."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Own(Struct, frozen=True, omit_defaults=True, rename=lambda name: f"_{name}"):
    """The fields of an entry that are read back."""

    id: Any = None
    direction: Direction = "outbound"
    stated: Stated | None = None
    failure: Failure | None = None
    call: str = ""
    attempt: Annotated[int, Meta(ge=1, le=65535)] = 1
    trace: str | None = None


def read_own(entry: dict[str, Any], at: str) -> Own:
    """Raises Unreadable for what is not as we write it."""
    try:
        own = msgspec.convert(entry, Own)
        msgspec.json.encode(own)  # half of a character has no place in a log
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        path = path.rstrip("`")
        found = entry.get(path.lstrip(".").partition(".")[0])
        raise Unreadable(
            at + path, found, f"is not as we write it: {reason}", "Export it anew, or leave it out."
        ) from error
    except UnicodeEncodeError as error:
        raise Unreadable(at, entry.get("_id"), "holds half of a character", "Export it anew.") from error
    return own


def kept_id(own: Own, created_at: datetime) -> str:
    """The id that the call has in the log it came from; empty where it cannot be that of a call at this time."""
    try:
        given = UUID(own.id) if isinstance(own.id, str) else None
    except ValueError:
        return ""
    if given is None or given.version != 7 or given.int >> 80 != (created_at - _EPOCH) // _MILLISECOND:
        return ""
    return str(given)
