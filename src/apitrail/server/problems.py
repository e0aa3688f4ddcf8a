"""The one shape of an error: which field, what was found there, why it cannot be, and what to do.

The API answers it as `{"error": {"field", "value", "reason", "fix"}}`, the command line prints it as lines, and a
refused exchange of a batch carries the same four. A value is shown shortened, and only where it cannot hold a secret.
"""

from __future__ import annotations

from pathlib import PurePath

from msgspec import Struct

VALUE_LENGTH = 80


def shorten(value: object, length: int = VALUE_LENGTH) -> str:
    """The value as text of at most `length` characters, on one line and without control characters.

    Of a path the end is kept, where the name is; of all else the beginning.
    """
    text = str(value)
    if len(text) > length:
        kept = length - 1
        text = f"…{text[-kept:]}" if isinstance(value, PurePath) else f"{text[:kept]}…"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


class Fault(Struct, frozen=True):
    """What is wrong, and what to do about it."""

    field: str
    """The parameter, header, setting or path within the body (`$.exchanges[3].url`); empty if the error is about none
    of these."""
    value: str
    """The value that was found, shortened; empty if it might be secret."""
    reason: str
    fix: str


class FaultAnswer(Struct, frozen=True):
    """The body of every response that reports an error."""

    error: Fault


class Problem(Exception):
    """A request, a setting or a command that cannot be served as it is."""

    def __init__(
        self,
        reason: str,
        *,
        fix: str,
        field: str = "",
        value: object = "",
        status: int = 400,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.fault = Fault(field=field, value=shorten(value), reason=reason, fix=fix)
        self.status = status
        """The HTTP status that it is answered with."""
        self.retry_after = retry_after
        """Seconds after which the same request may succeed."""

    def __str__(self) -> str:
        fault = self.fault
        found = f" {fault.value!r}" if fault.value else ""
        where = f"{fault.field}{found}: " if fault.field else ""
        return f"{where}{fault.reason}"
